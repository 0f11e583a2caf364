"""Write what the machine says of issues; a name that staff gave stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, update

from service.database import Session, insert_many, now
from service.issues.labelling import queries
from service.issues.members import actions as members
from service.issues.models import Issue, Theme
from service.trail import actions as trail

ISSUES = cast(Table, Issue.__table__)


@dataclass(frozen=True)
class Labelled:
    """What an issue is to be called, if the machine may; `size` is how large it was when read."""

    id: int
    name: str | None
    phrases: Sequence[str]
    representatives: Sequence[int]
    size: int


async def label_many(session: Session, rows: Sequence[Labelled]) -> None:
    """Write phrases and representatives, and the names of those that no member of staff named."""
    facts = [
        {
            "row": row.id,
            "phrases": list(row.phrases),
            "representatives": list(row.representatives),
            "labelled_size": row.size,
        }
        for row in rows
    ]
    await _each(session, ("phrases", "representatives", "labelled_size"), facts)
    named = [{"row": row.id, "name": row.name} for row in rows if row.name]
    await _each(session, ("name",), named, ISSUES.c.named_by == trail.MACHINE)


async def _each(
    session: Session, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *conditions: Any
) -> None:
    """One UPDATE for many rows, each found by its `row`."""
    if not rows:
        return
    statement = (
        update(ISSUES)
        .where(ISSUES.c.id == bindparam("row"), *conditions)
        .values({name: bindparam(f"new_{name}", type_=ISSUES.c[name].type) for name in columns})
    )
    values = [{"row": row["row"], **{f"new_{name}": row[name] for name in columns}} for row in rows]
    await (await session.connection()).execute(statement, values)


async def grow_many(
    session: Session,
    growths: Mapping[int, tuple[float, bool]],
    fresh: Mapping[int, Mapping[str, float]],
) -> None:
    """Write growth and emergence of issues; those that emerge only now with their evidence."""
    rows = [
        {"row": id_, "growth": growth, "emerging": emerging}
        for id_, (growth, emerging) in growths.items()
    ]
    await _each(session, ("growth", "emerging"), rows)
    events = [trail.event("issue", id_, "emerge", details=dict(why)) for id_, why in fresh.items()]
    await trail.record_many(session, events)


async def merge_untouched(session: Session, pairs: Sequence[tuple[int, int]]) -> int:
    """Merge issues (first into second) that nobody has touched; gives how many.

    No second may be a first. Reversible and on the trail like every merge; nobody is told: the
    number of people shows in their next status.
    """
    free = await queries.free(session, {id_ for pair in pairs for id_ in pair})
    merged = [pair for pair in pairs if pair[0] in free and pair[1] in free]
    if not merged:
        return 0
    connection = await session.connection()
    rows = [{"row": one, "into": into} for one, into in merged]
    await connection.execute(
        update(ISSUES).where(ISSUES.c.id == bindparam("row")).values(merged_into=bindparam("into")),
        rows,
    )
    await connection.execute(
        update(ISSUES)
        .where(ISSUES.c.root_id == bindparam("row"))
        .values(root_id=bindparam("into")),
        rows,
    )
    await members.recount(session, {into for _, into in merged})
    await members.recentre(session, {id_ for pair in merged for id_ in pair})
    events = []
    for one, into in merged:
        events.append(trail.event("issue", one, "merge", became=str(into)))
        events.append(trail.event("issue", into, "absorb", details={"issue": one}))
    await trail.record_many(session, events)
    return len(merged)


async def put_themes(
    session: Session, themes: Sequence[tuple[int | None, str, Sequence[str], Sequence[int]]]
) -> None:
    """Write themes: id (None: a new one), name, phrases, issues to put there; empty ones go."""
    fresh = [
        {"name": name, "phrases": list(phrases), "created_at": now()}
        for id_, name, phrases, _ in themes
        if id_ is None
    ]
    ids = iter(await insert_many(session, Theme, fresh) if fresh else [])
    placed = [(next(ids) if theme[0] is None else theme[0], *theme[1:]) for theme in themes]
    known = [
        {"id": id_, "name": name, "phrases": list(phrases)}
        for id_, name, phrases, _ in themes
        if id_ is not None
    ]
    if known:
        await session.execute(update(Theme), known)
    moves = [{"row": issue_id, "theme_id": id_} for id_, *_, moved in placed for issue_id in moved]
    await _each(session, ("theme_id",), moves)
    unused = await queries.unused_themes(session)
    await session.execute(delete(Theme).where(Theme.id.in_(unused)))
