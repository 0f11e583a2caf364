"""Search by words over many texts: postings of word parts, in segments that new texts do not touch.

Parts are a word itself and its pieces of four letters, on folded text, so accents, inflection and
slips still meet. What a text begins with is what it is about, and counts more; words that any
question may have count less in one. Up to `SMALL` texts, what a search gives depends on the texts
held alone; beyond, how rare a part is and how long a text are counted anew when an eighth of the
texts has changed.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.embed import FloatArray
from nlp.index import Hit
from nlp.text import LANGUAGES, fold, words

Parts = NDArray[np.uint32]

# Characters of a text that are read, postings a search looks at, and texts of one segment.
LONGEST = 4000
BUDGET = 200_000
SEGMENT = 32_768
# How a part's rareness weighs, how repeats of it saturate, how far length is held against a text.
RARENESS, SATURATION, LENGTH = 0.7, 1.2, 0.75
# How much more than a later one the first word of a text counts, and over how many words it fades.
LEAD, FADES = 4.0, 4.0
# What a word that any question may have counts in one, and what `times` are counted in.
ASKING, UNIT = 0.5, 0.25
SMALL, STALE = 5000, 0.125
MOST_TIMES = 255
FOLDER = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Ranking:
    """Texts by their words: `hits` best first; `among` has the scores of ids that were asked for.

    A score is the share of what the question would score against itself, about 0 to 1; `mean` and
    `spread` (standard deviation) are over all texts held. `weight` is the evidence in the question:
    more for many words and rare ones.
    """

    hits: list[Hit]
    among: dict[int, float]
    mean: float = 0.0
    spread: float = 0.0
    weight: float = 0.0


@dataclass
class _Segment:
    """Texts in rows; the postings of part p are starts[p] to starts[p + 1] of `rows` and `times`.
    `seen`: how many living texts have a part; `lengths`: what a text's score is divided by.
    """

    ids: NDArray[np.int64]
    live: NDArray[np.bool_]
    parts: Parts
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    times: NDArray[np.uint8]
    seen: NDArray[np.int64]
    lengths: FloatArray


class Postings:
    """Texts by id. Every call may come from any thread."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []
        self._fresh: dict[int, tuple[Parts, NDArray[np.uint8]]] = {}
        self._at: dict[int, tuple[_Segment, int]] = {}
        self._changed = 0
        self._lock = RLock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._at) + len(self._fresh)

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Add texts; an id that is there is replaced."""
        counted = [_count(text) for text in texts]
        counted = [one if len(one[0]) else _WORDLESS for one in counted]
        with self._lock:
            self.remove(ids)
            self._fresh.update(zip(ids, counted, strict=True))
            if len(self._fresh) >= SEGMENT:
                self._seal()

    def remove(self, ids: Sequence[int]) -> None:
        """Take texts out; those that are not there do not matter."""
        with self._lock:
            for id_ in ids:
                self._fresh.pop(id_, None)
                segment, row = self._at.pop(id_, (None, 0))
                if segment is not None:
                    segment.live[row] = False
                    self._changed += 1

    def search(
        self, texts: Sequence[str], k: int, among: Sequence[Sequence[int]] = ()
    ) -> list[Ranking]:
        """The k texts nearest to each question, without those that share nothing with it, and the
        scores of the ids in `among`, a list for each question.
        """
        with self._lock:
            self._seal()
            asked = among or [()] * len(texts)
            return [self._rank(text, k, ids) for text, ids in zip(texts, asked, strict=True)]

    def _seal(self) -> None:
        """Fresh texts become a segment; small ones at the end become one with it."""
        if self._fresh:
            sealed = _sealed(list(self._fresh), list(self._fresh.values()))
            self._changed += len(self._fresh)
            self._fresh = {}
            while self._segments and _together(self._segments[-1], sealed):
                sealed = _merged(self._segments.pop(), sealed)
            self._segments.append(sealed)
            self._at.update((int(id_), (sealed, row)) for row, id_ in enumerate(sealed.ids))
            self._measure([sealed])
        if self._changed and (len(self._at) <= SMALL or self._changed > STALE * len(self._at)):
            self._segments = [_merged(one) for one in self._segments if one.live.any()]
            for segment in self._segments:
                self._at.update((int(id_), (segment, row)) for row, id_ in enumerate(segment.ids))
            self._measure(self._segments)
            self._changed = 0

    def _measure(self, segments: Sequence[_Segment]) -> None:
        """Lengths of the segments' texts, by how rare their parts are among all."""
        for segment in segments:
            weights = self._rareness(self._seen(segment.parts))
            given = np.repeat(weights, np.diff(segment.starts)) * _TIMES[segment.times]
            squares = np.bincount(
                segment.rows, weights=np.square(given), minlength=len(segment.ids)
            )
            segment.lengths = np.maximum(squares, 1e-9).astype(np.float32) ** (LENGTH / 2)

    def _seen(self, parts: Parts) -> NDArray[np.int64]:
        """How many texts have each part."""
        seen = np.zeros(len(parts), dtype=np.int64)
        for segment in self._segments:
            at, known = _find(segment, parts)
            seen += np.where(known, segment.seen[at], 0)
        return seen

    def _rareness(self, seen: NDArray[np.int64]) -> FloatArray:
        """A power of the inverse document frequency."""
        missing = np.maximum(len(self._at) - seen, 0)
        return np.asarray(np.log1p((missing + 0.5) / (seen + 0.5)) ** RARENESS, dtype=np.float32)

    def _rank(self, text: str, k: int, among: Sequence[int]) -> Ranking:
        parts, times = _count(text)
        if not self._at or not len(parts):
            return Ranking([], dict.fromkeys(among, 0.0))
        seen = self._seen(parts)
        rareness = self._rareness(seen)
        own, held = rareness * _asked(text, parts), rareness * _TIMES[times]
        square = float(np.square(own).sum())
        whole = float((own * held).sum()) / max(float(np.square(held).sum()), 1e-9) ** (LENGTH / 2)
        whole = max(whole, 1e-9)
        weights = np.asarray(own * rareness / whole, dtype=np.float32)
        kept = _within_budget(weights, seen)
        scores = [_scores(one, parts[kept], weights[kept]) for one in self._segments]
        return self._ranking(scores, k, among, square**0.25)

    def _ranking(
        self, scores: Sequence[FloatArray], k: int, among: Sequence[int], weight: float
    ) -> Ranking:
        every = np.concatenate(scores)
        ids = np.concatenate([segment.ids for segment in self._segments])
        total = len(self._at)
        mean = float(every.sum(dtype=np.float64)) / total
        square = float(np.square(every, dtype=np.float64).sum()) / total
        of = {id(one): part for one, part in zip(self._segments, scores, strict=True)}
        places = {id_: self._at[id_] for id_ in among if id_ in self._at}
        held = {id_: round(float(of[id(one)][row]), 6) for id_, (one, row) in places.items()}
        spread = max(square - mean * mean, 0.0) ** 0.5
        return Ranking(_best(every, ids, k), held, mean, spread, weight)


