"""One change of one thing."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Event(Base):
    """`thing` and `thing_id` name what changed, `actor` who did it (machine, staff:3,
    person:P-…).
    """

    __tablename__ = "trail_event"
    __table_args__ = (Index(None, "thing", "thing_id"),)

    id: Mapped[int] = key_column()
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(index=True)
    thing: Mapped[str]
    thing_id: Mapped[int]
    act: Mapped[str]
    was: Mapped[str | None]
    became: Mapped[str | None]
    why: Mapped[str | None]
    details: Mapped[dict[str, Any] | None]
