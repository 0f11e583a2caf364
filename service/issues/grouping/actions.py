"""Merge, split and move: each reversible, on the trail, and told to those it concerns."""

import secrets
from collections.abc import Collection

from sqlalchemy import insert, update

from service.channels import deliveries
from service.database import Session, now
from service.errors import Conflict, NotFound
from service.issues import letters, queries
from service.issues.dating import actions as dating
from service.issues.members import actions as members
from service.issues.members import queries as trees
from service.issues.models import Issue, Move
from service.issues.standing import actions as standing
from service.settings import Settings
from service.trail import actions as trail
from service.vault import Vault

NAME = 80


class UnknownContribution(NotFound):
    """There is no such contribution, or it is in another issue."""

    code = "unknown_contribution"


class UnknownBatch(NotFound):
    """There are no such moves."""

    code = "unknown_batch"


class NotMerged(Conflict):
    """The issue was not merged into another."""

    code = "issue_not_merged"


class SameIssue(Conflict):
    """An issue is not merged into itself."""

    code = "same_issue"


class NothingLeft(Conflict):
    """Splitting everything off would leave the issue empty."""

    code = "nothing_left"


class CannotUndo(Conflict):
    """These moves were undone already, or something was moved on since."""

    code = "cannot_undo"


async def merge(
    session: Session,
    vault: Vault,
    settings: Settings,
    issue_id: int,
    into_id: int,
    *,
    by: standing.Author,
    why: str | None = None,
) -> Issue:
    """Let `issue_id` point to `into_id`, which survives and counts both; gives the survivor.

    Those who wait for the merged one hear how many now ask the same, or get what settled the
    survivor. A merge by the machine is silent: the number shows in their next status.
    """
    if issue_id == into_id:
        raise SameIssue("An issue cannot be merged into itself.")
    first, second = sorted((issue_id, into_id))
    pair = {
        first: await standing.live(session, first),
        second: await standing.live(session, second),
    }
    issue, into = pair[issue_id], pair[into_id]
    waiting = await queries.pending_authors(session, issue.id)
    told = [a for a in await queries.askers(session, issue.id, news=True) if a.person_id in waiting]
    await _hang(session, issue, into, by, why)
    (into,) = await queries.issues(session, [into.id])
    if into.state not in standing.WAITING:
        await standing.tell_later(session, into)
    elif by.actor != trail.MACHINE:
        posted = letters.merging(issue.id, into, told, vault, settings)
        await deliveries.post(session, vault, posted)
    return into


async def _hang(
    session: Session, issue: Issue, into: Issue, by: standing.Author, why: str | None
) -> None:
    """Set the pointer, give the whole tree its new survivor, and count."""
    issue.merged_into = into.id
    standing.touch(issue, by)
    standing.touch(into, by)
    await session.flush()
    await session.execute(update(Issue).where(Issue.root_id == issue.id).values(root_id=into.id))
    await members.recount(session, [into.id])
    await members.recentre(session, [issue.id, into.id])
    events = [
        trail.event("issue", issue.id, "merge", actor=by.actor, became=str(into.id), why=why),
        trail.event("issue", into.id, "absorb", actor=by.actor, details={"issue": issue.id}),
    ]
    await trail.record_many(session, events)


async def unmerge(
    session: Session, issue_id: int, *, by: standing.Author, why: str | None = None
) -> Issue:
    """Take the pointer away: the issue stands for itself again, with what was merged into it."""
    # Nothing is found where its tree was merged while the locks were waited for.
    nodes = await trees.trees(session, [issue_id]) or await trees.trees(session, [issue_id])
    issue = await queries.for_act(session, issue_id)
    if issue is None:
        raise standing.UnknownIssue("There is no such issue.")
    if issue.merged_into is None:
        raise NotMerged("This issue was not merged into another.")
    parent, (survivor,) = issue.merged_into, await queries.issues(session, [issue.root_id])
    tree = trees.below(nodes)[issue.id]
    issue.merged_into = None
    standing.touch(issue, by)
    standing.touch(survivor, by)
    await session.flush()
    await session.execute(update(Issue).where(Issue.id.in_(tree)).values(root_id=issue.id))
    await members.recount(session, [issue.id, parent])
    await members.recentre(session, [issue.id, survivor.id])
    event = trail.event("issue", issue.id, "unmerge", actor=by.actor, was=str(survivor.id), why=why)
    await trail.record_many(session, [event])
    for id_ in trees.upwards(nodes, parent):
        await dating.release(session, id_, actor=by.actor)
    (issue,) = await queries.issues(session, [issue.id])
    inside = await queries.members(session, issue.id)
    await _fit(session, issue, inside, survivor.state, by)
    return issue


