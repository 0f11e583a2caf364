"""Carry answers, corrections and retractions to people, and settle what answers settle."""

from collections.abc import Sequence

from service.answers import letters, queries
from service.answers.models import Answer
from service.answers.settling import queries as settling
from service.answers.standing.actions import find
from service.channels import deliveries
from service.database import Session
from service.installation import Installation
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.standing.actions import CHUNK, move_contributions
from service.messages import actions as messages
from service.trail import actions as trail


async def tell_askers(session: Session, here: Installation, answer: Answer) -> int:
    """One delivery for each person of the issue, merged ones and followers included.

    Who received this answer before, at once or by another issue's merging, is left out.
    """
    ready = (await queries.published(session, [answer.id])).get(answer.id)
    root = await issue_queries.root_id(session, answer.issue_id) if answer.issue_id else None
    if ready is None or root is None:
        return 0
    before = {one.person_id for one in await queries.told(session, answer.id)}
    askers = await issue_queries.askers(session, root)
    made = [
        letters.answer(ready, answer.edition, one, here)
        for one in askers
        if one.person_id not in before
    ]
    return await deliveries.post(session, here.vault, made)


async def catch_up(session: Session, here: Installation, answer: Answer) -> None:
    """Those who joined an answered issue, by merging for instance, get its answer and are answered.

    While a correction waits there is nothing to tell: its approval comes back to them.
    """
    context = await issue_queries.context(session, [answer.issue_id] if answer.issue_id else [])
    for issue in context.values():
        if issue.state == "answered" and await queries.published(session, [answer.id]):
            await tell_askers(session, here, answer)
            inside = await issue_queries.members(session, issue.root_id)
            await move_contributions(session, inside, ["received"], "answered", actor=trail.MACHINE)


async def tell_correction(session: Session, here: Installation, answer_id: int) -> int:
    """The corrected text goes to everyone who ever received the answer, once for each edition, and
    to those who joined its issue while it waited.
    """
    ready = (await queries.published(session, [answer_id])).get(answer_id)
    if ready is None:
        return 0
    answer = await find(session, answer_id)
    told = await queries.told(session, answer_id)
    made = [letters.correction(ready, answer, one, here) for one in told]
    written = await deliveries.post(session, here.vault, made)
    await catch_up(session, here, answer)
    return written


async def tell_retraction(session: Session, here: Installation, answer: Answer) -> int:
    """Everyone who ever received the answer hears that it does not hold, and why."""
    told = await queries.told(session, answer.id)
    made = [letters.retraction(answer, one, here) for one in told]
    return await deliveries.post(session, here.vault, made)


async def answer_at_once(session: Session, rows: Sequence[tuple[int, int, int]]) -> None:
    """Contributions (id, issue, answer) that a published answer settled when they came.

    An issue all of whose contributions are answered is answered.
    """
    if not rows:
        return
    ids = [contribution for contribution, _, _ in rows]
    await messages.move_state(session, ids, "answered", actor=trail.MACHINE, why="published answer")
    by_issue = {issue: answer for _, issue, answer in rows}
    for issue_id in await settling.fully_answered(session, list(by_issue)):
        await issues.answer(session, issue_id, actor=trail.MACHINE, answer_id=by_issue[issue_id])


async def unsettle(session: Session, here: Installation, answer: Answer, *, actor: str) -> None:
    """After a retraction: what only this answer had settled waits again, with a new due date."""
    why = "the answer was taken back"
    root = await issue_queries.root_id(session, answer.issue_id) if answer.issue_id else None
    if root is not None and not await settling.settled(session, [root]):
        await issues.reopen(session, here.settings, root, actor=actor, why=why)
        inside = await issue_queries.members(session, root)
        await move_contributions(session, inside, ["answered"], "received", actor=actor)
    at_once = await settling.answered_at_once(session, answer.id)
    for start in range(0, len(at_once), CHUNK):
        await _wait_again(session, here, at_once[start : start + CHUNK], why)


async def _wait_again(
    session: Session, here: Installation, contribution_ids: Sequence[int], why: str
) -> None:
    answered = await issue_queries.with_state(session, contribution_ids, ["answered"])
    roots = await issue_queries.roots_of(session, answered)
    settled = await settling.settled(session, set(roots.values()))
    waiting = [one for one, issue in roots.items() if issue not in settled]
    await messages.move_state(session, waiting, "received", actor=trail.MACHINE, why=why)
    context = await issue_queries.context(session, {roots[one] for one in waiting})
    for issue_id, issue in context.items():
        if issue.state == "answered":
            await issues.reopen(session, here.settings, issue_id, actor=trail.MACHINE, why=why)
