"""Rebuild an index folder from the stored vectors, in a process of its own: `python -m
service.retrieval.rebuild`.

Arguments: the database's address, the folder, the collections' prefix. Prints the change it
reaches to.
"""

import asyncio
import shutil
import sys
from pathlib import Path

import numpy as np

from nlp.embed import MEANS, FloatArray, Space
from nlp.index import rebuild
from service.database import Database
from service.retrieval import queries

Rows = dict[str, list[tuple[int, bytes]]]


async def stored(url: str) -> tuple[Rows, str, int]:
    """Ids and vectors of live entries by kind, their model, and the newest change."""
    database, rows, model = Database(url), Rows(), ""
    async with database.read() as session:
        last = await queries.last_change(session)
        async for page in queries.changes(session, 0):
            for row in page:
                model = row.model
                if row.live and row.vector is not None:
                    rows.setdefault(row.kind, []).append((row.id, row.vector))
    await database.close()
    return rows, model, last


def main(url: str, folder: str, prefix: str) -> int:
    """Drop the folder's files and make them anew; gives the change they reach to."""
    rows, model, last = asyncio.run(stored(url))
    shutil.rmtree(folder, ignore_errors=True)
    rebuild(
        Path(folder), prefix, [(kind, *_placed(kind, held, model)) for kind, held in rows.items()]
    )
    return last


def _placed(kind: str, held: list[tuple[int, bytes]], model: str) -> tuple[list[int], FloatArray]:
    ids = [id_ for id_, _ in held]
    raw = np.stack([np.frombuffer(vector, dtype=np.float32) for _, vector in held])
    path = MEANS / f"{model}.npy"
    if kind == "issue" and path.exists():
        return ids, Space.of(model, np.load(path)).place(raw)
    return ids, Space.of(model, np.zeros(raw.shape[1], np.float32)).place(
        raw
    ) if kind == "issue" else raw


if __name__ == "__main__":
    sys.stdout.write(f"{main(*sys.argv[1:4])}\n")