async def _fit(
    session: Session,
    issue: Issue,
    contribution_ids: Collection[int],
    settled: str,
    by: standing.Author,
) -> None:
    """Contributions that changed sides share the new issue's life: they wait with it, or learn
    its end.

    `settled` is the state of the issue they came from: what it settled for them is open again.
    """
    if issue.state not in standing.WAITING:
        await standing.tell_later(session, issue)
    elif settled in standing.SETTLED:
        await standing.move_contributions(
            session, contribution_ids, [settled], "received", actor=by.actor
        )


async def split(
    session: Session,
    issue_id: int,
    contribution_ids: Collection[int],
    *,
    by: standing.Author,
    name: str | None = None,
) -> Issue:
    """Take contributions out of an issue into a new one, with the same department and official.

    Raises `UnknownContribution` when one is not in the issue, `NothingLeft` when all are named.
    """
    issue = await standing.live(session, issue_id)
    roots = await queries.roots_of(session, contribution_ids)
    if not contribution_ids or any(roots.get(id_) != issue.id for id_ in contribution_ids):
        raise UnknownContribution("Name contributions that are in this issue.")
    if len(roots) == len(await queries.members(session, issue.id)):
        raise NothingLeft("All contributions were named: rename the issue instead.")
    fresh = await _part(session, issue, list(roots), by, name)
    await _shift(session, roots, fresh, by)
    standing.touch(issue, by)
    (fresh,) = await queries.issues(session, [fresh.id])
    return fresh


async def _part(
    session: Session,
    issue: Issue,
    contribution_ids: list[int],
    by: standing.Author,
    name: str | None,
) -> Issue:
    """A new issue beside another, still without members."""
    row = members.NewIssue(
        name=name or clipped(await queries.first_words(session, contribution_ids)),
        phrases=[],
        department_id=issue.department_id,
        confidence=issue.confidence,
        route_reason=issue.route_reason,
        due_at=issue.due_at if issue.state in standing.WAITING else None,
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
    )
    (fresh_id,) = await members.open_many(session, [row])
    (fresh,) = await queries.issues(session, [fresh_id])
    fresh.routed_by, fresh.named_by = issue.routed_by, by.actor if name else trail.MACHINE
    if issue.official_id is not None:
        fresh.official_id = issue.official_id
        await standing.move_state(session, fresh, "assigned", actor=by.actor)
    if fresh.due_at is None and by.actor != trail.MACHINE:
        await standing.set_due(session, None, fresh, None)
    return fresh


def clipped(words: str) -> str:
    """The beginning of a text as a name, cut at a word, until the machine finds a better one."""
    line = words.strip().split("\n")[0]
    if len(line) <= NAME:
        return line or "—"
    return line[:NAME].rsplit(" ", 1)[0] + "…"


async def move(
    session: Session, contribution_ids: Collection[int], to_issue_id: int, *, by: standing.Author
) -> str:
    """Put contributions into another issue; gives the batch by which it can be undone."""
    await trees.trees(
        session, {to_issue_id, *(await queries.roots_of(session, contribution_ids)).values()}
    )
    target = await standing.live(session, to_issue_id)
    roots = await queries.roots_of(session, contribution_ids)
    if not contribution_ids or len(roots) < len(set(contribution_ids)):
        raise UnknownContribution("One of these contributions is not known.")
    return await _shift(session, roots, target, by)


