"""Read entries."""

from collections.abc import AsyncIterator, Collection, Sequence

import numpy as np
from sqlalchemy import Row, bindparam, column, func, select, table

from nlp.embed import FloatArray
from nlp.pivot import family
from service.database import Session
from service.retrieval.models import Entry

PAGE = 2000

# Departments stand above retrieval and may not be imported here; only who encoded is read.
_example = table("department_example", column("model"))

Change = Row[int, str, int, str | None, str | None, str, bytes | None, bool, int]


CHANGES = (
    select(
        Entry.id,
        Entry.kind,
        Entry.owner_id,
        Entry.lang,
        Entry.text,
        Entry.model,
        Entry.vector,
        Entry.live,
        Entry.change,
    )
    .where(Entry.change > bindparam("after"))
    .order_by(Entry.change)
    .limit(PAGE)
)


async def changes(
    session: Session, after: int, *, kind: str | None = None
) -> AsyncIterator[Sequence[Change]]:
    """Entries changed after a number (of one kind), oldest change first, in pages."""
    query = CHANGES.where(Entry.kind == kind) if kind else CHANGES
    while True:
        page = (await session.execute(query, {"after": after})).all()
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1].change


async def last_change(session: Session) -> int:
    """The number of the newest change; 0 when there is none."""
    return await session.scalar(select(func.max(Entry.change))) or 0


async def catalogue(session: Session, before: int) -> Sequence[Row[int, str, int, str | None]]:
    """Id, kind, owner and text of live entries whose last change is not after `before`: no
    vectors.
    """
    rows = await session.execute(
        select(Entry.id, Entry.kind, Entry.owner_id, Entry.text).where(
            Entry.live, Entry.change <= before
        )
    )
    return rows.all()


async def vectors(
    session: Session, kind: str, owner_ids: Sequence[int] | None = None
) -> tuple[list[int], FloatArray]:
    """Owners and their vectors (n, size) of the first live part each, ordered by owner."""
    query = select(Entry.owner_id, Entry.vector).where(
        Entry.kind == kind, Entry.live, Entry.part == 0
    )
    if owner_ids is not None:
        query = query.where(Entry.owner_id.in_(owner_ids))
    rows = (await session.execute(query.order_by(Entry.owner_id))).all()
    owners = [row.owner_id for row in rows]
    arrays = [np.frombuffer(row.vector or b"", dtype=np.float32) for row in rows]
    return owners, np.stack(arrays) if arrays else np.zeros((0, 0), dtype=np.float32)


async def vectors_of(session: Session, ids: Sequence[int]) -> dict[int, bytes]:
    """The vectors of some entries, by id."""
    query = select(Entry.id, Entry.vector).where(Entry.id.in_(ids), Entry.live)
    rows = (await session.execute(query.order_by(Entry.id))).all()
    return {row.id: row.vector for row in rows if row.vector}


async def indexed(session: Session, kind: str, owner_ids: Collection[int]) -> set[int]:
    """Those of the owners that have entries."""
    query = select(Entry.owner_id).where(Entry.kind == kind, Entry.owner_id.in_(owner_ids))
    return set((await session.scalars(query)).all())


async def models(session: Session) -> set[str]:
    """Models whose vectors are stored, with the rendering they read through."""
    return set((await session.scalars(select(Entry.model).where(Entry.live).distinct())).all())


async def teachers(session: Session) -> set[str]:
    """Models whose vectors departments are known by."""
    return set((await session.scalars(select(_example.c.model).distinct())).all())


async def other_models(session: Session, model: str) -> Sequence[str]:
    """Models whose stored vectors, departments' included, cannot be compared with those of
    `model`.
    """
    stored = await models(session) | await teachers(session)
    return strangers(stored, model)[:5]


def strangers(stored: Collection[str], model: str) -> list[str]:
    """Those of the stored models whose vectors cannot be compared with those of `model`."""
    ours = family(model)
    return sorted({one for one in stored if family(one) != ours})
