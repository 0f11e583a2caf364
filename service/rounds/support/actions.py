"""Nominate, support, take back; set questions aside and let them back in; forget who supported."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete

from service.channels import deliveries
from service.database import Session, now
from service.errors import Conflict, NotFound
from service.installation import Installation
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.actions import NoReason
from service.people.linking import actions as linking
from service.people.models import Person
from service.rounds import letters
from service.rounds import queries as rounds
from service.rounds.actions import WrongRoundState, find, running
from service.rounds.models import Nomination, Round, Support
from service.rounds.support import queries
from service.staff.access import Staffer
from service.trail import actions as trail


class QuestionAside(Conflict):
    """This question was set aside in this round."""

    code = "question_aside"

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class UnknownQuestion(NotFound):
    """The round has no such question, or nobody may read it yet."""

    code = "unknown_question"


async def support(
    session: Session,
    round_id: int,
    issue_id: int,
    *,
    person_id: int,
    identity_id: int,
    contribution_id: int | None = None,
) -> bool:
    """A person supports a question, which nominates it; False where they did already.

    They follow its issue, heard where they said so last. Without a contribution of theirs only
    what staff have named can be supported: others' words stay unread. Raises `UnknownRound`,
    `RoundNotOpen`, `RoundEnded`, `UnknownQuestion`, `QuestionAside`.
    """
    told = await running(session, round_id)
    context = (await issue_queries.context(session, [issue_id])).get(issue_id)
    unread = contribution_id is None and context and context.named_by == trail.MACHINE
    if context is None or unread:
        raise UnknownQuestion("This round has no such question.")
    root = context.root_id
    await _nominate(session, told, root)
    held = await queries.held(session, told.id, root, person_id)
    follows = contribution_id is None and not await _follows(session, person_id, root)
    if contribution_id is None:
        await issues.follow(session, person_id, identity_id, root)
    for row in held:
        row.identity_id = identity_id
    if not held:
        session.add(
            Support(
                round_id=told.id,
                issue_id=root,
                person_id=person_id,
                identity_id=identity_id,
                contribution_id=contribution_id,
                follows=follows,
                at=now(),
            )
        )
    await session.flush()
    return not held


async def _nominate(session: Session, told: Round, root: int) -> None:
    """Make an issue a question of the round, where it is none yet."""
    held = await queries.nominated(session, told.id, root)
    if held and all(one.aside_at for one in held):
        raise QuestionAside("This question was set aside in this round.", held[0].reason or "")
    if not held:
        session.add(Nomination(round_id=told.id, issue_id=root, by_lot=False, at=now()))
        await session.flush()


async def _follows(session: Session, person_id: int, root: int) -> bool:
    rows = await issue_queries.follow_rows(session, person_id, root)
    return any(not row.stopped for row in rows)


async def take_back(
    session: Session, round_id: int, issue_id: int, *, person_id: int, identity_id: int
) -> bool:
    """A person supports a question no more; False where they did not.

    Raises `UnknownRound`, `RoundNotOpen`, `RoundEnded`, `UnknownQuestion`.
    """
    told = await running(session, round_id)
    root = await issue_queries.root_id(session, issue_id)
    if root is None:
        raise UnknownQuestion("This round has no such question.")
    held = await queries.held(session, told.id, root, person_id)
    if any(row.follows for row in held):
        await issues.unfollow(session, person_id, identity_id, root)
    await _remove(session, held)
    return bool(held)


async def _remove(session: Session, rows: Sequence[Support]) -> None:
    await session.execute(delete(Support).where(Support.id.in_([row.id for row in rows])))


async def forget(session: Session, person_id: int) -> int:
    """Who erases themselves takes their voice back, so that coming again gives no second one; what
    was counted at an end stays a number. Gives of how many questions.
    """
    rows = await queries.of_person(session, person_id)
    await _remove(session, rows)
    return len(rows)


async def unite(session: Session, kept: Person, gone: Person) -> None:
    """Two people are one: they support once what either did."""
    await linking.hand_over(session, Support, ("round_id", "issue_id"), kept, gone)


async def withdraw(session: Session, contribution_ids: Collection[int]) -> None:
    """What was asked is taken back, and with it the support it was, in rounds that still run."""
    rows = await queries.by_contributions(session, contribution_ids)
    held = {row.round_id: await rounds.round_(session, row.round_id) for row in rows}
    still = {id_ for id_, told in held.items() if told is not None and told.state == "open"}
    await _remove(session, [row for row in rows if row.round_id in still])


async def set_aside(
    session: Session, here: Installation, round_id: int, issue_id: int, *, by: Staffer, reason: str
) -> None:
    """A question is not put to the vote; its supporters read why, and it is answered as any other.

    Raises `UnknownRound`, `WrongRoundState`, `UnknownQuestion`, `NoReason`.
    """
    if not reason.strip():
        raise NoReason("Write a reason: those who support it will read it.")
    told, root, rows = await _question(session, round_id, issue_id)
    for row in rows:
        row.aside_at, row.reason = now(), reason.strip()
    await session.flush()
    details = {"issue": root}
    await trail.record(
        session, "round", told.id, "set_aside", actor=by.actor, why=reason.strip(), details=details
    )
    nth = await rounds.times_aside(session, told.id)
    whole = await rounds.told(session, told.id)
    assert whole is not None, "it was just found"
    reached = await queries.supporters(session, told.id, root_id=root)
    await deliveries.post(
        session, here.vault, letters.aside(whole, root, nth, reason.strip(), reached, here)
    )


async def let_in(session: Session, round_id: int, issue_id: int, *, by: Staffer) -> None:
    """A question that was set aside is put to the vote again, with the supporters it had."""
    told, root, rows = await _question(session, round_id, issue_id)
    for row in rows:
        row.aside_at = row.reason = None
    await session.flush()
    details = {"issue": root}
    await trail.record(session, "round", told.id, "let_in", actor=by.actor, details=details)


async def _question(
    session: Session, round_id: int, issue_id: int
) -> tuple[Round, int, Sequence[Nomination]]:
    told = await find(session, round_id)
    if told.state != "open":
        raise WrongRoundState(f"A round that is {told.state} has its questions settled.")
    root = await issue_queries.root_id(session, issue_id)
    rows = await queries.nominated(session, told.id, root) if root is not None else []
    if root is None or not rows:
        raise UnknownQuestion("This round has no such question.")
    return told, root, rows
