"""Read scores, the ranking they make, and the shortlist taken from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import aliased

from service.consultations.proposals.models import Proposal
from service.consultations.voting.models import Score, Shortlisted
from service.consultations.voting.queries import ALL, COUNTINGS, TRUSTED
from service.database import Session


@dataclass(frozen=True)
class Ranked:
    """A proposal in its theme's ranking, from 1."""

    proposal_id: int
    theme_id: int
    rank: int


@dataclass(frozen=True)
class Scored:
    """What is told of a proposal and of its score in one counting: a thousand whole rows would hold
    everybody up.
    """

    id: int
    theme_id: int
    text: str
    lang: str
    counting: str
    score: float
    low: float
    high: float
    wins: float
    losses: float
    ties: float
    shown: int
    consensus: float | None


@dataclass(frozen=True)
class Placed:
    """A proposal in its theme's ranking by the trusted votes, and its place by all of them."""

    proposal: Proposal
    rank: int
    trusted: Score
    rank_all: int
    all: Score


async def scores(session: Session, consultation_id: int) -> list[Scored]:
    """Proposals with their scores in each counting, the best of each theme first."""
    rows = await session.execute(
        select(
            Proposal.id, Proposal.theme_id, func.coalesce(Proposal.edited, Proposal.text),
            Proposal.lang, Score.counting, Score.score, Score.low, Score.high, Score.wins,
            Score.losses, Score.ties, Score.shown, Score.consensus,
        )
        .join(Score, Score.proposal_id == Proposal.id)
        .where(Proposal.consultation_id == consultation_id, Proposal.state == "admitted")
        .order_by(Proposal.theme_id, Score.score.desc(), Proposal.id)
    )  # fmt: skip
    return [Scored(*tuple(row)) for row in rows.all()]


async def placed(
    session: Session, consultation_id: int, theme_id: int, *, limit: int, offset: int = 0
) -> tuple[list[Placed], int]:
    """Some places of a theme's ranking, the first first, and how many it has."""
    trusted, plain = aliased(Score), aliased(Score)
    place, plain_place = (_places(theme_id, counting) for counting in COUNTINGS)
    rows = await session.execute(
        select(Proposal, place.c.place, trusted, plain_place.c.place, plain)
        .join(place, place.c.proposal_id == Proposal.id)
        .join(plain_place, plain_place.c.proposal_id == Proposal.id)
        .join(trusted, (trusted.proposal_id == Proposal.id) & (trusted.counting == TRUSTED))
        .join(plain, (plain.proposal_id == Proposal.id) & (plain.counting == ALL))
        .where(Proposal.consultation_id == consultation_id)
        .where(place.c.place > offset, place.c.place <= offset + limit)
        .order_by(place.c.place)
    )
    total = await session.scalar(
        select(func.count(Score.proposal_id))
        .join(Proposal, Proposal.id == Score.proposal_id)
        .where(Proposal.theme_id == theme_id, Proposal.state == "admitted")
        .where(Score.counting == TRUSTED)
    )
    return [Placed(*row) for row in rows.all()], total or 0


def _places(theme_id: int, counting: str) -> Subquery:
    """The place of each proposal of a theme in one counting: ids and numbers alone, so that nothing
    long is sorted.
    """
    best_first = func.rank().over(order_by=(Score.score.desc(), Score.proposal_id))
    return (
        select(Score.proposal_id, best_first.label("place"))
        .join(Proposal, Proposal.id == Score.proposal_id)
        .where(Proposal.theme_id == theme_id, Proposal.state == "admitted")
        .where(Score.counting == counting)
        .subquery()
    )


async def agreed(session: Session, consultation_id: int, limit: int) -> list[int]:
    """What every opinion group prefers, the most shared first."""
    found = await session.scalars(
        select(Proposal.id)
        .join(Score, (Score.proposal_id == Proposal.id) & (Score.counting == TRUSTED))
        .where(Proposal.consultation_id == consultation_id, Proposal.state == "admitted")
        .where(Score.consensus.is_not(None))
        .order_by(Score.consensus.desc(), Proposal.id)
        .limit(limit)
    )
    return list(found.all())


async def ranking(session: Session, consultation_id: int) -> list[Ranked]:
    """Every proposal's place in its theme, by the trusted votes."""
    place = func.rank().over(
        partition_by=Proposal.theme_id, order_by=(Score.score.desc(), Proposal.id)
    )
    rows = await session.execute(
        select(Proposal.id, Proposal.theme_id, place)
        .join(Score, (Score.proposal_id == Proposal.id) & (Score.counting == TRUSTED))
        .where(Proposal.consultation_id == consultation_id, Proposal.state == "admitted")
        .order_by(Proposal.theme_id, place)
    )
    return [Ranked(row[0], row[1], row[2]) for row in rows.all()]


async def shortlist(session: Session, consultation_id: int) -> Sequence[Shortlisted]:
    """What is on the shortlists, and what staff took off them, by theme and rank."""
    found = await session.scalars(
        select(Shortlisted)
        .where(Shortlisted.consultation_id == consultation_id)
        .order_by(Shortlisted.theme_id, Shortlisted.rank)
    )
    return found.all()


async def has_shortlist(session: Session, consultation_id: int) -> bool:
    """Whether the shortlist was made."""
    found = await session.scalar(
        select(Shortlisted.proposal_id)
        .where(Shortlisted.consultation_id == consultation_id)
        .limit(1)
    )
    return found is not None
