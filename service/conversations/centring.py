"""Learn the space issues are compared in: each time the installation has heard twice as much."""

import asyncio
from collections.abc import Sequence

import numpy as np

from nlp import group
from nlp.embed import Embedder, FloatArray, Space
from nlp.text import LANGUAGES
from service.installation import Installation
from service.messages import queries as messages
from service.retrieval import spaces
from service.retrieval.retriever import Retriever

FIRST = 100
SAMPLE = 5000
COMPARED = 1000


async def learn_if_due(here: Installation, retriever: Retriever, heard: int) -> bool:
    """Learn from the newest contributions once `heard` is a hundred, or twice the last time."""
    embedder = retriever.embedder
    async with here.database.read() as session:
        before = await spaces.learnt_from(session, embedder.name)
        if heard < max(FIRST, 2 * before):
            return False
        rows = await messages.newest_vectors(session, embedder.name, limit=SAMPLE)
    space = await asyncio.to_thread(_learnt, rows, embedder)
    async with here.database.write() as session:
        await spaces.keep(session, space, heard)
    return True


def _learnt(rows: Sequence[tuple[str, FloatArray]], embedder: Embedder) -> Space:
    space = Space.shipped(embedder).learn(*_sums(rows, embedder.size))
    among = rows[:: -(-len(rows) // COMPARED)]
    join = group.learn_join(space.place(np.stack([vector for _, vector in among])))
    return Space.of(space.model, space.means, join)


def _sums(rows: Sequence[tuple[str, FloatArray]], size: int) -> tuple[FloatArray, FloatArray]:
    """Sums (languages, size) of vectors by language, and how many there are of each."""
    sums = np.zeros((len(LANGUAGES), size), dtype=np.float32)
    counts = np.zeros(len(LANGUAGES), dtype=np.float32)
    for lang, vector in rows:
        if lang in LANGUAGES:
            at = LANGUAGES.index(lang)
            sums[at] += vector
            counts[at] += 1
    return sums, counts
