"""Inbox rows, deliveries, and who runs each channel."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class InboxRow(Base):
    """One inbound as it came, sealed. `state`: waiting, done, set_aside."""

    __tablename__ = "inbox"
    __table_args__ = (Index(None, "state", "id"), Index(None, "conversation", "state"))

    id: Mapped[int] = key_column()
    key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    conversation: Mapped[str]
    sealed: Mapped[bytes | None]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting")
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]


class Delivery(Base):
    """One outgoing message to one identity. `key` makes it the only one of its cause.

    `state`: waiting, sending, sent, failed, uncertain, cancelled. `cause` and `cause_id` name what
    it tells, `picture` what is drawn beside it when it leaves.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index(None, "channel", "state", "priority", "id"),
        Index(None, "cause", "cause_id"),
        Index(None, "identity_id", "id"),
        Index(None, "cause", "sent_at"),
    )

    id: Mapped[int] = key_column()
    key: Mapped[str] = mapped_column(unique=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    channel: Mapped[str]
    cause: Mapped[str]
    cause_id: Mapped[int | None]
    priority: Mapped[int]
    lang: Mapped[str | None]
    sealed: Mapped[bytes | None]
    buttons: Mapped[list[dict[str, Any]]]
    picture: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="waiting")
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    external_ids: Mapped[list[str] | None]
    failure: Mapped[str | None]
    error: Mapped[str | None]


class ChannelPresence(Base):
    """The process that runs a channel until `leased_until`, and how the channel stands there.

    `state`: up, degraded, down, `since` then; `says` is a sentence for staff.
    """

    __tablename__ = "channel_presence"

    channel: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str | None]
    leased_until: Mapped[datetime]
    state: Mapped[str]
    says: Mapped[str]
    since: Mapped[datetime]
