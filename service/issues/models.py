"""Issues, themes, who belongs to them and who follows them."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Theme(Base):
    """A coarse group of issues."""

    __tablename__ = "theme"

    id: Mapped[int] = key_column()
    name: Mapped[str]
    phrases: Mapped[list[str]]
    created_at: Mapped[datetime]


class Issue(Base):
    """`root_id` is the survivor after merges (its own id when it was not merged).

    `state`: open, assigned, answered, declined, closed. `touched_at` is set when a person decides
    about it, `shown_at` since the public may read of it.
    `people`, `messages`, `growth`, `first_seen` and `last_seen` count it with everything merged
    into it.
    """

    __tablename__ = "issue"
    __table_args__ = (
        Index(None, "root_id"),
        Index(None, "state", "due_at"),
        Index(None, "growth"),
        Index(None, "last_seen"),
    )

    id: Mapped[int] = key_column()
    root_id: Mapped[int] = mapped_column()
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("issue.id"))
    name: Mapped[str]
    named_by: Mapped[str]
    phrases: Mapped[list[str]]
    representatives: Mapped[list[int]]
    state: Mapped[str] = mapped_column(default="open")
    reason: Mapped[str | None]
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    routed_by: Mapped[str]
    confidence: Mapped[float] = mapped_column(Float)
    route_reason: Mapped[list[str]]
    official_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    due_at: Mapped[datetime | None]
    people: Mapped[int] = mapped_column(default=0)
    messages: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    growth: Mapped[float] = mapped_column(Float, default=0.0)
    emerging: Mapped[bool] = mapped_column(default=False)
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    labelled_size: Mapped[int] = mapped_column(default=0)
    touched_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime]


class Membership(Base):
    """Which issue a contribution is in; exactly one."""

    __tablename__ = "membership"
    __table_args__ = (Index(None, "issue_id", "contribution_id"),)

    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id"), primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    similarity: Mapped[float] = mapped_column(Float)
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]


class Move(Base):
    """A contribution that was moved between issues by `batch`, so that the batch can be undone."""

    __tablename__ = "move"

    id: Mapped[int] = key_column()
    batch: Mapped[str] = mapped_column(index=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id"), index=True)
    from_issue: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    to_issue: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    actor: Mapped[str]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class Follow(Base):
    """A person who wants to hear of an issue; authors follow theirs without a row, `stopped` mutes
    it.
    """

    __tablename__ = "follow"
    __table_args__ = (UniqueConstraint("person_id", "issue_id"),)

    id: Mapped[int] = key_column()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    stopped: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class Proposal(Base):
    """A regrouping the machine would make but staff decide: join `issue_id` to `into_id`."""

    __tablename__ = "issue_proposal"
    __table_args__ = (UniqueConstraint("issue_id", "into_id"),)

    id: Mapped[int] = key_column()
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    into_id: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    similarity: Mapped[float] = mapped_column(Float)
    state: Mapped[str] = mapped_column(default="open")
    at: Mapped[datetime]


class Note(Base):
    """What a member of staff noted on an issue, for colleagues; citizens never read it."""

    __tablename__ = "issue_note"

    id: Mapped[int] = key_column()
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str]
    at: Mapped[datetime]
