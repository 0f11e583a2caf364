"""The nearest neighbours of many vectors among themselves."""

import numpy as np
from numpy.typing import NDArray

from nlp.embed import FloatArray

IntArray = NDArray[np.int64]

EXACT = 12_000
BLOCK = 2_000
PROBED = 0.02


def nearest(vectors: FloatArray, k: int, *, seed: int = 0) -> tuple[IntArray, FloatArray]:
    """Rows and inner products (n, at most k) of each row's nearest others, best first.

    Beyond 12,000 vectors only the cells around a row are searched (Sivic and Zisserman 2003): each
    row is compared with about one in fifty. Where a row has fewer than k others in its cells, the
    rest are -1 and -inf.
    """
    n = len(vectors)
    k = max(0, min(k, n - 1))
    rows = np.full((n, k), -1, dtype=np.int64)
    scores = np.full((n, k), -np.inf, dtype=np.float32)
    if not k:
        return rows, scores
    if n <= EXACT:
        everyone = np.arange(n)
        for start in range(0, n, BLOCK):
            _search(vectors, everyone[start : start + BLOCK], everyone, rows, scores)
        return rows, scores
    _by_cells(vectors, rows, scores, np.random.default_rng(seed))
    return rows, scores


def _search(
    vectors: FloatArray, asking: IntArray, among: IntArray, rows: IntArray, scores: FloatArray
) -> None:
    """Fill in the best of `among` for the rows `asking`."""
    alike = vectors[asking] @ vectors[among].T
    alike[asking[:, None] == among[None]] = -np.inf
    k = min(rows.shape[1], len(among))
    top = np.argpartition(-alike, k - 1, axis=1)[:, :k]
    found = np.take_along_axis(alike, top, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    found = np.take_along_axis(found, order, axis=1)
    best = np.take_along_axis(among[top], order, axis=1)
    rows[asking, :k] = np.where(np.isfinite(found), best, -1)
    scores[asking, :k] = found


def _by_cells(
    vectors: FloatArray, rows: IntArray, scores: FloatArray, random: np.random.Generator
) -> None:
    """Every row belongs to the nearest of 2√n rows drawn by chance, and looks into the cells whose
    middles are nearest to its own.
    """
    n = len(vectors)
    middles = vectors[np.sort(random.choice(n, size=int(2 * np.sqrt(n)), replace=False))]
    lengths = np.linalg.norm(middles, axis=1, keepdims=True)
    middles = (middles / np.where(lengths > 1e-9, lengths, 1.0)).astype(np.float32)
    cell = np.concatenate(
        [np.argmax(vectors[at : at + BLOCK] @ middles.T, axis=1) for at in range(0, n, BLOCK)]
    )
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(len(middles) + 1))
    inside = [order[bounds[one] : bounds[one + 1]] for one in range(len(middles))]
    around = np.argsort(-(middles @ middles.T), axis=1, kind="stable")
    room = max(4 * rows.shape[1], int(n * PROBED))
    for one, asking in enumerate(inside):
        if not len(asking):
            continue
        sizes = np.cumsum([len(inside[other]) for other in around[one]])
        near = around[one][: int(np.searchsorted(sizes, room)) + 1]
        among = np.concatenate([inside[other] for other in near])
        for start in range(0, len(asking), BLOCK):
            _search(vectors, asking[start : start + BLOCK], among, rows, scores)