async def _shift(
    session: Session, roots: dict[int, int], target: Issue, by: standing.Author
) -> str:
    """Move contributions (with the survivor each was under) to `target`, on record."""
    batch, moment = secrets.token_hex(8), now()
    held = await trees.where(session, roots)
    moved = {id_: at for id_, at in held.items() if at != target.id}
    rows = [
        {"batch": batch, "contribution_id": id_, "from_issue": at, "to_issue": target.id,
         "actor": by.actor, "at": moment}
        for id_, at in moved.items()
    ]  # fmt: skip
    if not rows:
        raise Conflict("These contributions are in this issue already.")
    await session.execute(insert(Move), rows)
    await members.relocate(session, moved, target.id, actor=by.actor)
    await _after_shift(session, {id_: roots[id_] for id_ in moved}, {target.id: set(moved)}, by)
    await _recount(session, {*moved.values(), target.id})
    await _tell_shift(session, batch, {id_: roots[id_] for id_ in moved}, target.id, by)
    return batch


async def _tell_shift(
    session: Session, batch: str, roots: dict[int, int], to: int, by: standing.Author
) -> None:
    """On the trail of both sides; what the machine moves is due no later where it went."""
    told = {"batch": batch, "contributions": len(roots)}
    details = dict.fromkeys({to, *roots.values()}, told)
    if by.actor == trail.MACHINE:
        due = await dating.inherit(session, [(root, to) for root in sorted({*roots.values()})])
        details[to] = {**told, "due": due.isoformat()} if due else told
    events = [
        trail.event("issue", i, "shift", actor=by.actor, details=details[i])
        for i in sorted(details)
    ]
    await trail.record_many(session, events)


async def _after_shift(
    session: Session, roots: dict[int, int], into: dict[int, set[int]], by: standing.Author
) -> None:
    """Both sides are touched; contributions take on the state of where they are now (`into`, by
    survivor).
    """
    both = await queries.issues(session, {*roots.values(), *into})
    sides = {issue.id: issue for issue in both}
    for issue in both:
        standing.touch(issue, by)
    for to, ids in into.items():
        for source in {roots[id_] for id_ in ids} - {to}:
            came = [id_ for id_ in ids if roots[id_] == source]
            await _fit(session, sides[to], came, sides[source].state, by)
    await session.flush()


async def _recount(session: Session, issue_ids: Collection[int]) -> None:
    await members.recount(session, issue_ids)
    await members.recentre(session, issue_ids)
    await queries.issues(session, issue_ids)


async def undo(session: Session, batch: str, *, by: standing.Author) -> None:
    """Put everything that a split or move took elsewhere back where it was.

    Raises `UnknownBatch`, and `CannotUndo` when it was undone before or something was moved on
    since.
    """
    moves = await queries.moves(session, batch)
    if not moves:
        raise UnknownBatch("There are no such moves.")
    await trees.trees(session, {id_ for move in moves for id_ in (move.from_issue, move.to_issue)})
    ids = [move.contribution_id for move in moves]
    held, roots = await trees.where(session, ids), await queries.roots_of(session, ids)
    if any(m.undone_at or held.get(m.contribution_id) != m.to_issue for m in moves):
        raise CannotUndo("These moves were undone already, or something was moved on since.")
    for home in {move.from_issue for move in moves}:
        back = [move.contribution_id for move in moves if move.from_issue == home]
        await members.relocate(session, back, home, actor=by.actor)
    for move in moves:
        move.undone_at = now()
    await session.flush()
    into: dict[int, set[int]] = {}
    for id_, root in (await queries.roots_of(session, ids)).items():
        into.setdefault(root, set()).add(id_)
    await _after_shift(session, roots, into, by)
    await _recount(session, {issue for m in moves for issue in (m.from_issue, m.to_issue)})
    details = {"batch": batch}
    events = [
        trail.event("issue", i, "undo", actor=by.actor, details=details)
        for i in {*roots.values(), *into}
    ]
    await trail.record_many(session, events)
    # Read again: while the locks were waited for, it may have been merged.
    nodes = await trees.trees(session, [moves[0].to_issue])
    for id_ in trees.upwards(nodes, moves[0].to_issue):
        await dating.release(session, id_, actor=by.actor)
    await _fold(session, moves[0].to_issue, list(into), by)


async def _fold(session: Session, issue_id: int, homes: list[int], by: standing.Author) -> None:
    """An issue that an undo left empty points to where its contributions went."""
    issue = await queries.for_act(session, issue_id)
    if (
        issue is not None
        and issue.root_id == issue.id
        and issue.state in standing.WAITING
        and len(homes) == 1
        and await queries.is_empty(session, issue_id)
    ):
        (home,) = await queries.issues(session, homes)
        await _hang(session, issue, home, by, "undone")
