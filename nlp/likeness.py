"""How near texts stand to each other: which proposals say the same, and which say something else.

Vectors are of length one, placed in the space issues are compared in; likeness is their cosine.
"""

from collections.abc import Sequence

import numpy as np

from nlp.embed import FloatArray

# Measured on invented proposals to one question: see `tests/nlp/test_likeness.py`.
ALIKE = 0.5
ASTRAY = 0.2


def nearest(
    vectors: FloatArray, among: FloatArray, *, most: int, least: float = ALIKE
) -> list[list[tuple[int, float]]]:
    """For each of the vectors (n, size) the rows of `among` (m, size) that are at least so like it,
    the likest first, at most `most` each, with their likeness.
    """
    if not len(vectors) or not len(among):
        return [[] for _ in vectors]
    scores = vectors @ among.T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    return [
        [(int(at), float(row[at])) for at in order if row[at] >= least]
        for row, order in zip(scores, best, strict=True)
    ]


def closeness(vectors: FloatArray, themes: FloatArray) -> tuple[list[int], list[float]]:
    """For each of the vectors (n, size) the likest of the themes (t, size), and how like it is."""
    scores = vectors @ themes.T
    best = np.argmax(scores, axis=1) if len(scores) else np.zeros(0, dtype=int)
    return [int(at) for at in best], [float(row[at]) for row, at in zip(scores, best, strict=True)]


def astray(close: Sequence[float], likest: Sequence[float]) -> list[bool]:
    """Which proposals look off the topic: far from every theme and from every other proposal."""
    return [max(pair) < ASTRAY for pair in zip(close, likest, strict=True)]
