"""Packed days, and what changed them."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class PackedDay(Base):
    """What was said on a day of UTC, packed: no words, but whose, of what issue and from where."""

    __tablename__ = "packed_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    packed: Mapped[bytes]


class ChangedDay(Base):
    """What was said on a day changed after it had settled: its packing, if any, holds no more.

    Rows are only added and taken away, so that writers do not wait for each other.
    """

    __tablename__ = "changed_day"

    id: Mapped[int] = key_column()
    day: Mapped[date] = mapped_column(index=True)
