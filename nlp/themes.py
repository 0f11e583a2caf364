"""Contributions into themes: coarse groups that are dense within and sparse between."""

import graspologic_native
import numpy as np
from scipy.sparse import csr_matrix

from nlp.embed import FloatArray
from nlp.learn import unit
from nlp.neighbours import IntArray, nearest

LEADING = 128
CLOSEST = 5
PULL = 4
FEWEST, MOST = 10, 100
PART, USUAL, LARGE_PART = 100, 30, 150
CROWD = 10 / 3
SHIFT = 0.3
DENSITY = 0.11
TRIALS = 3
FEW = 10_000
ROUNDS = 2
RANDOMNESS = 0.001


def themes(vectors: FloatArray, *, seed: int = 1) -> IntArray:
    """A theme for each placed vector (n, size), numbered from 0, the largest first.

    They are the communities of what is `linked`.
    """
    return communities(linked(vectors), seed=seed)


def communities(links: csr_matrix, *, seed: int = 1) -> IntArray:
    """The community of each row of links (n, n), numbered from 0, the largest first: those of the
    constant Potts model (Traag et al. 2011), by the Leiden algorithm (Traag et al. 2019).
    """
    count = links.shape[0]
    if count < 2:
        return np.zeros(count, dtype=np.int64)
    _, found = graspologic_native.leiden_csr(
        links.indptr.astype(np.int64),
        links.indices.astype(np.int32),
        links.data.astype(np.float64),
        n_nodes=count,
        resolution=DENSITY,
        randomness=RANDOMNESS,
        iterations=ROUNDS,
        use_modularity=False,
        seed=seed,
        trials=TRIALS if count <= FEW else 1,
    )
    marks = np.array([found.get(row, -1 - row) for row in range(count)])
    return _by_size(marks)


def cleared(vectors: FloatArray) -> FloatArray:
    """Vectors without most of what is chance in them: the 128 directions in which all together
    vary most, and each drawn to its five nearest, by the fourth power of how alike they are.
    """
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    kept = unit(vectors @ directions[:, -LEADING:])
    rows, alike = nearest(kept, CLOSEST)
    one, at = np.nonzero(rows >= 0)
    pull = np.maximum(alike[one, at], 0.0) ** PULL / CLOSEST
    near = csr_matrix((pull, (one, rows[one, at])), shape=(len(rows), len(rows)))
    return unit(kept + near @ kept)


def _many(count: int) -> int:
    """How many each is linked with, of so many: a matter is about as large a part of much as of
    little. Thirty do from 3,000 to 4,500, one in 150 beyond.
    """
    part = max(min(count / PART, USUAL), count / LARGE_PART)
    return int(np.clip(round(part), FEWEST, MOST))


def linked(vectors: FloatArray) -> csr_matrix:
    """Links (n, n) between placed vectors (n, size): each with the hundredth of all that is
    nearest, by how much nearer the two are than the thirtieth around each (Conneau et al. 2018), so
    that a crowded field is not one theme.
    """
    if len(vectors) < 2:
        return csr_matrix((len(vectors), len(vectors)), dtype=np.float32)
    vectors, most = cleared(vectors), _many(len(vectors))
    rows, scores = nearest(vectors, round(CROWD * most))
    known = rows >= 0
    crowd = np.where(known, scores, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    rows, scores, known = rows[:, :most], scores[:, :most], known[:, :most]
    one, at = np.nonzero(known)
    other = rows[one, at]
    weights = scores[one, at] - (crowd[one] + crowd[other]) / 2 + SHIFT
    kept = weights > 0
    n = len(vectors)
    links = csr_matrix((weights[kept], (one[kept], other[kept])), shape=(n, n))
    return links.maximum(links.T).tocsr()


def _by_size(marks: IntArray) -> IntArray:
    """Labels numbered anew: the largest group is 0, of equals the one that was met first."""
    _, first, label, counts = np.unique(
        marks, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -counts))
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[label]


def of_issues(issues: IntArray, themes: IntArray, count: int) -> IntArray:
    """The theme most members of each of `count` issues are in, -1 where it has none.

    `issues` and `themes` (n) are those of each contribution.
    """
    wide = int(themes.max()) + 1 if len(themes) else 1
    votes = csr_matrix((np.ones(len(issues)), (issues, themes)), shape=(count, wide))
    best = np.asarray(votes.argmax(axis=1)).ravel()
    return np.where(np.asarray(votes.sum(axis=1)).ravel() > 0, best, -1)
