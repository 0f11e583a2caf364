"""Vectors into issues and themes. Vectors here are already placed in a `Space`: centred, of length
one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from nlp.embed import FloatArray
from nlp.index import Hit

IntArray = NDArray[np.int64]

JOIN = 0.5
THEME = 0.18
EMERGING = 2.5
FEW = 3


@dataclass(frozen=True)
class Placement:
    """Joins the existing `issue`, or the new one led by row `leader` of the batch (its own when it
    opens one).
    """

    issue: int | None
    leader: int | None
    similarity: float


def place(
    vectors: FloatArray, near: Sequence[Sequence[Hit]], *, threshold: float = JOIN
) -> list[Placement]:
    """Place rows of vectors (n, size) in order.

    `near` holds the nearest existing issues of each row. New issues of the batch keep a running
    mean,
    so that later rows can join them. Leader clustering (Hartigan 1975).
    """
    leaders: list[int] = []
    sums = np.zeros_like(vectors)
    placed: list[Placement] = []
    for row, vector in enumerate(vectors):
        hit = near[row][0] if near[row] else None
        leader, similarity = _nearest_leader(vector, leaders, sums)
        if hit and hit.score >= max(threshold, similarity):
            placed.append(Placement(hit.id, None, hit.score))
        elif leader is not None and similarity >= threshold:
            sums[leader] += vector
            placed.append(Placement(None, leader, similarity))
        else:
            leaders.append(row)
            sums[row] = vector
            placed.append(Placement(None, row, 1.0))
    return placed


def _nearest_leader(
    vector: FloatArray, leaders: Sequence[int], sums: FloatArray
) -> tuple[int | None, float]:
    if not leaders:
        return None, -1.0
    means = sums[list(leaders)]
    scores = means @ vector / np.maximum(np.linalg.norm(means, axis=1), 1e-9)
    best = int(np.argmax(scores))
    return leaders[best], float(scores[best])


def consolidate(
    vectors: FloatArray, sizes: IntArray, fixed: Sequence[int | None], *, threshold: float = JOIN
) -> IntArray:
    """A group label for each issue: average linkage over their centroids (n, size), weighted by
    size.

    Rows with the `fixed` set are never put together; each keeps a group of its own that others may
    join.
    """
    n = len(vectors)
    if n < 2:
        return np.arange(n, dtype=np.int64)
    labels = _average_linkage(vectors, threshold)
    return _apart(labels, vectors, fixed)


def _average_linkage(vectors: FloatArray, threshold: float) -> IntArray:
    tree = linkage(vectors.astype(np.float64), method="average", metric="cosine")
    labels = fcluster(tree, t=1 - threshold, criterion="distance")
    return np.asarray(labels, dtype=np.int64)


def _apart(labels: IntArray, vectors: FloatArray, fixed: Sequence[int | None]) -> IntArray:
    """Split groups that hold several fixed rows: each other row goes to the nearest of them."""
    out, free = labels.copy(), int(labels.max()) + 1
    for label in np.unique(labels):
        rows = [int(row) for row in np.flatnonzero(labels == label)]
        held = [row for row in rows if fixed[row] is not None]
        if len(held) < 2:
            continue
        nearest = np.argmax(vectors[rows] @ vectors[held].T, axis=1)
        for row, choice in zip(rows, nearest, strict=True):
            at = held.index(row) if row in held else int(choice)
            out[row] = free + at
        free += len(held)
    return out


def themes(vectors: FloatArray, sizes: IntArray, *, threshold: float = THEME) -> IntArray:
    """Coarse groups of issues by their centroids (n, size): the same tree, cut higher."""
    if len(vectors) < 2:
        return np.arange(len(vectors), dtype=np.int64)
    return _average_linkage(vectors, threshold)


def grow(now: int, past: Sequence[int]) -> float:
    """How many standard deviations more people came now than past windows explain.

    Difference of Anscombe-transformed Poisson counts (Anscombe 1948).
    """
    mean = sum(past) / len(past) if past else 0.0
    return 2 * (math.sqrt(now + 3 / 8) - math.sqrt(mean + 3 / 8))


def emerging(now: int, past: Sequence[int]) -> bool:
    """Whether an issue grows beyond what its past explains, with at least three people."""
    return now >= FEW and grow(now, past) >= EMERGING
