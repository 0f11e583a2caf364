"""Lexical and dense hits in one ranked list, and how sure the best of them is."""

import math
import zlib
from collections.abc import Collection, Sequence
from functools import lru_cache
from threading import RLock

import numpy as np
from scipy import sparse

from nlp.index import Hit
from nlp.text import words

BUCKETS = 2**20
LONGEST = 1000
KNOWN_WEIGHT, OTHER_WEIGHT = 0.6, 0.25


class Lexicon:
    """TF-IDF over character 3- to 5-grams within words and whole words, on folded text.

    Sublinear term frequency, smooth inverse document frequency, length one: the score is a cosine,
    0 to 1.
    """

    def __init__(self) -> None:
        self._counts: dict[int, sparse.csr_matrix] = {}
        self._ids: list[int] = []
        self._matrix: sparse.csr_matrix | None = None
        self._idf = np.ones(BUCKETS, dtype=np.float32)
        self._lock = RLock()

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Add documents; an id that is there is replaced."""
        with self._lock:
            if not ids:
                return
            counts = _counts(texts)
            self._counts.update({id_: counts[row] for row, id_ in enumerate(ids)})
            self._matrix = None

    def remove(self, ids: Sequence[int]) -> None:
        """Take documents out."""
        with self._lock:
            for id_ in ids:
                if self._counts.pop(id_, None) is not None:
                    self._matrix = None

    def search(self, texts: Sequence[str], k: int) -> list[list[Hit]]:
        """The k documents nearest to each text, best first, without those that share nothing with
        it.
        """
        with self._lock:
            matrix = self._fitted()
            if matrix is None or not texts:
                return [[] for _ in texts]
            scores = (self._weighed(_counts(texts)) @ matrix).tocsr()
            return [self._best(scores, row, k) for row in range(len(texts))]

    def _best(self, scores: sparse.csr_matrix, row: int, k: int) -> list[Hit]:
        start, end = scores.indptr[row], scores.indptr[row + 1]
        columns, values = scores.indices[start:end], scores.data[start:end]
        if len(values) > 4 * k:
            top = np.argpartition(-values, 4 * k)[: 4 * k]
            columns, values = columns[top], values[top]
        hits = [Hit(self._ids[c], float(v)) for c, v in zip(columns, values, strict=True)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k]

    def _fitted(self) -> sparse.csr_matrix | None:
        """The documents' matrix (features, documents), made again after a change."""
        if self._matrix is None and self._counts:
            self._ids = sorted(self._counts)
            counts = sparse.vstack([self._counts[id_] for id_ in self._ids], format="csr")
            frequency = np.bincount(counts.indices, minlength=BUCKETS)
            self._idf = (np.log((1 + len(self._ids)) / (1 + frequency)) + 1).astype(np.float32)
            self._matrix = self._weighed(counts).T.tocsr()
        return self._matrix if self._counts else None

    def _weighed(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        weighed = counts.copy()
        weighed.data = (1 + np.log(weighed.data)) * self._idf[weighed.indices]
        squares = np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel()
        norms = np.sqrt(np.where(squares > 0, squares, 1))
        return sparse.diags(1 / norms).dot(weighed).tocsr()


def _counts(texts: Sequence[str]) -> sparse.csr_matrix:
    indptr, found, counts = [0], [], []
    for text in texts:
        said = words(text[:LONGEST])
        grams = np.concatenate([_grams(word) for word in said]) if said else np.zeros(0, np.int32)
        features, times = np.unique(grams, return_counts=True)
        found.append(features)
        counts.append(times)
        indptr.append(indptr[-1] + len(features))
    shape = (len(texts), BUCKETS)
    data = np.concatenate(counts).astype(np.float32) if counts else np.zeros(0, np.float32)
    indices = np.concatenate(found) if found else np.zeros(0, np.int32)
    return sparse.csr_matrix((data, indices, indptr), shape=shape)


@lru_cache(maxsize=100_000)
def _grams(word: str) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    padded = f" {word} "
    grams = [f"={word}"]
    grams += [padded[i : i + n] for n in (3, 4, 5) for i in range(len(padded) - n + 1)]
    return np.array([zlib.crc32(gram.encode()) % BUCKETS for gram in grams], dtype=np.int32)


def dense_weight(lang: str, languages: Collection[str]) -> float:
    """How much meaning counts against words: more where the encoder knows the language."""
    return KNOWN_WEIGHT if lang in languages else OTHER_WEIGHT


def fuse(
    lexical: Sequence[Sequence[Hit]], dense: Sequence[Sequence[Hit]], *, dense_weight: float, k: int
) -> list[list[Hit]]:
    """Weighted sum of both scores over the union of hits; best first, ties by the smaller id.

    A hit that one list lacks gets that list's last score there (it cannot be higher), so scores
    compare
    across questions.
    """
    fused = []
    for by_words, by_meaning in zip(lexical, dense, strict=True):
        one, two = {h.id: h.score for h in by_words}, {h.id: h.score for h in by_meaning}
        floor = min(two.values(), default=0.0)
        scores = {
            id_: dense_weight * two.get(id_, floor) + (1 - dense_weight) * one.get(id_, 0.0)
            for id_ in {*one, *two}
        }
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]
        fused.append([Hit(id_, score) for id_, score in ranked])
    return fused


# (steepness, weight of the margin, middle) of the logistic curve
KNOWN_CURVE = (5.2, 1.9, 0.63)
OTHER_CURVE = (6.6, 0.58, 0.70)
RUNNER_UP = 0.3


def confidence(hits: Sequence[Hit], lang_known: bool) -> float:
    """How sure it is that the best hit answers the question, 0 to 1: logistic in score and margin.

    Fitted on short questions of which a quarter has no answer in store, in English (known to the
    encoder) and Portuguese (not known). The margin is the lead over the second owner; in a small
    store the second may be worse than what a full one always has, so it counts as `RUNNER_UP`.
    """
    if not hits:
        return 0.0
    second = hits[1].score if len(hits) > 1 else 0.0
    margin = hits[0].score - max(second, min(RUNNER_UP, hits[0].score))
    steep, lead, middle = KNOWN_CURVE if lang_known else OTHER_CURVE
    return 1 / (1 + math.exp(-steep * (hits[0].score + lead * margin - middle)))
