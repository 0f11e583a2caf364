"""Rounds, what they say in each language, their questions, and who supports which."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Round(Base):
    """`state`: planned, open, due, closed. `counts_shown`: live, or after the end.

    `per_theme` questions of each theme are due an answer; 0: one over all. `seed` decides by lot
    among equals. `people` took part, counted at the end. `reason` says why it ended early or was
    closed without an answer.
    """

    __tablename__ = "round"
    __table_args__ = (Index(None, "state", "closes_at"),)

    id: Mapped[int] = key_column()
    state: Mapped[str]
    lang: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    answer_days: Mapped[int]
    per_theme: Mapped[int]
    counts_shown: Mapped[str]
    seed: Mapped[str]
    people: Mapped[int | None]
    reason: Mapped[str | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]


class RoundText(Base):
    """What a round is called and asks for, in one language."""

    __tablename__ = "round_text"
    __table_args__ = (UniqueConstraint("round_id", "lang"),)

    id: Mapped[int] = key_column()
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    lang: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]


class Nomination(Base):
    """An issue that is a question of a round. `reason` says why it was set aside.

    `supporters` is the result, counted at the end; one that was merged into another by then has
    none of its own. `due_at` is set for those that are due an answer, `by_lot` where equals were
    left out.
    """

    __tablename__ = "nomination"
    __table_args__ = (UniqueConstraint("round_id", "issue_id"),)

    id: Mapped[int] = key_column()
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    aside_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    supporters: Mapped[int | None]
    due_at: Mapped[datetime | None]
    by_lot: Mapped[bool] = mapped_column(default=False, server_default=false())
    answered_at: Mapped[datetime | None]
    at: Mapped[datetime]


class Support(Base):
    """One person's support of a question, as its issue was then. `contribution_id` is what they
    nominated it with; `follows` says that they follow the issue only because of it.
    """

    __tablename__ = "round_support"
    __table_args__ = (UniqueConstraint("round_id", "issue_id", "person_id"),)

    id: Mapped[int] = key_column()
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    contribution_id: Mapped[int | None] = mapped_column(ForeignKey("contribution.id"))
    follows: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
