"""Entries: what the indexes are made from."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Entry(Base):
    """One searchable text or vector of an owner. `kind`: answer, passage or issue; dropped ones
    stay, blank.

    `vector` is float32 bytes as the encoder `model` gave them (of an issue: the mean of its
    members).
    """

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("kind", "owner_id", "part"),)

    id: Mapped[int] = key_column()
    kind: Mapped[str]
    owner_id: Mapped[int]
    part: Mapped[int]
    lang: Mapped[str | None]
    text: Mapped[str | None]
    model: Mapped[str]
    vector: Mapped[bytes | None]
    live: Mapped[bool] = mapped_column(default=True)
    change: Mapped[int] = mapped_column(unique=True)
