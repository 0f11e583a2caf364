"""Vectors into issues and themes.

Vectors here are already placed in a `Space`. The vector of an issue is the mean of its members',
not brought back to length one: its product with another is then the average similarity of their
members, so that large issues do not attract whatever is roughly about them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.embed import JOIN, FloatArray
from nlp.index import Hit

IntArray = NDArray[np.int64]

JOINS = (0.2, 0.5)
CHANCE = 0.995
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
    mean, so that later rows can join them. Leader clustering (Hartigan 1975).
    """
    leaders: list[int] = []
    means = np.zeros_like(vectors)
    counts = np.zeros(len(vectors))
    placed: list[Placement] = []
    for row, vector in enumerate(vectors):
        hit = near[row][0] if near[row] else None
        leader, similarity = _nearest_leader(vector, leaders, means)
        if hit and hit.score >= max(threshold, similarity):
            placed.append(Placement(hit.id, None, hit.score))
            continue
        joins = leader is not None and similarity >= threshold
        led = leader if leader is not None and joins else row
        if led == row:
            leaders.append(row)
        counts[led] += 1
        means[led] += (vector - means[led]) / counts[led]
        placed.append(Placement(None, led, similarity if joins else 1.0))
    return placed


def _nearest_leader(
    vector: FloatArray, leaders: Sequence[int], means: FloatArray
) -> tuple[int | None, float]:
    if not leaders:
        return None, -1.0
    scores = means[list(leaders)] @ vector
    best = int(np.argmax(scores))
    return leaders[best], float(scores[best])


def consolidate(
    means: FloatArray,
    sizes: IntArray,
    apart: Sequence[int] = (),
    *,
    threshold: float = JOIN,
) -> IntArray:
    """A group label for each issue, by average linkage over all members (Sokal and Michener 1958).

    `means` (n, size) are the issues' vectors, `sizes` (n) how many members each has. Rows named in
    `apart` never come into one group. Nearest-neighbour chains (Murtagh 1983): n² time and memory.
    """
    labels = np.arange(len(means), dtype=np.int64)
    alike = (means @ means.T).astype(np.float32)
    alike[np.ix_(list(apart), list(apart))] = -np.inf
    np.fill_diagonal(alike, -np.inf)
    weights = sizes.astype(np.float32)
    waiting = list(range(len(means)))
    chain: list[int] = []
    while chain or waiting:
        if not chain:
            chain.append(waiting.pop())
        last = chain[-1]
        nearest = int(np.argmax(alike[last]))
        if len(chain) > 1 and alike[last, chain[-2]] >= alike[last, nearest]:
            nearest = chain[-2]
            del chain[-2:]
            labels[labels == last] = nearest
            _unite(alike, weights, nearest, last)
            waiting.append(nearest)
        elif alike[last, nearest] >= threshold:
            chain.append(nearest)
        else:
            chain.pop()
    return labels


def _unite(alike: FloatArray, weights: FloatArray, kept: int, gone: int) -> None:
    """Lance and Williams' update: similarities of a union are the weighted means of its parts'."""
    total = weights[kept] + weights[gone]
    row = (weights[kept] * alike[kept] + weights[gone] * alike[gone]) / total
    row[kept] = -np.inf
    alike[kept], alike[:, kept] = row, row
    alike[gone], alike[:, gone] = -np.inf, -np.inf
    weights[kept] = total


def themes(means: FloatArray, sizes: IntArray, *, threshold: float = THEME) -> IntArray:
    """Coarse groups of issues by their means (n, size): the same tree, cut higher."""
    return consolidate(means, sizes, threshold=threshold)


def learn_join(vectors: FloatArray) -> float:
    """From how much average similarity on contributions are one issue, learnt from their vectors
    (n, size): what one pair in two hundred exceeds, when most pairs are about different matters.

    How alike two texts about different matters are depends on their length, their domain and how
    well the encoder knows their language, so that no one number serves all.
    """
    if len(vectors) < FEW:
        return JOIN
    pairs = (vectors @ vectors.T)[np.triu_indices(len(vectors), k=1)]
    return float(np.clip(np.quantile(pairs, CHANCE), *JOINS))


def grow(now: int, past: Sequence[int]) -> float:
    """How many standard deviations more people came now than past windows explain.

    Difference of Anscombe-transformed Poisson counts (Anscombe 1948).
    """
    mean = sum(past) / len(past) if past else 0.0
    return 2 * (math.sqrt(now + 3 / 8) - math.sqrt(mean + 3 / 8))


def emerging(now: int, past: Sequence[int]) -> bool:
    """Whether an issue grows beyond what its past explains, with at least three people."""
    return now >= FEW and grow(now, past) >= EMERGING
