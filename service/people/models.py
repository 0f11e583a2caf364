"""People and their identities."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Person(Base):
    """A citizen, pseudonymous.

    `lang` is what they chose; `told_at` when they read the privacy line,
    `heard_at` when they last wrote.
    """

    __tablename__ = "person"

    id: Mapped[int] = key_column()
    code: Mapped[str] = mapped_column(unique=True)
    lang: Mapped[str | None]
    created_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]


class LinkCode(Base):
    """What joins another account to a person's, once, until `ends_at`; `digest` finds it.
    `claimed_by` is the account that wrote it, and was asked whether both are the same person's.
    """

    __tablename__ = "person_link_code"

    id: Mapped[int] = key_column()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    ends_at: Mapped[datetime]


class Identity(Base):
    """One account a person writes from; `digest` finds it, `sealed` holds the real ids
    encrypted.
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("channel", "account", "digest"),)

    id: Mapped[int] = key_column()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    channel: Mapped[str]
    account: Mapped[str]
    digest: Mapped[str]
    sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
