"""Votes are taken, many in one transaction; scores kept, shortlists made and changed."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from service import jobs
from service.consultations.actions import NoPublicReason
from service.consultations.models import Consultation
from service.consultations.proposals.standing.actions import UnknownProposal
from service.consultations.voting import queries
from service.consultations.voting.models import Reading, Score, Shortlisted, Vote, Voter
from service.consultations.voting.ranking import queries as ranking
from service.consultations.voting.ranking.queries import Ranked
from service.database import Session, now
from service.errors import Conflict, Forbidden, GabineteError
from service.staff.access import Staffer
from service.trail import actions as trail

RECKON = timedelta(seconds=2)
CHUNK = 500


class UnknownVoter(Forbidden):
    """The token is nobody's in this consultation."""

    code = "unknown_voter"


class UnknownPair(Forbidden):
    """The pair was made for somebody else, was altered, or is not there."""

    code = "unknown_pair"


class StalePair(Conflict):
    """The pair was shown too long ago."""

    code = "stale_pair"


class PairChanged(Conflict):
    """One of the two reads otherwise than it was shown, or is not voted on any more."""

    code = "pair_changed"


class VotingClosed(Conflict):
    """The consultation is not voted on now."""

    code = "voting_closed"


class VoterErased(Conflict):
    """The voter had their data erased: their votes stay counted, and no more are taken."""

    code = "voter_erased"


class TooManyVotes(GabineteError):
    """More came in a minute than anybody reads."""

    code = "too_many_votes"
    status = 429


class NotShortlisted(Conflict):
    """There is no shortlist yet, or the proposal is not of this consultation."""

    code = "not_shortlisted"


@dataclass(frozen=True)
class Elector:
    """Who votes: their digest in a consultation, and what a row of theirs begins with."""

    consultation_id: int
    digest: str
    channel: str
    person_id: int | None = None
    device: str | None = None
    campaign: str | None = None


@dataclass(frozen=True)
class Ballot:
    """One choice to be counted: left, right or neither of what stood there, which read as `wording`
    marks where that is known.
    """

    elector: Elector
    theme_id: int
    left: int
    right: int
    choice: str
    why: str | None
    seconds: float
    flags: str = ""
    wording: str = ""

    @property
    def pair(self) -> tuple[int, int]:
        """The ids, the smaller first."""
        return min(self.left, self.right), max(self.left, self.right)

    @property
    def kept(self) -> str:
        """The choice as it is stored."""
        if self.choice == "neither":
            return "neither"
        chosen = self.left if self.choice == "left" else self.right
        return "low" if chosen == self.pair[0] else "high"


@dataclass(frozen=True)
class Cast:
    """What became of a ballot: counted now, or it was before, and then as `choice`."""

    voter_id: int
    counted: bool
    choice: str


Outcome = Cast | GabineteError


async def cast_all(
    session: Session, ballots: Sequence[Ballot], *, asked: Collection[int] = ()
) -> list[Outcome]:
    """Count ballots, each once, in a few statements; gives what became of each, in order.

    Refused are those of a consultation that is not voted on at this moment, of erased voters, and
    on proposals that are not on the ballot any more. Scores are made anew soon, but for the
    consultations in `asked`, where that was asked for already.
    """
    shown = await queries.on_the_ballot(session, {id_ for one in ballots for id_ in one.pair})
    wanted = {ballot.elector.consultation_id for ballot in ballots}
    open_now = await queries.open_now(session, wanted, now())
    fit = [one for one in ballots if one.elector.consultation_id in open_now]
    voters = await enrol(session, [one.elector for one in fit])
    refused: dict[int, GabineteError] = {}
    for at, one in enumerate(ballots):
        if (no := _refusal(one, open_now, voters, shown)) is not None:
            refused[at] = no
    taken = [one for at, one in enumerate(ballots) if at not in refused]
    counted = await _insert(session, taken, voters)
    for consultation_id in {one.elector.consultation_id for one in taken} - set(asked):
        await reckon_soon(session, consultation_id)
    told = iter(await _told(session, taken, voters, counted))
    return [refused[at] if at in refused else next(told) for at in range(len(ballots))]


