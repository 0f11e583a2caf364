"""What routing is learnt with: texts as meaning and words together, and a softmax regression."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nlp.text import words

FloatArray = NDArray[np.float32]
Ints = NDArray[np.int64]

COLUMNS, FINE = 1024, 2048
LEXICAL = 0.8
STEM = 5
GRIP = 10.0
TRUST = 1.0
TURNS = 40


@dataclass(frozen=True)
class Traits:
    """How texts become rows: vectors less their mean, beside their words by rarity, each part of
    length one (the words' of `LEXICAL`). Words and beginnings are hashed, with pieces of four
    letters where examples are few, with pairs of words where there are thousands.
    """

    rarity: FloatArray

    @classmethod
    def of(cls, texts: Sequence[str], *, few: bool) -> "Traits":
        """Learnt from texts."""
        held = np.count_nonzero(_hashed(texts, FINE if few else COLUMNS), axis=0)
        rarity = np.log((1 + len(texts)) / (1 + held)) + 1
        return cls(rarity.astype(np.float32))

    def rows(self, texts: Sequence[str], vectors: FloatArray, mean: FloatArray) -> FloatArray:
        """Rows (n, size and a column for each hash) of texts with their vectors (n, size), taken
        from their `mean`; a product of two rows, over `1 + LEXICAL²`, is how alike they are.
        """
        told = LEXICAL * unit(_hashed(texts, len(self.rarity)) * self.rarity)
        return np.hstack([unit(vectors - mean), told]).astype(np.float32)


def _hashed(texts: Sequence[str], columns: int) -> FloatArray:
    found = np.zeros((len(texts), columns), dtype=np.float32)
    for row, text in enumerate(texts):
        for term in _terms(words(text), pieces=columns == FINE):
            code = zlib.crc32(term.encode())
            found[row, code % columns] += 1.0 if code & 0x10000000 else -1.0
    return found


def _terms(said: Sequence[str], *, pieces: bool) -> set[str]:
    terms = {*said, *(f"~{word[:STEM]}" for word in said if len(word) > STEM)}
    if not pieces:
        return terms | {f"{one} {next_}" for one, next_ in pairwise(said)}
    padded = [f" {word} " for word in set(said)]
    return terms | {word[at : at + 4] for word in padded for at in range(max(len(word) - 3, 1))}


def softmax_regression(
    rows: FloatArray, classes: Ints, count: int, weights: FloatArray
) -> FloatArray:
    """Coefficients (columns, count) that tell `classes` (n,) from rows (n, columns), each row with
    its weight; ridge-penalised, by L-BFGS.
    """
    from scipy.optimize import minimize

    at, columns = np.arange(len(rows)), rows.shape[1]
    wanted = np.zeros((len(rows), count), dtype=np.float32)
    wanted[at, classes] = 1

    def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        told = flat.reshape(columns, count).astype(np.float32)
        shares = shares_of(rows @ told)
        miss = -float(np.sum(weights * np.log(shares[at, classes] + 1e-12)))
        slope = rows.T @ ((shares - wanted) * weights[:, None]) + told / GRIP
        return miss + 0.5 * float(np.sum(told * told)) / GRIP, slope.astype(np.float64).ravel()

    start = np.zeros(columns * count)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": TURNS})
    return np.asarray(found.x.reshape(columns, count), dtype=np.float32)


def blend(voices: FloatArray, wanted: Ints, usual: FloatArray) -> FloatArray:
    """How much each voice counts, none below zero, so that the softmax of their sum is honest.

    `voices` (voices, n, classes) are scores, `wanted` (n,) the right classes; the likeliest weights
    are found, held a little towards the `usual` ones.
    """
    from scipy.optimize import minimize

    at = np.arange(len(wanted))

    def cost(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        shares = shares_of(np.tensordot(weights.astype(np.float32), voices, axes=1))
        miss = -float(np.log(shares[at, wanted] + 1e-12).sum())
        meant = np.einsum("vnc,nc->v", voices, shares) - voices[:, at, wanted].sum(axis=1)
        away = (weights - usual) / usual
        return miss + TRUST * float(away @ away), meant + 2 * TRUST * away / usual

    bounds = [(0.0, None)] * len(usual)
    found = minimize(cost, usual.astype(np.float64), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, dtype=np.float32)


def shares_of(scores: FloatArray) -> FloatArray:
    """Softmax of each row."""
    heated = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(heated / heated.sum(axis=1, keepdims=True), dtype=np.float32)


def unit(vectors: FloatArray) -> FloatArray:
    """Vectors at length one; zero stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), dtype=np.float32)
