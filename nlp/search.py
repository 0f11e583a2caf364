"""Words and meaning in one ranked list, whether it holds an answer at all, and whether the first is
the one.

How well the encoder serves a language decides how much meaning counts: it knows the language, reads
it through a rendering, or does neither. Both scores are compared in standard deviations from what
the store as a whole scores for the question, so neither needs a scale of its own.
"""

import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import RLock
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nlp.embed import FloatArray
from nlp.index import Hit
from nlp.postings import Ranking
from nlp.text import words

Served = Literal["known", "rendered", "other"]

WEIGHTS: dict[Served, float] = {"known": 0.85, "rendered": 0.65, "other": 0.5}
# Where the encoder only guesses, one striking guess does not outweigh the words.
MOST_GUESSED = 2.0
# What a typical store scores, mean and standard deviation: it counts as `PRIOR` texts more.
PRIOR, USUAL_MEANING, USUAL_WORDS = 30, (0.2, 0.12), (0.03, 0.05)


def served(lang: str, known: Collection[str], rendered: Collection[str] = ()) -> Served:
    """How the encoder serves a language."""
    if lang in known:
        return "known"
    return "rendered" if lang in rendered else "other"


@dataclass(frozen=True)
class Candidate:
    """Something that may answer: its fused score, and the two it comes from."""

    id: int
    fused: float
    meaning: float
    words: float


class Backdrop:
    """What vectors score against a store as a whole, by a sample of it: those with the smallest
    hash of their id, so it does not depend on the order they came in.
    """

    def __init__(self, size: int = 1000) -> None:
        self._most = size
        self._ids = np.zeros(0, dtype=np.int64)
        self._vectors: FloatArray | None = None

    def sampled(self, ids: Sequence[int]) -> list[int]:
        """Those of the ids that the sample would hold."""
        every = np.array(ids, dtype=np.int64)
        return [int(id_) for id_ in every[_first(every, self._most)]]

    def add(self, ids: Sequence[int], vectors: FloatArray) -> None:
        """Take vectors (n, size) into account; one with an id that is there is replaced."""
        if not len(ids):
            return
        self.remove(ids)
        came = np.array(ids, dtype=np.int64)
        held = vectors[:0] if self._vectors is None else self._vectors
        every, stacked = np.concatenate([self._ids, came]), np.concatenate([held, vectors])
        kept = _first(every, self._most)
        self._ids, self._vectors = every[kept], np.asarray(stacked[kept], dtype=np.float32)

    def remove(self, ids: Sequence[int]) -> None:
        """Leave vectors out."""
        gone = np.isin(self._ids, np.array(ids, dtype=np.int64))
        if self._vectors is not None and gone.any():
            self._ids, self._vectors = self._ids[~gone], self._vectors[~gone]

    def spread(self, vectors: FloatArray) -> list[tuple[float, float]]:
        """Mean and standard deviation of what each row of vectors (n, size) scores."""
        if self._vectors is None or not len(self._vectors):
            return [USUAL_MEANING for _ in vectors]
        scores = (vectors @ self._vectors.T).astype(np.float64)
        pairs = zip(scores.mean(axis=1), scores.std(axis=1), strict=True)
        return [(float(mean), float(deviation)) for mean, deviation in pairs]