def _refusal(
    one: Ballot,
    open_now: Collection[int],
    voters: dict[tuple[int, str], queries.Known],
    shown: Mapping[tuple[int, int], str],
) -> GabineteError | None:
    elector = one.elector
    if elector.consultation_id not in open_now:
        return VotingClosed("This consultation is not voted on now.")
    voter = voters.get((elector.consultation_id, elector.digest))
    if voter is None:
        return StalePair("You voted elsewhere at this moment: here is a new pair.")
    if voter.erased:
        return VoterErased("Your data was erased: your votes stay counted, without you.")
    left, right = (shown.get((elector.consultation_id, id_)) for id_ in (one.left, one.right))
    if left is None or right is None or one.left == one.right:
        return PairChanged("One of the two is not voted on any more: here is a new pair.")
    if one.wording and one.wording != wording(left, right):
        return PairChanged("One of the two reads otherwise now: here is a new pair.")
    return None


def wording(left: str, right: str) -> str:
    """A mark of how two proposals read, from their fingerprints, left first."""
    return hashlib.sha256(f"{left} {right}".encode()).hexdigest()[:8]


async def enrol(
    session: Session, electors: Sequence[Elector]
) -> dict[tuple[int, str], queries.Known]:
    """The voters of electors, made where they are not there yet."""
    asked = {(one.consultation_id, one.digest): one for one in electors}
    if not asked:
        return {}
    moment = now()
    rows = [
        {
            "consultation_id": one.consultation_id, "digest": one.digest, "channel": one.channel,
            "person_id": one.person_id, "device": one.device, "campaign": one.campaign,
            "flags": "", "created_at": moment,
        }
        for one in asked.values()
    ]  # fmt: skip
    columns = (Voter.consultation_id, Voter.digest, Voter.id)
    made = await session.execute(_insert_or_leave(session, Voter).returning(*columns), rows)
    voters = {(row[0], row[1]): queries.Known(row[2], False) for row in made.all()}
    return voters | await queries.known(session, [key for key in asked if key not in voters])


async def _insert(
    session: Session, taken: Sequence[Ballot], voters: dict[tuple[int, str], queries.Known]
) -> set[tuple[int, int, int]]:
    """Insert votes on pairs that their voters have not voted on; gives (voter, low, high)."""
    if not taken:
        return set()
    moment = now()
    rows = [_row(one, voters[one.elector.consultation_id, one.elector.digest].id, moment)
            for one in taken]  # fmt: skip
    statement = _insert_or_leave(session, Vote).returning(Vote.voter_id, Vote.low_id, Vote.high_id)
    return {(row[0], row[1], row[2]) for row in (await session.execute(statement, rows)).all()}


def _row(one: Ballot, voter_id: int, moment: datetime) -> dict[str, Any]:
    low, high = one.pair
    return {
        "consultation_id": one.elector.consultation_id, "theme_id": one.theme_id,
        "voter_id": voter_id, "low_id": low, "high_id": high, "choice": one.kept,
        "why": one.why, "shown_first": one.left, "seconds": one.seconds, "flags": one.flags,
        "at": moment,
    }  # fmt: skip


async def _told(
    session: Session,
    taken: Sequence[Ballot],
    voters: dict[tuple[int, str], queries.Known],
    counted: set[tuple[int, int, int]],
) -> list[Outcome]:
    """Of two equal ballots in one batch the first counts."""
    told: list[Outcome] = []
    left = set(counted)
    for one in taken:
        voter = voters[one.elector.consultation_id, one.elector.digest].id
        key = (voter, *one.pair)
        if key in left:
            left.discard(key)
            told.append(Cast(voter, True, one.choice))
        else:
            standing = await queries.standing(session, *key)
            told.append(Cast(voter, False, _as_shown(standing, one)))
    return told


def _as_shown(kept: str, one: Ballot) -> str:
    if kept == "neither":
        return kept
    return "left" if (kept == "low") == (one.left < one.right) else "right"