def _best(scores: FloatArray, ids: NDArray[np.int64], k: int) -> list[Hit]:
    """Ties at the end of the list go to the smaller id."""
    scores = np.round(scores, 6)
    if len(scores) > k:
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        top = np.flatnonzero(scores >= max(float(least), 1e-6))
    else:
        top = np.flatnonzero(scores > 0)
    order = np.lexsort((ids[top], -scores[top]))[:k]
    return [Hit(int(ids[row]), round(float(scores[row]), 6)) for row in top[order]]


def _within_budget(weights: FloatArray, seen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The parts that weigh most while their postings are within the budget, in their own order."""
    order = np.argsort(-weights, kind="stable")
    within = np.cumsum(seen[order]) <= BUDGET
    within[0] = True
    return np.sort(order[within])


def _find(segment: _Segment, parts: Parts) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where the parts are in a segment, and which of them it has."""
    at = np.searchsorted(segment.parts, parts)
    at[at == len(segment.parts)] = 0
    return at, segment.parts[at] == parts


def _scores(segment: _Segment, parts: Parts, weights: FloatArray) -> FloatArray:
    at, known = _find(segment, parts)
    starts, counts = segment.starts[at[known]], np.diff(segment.starts)[at[known]]
    total = int(counts.sum())
    if not total:
        return np.zeros(len(segment.ids), dtype=np.float32)
    postings = np.arange(total) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    given = np.repeat(weights[known], counts) * _TIMES[segment.times[postings]]
    sums = np.bincount(segment.rows[postings], weights=given, minlength=len(segment.ids))
    return np.asarray(np.where(segment.live, sums / segment.lengths, 0.0), dtype=np.float32)


def _saturated(times: Any) -> FloatArray:
    return np.asarray((1 + SATURATION) * times / (times + SATURATION), dtype=np.float32)


_TIMES = _saturated(UNIT * np.arange(MOST_TIMES + 1, dtype=np.float32))
# How many units a word counts, by its place in the text; those behind count as the last.
_LEADS = np.rint((1 + LEAD * np.exp(-np.arange(40) / FADES)) / UNIT).astype(np.int64)


def _sealed(ids: Sequence[int], counted: Sequence[tuple[Parts, NDArray[np.uint8]]]) -> _Segment:
    rows = np.repeat(np.arange(len(ids), dtype=np.int32), [len(parts) for parts, _ in counted])
    parts = np.concatenate([parts for parts, _ in counted])
    times = np.concatenate([times for _, times in counted])
    return _ordered(np.array(ids, dtype=np.int64), parts, rows, times)


def _ordered(
    ids: NDArray[np.int64], parts: Parts, rows: NDArray[np.int32], times: NDArray[np.uint8]
) -> _Segment:
    order = np.argsort(parts, kind="stable")
    found, starts = np.unique(parts[order], return_index=True)
    ends = np.append(starts, len(parts)).astype(np.int64)
    live, lengths = np.ones(len(ids), dtype=bool), np.ones(len(ids), dtype=np.float32)
    return _Segment(ids, live, found, ends, rows[order], times[order], np.diff(ends), lengths)


def _together(last: _Segment, new: _Segment) -> bool:
    held, come = int(last.live.sum()), int(new.live.sum())
    return held < 2 * come and held + come <= SEGMENT


def _merged(*segments: _Segment) -> _Segment:
    """One segment of the living texts of some; one whose texts all live stays as it is."""
    if len(segments) == 1 and segments[0].live.all():
        return segments[0]
    parts, rows, times, before = [], [], [], 0
    for segment in segments:
        keep = segment.live[segment.rows]
        renumbered = (np.cumsum(segment.live) - 1 + before).astype(np.int32)
        parts.append(np.repeat(segment.parts, np.diff(segment.starts))[keep])
        rows.append(renumbered[segment.rows[keep]])
        times.append(segment.times[keep])
        before += int(segment.live.sum())
    ids = np.concatenate([segment.ids[segment.live] for segment in segments])
    return _ordered(ids, np.concatenate(parts), np.concatenate(rows), np.concatenate(times))


_NOTHING = (np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint8))
# What a text without words holds instead of parts.
_WORDLESS = (np.zeros(1, dtype=np.uint32), np.ones(1, dtype=np.uint8))


