"""Conversations, messages, contributions and their vectors."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Conversation(Base):
    """A person's thread on one channel. `pending` tells where the next words belong, and
    until when (or nothing); `campaign`
    names the link it began with."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "account", "digest"),)

    id: Mapped[int] = key_column()
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    channel: Mapped[str]
    account: Mapped[str]
    digest: Mapped[str]
    lang: Mapped[str | None]
    campaign: Mapped[str | None]
    pending: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]


class Contribution(Base):
    """What a person wants said. `state`: received, answered, declined, closed, withdrawn, erased.

    `person_id` and `conversation_id` are null for imported ones without a person. `source` is the
    imported id. Copies of one text, also with a few words changed, share a `fingerprint`.
    """

    __tablename__ = "contribution"
    __table_args__ = (
        Index(None, "conversation_id", "id"),
        Index(None, "fingerprint"),
        Index(None, "said_at", "person_id", "channel", "lang", "kind", "place"),
    )

    id: Mapped[int] = key_column()
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))
    source: Mapped[str | None] = mapped_column(unique=True)
    channel: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
    lang: Mapped[str]
    place: Mapped[str | None]
    fingerprint: Mapped[str]
    receipt: Mapped[str | None] = mapped_column(unique=True)
    sealed_receipt: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(default="received")
    said_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Message(Base):
    """One inbound message. `sealed` is the original, `text` the masked one; talk has no
    contribution. An edited message is kept beside its newer version, and is not `live` any more.
    """

    __tablename__ = "message"
    __table_args__ = (Index(None, "conversation_id", "id"), Index(None, "external_id"))

    id: Mapped[int] = key_column()
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))
    contribution_id: Mapped[int | None] = mapped_column(ForeignKey("contribution.id"), index=True)
    source: Mapped[str | None] = mapped_column(unique=True)
    inbox_id: Mapped[int | None] = mapped_column(unique=True)
    external_id: Mapped[str | None]
    kind: Mapped[str]
    sealed: Mapped[bytes | None]
    text: Mapped[str]
    lang: Mapped[str]
    found: Mapped[list[str]]
    live: Mapped[bool] = mapped_column(default=True, server_default=true())
    said_at: Mapped[datetime]


class Sketch(Base):
    """A number that near copies of a contribution share, as `nlp.copies.sketch` gives it; only the
    first of its kind has them.
    """

    __tablename__ = "contribution_sketch"

    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id"), primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True, index=True)


class ContributionVector(Base):
    """A contribution's vector, float32, as the encoder `model` gave it for the text of hash
    `digest`.
    """

    __tablename__ = "contribution_vector"

    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id"), primary_key=True)
    model: Mapped[str]
    digest: Mapped[str]
    vector: Mapped[bytes]
