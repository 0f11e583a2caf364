"""Read voters, votes, scores, and what stands on the ballot."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import aliased

from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal
from service.consultations.voting.models import Reading, Score, Shortlisted, Vote, Voter
from service.database import Session

TRUSTED, ALL = "trusted", "all"
COUNTINGS = (TRUSTED, ALL)
PAGE = 5_000


@dataclass(frozen=True)
class Known:
    """A voter that is there."""

    id: int
    erased: bool


@dataclass(frozen=True)
class Candidate:
    """A proposal on the ballot, and what is known of it so far; `kin` is the id that those shown
    together with it share.
    """

    id: int
    theme_id: int
    text: str
    lang: str
    fingerprint: str
    kin: int
    shown: int
    strength: float
    spread: float | None


@dataclass(frozen=True)
class Ranked:
    """A proposal in its theme's ranking, from 1."""

    proposal_id: int
    theme_id: int
    rank: int


@dataclass(frozen=True)
class Placed:
    """A proposal in its theme's ranking by the trusted votes, and its place by all of them."""

    proposal: Proposal
    rank: int
    trusted: Score
    rank_all: int
    all: Score


async def open_now(session: Session, ids: Collection[int], moment: datetime) -> set[int]:
    """Which of these consultations are voted on, and stay so until the transaction ends."""
    found = await session.scalars(
        select(Consultation.id)
        .where(Consultation.id.in_(ids), Consultation.state == "voting")
        .where(Consultation.voting_until > moment)
        .with_for_update(read=True)
    )
    return set(found.all())


async def known(
    session: Session, keys: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Known]:
    """Voters by consultation and digest."""
    if not keys:
        return {}
    rows = await session.execute(
        select(Voter.consultation_id, Voter.digest, Voter.id, Voter.erased_at).where(
            Voter.digest.in_({digest for _, digest in keys})
        )
    )
    return {(row[0], row[1]): Known(row[2], row[3] is not None) for row in rows.all()}


async def on_the_ballot(session: Session, ids: Collection[int]) -> dict[tuple[int, int], str]:
    """Which of these proposals can be voted on: (consultation, proposal), and their wording's
    fingerprint.
    """
    rows = await session.execute(
        select(Proposal.consultation_id, Proposal.id, Proposal.fingerprint).where(
            Proposal.id.in_(ids), Proposal.state == "admitted"
        )
    )
    return {(row[0], row[1]): row[2] for row in rows.all()}


async def standing(session: Session, voter_id: int, low: int, high: int) -> str:
    """What a voter chose of a pair."""
    found = await session.scalar(
        select(Vote.choice).where(
            Vote.voter_id == voter_id, Vote.low_id == low, Vote.high_id == high
        )
    )
    return str(found)


async def voter(session: Session, consultation_id: int, digest: str) -> Voter | None:
    """A voter by their digest."""
    return await session.scalar(
        select(Voter).where(Voter.consultation_id == consultation_id, Voter.digest == digest)
    )


async def voter_of_person(session: Session, consultation_id: int, person_id: int) -> Voter | None:
    """A person's voice in a consultation, whatever channel it began on."""
    return await session.scalar(
        select(Voter).where(Voter.consultation_id == consultation_id, Voter.person_id == person_id)
    )


async def voters_of(session: Session, person_id: int) -> Sequence[Voter]:
    """A person's voices in all consultations."""
    return (await session.scalars(select(Voter).where(Voter.person_id == person_id))).all()


async def erased_voters(session: Session, consultation_id: int) -> Sequence[Voter]:
    """Voters of a consultation that were erased and can still be recognised."""
    found = await session.scalars(
        select(Voter).where(
            Voter.consultation_id == consultation_id,
            Voter.erased_at.is_not(None),
            Voter.digest.not_like("erased-%"),
        )
    )
    return found.all()


async def votes_of(session: Session, person_id: int) -> list[tuple[int, int]]:
    """How many votes a person gave: (consultation, votes)."""
    rows = await session.execute(
        select(Vote.consultation_id, func.count())
        .join(Voter, Voter.id == Vote.voter_id)
        .where(Voter.person_id == person_id)
        .group_by(Vote.consultation_id)
        .order_by(Vote.consultation_id)
    )
    return [(row[0], row[1]) for row in rows.all()]


async def seen(session: Session, voter_id: int) -> list[tuple[int, int]]:
    """The pairs a voter has voted on, in order."""
    rows = await session.execute(
        select(Vote.low_id, Vote.high_id).where(Vote.voter_id == voter_id).order_by(Vote.id)
    )
    return [(row[0], row[1]) for row in rows.all()]


async def candidates(session: Session, consultation_id: int) -> list[Candidate]:
    """What stands on the ballot, by id."""
    rows = await session.execute(
        select(
            Proposal.id, Proposal.theme_id, func.coalesce(Proposal.edited, Proposal.text),
            Proposal.lang, Proposal.fingerprint, func.coalesce(Proposal.shown_with, Proposal.id),
            func.coalesce(Score.shown, 0), func.coalesce(Score.strength, 0.0), Score.spread,
        )
        .outerjoin(Score, (Score.proposal_id == Proposal.id) & (Score.counting == TRUSTED))
        .where(Proposal.consultation_id == consultation_id, Proposal.state == "admitted")
        .order_by(Proposal.id)
    )  # fmt: skip
    return [Candidate(*row) for row in rows.all()]