def _count(text: str) -> tuple[Parts, NDArray[np.uint8]]:
    """The parts of a text, in order, and how often it has each, in units."""
    of = [_parts(word) for word in words(text[:LONGEST])]
    if not of:
        return _NOTHING
    parts, at = np.unique(np.concatenate(of), return_inverse=True)
    places = np.minimum(np.arange(len(of)), len(_LEADS) - 1)
    times = np.bincount(at, weights=np.repeat(_LEADS[places], [len(one) for one in of]))
    return parts, np.minimum(times, MOST_TIMES).astype(np.uint8)


def _asked(text: str, parts: Parts) -> FloatArray:
    """How much a question asks for each of its parts, which are in order."""
    said = words(text[:LONGEST])
    times = np.bincount(np.searchsorted(parts, np.concatenate([_parts(word) for word in said])))
    about = [_parts(word) for word in said if word not in asking()]
    matter = np.isin(parts, np.concatenate(about)) if about else np.zeros(len(parts), dtype=bool)
    return np.asarray(_saturated(times) * np.where(matter, 1.0, ASKING), dtype=np.float32)


@lru_cache(maxsize=100_000)
def _parts(word: str) -> Parts:
    padded = f" {word} "
    pieces = [padded[at : at + 4] for at in range(max(len(padded) - 3, 1))]
    codes = [zlib.crc32(part.encode()) for part in (f"={word}", *pieces)]
    return np.array(codes, dtype=np.uint32)


@cache
def asking() -> frozenset[str]:
    """Words that any question may have, in all our languages: they say nothing of its matter."""
    files = [FOLDER / f"{kind}_{lang}.txt" for kind in ("stop", "asking") for lang in LANGUAGES]
    return frozenset(fold(" ".join(file.read_text(encoding="utf-8") for file in files)).split())
