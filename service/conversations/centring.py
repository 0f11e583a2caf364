"""Learn the space issues are compared in: each time the installation has heard twice as much."""

import numpy as np

from nlp.embed import FloatArray
from nlp.text import LANGUAGES
from service.installation import Installation
from service.messages import queries as messages
from service.retrieval import spaces
from service.retrieval.retriever import Retriever

FIRST = 100
SAMPLE = 5000


async def learn_if_due(here: Installation, retriever: Retriever, heard: int) -> bool:
    """Learn from the newest contributions once `heard` is a hundred, or twice the last time."""
    model = retriever.embedder.name
    async with here.database.read() as session:
        before = await spaces.learnt_from(session, model)
        if heard < max(FIRST, 2 * before):
            return False
        rows = await messages.newest_vectors(session, model, limit=SAMPLE)
    sums, counts = _sums(rows, retriever.embedder.size)
    async with here.database.write() as session:
        await spaces.learn(session, retriever.embedder, sums, counts, heard)
    return True


def _sums(rows: list[tuple[str, FloatArray]], size: int) -> tuple[FloatArray, FloatArray]:
    """Sums (languages, size) of vectors by language, and how many there are of each."""
    sums = np.zeros((len(LANGUAGES), size), dtype=np.float32)
    counts = np.zeros(len(LANGUAGES), dtype=np.float32)
    for lang, vector in rows:
        if lang in LANGUAGES:
            at = LANGUAGES.index(lang)
            sums[at] += vector
            counts[at] += 1
    return sums, counts
