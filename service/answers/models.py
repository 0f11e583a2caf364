"""Answers, their versions, citations and measures, and the drafts they start from."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Answer(Base):
    """`state`: drafted, in_review, approved, scheduled, published, retracted.

    `edition` counts what was published: 1, then one more for each correction (`corrected_at`).
    `approver_id` is empty while a correction waits; imported answers have no author either.
    `reason` says why it was corrected or retracted.
    `department_id` is of those without an issue: the others are of whoever has their issue.
    """

    __tablename__ = "answer"
    __table_args__ = (Index(None, "state", "scheduled_at"), Index(None, "issue_id"))

    id: Mapped[int] = key_column()
    source: Mapped[str | None] = mapped_column(unique=True)
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issue.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    state: Mapped[str] = mapped_column(default="drafted")
    title: Mapped[str]
    question: Mapped[str | None]
    question_indexed: Mapped[bool] = mapped_column(default=True)
    lang: Mapped[str]
    url: Mapped[str | None]
    video_url: Mapped[str | None]
    edition: Mapped[int] = mapped_column(default=1)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None]
    review_by: Mapped[date | None] = mapped_column(Date)
    scheduled_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    corrected_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AnswerVersion(Base):
    """The answer in one language; only approved versions reach citizens."""

    __tablename__ = "answer_version"
    __table_args__ = (UniqueConstraint("answer_id", "lang"),)

    id: Mapped[int] = key_column()
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id"))
    lang: Mapped[str]
    text: Mapped[str]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]


class Citation(Base):
    """What a sentence of an answer rests on: a passage or another answer, and the words quoted."""

    __tablename__ = "citation"

    id: Mapped[int] = key_column()
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id"), index=True)
    position: Mapped[int]
    sentence: Mapped[str]
    passage_id: Mapped[int | None] = mapped_column(ForeignKey("passage.id"))
    cited_answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id"))


class Draft(Base):
    """A proposal of the machine for an issue: sentences, each with the source that contains it."""

    __tablename__ = "draft"

    id: Mapped[int] = key_column()
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    origin: Mapped[str]
    supported: Mapped[bool]
    lang: Mapped[str]
    sentences: Mapped[list[dict[str, Any]]]
    created_at: Mapped[datetime]


class Measure(Base):
    """Something announced in an answer. `state`: planned, under_way, done, dropped."""

    __tablename__ = "measure"

    id: Mapped[int] = key_column()
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    text: Mapped[str]
    due_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(default="planned")
    created_at: Mapped[datetime]


class Comment(Base):
    """What a member of staff said of an answer when it was in `state`; citizens never read it."""

    __tablename__ = "answer_comment"

    id: Mapped[int] = key_column()
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]


class Feedback(Base):
    """What a person said of an answer they got. `verdict`: helpful, reopen, not_asked."""

    __tablename__ = "answer_feedback"
    __table_args__ = (UniqueConstraint("answer_id", "contribution_id"),)

    id: Mapped[int] = key_column()
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id"))
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id"))
    verdict: Mapped[str]
    at: Mapped[datetime]
