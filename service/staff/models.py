"""Staff and what they log in with."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Staff(Base):
    """A member of staff; `departments` (keys) bound what an official sees."""

    __tablename__ = "staff"

    id: Mapped[int] = key_column()
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    lang: Mapped[str] = mapped_column(default="pt")
    password: Mapped[str | None]
    roles: Mapped[list[str]]
    departments: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class StaffSession(Base):
    """A browser that is logged in, found by the hash of its cookie."""

    __tablename__ = "staff_session"

    id: Mapped[int] = key_column()
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Token(Base):
    """A program's key: shown once, kept as a hash. `once` tokens are log-in links."""

    __tablename__ = "token"

    id: Mapped[int] = key_column()
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    once: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class Attempt(Base):
    """A log-in that failed, to slow down guessing; pruned after a day."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = key_column()
    subject: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]
