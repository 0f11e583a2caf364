"""Vectors by id in memory, found by comparing with every one of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.embed import FloatArray

STRIPES = 64


class WrongModel(ValueError):
    """Vectors of another size than those the index holds."""


@dataclass(frozen=True)
class Hit:
    """A neighbour: its id and the inner product with it, of unit vectors the cosine similarity."""

    id: int
    score: float


class Table:
    """One kind's vectors in a growing array; removed rows are filled by the last one."""

    def __init__(self) -> None:
        self.ids = np.zeros(0, dtype=np.int64)
        self.data = np.zeros((0, 0), dtype=np.float32)
        self.rows: dict[int, int] = {}

    def put(self, ids: Sequence[int], vectors: FloatArray) -> None:
        """Put vectors (n, size); an id that is there is replaced."""
        size = vectors.shape[1]
        self._check(size)
        self.make_room(len(self.rows) + len(ids), size)
        at = [self.rows.setdefault(id_, len(self.rows)) for id_ in ids]
        self.ids[at], self.data[at] = ids, vectors

    def _check(self, size: int) -> None:
        if self.data.shape[1] not in (0, size):
            raise WrongModel(f"the index holds vectors of {self.data.shape[1]}, not of {size}")

    def make_room(self, need: int, size: int) -> None:
        """Hold at least so many rows; how many there is room for is a multiple of `STRIPES`."""
        if need > len(self.ids) or not self.data.shape[1]:
            room = -(-max(need, len(self.ids) * 5 // 4, 1) // STRIPES) * STRIPES
            ids, data = np.zeros(room, dtype=np.int64), np.zeros((room, size), dtype=np.float32)
            ids[: len(self.rows)] = self.ids[: len(self.rows)]
            if self.data.shape[1]:
                data[: len(self.rows)] = self.data[: len(self.rows)]
            self.ids, self.data = ids, data

    def take(self, id_: int) -> None:
        """Take an id out, where it is there."""
        row, last = self.rows.pop(id_, None), len(self.rows)
        if row is not None and row != last:
            self.ids[row], self.data[row] = self.ids[last], self.data[last]
            self.rows[int(self.ids[row])] = row

    def search(self, vectors: FloatArray, k: int) -> list[list[Hit]]:
        """The k nearest of each row, best first, ties by the smaller id."""
        self._check(vectors.shape[1])
        n = len(self.rows)
        if not n or not len(vectors):
            return [[] for _ in vectors]
        scores = vectors @ self.data[: -(-n // STRIPES) * STRIPES].T
        scores[:, n:] = -np.inf
        rows, best = _best(scores, min(k, n))
        return [
            ordered(map(hit, ids, found)) for ids, found in zip(self.ids[rows], best, strict=True)
        ]


def _best(scores: FloatArray, k: int) -> tuple[Any, FloatArray]:
    """Columns and scores (n, k) of the k best of each row, in any order.

    They are in the k groups of columns whose best are best: the others are not looked into.
    """
    groups = scores.shape[1] // STRIPES
    if groups <= k:
        return _top(scores, k)
    heads, _ = _top(scores.reshape(len(scores), STRIPES, groups).max(axis=1), k)
    members = heads[:, None] + groups * np.arange(STRIPES)[:, None]
    columns = members.reshape(len(scores), -1)
    at, best = _top(np.take_along_axis(scores, columns, axis=1), k)
    return np.take_along_axis(columns, at, axis=1), best


def _top(scores: FloatArray, k: int) -> tuple[Any, FloatArray]:
    at = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return at, np.take_along_axis(scores, at, axis=1)


def hit(id_: Any, score: Any) -> Hit:
    """Equal vectors can differ in the last digits of their products: those are rounded away."""
    return Hit(int(id_), round(float(score), 6))


def ordered(hits: Iterable[Hit]) -> list[Hit]:
    """Best first, ties by the smaller id."""
    return sorted(hits, key=lambda one: (-one.score, one.id))
