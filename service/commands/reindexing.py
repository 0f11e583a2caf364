"""Encode every stored text again with the model that is set."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import func, select, update

from nlp.embed import Embedder
from nlp.pivot import close, encode
from nlp.text import fingerprint
from service import jobs
from service.conversations.hearing import encodable
from service.database import Session
from service.departments.models import DepartmentExample
from service.installation import Installation
from service.issues.models import Issue, Membership
from service.messages.models import Contribution, ContributionVector
from service.retrieval import actions as retrieval
from service.retrieval.actions import NewEntry
from service.retrieval.keeper import Keeper, load_embedder, rendering
from service.retrieval.models import Entry

CHUNK = 256


async def reindex(here: Installation, progress: Callable[[int, int], None]) -> int:
    """Encode contributions, department examples and entries again; gives how many vectors.

    Vectors and thresholds change, groups do not: no contribution moves. Proposals are the worker's
    next job. Raises `IndexInUse` beside a running service.
    """
    embedder = rendering(here.settings, await asyncio.to_thread(load_embedder, here.settings))
    keeper = Keeper(here.settings, here.database)
    keeper.reserve()
    try:
        total = await _total(here)
        done = 0
        for step in (_contributions, _examples, _texts):
            last = 0
            while True:
                last, count = await step(here, embedder, last)
                done += count
                progress(min(done, total), total)
                if not count:
                    break
        await _issues(here, embedder)
        async with here.database.write() as session:
            await jobs.add(session, "encode_proposals", key="encode_proposals")
    finally:
        close(embedder)
        keeper.forsake()
    return done


async def _total(here: Installation) -> int:
    counts = (
        select(func.count()).select_from(ContributionVector),
        select(func.count()).select_from(DepartmentExample),
        select(func.count()).select_from(Entry).where(Entry.live, Entry.text.is_not(None)),
    )
    async with here.database.read() as session:
        return sum([await session.scalar(query) or 0 for query in counts])


async def _contributions(here: Installation, embedder: Embedder, after: int) -> tuple[int, int]:
    query = (
        select(Contribution.id, Contribution.text, Contribution.lang)
        .join(ContributionVector, ContributionVector.contribution_id == Contribution.id)
        .where(Contribution.id > after)
        .order_by(Contribution.id)
        .limit(CHUNK)
    )
    rows = await _read(here, query)
    vectors = await asyncio.to_thread(
        encode, embedder, [encodable(row.text) for row in rows], [row.lang for row in rows]
    )
    values = [
        {
            "contribution_id": row.id,
            "model": embedder.name,
            "digest": fingerprint(row.text),
            "vector": vector.tobytes(),
        }
        for row, vector in zip(rows, vectors, strict=True)
    ]
    return await _write(here, ContributionVector, values, rows, after)


async def _examples(here: Installation, embedder: Embedder, after: int) -> tuple[int, int]:
    query = (
        select(DepartmentExample.id, DepartmentExample.text)
        .where(DepartmentExample.id > after)
        .order_by(DepartmentExample.id)
        .limit(CHUNK)
    )
    rows = await _read(here, query)
    vectors = await asyncio.to_thread(embedder.encode, [row.text for row in rows])
    values = [
        {"id": row.id, "model": embedder.name, "vector": vector.tobytes()}
        for row, vector in zip(rows, vectors, strict=True)
    ]
    return await _write(here, DepartmentExample, values, rows, after)


async def _texts(here: Installation, embedder: Embedder, after: int) -> tuple[int, int]:
    query = (
        select(Entry.id, Entry.kind, Entry.owner_id, Entry.part, Entry.lang, Entry.text)
        .where(Entry.id > after, Entry.live, Entry.text.is_not(None))
        .order_by(Entry.id)
        .limit(CHUNK)
    )
    rows = await _read(here, query)
    vectors = await asyncio.to_thread(encode, embedder, [row.text for row in rows], _spoken(rows))
    entries = [
        NewEntry(row.kind, row.owner_id, row.part, row.lang, row.text, vector)
        for row, vector in zip(rows, vectors, strict=True)
    ]
    async with here.database.write() as session:
        await retrieval.put(session, embedder.name, entries)
    return (rows[-1].id if rows else after), len(rows)


def _spoken(rows: Sequence[Any]) -> list[str] | None:
    """The languages of entries, where all are known."""
    langs = [row.lang for row in rows]
    return None if None in langs else langs


async def _issues(here: Installation, embedder: Embedder) -> None:
    """An issue's vector is the mean of its members'."""
    async with here.database.read() as session:
        ids = (
            await session.scalars(select(Entry.owner_id).where(Entry.kind == "issue", Entry.live))
        ).all()
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        async with here.database.read() as session:
            sums = await _sums(session, part)
        entries = [
            NewEntry("issue", id_, 0, None, None, (total / count).astype(np.float32))
            for id_, (total, count) in sums.items()
        ]
        async with here.database.write() as session:
            await retrieval.put(session, embedder.name, entries)


async def _sums(session: Session, ids: Sequence[int]) -> dict[int, tuple[Any, int]]:
    rows = await session.execute(
        select(Issue.root_id, ContributionVector.vector)
        .join(Membership, Membership.issue_id == Issue.id)
        .join(ContributionVector, ContributionVector.contribution_id == Membership.contribution_id)
        .where(Issue.root_id.in_(ids))
    )
    sums: dict[int, tuple[Any, int]] = {}
    for issue_id, data in rows.all():
        total, count = sums.get(issue_id, (0, 0))
        sums[issue_id] = (total + np.frombuffer(data, dtype=np.float32), count + 1)
    return sums


async def _read(here: Installation, query: Any) -> Sequence[Any]:
    async with here.database.read() as session:
        rows: Sequence[Any] = (await session.execute(query)).all()
        return rows


async def _write(
    here: Installation, table: Any, values: list[dict[str, Any]], rows: Sequence[Any], after: int
) -> tuple[int, int]:
    if values:
        async with here.database.write() as session:
            await session.execute(update(table), values)
    return (rows[-1].id if rows else after), len(rows)
