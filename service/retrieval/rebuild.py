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

from nlp.embed import FloatArray
from nlp.index import rebuild
from service.database import Database
from service.retrieval import queries

Rows = dict[str, list[tuple[int, bytes]]]


async def stored(url: str) -> tuple[Rows, int]:
    """Ids and vectors of live answers and passages, and the newest change.

    Issues are left to the service: they are placed in a space that moves.
    """
    database, rows = Database(url), Rows()
    async with database.read() as session:
        last = await queries.last_change(session)
        async for page in queries.changes(session, 0):
            for row in page:
                if row.live and row.vector is not None and row.kind != "issue":
                    rows.setdefault(row.kind, []).append((row.id, row.vector))
    await database.close()
    return rows, last


def main(url: str, folder: str, prefix: str) -> int:
    """Drop the folder's files and make them anew; gives the change they reach to."""
    rows, last = asyncio.run(stored(url))
    shutil.rmtree(folder, ignore_errors=True)
    rebuild(Path(folder), prefix, [(kind, *_matrix(held)) for kind, held in rows.items()])
    return last


def _matrix(held: list[tuple[int, bytes]]) -> tuple[list[int], FloatArray]:
    vectors = [np.frombuffer(vector, dtype=np.float32) for _, vector in held]
    return [id_ for id_, _ in held], np.stack(vectors)


if __name__ == "__main__":
    sys.stdout.write(f"{main(*sys.argv[1:4])}\n")
