"""Meetings, who is invited, what came of consultations, and proposals that get no reply."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Meeting(Base):
    """When and where, and how many seats there are: for authors, and for the lottery.

    `answer_until` is the deadline of the first invitations. `seed` and `draw` are there once the
    lots are drawn: the public can check them. `edition` grows with each change of time or place,
    `reminded_at` is set once those who come were told of the time that is set.
    """

    __tablename__ = "meeting"

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), unique=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    address: Mapped[str | None]
    link: Mapped[str | None]
    author_seats: Mapped[int]
    lottery_seats: Mapped[int]
    answer_until: Mapped[datetime]
    seed: Mapped[str | None]
    draw: Mapped[dict[str, Any] | None]
    drawn_at: Mapped[datetime | None]
    edition: Mapped[int] = mapped_column(default=0)
    reminded_at: Mapped[datetime | None]
    called_off_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class Invitation(Base):
    """A person's place in the order in which seats are given. `kind`: author or lottery.

    `state`: waiting, invited, accepted, declined, lapsed, erased. `stratum` counts into the draw's
    strata; `lot` is what was drawn. `calendar` finds the calendar file of who accepted. Of who was
    erased stay the lot, the stratum and the order, without which no draw can be checked.
    """

    __tablename__ = "meeting_invitation"
    __table_args__ = (
        UniqueConstraint("meeting_id", "person_id"),
        Index(None, "meeting_id", "state", "kind", "position"),
    )

    id: Mapped[int] = key_column()
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    lang: Mapped[str | None]
    kind: Mapped[str]
    stratum: Mapped[int | None]
    position: Mapped[int]
    lot: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="waiting")
    invited_at: Mapped[datetime | None]
    answer_until: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    calendar: Mapped[str | None] = mapped_column(unique=True)


class Outcome(Base):
    """What came of a consultation, in one language: notes of the meeting, and the decision."""

    __tablename__ = "consultation_outcome"
    __table_args__ = (UniqueConstraint("consultation_id", "lang"),)

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    lang: Mapped[str]
    notes: Mapped[str | None]
    decision: Mapped[str]
    video_url: Mapped[str | None]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]


class ReplyLeftOut(Base):
    """A proposal that gets no reply of its own; its author reads `reason` with the outcome."""

    __tablename__ = "reply_left_out"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    reason: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
