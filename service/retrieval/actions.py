"""Put entries into what can be found, and take them out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from nlp.embed import FloatArray
from service.database import Session
from service.retrieval.models import Entry

BATCH = 200
LOCK = 7_210_001


@dataclass(frozen=True)
class NewEntry:
    """An entry to be found: `vector` (size,) as the encoder gave it, `text` for lexical search or
    None.
    """

    kind: str
    owner_id: int
    part: int
    lang: str | None
    text: str | None
    vector: FloatArray


async def put(session: Session, model: str, entries: Sequence[NewEntry]) -> None:
    """Write entries; one with the same kind, owner and part is replaced."""
    if not entries:
        return
    change = await _next_change(session)
    rows = [
        {
            "kind": entry.kind,
            "owner_id": entry.owner_id,
            "part": entry.part,
            "lang": entry.lang,
            "text": entry.text,
            "model": model,
            "vector": np.asarray(entry.vector, dtype=np.float32).tobytes(),
            "live": True,
            "change": change + offset,
        }
        for offset, entry in enumerate(entries)
    ]
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    for start in range(0, len(rows), BATCH):
        statement = insert(Entry)
        fresh = {
            name: getattr(statement.excluded, name)
            for name in ("lang", "text", "model", "vector", "live", "change")
        }
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["kind", "owner_id", "part"], set_=fresh
            ),
            rows[start : start + BATCH],
        )


async def drop(
    session: Session, kind: str, owner_ids: Sequence[int], *, from_part: int = 0
) -> None:
    """Blank the entries of these owners (from a part on), so that every index forgets them."""
    if not owner_ids:
        return
    found = await session.scalars(
        select(Entry.id).where(
            Entry.kind == kind, Entry.owner_id.in_(owner_ids), Entry.part >= from_part, Entry.live
        )
    )
    ids = found.all()
    if not ids:
        return
    change = await _next_change(session)
    await session.execute(
        update(Entry),
        [
            {"id": id_, "live": False, "vector": None, "text": None, "change": change + offset}
            for offset, id_ in enumerate(ids)
        ],
    )


async def _next_change(session: Session) -> int:
    """The next free number. Writers take turns, so that numbers are committed in their order."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    last = await session.scalar(select(func.max(Entry.change)))
    return (last or 0) + 1
