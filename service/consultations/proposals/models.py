"""Proposals, their vectors and their supporters."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Proposal(Base):
    """`state`: waiting, admitted, refused, withdrawn, joined, erased; only admitted ones are shown
    and voted on. `origin`: citizen, or staff for a seed, which has neither person nor message.

    `text` is what its author wrote, masked (the original is sealed in the message); `edited` is
    the wording of staff, shown instead where there is one. `shown_with` is the proposal beside
    which it is listed: each keeps its author and its own votes, and the two never meet in a pair.
    `joins_id` is the one its author was asked (`joins_asked_at`) to let it be part of; state joined
    says that they agreed. `differs`: they were shown near ones and say that theirs is another.
    Who refused or admitted it last is `decided_by`; a review is somebody else's, and the last.
    `fingerprint` is of the wording that is shown, which is what its vector was made from.
    """

    __tablename__ = "proposal"
    __table_args__ = (Index(None, "consultation_id", "state", "id"),)

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    theme_id: Mapped[int] = mapped_column(ForeignKey("consultation_theme.id"), index=True)
    themed_by: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), unique=True)
    channel: Mapped[str | None]
    origin: Mapped[str]
    lang: Mapped[str]
    text: Mapped[str]
    fingerprint: Mapped[str]
    edited: Mapped[str | None]
    differs: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[str] = mapped_column(default="waiting")
    reason: Mapped[str | None]
    review_asked_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    shown_with: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    joins_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    joins_asked_at: Mapped[datetime | None]
    reply: Mapped[str | None]
    replied_at: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def shown(self) -> str:
        """The wording that people read and vote on."""
        return self.edited or self.text


class ProposalVector(Base):
    """A proposal's vector, float32, as the encoder `model` gave it for the text of hash
    `digest`.
    """

    __tablename__ = "proposal_vector"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    model: Mapped[str]
    digest: Mapped[str]
    vector: Mapped[bytes]


class Support(Base):
    """A person who stands behind a proposal of somebody else; one voice each, which stays when
    they are erased, without its identity.
    """

    __tablename__ = "proposal_support"
    __table_args__ = (UniqueConstraint("proposal_id", "person_id"),)

    id: Mapped[int] = key_column()
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    at: Mapped[datetime]
