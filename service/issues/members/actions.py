"""Open issues, join and move contributions in bulk, and keep the counts right."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, update

from service.database import Session, insert_many, now
from service.issues.members import queries
from service.issues.members.queries import Node
from service.issues.models import Issue, Membership
from service.messages.days import actions as days
from service.retrieval import actions as retrieval
from service.retrieval.actions import NewEntry
from service.trail import actions as trail

ISSUES = cast(Table, Issue.__table__)


@dataclass(frozen=True)
class NewIssue:
    """An issue that contributions are about to open. `due_at` may be None for imported ones."""

    name: str
    phrases: Sequence[str]
    department_id: int | None
    confidence: float
    route_reason: Sequence[str]
    due_at: datetime | None
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True)
class Joined:
    """A contribution that joins an issue. `messages` is how many it is made of."""

    contribution_id: int
    issue_id: int
    similarity: float
    person_id: int | None
    messages: int
    said_at: datetime


async def open_many(session: Session, rows: Sequence[NewIssue]) -> list[int]:
    """Insert open issues, still without members; gives their ids in the order of `rows`."""
    if not rows:
        return []
    moment = now()
    ids = await insert_many(session, Issue, [_issue_row(row, moment) for row in rows])
    # The id is only known now; 0 marks exactly the rows of this statement.
    await session.execute(update(ISSUES).where(ISSUES.c.root_id == 0).values(root_id=ISSUES.c.id))
    await trail.record_many(session, [trail.event("issue", i, "open", became="open") for i in ids])
    return ids


def _issue_row(row: NewIssue, moment: datetime) -> dict[str, Any]:
    return {
        "root_id": 0,
        "name": row.name,
        "named_by": trail.MACHINE,
        "phrases": list(row.phrases),
        "representatives": [],
        "state": "open",
        "department_id": row.department_id,
        "routed_by": trail.MACHINE,
        "confidence": row.confidence,
        "route_reason": list(row.route_reason),
        "due_at": row.due_at,
        "people": 0,
        "messages": 0,
        "size": 0,
        "growth": 0.0,
        "emerging": False,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "labelled_size": 0,
        "created_at": moment,
    }


async def join_many(session: Session, rows: Sequence[Joined]) -> None:
    """Put contributions into issues (their rows exist already) and count them in, survivors
    included.
    """
    if not rows:
        return
    moment = now()
    nodes = await queries.trees(session, {row.issue_id for row in rows})
    came = await _people_after(session, nodes, rows)
    await session.execute(
        insert(Membership),
        [
            {
                "contribution_id": row.contribution_id,
                "issue_id": row.issue_id,
                "similarity": row.similarity,
                "placed_by": trail.MACHINE,
                "placed_at": moment,
            }
            for row in rows
        ],
    )
    await days.changed_at(session, [row.said_at for row in rows])
    counted = _counted_in(nodes, rows)
    inner = [id_ for id_ in counted if nodes[id_].root != id_]
    people = came | await queries.people(session, nodes, inner)
    await _write_counts(session, [counts | {"people": people[i]} for i, counts in counted.items()])


async def _people_after(
    session: Session, nodes: dict[int, Node], rows: Sequence[Joined]
) -> dict[int, int]:
    """People of each survivor that `rows` are about to join: only those who come are looked up,
    however many are there.
    """
    known = {row.person_id for row in rows if row.person_id is not None}
    spoken = await queries.roots_spoken_in(session, nodes, known)
    people = {root: nodes[root].people for root in {nodes[row.issue_id].root for row in rows}}
    for row in rows:
        root = nodes[row.issue_id].root
        if row.person_id is None:
            people[root] += 1
        elif (root, row.person_id) not in spoken:
            people[root] += 1
            spoken.add((root, row.person_id))
    return people


def _counted_in(nodes: dict[int, Node], rows: Sequence[Joined]) -> dict[int, dict[str, Any]]:
    """The new counts of every issue that `rows` join, up to its survivor."""
    counted: dict[int, dict[str, Any]] = {}
    for row in rows:
        for id_ in queries.upwards(nodes, row.issue_id):
            counts = counted.setdefault(id_, _counts(nodes[id_]))
            empty = counts["size"] == 0
            counts["size"] += 1
            counts["messages"] += row.messages
            counts["first_seen"] = row.said_at if empty else min(counts["first_seen"], row.said_at)
            counts["last_seen"] = row.said_at if empty else max(counts["last_seen"], row.said_at)
    return counted


def _counts(node: Node) -> dict[str, Any]:
    return {
        "row": node.id,
        "size": node.size,
        "messages": node.messages,
        "first_seen": node.first_seen,
        "last_seen": node.last_seen,
    }


async def _write_counts(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    statement = (
        update(ISSUES)
        .where(ISSUES.c.id == bindparam("row"))
        .values(
            {
                name: bindparam(name)
                for name in ("size", "messages", "people", "first_seen", "last_seen")
            }
        )
    )
    if rows:
        connection = await session.connection()
        await connection.execute(statement, list(rows))


async def recount(session: Session, issue_ids: Collection[int]) -> None:
    """Count these issues, and those they were merged into, afresh; an empty one keeps its dates."""
    nodes = await queries.trees(session, issue_ids)
    touched = {above for id_ in issue_ids for above in queries.upwards(nodes, id_)}
    under = queries.below(nodes)
    own = await queries.tallies(session, set().union(*(under[i] for i in touched)))
    people = await queries.people(session, nodes, touched)
    rows = []
    for id_ in sorted(touched):
        mine = [own[i] for i in under[id_] if i in own]
        counts = _counts(nodes[id_]) | {"people": people[id_]}
        counts |= {"size": sum(t.size for t in mine), "messages": sum(t.messages for t in mine)}
        if mine:
            counts["first_seen"] = min(t.first_seen for t in mine)
            counts["last_seen"] = max(t.last_seen for t in mine)
        rows.append(counts)
    await _write_counts(session, rows)


async def relocate(
    session: Session, contribution_ids: Collection[int], issue_id: int, *, actor: str
) -> None:
    """Contributions change their issue; the caller recounts and re-centres the issues on both
    sides. What they left is named anew: it must not keep words that are no longer its own.
    """
    held = await queries.where(session, contribution_ids)
    left = await queries.with_survivors(session, set(held.values()))
    await session.execute(update(ISSUES).where(ISSUES.c.id.in_(left)).values(labelled_size=0))
    await session.execute(
        update(Membership)
        .where(Membership.contribution_id.in_(contribution_ids))
        .values(issue_id=issue_id, placed_by=actor, placed_at=now())
    )
    await days.changed(session, contribution_ids)


async def recentre(session: Session, issue_ids: Collection[int]) -> None:
    """After members changed sides: an issue is found by the mean of all it counts, one that is
    merged or empty not at all.
    """
    for id_ in sorted(await queries.with_survivors(session, issue_ids)):
        found = await queries.mean_vector(session, id_)
        if found is None:
            await retrieval.drop(session, "issue", [id_])
        else:
            entry = NewEntry("issue", id_, 0, None, None, found[1])
            await retrieval.put(session, found[0], [entry])