def _first(ids: NDArray[np.int64], most: int) -> NDArray[np.intp]:
    order = (ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    return np.lexsort((ids, order))[:most]


def fuse(
    ranking: Ranking,
    meaning: Sequence[Hit],
    spread: tuple[float, float],
    total: int,
    how: Served,
) -> list[Candidate]:
    """Every hit of either list, best first, ties by the smaller id.

    `ranking.among` has the words' scores of the hits by meaning. A hit by words that the other list
    lacks gets that list's last score (it cannot be higher). `spread` comes from a `Backdrop`,
    `total` is how many texts there are.
    """
    one = {**ranking.among, **{hit.id: hit.score for hit in ranking.hits}}
    two = {hit.id: hit.score for hit in meaning}
    last = min(two.values(), default=0.0)
    apart = _steadied((ranking.mean, ranking.spread), total, USUAL_WORDS, one.values())
    away = _steadied(spread, total, USUAL_MEANING, two.values())
    weight, most = WEIGHTS[how], MOST_GUESSED if how == "other" else math.inf
    found = []
    for id_ in {*one, *two}:
        by_words, by_meaning = one.get(id_, 0.0), two.get(id_, last)
        striking = min((by_meaning - away[0]) / away[1], most)
        fused = weight * striking + (1 - weight) * (by_words - apart[0]) / apart[1]
        found.append(Candidate(id_, round(fused, 6), by_meaning, by_words))
    return sorted(found, key=lambda one: (-one.fused, one.id))


def _steadied(
    told: tuple[float, float], total: int, usual: tuple[float, float], hits: Collection[float]
) -> tuple[float, float]:
    """Mean and deviation over the store without its best hit, and `PRIOR` usual texts."""
    (mean, deviation), (at, wide), best = told, usual, max(hits, default=0.0)
    left = max(total - 1, 0)
    sums = total * mean - best if left else 0.0
    squares = total * (deviation**2 + mean**2) - best**2 if left else 0.0
    count = left + PRIOR
    both = (sums + PRIOR * at) / count
    square = (squares + PRIOR * (wide**2 + at**2)) / count
    return both, math.sqrt(max(square - both**2, wide**2 / 4))


def by_owner(parts: Sequence[Candidate], owners: Mapping[int, int]) -> list[Candidate]:
    """Owners of parts, best first: each has the best scores of its parts."""
    best: dict[int, Candidate] = {}
    for part in parts:
        owner = owners.get(part.id)
        if owner is None:
            continue
        held = best.get(owner, Candidate(owner, -math.inf, -1.0, 0.0))
        best[owner] = Candidate(
            owner,
            max(held.fused, part.fused),
            max(held.meaning, part.meaning),
            max(held.words, part.words),
        )
    return sorted(best.values(), key=lambda one: (-one.fused, one.id))


@dataclass(frozen=True)
class Found:
    """An owner (answer, passage) that bears on a question.

    `score`: how surely the store bears on the question at all, for the first, and less for those
    behind it; scores compare across questions. `sure`: how sure it is that this one answers it.
    """

    id: int
    score: float
    sure: float = 0.0


# Logistic curves over the best score by meaning, the best evidence in words, and a constant:
# whether the store bears on the question.
BEARS: dict[Served, tuple[float, float, float]] = {
    "known": (15.81, 1.7, -8.31),
    "rendered": (15.81, 1.0, -7.8),
    "other": (6.07, 1.7, -4.21),
}
# Whether the first is the one: over the logarithm of that, and its lead over the second, fused, by
# meaning and in words, in one curve. The caution keeps one in twenty wrong at 0.85.
LEADS: dict[Served, tuple[float, float, float, float]] = {
    "known": (1.1, 0.65, 2.5, 0.3),
    "rendered": (1.1, 0.45, 2.5, 0.65),
    "other": (1.1, 0.45, 2.5, 0.65),
}
CAUTION = 2.2


def judge(candidates: Sequence[Candidate], evidence: float, how: Served) -> list[Found]:
    """Owners with how far they are to be trusted, in their order.

    `evidence` is the weight of the question's words (`Ranking.weight`): sharing all of two common
    words is less than sharing half of ten rare ones.
    """
    if not candidates:
        return []
    first, rest = candidates[0], candidates[1:]
    meaning = max(one.meaning for one in candidates)
    told = evidence * max(one.words for one in candidates)
    steep, lexical, constant = BEARS[how]
    bears = _logistic(steep * meaning + lexical * told + constant)
    sure = _logistic(_lead(first, rest, bears, evidence, how) - CAUTION)
    return [
        Found(one.id, round(bears * fade, 6), round(sure * fade, 6))
        for one, fade in ((one, math.exp(one.fused - first.fused)) for one in candidates)
    ]


def _lead(
    first: Candidate, rest: Sequence[Candidate], bears: float, evidence: float, how: Served
) -> float:
    meaning = first.meaning - max((one.meaning for one in rest), default=_usual(USUAL_MEANING))
    told = evidence * (first.words - max((one.words for one in rest), default=_usual(USUAL_WORDS)))
    fused = first.fused - max((one.fused for one in rest), default=0.5)
    trust, lead, by_meaning, by_words = LEADS[how]
    ahead = lead * max(fused, 0.0) + by_meaning * meaning + by_words * told
    return trust * math.log(max(bears, 1e-9)) + ahead


def _usual(spread: tuple[float, float]) -> float:
    """What a second one would score in a store that has one."""
    return spread[0] + spread[1]


def _logistic(at: float) -> float:
    return 1 / (1 + math.exp(-max(min(at, 60.0), -60.0)))


BUCKETS = 2**20
LONGEST = 1000
KNOWN_WEIGHT, OTHER_WEIGHT = 0.6, 0.25


class Lexicon:
    """A few examples by their words, for routing: TF-IDF over character 3- to 5-grams within words
    and whole words, on folded text.

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