async def votes_after(
    session: Session, consultation_id: int, after: int
) -> list[Row[int, int, int, int, int, str, str | None, int, str, datetime]]:
    """Votes that came after one, oldest first, at most so many: id, voter, theme, low, high,
    choice, why, what stood first, flags, when.
    """
    rows = await session.execute(
        select(
            Vote.id, Vote.voter_id, Vote.theme_id, Vote.low_id, Vote.high_id, Vote.choice,
            Vote.why, Vote.shown_first, Vote.flags, Vote.at,
        )
        .where(Vote.consultation_id == consultation_id, Vote.id > after)
        .order_by(Vote.id)
        .limit(PAGE)
    )  # fmt: skip
    return list(rows.all())


async def traits(
    session: Session, consultation_id: int, after: int
) -> list[tuple[int, str | None, str | None, str]]:
    """Voters that came after one, at most so many: id, device, campaign, flags."""
    rows = await session.execute(
        select(Voter.id, Voter.device, Voter.campaign, Voter.flags)
        .where(Voter.consultation_id == consultation_id, Voter.id > after)
        .order_by(Voter.id)
        .limit(PAGE)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows.all()]


async def reading(session: Session, consultation_id: int) -> Reading | None:
    """What the votes of a consultation say as a whole."""
    return await session.get(Reading, consultation_id)


async def readings(session: Session, consultation_ids: Collection[int]) -> dict[int, Reading]:
    """What the votes of consultations say as a whole, by consultation."""
    found = await session.scalars(
        select(Reading).where(Reading.consultation_id.in_(consultation_ids))
    )
    return {one.consultation_id: one for one in found.all()}


async def closed(session: Session, limit: int) -> Sequence[Reading]:
    """What was read after the last vote, the newest first, of consultations that went on."""
    found = await session.scalars(
        select(Reading)
        .join(Consultation, Consultation.id == Reading.consultation_id)
        .where(Reading.closed, Consultation.state.in_(("shortlisted", "met", "reported")))
        .order_by(Reading.at.desc())
        .limit(limit)
    )
    return found.all()


async def scores(session: Session, consultation_id: int) -> list[tuple[Proposal, str, Score]]:
    """Proposals with their scores in each counting, the best of each theme first."""
    rows = await session.execute(
        select(Proposal, Score.counting, Score)
        .join(Score, Score.proposal_id == Proposal.id)
        .where(Proposal.consultation_id == consultation_id, Proposal.state == "admitted")
        .order_by(Proposal.theme_id, Score.score.desc(), Proposal.id)
    )
    return [(row[0], row[1], row[2]) for row in rows.all()]


async def placed(
    session: Session, consultation_id: int, theme_id: int, *, limit: int, offset: int = 0
) -> tuple[list[Placed], int]:
    """Some places of a theme's ranking, the first first, and how many it has."""
    trusted, plain = aliased(Score), aliased(Score)
    of_theme = (Proposal.consultation_id == consultation_id, Proposal.theme_id == theme_id)
    place, plain_place = (
        func.rank().over(order_by=(one.score.desc(), Proposal.id)) for one in (trusted, plain)
    )
    rows = await session.execute(
        select(Proposal, place, trusted, plain_place, plain)
        .join(trusted, (trusted.proposal_id == Proposal.id) & (trusted.counting == TRUSTED))
        .join(plain, (plain.proposal_id == Proposal.id) & (plain.counting == ALL))
        .where(*of_theme, Proposal.state == "admitted")
        .order_by(place)
        .limit(limit)
        .offset(offset)
    )
    total = await session.scalar(
        select(func.count(Proposal.id))
        .join(Score, (Score.proposal_id == Proposal.id) & (Score.counting == TRUSTED))
        .where(*of_theme, Proposal.state == "admitted")
    )
    return [Placed(*row) for row in rows.all()], total or 0


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


async def unclosed(session: Session) -> list[int]:
    """Consultations whose voting ended and was not read for the last time yet."""
    found = await session.scalars(
        select(Consultation.id)
        .outerjoin(Reading, Reading.consultation_id == Consultation.id)
        .where(Consultation.state.in_(("shortlisted", "met")))
        .where(or_(Reading.consultation_id.is_(None), Reading.closed.is_(False)))
    )
    return list(found.all())


async def audit(session: Session, consultation_id: int) -> AsyncIterator[dict[str, object]]:
    """Every vote without who gave it, in the order of ids: voters are numbered, times are hours."""
    last = 0
    columns = (
        Vote.id, Vote.theme_id, Vote.voter_id, Vote.low_id, Vote.high_id, Vote.choice, Vote.why,
        Vote.shown_first, Vote.seconds, Vote.flags, Vote.at, Voter.channel, Voter.campaign,
        Voter.flags.label("voter_flags"),
    )  # fmt: skip
    while True:
        rows = await session.execute(
            select(*columns)
            .join(Voter, Voter.id == Vote.voter_id)
            .where(Vote.consultation_id == consultation_id, Vote.id > last)
            .order_by(Vote.id)
            .limit(PAGE)
        )
        found = rows.all()
        for row in found:
            told = dict(row._mapping)
            told["at"] = row.at.replace(minute=0, second=0, microsecond=0).isoformat()
            yield told
        if len(found) < PAGE:
            return
        last = found[-1].id