async def reckon_soon(session: Session, consultation_id: int) -> None:
    """Scores are made anew within seconds."""
    await jobs.add(
        session, "reckon_votes", key=f"reckon_votes:{consultation_id}", run_at=now() + RECKON,
        consultation_id=consultation_id,
    )  # fmt: skip


async def keep_reckoning(
    session: Session,
    reading: dict[str, Any],
    scores: Sequence[dict[str, Any]],
    flags: dict[int, str],
) -> None:
    """Keep what votes were found to say: the whole, each proposal's scores, and voters' flags. What
    was read before the voting ended is not put over what was read after it.
    """
    id_ = reading["consultation_id"]
    held = await session.get(Reading, id_, with_for_update=True, populate_existing=True)
    if held is not None and held.closed and not reading["closed"]:
        return
    await session.merge(Reading(**reading))
    ids = list({row["proposal_id"] for row in scores})
    for start in range(0, len(ids), CHUNK):
        gone = ids[start : start + CHUNK]
        await session.execute(delete(Score).where(Score.proposal_id.in_(gone)))
    if scores:
        await session.execute(_insert_or_leave(session, Score), list(scores))
    for flag in set(flags.values()):
        chosen = [voter for voter, one in flags.items() if one == flag]
        for start in range(0, len(chosen), CHUNK):
            await session.execute(
                update(Voter).where(Voter.id.in_(chosen[start : start + CHUNK])).values(flags=flag)
            )


async def close(
    session: Session, consultation_id: int, ranked: Sequence[Ranked]
) -> list[Shortlisted]:
    """Make the shortlist of each theme once the voting has ended, from the first so many of its
    ranking; and forget what found voters that were erased. Safe to do twice.
    """
    row = await session.get_one(Consultation, consultation_id)
    moment, made = now(), []
    if not await ranking.has_shortlist(session, consultation_id):
        made = [
            Shortlisted(
                proposal_id=one.proposal_id, consultation_id=consultation_id,
                theme_id=one.theme_id, rank=one.rank, listed=True, at=moment,
            )
            for one in ranked
            if one.rank <= row.shortlist_size
        ]  # fmt: skip
        session.add_all(made)
        await session.flush()
        await trail.record(
            session, "consultation", consultation_id, "shortlist", actor=trail.MACHINE,
            details={"proposals": [one.proposal_id for one in made]},
        )  # fmt: skip
    await unknow(session, consultation_id)
    return made


async def unknow(session: Session, consultation_id: int) -> None:
    """Nobody votes here again: of erased voters goes what still found them."""
    for voter in await queries.erased_voters(session, consultation_id):
        voter.digest = f"erased-{voter.id}"


async def adjust(
    session: Session,
    consultation_id: int,
    proposal_id: int,
    *,
    listed: bool,
    reason: str,
    by: Staffer,
) -> Shortlisted:
    """Staff put a proposal on the shortlist or take it off, with a reason that the public reads.

    Raises `NoPublicReason`, `NotShortlisted`, `UnknownProposal`.
    """
    if not reason.strip():
        raise NoPublicReason("Say to the public why.")
    row = await session.get(Consultation, consultation_id)
    if row is None or row.state != "shortlisted":
        raise NotShortlisted("A shortlist is changed between the voting and the meeting.")
    ranked = {one.proposal_id: one for one in await ranking.ranking(session, consultation_id)}
    if proposal_id not in ranked:
        raise UnknownProposal("There is no such proposal on the ballot.")
    one, held = ranked[proposal_id], await session.get(Shortlisted, proposal_id)
    was = "listed" if held is not None and held.listed else "unlisted"
    made = held or Shortlisted(
        proposal_id=proposal_id, consultation_id=consultation_id, theme_id=one.theme_id,
        rank=one.rank,
    )  # fmt: skip
    made.listed, made.reason, made.staff_id, made.at = listed, reason.strip(), by.id, now()
    session.add(made)
    await session.flush()
    await trail.record(
        session, "proposal", proposal_id, "shortlist", actor=by.actor, was=was,
        became="listed" if listed else "unlisted", why=made.reason,
    )  # fmt: skip
    return made


def _insert_or_leave(session: Session, table: type[Any]) -> Any:
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    return insert(table).on_conflict_do_nothing()
