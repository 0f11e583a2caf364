"""Read voters, votes, and what stands on the ballot."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, func, or_, select

from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal
from service.consultations.voting.models import Reading, Score, Vote, Voter
from service.database import Session
from service.trail.models import Event

TRUSTED, ALL = "trusted", "all"
COUNTINGS = (TRUSTED, ALL)
UNITED = "unite_voters"
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


async def votes_by(session: Session, voter_ids: Collection[int]) -> Sequence[Vote]:
    """The votes of these voters, the first first."""
    found = await session.scalars(
        select(Vote).where(Vote.voter_id.in_(voter_ids)).order_by(Vote.id)
    )
    return found.all()


async def united(session: Session, consultation_id: int) -> int:
    """How often two voters became one: what was read of votes before is read anew then."""
    events = select(func.count()).where(
        Event.thing == "consultation", Event.thing_id == consultation_id, Event.act == UNITED
    )
    return await session.scalar(events) or 0


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


async def unclosed(session: Session) -> list[int]:
    """Consultations whose voting ended and was not read for the last time yet."""
    found = await session.scalars(
        select(Consultation.id)
        .outerjoin(Reading, Reading.consultation_id == Consultation.id)
        .where(Consultation.state.in_(("shortlisted", "met")))
        .where(or_(Reading.consultation_id.is_(None), Reading.closed.is_(False)))
    )
    return list(found.all())


async def behind(session: Session, within: timedelta) -> list[int]:
    """Consultations that are voted on and whose newest vote may not be in their scores: it was
    written less than `within` before they were made, or after.
    """
    newest = (
        select(Vote.at)
        .where(Vote.consultation_id == Consultation.id)
        .order_by(Vote.id.desc())
        .limit(1)
        .correlate(Consultation)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Consultation.id, newest, Reading.at)
        .outerjoin(Reading, Reading.consultation_id == Consultation.id)
        .where(Consultation.state == "voting")
    )
    return [
        id_
        for id_, voted, read in rows.all()
        if voted is not None and (read is None or voted > read - within)
    ]


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
