"""Forget who voted; make one voice of two."""

from sqlalchemy import delete, update

from service.consultations.models import Consultation
from service.consultations.voting import queries
from service.consultations.voting.actions import CHUNK, Elector, enrol, reckon_soon
from service.consultations.voting.models import Vote, Voter
from service.database import Session, now
from service.people.models import Person
from service.trail import actions as trail

OVER = ("shortlisted", "met", "reported", "cancelled")


async def forget_voter(session: Session, elector: Elector) -> None:
    """Who votes by this digest is not known any more, also who has not voted yet: their votes stay
    counted, and they cannot vote again before the voting ends.
    """
    await enrol(session, [elector])
    voter = await queries.voter(session, elector.consultation_id, elector.digest)
    if voter is not None and voter.erased_at is None:
        await _forget(session, voter)


async def forget(session: Session, person_id: int) -> None:
    """The same for a person, in all consultations."""
    for voter in await queries.voters_of(session, person_id):
        await _forget(session, voter)


async def _forget(session: Session, voter: Voter) -> None:
    voter.person_id = voter.device = voter.campaign = None
    voter.erased_at = now()
    row = await session.get_one(Consultation, voter.consultation_id)
    if row.state in OVER:
        voter.digest = f"erased-{voter.id}"
    await session.flush()
    await trail.record(session, "voter", voter.id, "erase", actor=trail.MACHINE)


async def unite(session: Session, kept: Person, gone: Person) -> int:
    """Two people are one: where both voted, they have one voice, and of two votes on a pair the
    first stands; what is over stays as it was counted. Gives how many votes do not stand.
    """
    dropped = 0
    for voter in await queries.voters_of(session, gone.id):
        held = await queries.voter_of_person(session, voter.consultation_id, kept.id)
        row = await session.get_one(Consultation, voter.consultation_id)
        if held is None:
            voter.person_id = kept.id
            await session.flush()
        elif row.state in OVER:
            await _forget(session, voter)
        else:
            dropped += await _merge(session, held, voter)
    return dropped


async def _merge(session: Session, held: Voter, other: Voter) -> int:
    """One voter's votes become another's; gives how many were on a pair voted on before."""
    seen: set[tuple[int, int]] = set()
    later, theirs = [], []
    for vote in await queries.votes_by(session, (held.id, other.id)):
        pair = (vote.low_id, vote.high_id)
        if pair in seen:
            later.append(vote.id)
        elif vote.voter_id == other.id:
            theirs.append(vote.id)
        seen.add(pair)
    for start in range(0, len(later), CHUNK):
        await session.execute(delete(Vote).where(Vote.id.in_(later[start : start + CHUNK])))
    for start in range(0, len(theirs), CHUNK):
        chosen = Vote.id.in_(theirs[start : start + CHUNK])
        await session.execute(update(Vote).where(chosen).values(voter_id=held.id))
    await session.execute(delete(Voter).where(Voter.id == other.id))
    await trail.record(
        session, "consultation", held.consultation_id, queries.UNITED, actor=trail.MACHINE,
        details={"voter": held.id, "left_out": len(later)},
    )  # fmt: skip
    await reckon_soon(session, held.consultation_id)
    return len(later)
