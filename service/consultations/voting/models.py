"""Voters, their votes, what proposals score, the shortlist, and opinion groups."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Voter(Base):
    """One voice in a consultation. `digest` finds it: of an account, or of a browser's token.

    `device` is a keyed hash of what a browser tells of itself, `campaign` the link that led here,
    `flags` what looks suspicious of all their votes, in words with commas. Of who was erased the
    votes stay, and `digest` until the voting ends, so that nobody votes twice.
    """

    __tablename__ = "voter"
    __table_args__ = (
        UniqueConstraint("consultation_id", "digest"),
        UniqueConstraint("consultation_id", "person_id"),
    )

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    channel: Mapped[str]
    digest: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    device: Mapped[str | None]
    campaign: Mapped[str | None]
    flags: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class Vote(Base):
    """A choice between two proposals of a theme. `choice`: low, high or neither, and then `why`:
    same, unknown or unclear. `shown_first` is the id that stood first; `seconds` passed between
    showing and choosing. `flags`: fast, or nothing.
    """

    __tablename__ = "vote"
    __table_args__ = (
        UniqueConstraint("voter_id", "low_id", "high_id"),
        Index(None, "consultation_id", "id"),
    )

    id: Mapped[int] = key_column()
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    theme_id: Mapped[int] = mapped_column(ForeignKey("consultation_theme.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voter.id"))
    low_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    high_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    choice: Mapped[str]
    why: Mapped[str | None]
    shown_first: Mapped[int]
    seconds: Mapped[float]
    flags: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime]


class Score(Base):
    """How a proposal does. `counting`: trusted, without suspicious votes and with campaigns held
    back, which the ranking follows; or all, every vote counted once. `score` is the chance to beat
    another of its theme, from `low` to `high` with 95 % of belief; wins, losses and ties are sums
    of weights. `consensus` is how far every opinion group prefers it.
    """

    __tablename__ = "proposal_score"
    __table_args__ = (UniqueConstraint("proposal_id", "counting"),)

    id: Mapped[int] = key_column()
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    counting: Mapped[str]
    wins: Mapped[float]
    losses: Mapped[float]
    ties: Mapped[float]
    shown: Mapped[int]
    strength: Mapped[float]
    spread: Mapped[float]
    score: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    consensus: Mapped[float | None]
    at: Mapped[datetime]


class Shortlisted(Base):
    """A proposal on its theme's shortlist, by its `rank` in the ranking or by staff, or taken off
    it by them; `reason` is public.
    """

    __tablename__ = "shortlisted"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("consultation_theme.id"))
    rank: Mapped[int]
    listed: Mapped[bool]
    reason: Mapped[str | None]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]


class Reading(Base):
    """What the votes of a consultation say as a whole, as last read: how many count, what looks
    suspicious, what campaigns weigh, and the opinion groups. `closed`: read after the last vote.
    """

    __tablename__ = "vote_reading"

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    votes: Mapped[int]
    voters: Mapped[int]
    suspicious: Mapped[dict[str, Any]]
    campaigns: Mapped[list[dict[str, Any]]]
    groups: Mapped[list[dict[str, Any]]]
    apart: Mapped[float | None]
    closed: Mapped[bool]
    at: Mapped[datetime]
