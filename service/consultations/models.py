"""Consultations, their wordings, themes, extensions, and who was let in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Consultation(Base):
    """`state`: drafted, proposing, screening, voting, shortlisted, met, reported, cancelled.

    `open_to`: all, place (who says they live in `place`) or code (who was given the code whose
    keyed hash is `entry_digest`). `scores_shown`: after the voting, or live.
    From `ready_at` on a drafted one waits for its first date; until then no date moves it.
    """

    __tablename__ = "consultation"
    __table_args__ = (Index(None, "state"),)

    id: Mapped[int] = key_column()
    state: Mapped[str] = mapped_column(default="drafted")
    reason: Mapped[str | None]
    lang: Mapped[str]
    open_to: Mapped[str] = mapped_column(default="all")
    place: Mapped[str | None]
    entry_digest: Mapped[str | None]
    picture_url: Mapped[str | None]
    video_url: Mapped[str | None]
    scores_shown: Mapped[str] = mapped_column(default="after")
    shortlist_size: Mapped[int] = mapped_column(default=10)
    proposing_from: Mapped[datetime]
    proposing_until: Mapped[datetime]
    screening_until: Mapped[datetime]
    voting_until: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]


class ConsultationText(Base):
    """What is asked, in one language; `text` explains the question to who wants to know more."""

    __tablename__ = "consultation_text"
    __table_args__ = (UniqueConstraint("consultation_id", "lang"),)

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    lang: Mapped[str]
    title: Mapped[str]
    question: Mapped[str]
    text: Mapped[str | None]


class ConsultationTheme(Base):
    """One of up to ten parts of the question; `names` by language, the consultation's own at
    least. `vector` is what `model` gave for question and name together, once it was encoded.
    """

    __tablename__ = "consultation_theme"
    __table_args__ = (UniqueConstraint("consultation_id", "position"),)

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    position: Mapped[int]
    names: Mapped[dict[str, Any]]
    model: Mapped[str | None]
    vector: Mapped[bytes | None]


class Extension(Base):
    """A date that was put off. `phase`: proposing, screening or voting; the public reads
    `reason`.
    """

    __tablename__ = "consultation_extension"

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    phase: Mapped[str]
    was: Mapped[datetime]
    became: Mapped[datetime]
    reason: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]


class Participant(Base):
    """A person who may take part where not all may: they said they live there, or gave the code.

    `by`: place or code.
    """

    __tablename__ = "consultation_participant"
    __table_args__ = (UniqueConstraint("consultation_id", "person_id"),)

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    by: Mapped[str]
    at: Mapped[datetime]
