"""Unite issues and take contributions out of them, as long as nobody has touched them; put issues
under themes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, bindparam, delete, update

from service.database import Session, insert_many, now
from service.issues import queries
from service.issues.dating import actions as dating
from service.issues.grouping import actions as grouping
from service.issues.members import actions as members
from service.issues.models import Issue, Theme
from service.issues.regrouping import queries as regrouping
from service.issues.standing import actions as standing
from service.trail import actions as trail

ISSUES = cast(Table, Issue.__table__)


@dataclass(frozen=True)
class Leaving:
    """Contributions that go into another issue, or together into a new one (None)."""

    ids: Sequence[int]
    into: int | None


async def merge_untouched(session: Session, pairs: Sequence[tuple[int, int]]) -> int:
    """Merge issues (first into second) that nobody has touched; gives how many.

    No second may be a first. Reversible and on the trail like every merge; nobody is told: the
    number of people shows in their next status.
    """
    free = await regrouping.free(session, {id_ for pair in pairs for id_ in pair})
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
    await dating.inherit(session, merged)
    await members.recount(session, {into for _, into in merged})
    await members.recentre(session, {id_ for pair in merged for id_ in pair})
    events = []
    for one, into in merged:
        events.append(trail.event("issue", one, "merge", became=str(into)))
        events.append(trail.event("issue", into, "absorb", details={"issue": one}))
    await trail.record_many(session, events)
    return len(merged)


async def take_out(session: Session, leaving: Sequence[Leaving]) -> list[int | None]:
    """Take contributions that wait out of issues that nobody has touched or follows, into another
    that nobody touched or into a new one; gives where they are now, None where they stayed.

    Each is a move on record, which staff can undo. Nobody is told.
    """
    ids = [id_ for one in leaving for id_ in one.ids]
    found = await queries.roots_of(session, ids)
    targets = {one.into for one in leaving if one.into is not None}
    free = await regrouping.free(session, {*found.values(), *targets})
    fixed = await regrouping.followed(session, set(found.values()))
    # What was read before the lock may have changed until it was had.
    held = await queries.roots_of(session, await queries.with_state(session, ids, ["received"]))
    roots = {
        id_: root
        for id_, root in held.items()
        if root == found[id_] and root in free and root not in fixed
    }
    return [await _leave(session, one, roots, free) for one in leaving]


async def _leave(
    session: Session, one: Leaving, roots: Mapping[int, int], free: Collection[int]
) -> int | None:
    """Some of what waits stays in each issue, so that none is left to be answered to nobody."""
    ids = [id_ for id_ in one.ids if id_ in roots and roots[id_] != one.into]
    keep = await regrouping.waiting_without(session, {roots[id_] for id_ in ids}, ids)
    ids = [id_ for id_ in ids if roots[id_] in keep]
    if not ids or (one.into is not None and one.into not in free):
        return None
    into, rest = one.into, ids
    if into is None:
        own = [id_ for id_ in ids if roots[id_] == roots[ids[0]]]
        rest = [id_ for id_ in ids if id_ not in own]
        into = (await grouping.split(session, roots[ids[0]], own, by=standing.Machine())).id
    if rest:
        await grouping.move(session, rest, into, by=standing.Machine())
    return into


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
    rows = [{"row": issue_id, "theme": id_} for id_, *_, moved in placed for issue_id in moved]
    if rows:
        connection = await session.connection()
        await connection.execute(
            update(ISSUES)
            .where(ISSUES.c.id == bindparam("row"))
            .values(theme_id=bindparam("theme")),
            rows,
        )
    unused = await regrouping.unused_themes(session)
    await session.execute(delete(Theme).where(Theme.id.in_(unused)))
