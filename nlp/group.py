"""Vectors into issues.

Vectors here are already placed in a `Space`. The vector of an issue is the mean of its members',
not brought back to length one: its product with another is then the average similarity of their
members, so that large issues do not attract whatever is roughly about them.

An issue is what people say of one matter over one stretch of time: the longer nobody spoke of it,
the more alike a text has to be to join it.
"""

import heapq
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlp.embed import JOIN, FloatArray
from nlp.index import Hit
from nlp.neighbours import IntArray, nearest

DayArray = NDArray[np.float64]

JOINS = (0.2, 0.55)
WITHIN = 0.45
CHANCE = 0.995
FADED = 0.3
SILENCE = 180.0
ELSEWHERE = 0.2
FOREIGN, VOICES = 0.1, 5
BRIEF = 1 / 3
NEAR = 30
ALL_PAIRS = 1_500
BLOCK = 20_000
EMERGING = 2.5
FEW = 3
YOUNG = 75.0
CLOSE = 0.44
SLOW = 0.03
CROWD = 0.01
PICKED = 0.09
NEAREST = 8
QUIET = 6


@dataclass(frozen=True)
class Placement:
    """Joins the existing `issue`, or the new one led by row `leader` of the batch (its own when it
    opens one).
    """

    issue: int | None
    leader: int | None
    similarity: float


def fade(days: float) -> float:
    """What is taken off the similarity of an issue that nobody spoke of for so many days: 0.3
    after half a year, and no more.
    """
    return FADED * min(1.0, max(0.0, days) / SILENCE)


def silence(said: float, first: float, last: float) -> float:
    """Days between something said and the time in which an issue was spoken of, 0 within it."""
    return max(0.0, first - said, said - last)


def brief(days: DayArray, stretch: float) -> NDArray[np.bool_]:
    """Whether so many days are short beside the `stretch` in which all was said, less than a third:
    what two themes say within them is likely one matter.
    """
    return np.asarray(days < BRIEF * stretch)


@dataclass(frozen=True)
class Near:
    """An issue near a text: how alike they are, its theme (None before a round), and its size."""

    issue: int
    alike: float
    theme: int | None
    size: int


def held_back(near: Sequence[Near]) -> list[float]:
    """How alike each issue counts to a text that may join one of them: less by 0.1 where its theme
    is not the one that most of them, the nearest before all, are of.
    """
    votes: dict[int, float] = {}
    for one in near:
        if one.theme is not None:
            weight = max(one.alike, 0.0) ** 4 * min(one.size, VOICES)
            votes[one.theme] = votes.get(one.theme, 0.0) + weight
    most = max(votes, key=lambda theme: votes[theme], default=None)
    return [one.alike - FOREIGN * (one.theme not in (None, most)) for one in near]


@dataclass
class _Leaders:
    """The new issues of a batch: who leads them, their running means, and when they were spoken
    of.
    """

    rows: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    means: list[FloatArray] = field(default_factory=list)

    def nearest(self, vector: FloatArray, said: float) -> tuple[int, float]:
        """The place of the one that is most alike, and how alike."""
        scores = np.stack(self.means) @ vector
        for at, (first, last) in enumerate(self.spans):
            scores[at] -= fade(silence(said, first, last))
        best = int(np.argmax(scores))
        return best, float(scores[best])

    def open(self, row: int, vector: FloatArray, said: float) -> None:
        """A row leads a new issue."""
        self.rows.append(row)
        self.counts.append(1)
        self.spans.append((said, said))
        self.means.append(vector.copy())

    def join(self, at: int, vector: FloatArray, said: float) -> None:
        """A row joins one of them."""
        self.counts[at] += 1
        self.means[at] += (vector - self.means[at]) / self.counts[at]
        first, last = self.spans[at]
        self.spans[at] = (min(first, said), max(last, said))


def place(
    vectors: FloatArray,
    near: Sequence[Sequence[Hit]],
    *,
    threshold: float | Sequence[float] = JOIN,
    said: Sequence[float] | None = None,
) -> list[Placement]:
    """Place rows of vectors (n, size) in order.

    `near` holds existing issues near each row, `said` when each was said, in days; `threshold` is
    for all rows or one for each. New issues of the batch keep a running mean, so that later rows
    can join them. Leader clustering (Hartigan 1975).
    """
    bars = np.broadcast_to(np.asarray(threshold, dtype=np.float64), len(vectors)).tolist()
    leaders = _Leaders()
    placed: list[Placement] = []
    for row, vector in enumerate(vectors):
        when = said[row] if said is not None else 0.0
        hit = max(near[row], key=lambda one: one.score, default=None)
        at, similarity = leaders.nearest(vector, when) if leaders.rows else (-1, -1.0)
        if hit and hit.score >= max(bars[row], similarity):
            placed.append(Placement(hit.id, None, hit.score))
        elif similarity >= bars[row]:
            leaders.join(at, vector, when)
            placed.append(Placement(None, leaders.rows[at], similarity))
        else:
            leaders.open(row, vector, when)
            placed.append(Placement(None, row, 1.0))
    return placed


def consolidate(
    means: FloatArray,
    sizes: IntArray,
    apart: Collection[int] = (),
    *,
    spans: DayArray | None = None,
    themes: IntArray | None = None,
    stretch: float = 0.0,
    threshold: float = JOIN,
) -> IntArray:
    """A group label for each issue, by average linkage over all members (Sokal and Michener 1958).

    `means` (n, size) are the issues' vectors, `sizes` (n) how many members each has, `spans` (n, 2)
    the days in which each was first and last spoken of. Rows named in `apart` never come into one
    group. Rows of one theme (`themes`, n) need be no more alike than 0.45, where `threshold` is
    higher; rows of two by 0.2 more than `threshold`, unless both were spoken of in one short part
    of the `stretch` (days) in which all was said. The most alike unite first; beyond 1,500 issues
    each is compared with its 30 nearest.
    """
    days = spans if spans is not None else np.zeros((len(means), 2))
    fields = themes if themes is not None else np.zeros(len(means), dtype=np.int64)
    within = min(threshold, WITHIN) if themes is not None else threshold
    tree = _Tree(means, sizes, days, fields, set(apart), within, threshold - within, stretch)
    tree.link(*_pairs(means, within))
    tree.unite()
    return tree.labels()


def _pairs(means: FloatArray, threshold: float) -> tuple[IntArray, IntArray]:
    """Rows that are alike enough to be one: no others can ever come together."""
    n = len(means)
    if n <= ALL_PAIRS:
        one, other = np.nonzero(np.triu(means @ means.T >= threshold, k=1))
    else:
        rows, scores = nearest(means, NEAR)
        one, at = np.nonzero(scores >= threshold)
        other = rows[one, at]
        pairs = np.unique(np.minimum(one, other) * n + np.maximum(one, other))
        one, other = np.divmod(pairs, n)
    return one, other


class _Tree:
    """Groups that unite, the most alike first. A union takes the row of one of the two.

    `near` holds for each row how alike those are that it may unite with; in the heap stands each
    row once or more, by a bound on its best: unions are never more alike than their parts. Two of
    different themes count as less alike, by `sooner` within a short part of the `stretch`; a union
    has the theme of its larger part.
    """

    def __init__(
        self,
        means: FloatArray,
        sizes: IntArray,
        spans: DayArray,
        themes: IntArray,
        apart: set[int],
        threshold: float,
        sooner: float,
        stretch: float,
    ) -> None:
        self.means = np.array(means, dtype=np.float32)
        self.sizes = np.array(sizes, dtype=np.float64)
        self.first, self.last = np.array(spans[:, 0]), np.array(spans[:, 1])
        self.themes, self.sooner, self.stretch = np.array(themes), sooner, stretch
        self.apart, self.threshold = apart, threshold
        self.into = np.arange(len(means), dtype=np.int64)
        self.near: list[dict[int, float]] = [{} for _ in self.into]
        self.waiting: list[tuple[float, int]] = []

    def link(self, one: IntArray, other: IntArray) -> None:
        """Note the pairs that may unite at first."""
        for at in range(0, len(one), BLOCK):
            a, b = one[at : at + BLOCK], other[at : at + BLOCK]
            alike = np.sum(self.means[a] * self.means[b], axis=1) - self._off(a, b)
            for row, near, score in zip(a.tolist(), b.tolist(), alike.tolist(), strict=True):
                self._note(row, near, score)
        self.waiting = [(-max(near.values()), row) for row, near in enumerate(self.near) if near]
        heapq.heapify(self.waiting)

    def _off(self, one: IntArray | int, other: IntArray) -> FloatArray:
        gap = np.maximum(self.first[one] - self.last[other], self.first[other] - self.last[one])
        silent = FADED * np.clip(gap / SILENCE, 0.0, 1.0)
        days = np.maximum(self.last[one], self.last[other])
        days = days - np.minimum(self.first[one], self.first[other])
        apart = np.where(brief(days, self.stretch), self.sooner, self.sooner + ELSEWHERE)
        off = silent + apart * (self.themes[one] != self.themes[other])
        return np.asarray(off, dtype=np.float32)

    def _note(self, one: int, other: int, score: float) -> None:
        if score >= self.threshold and not (one in self.apart and other in self.apart):
            self.near[one][other] = self.near[other][one] = score

    def unite(self) -> None:
        """Unite as long as any two are alike enough."""
        while self.waiting:
            bound, row = heapq.heappop(self.waiting)
            if not self.near[row]:
                continue
            other, score = max(self.near[row].items(), key=lambda one: (one[1], -one[0]))
            if score < -bound:
                heapq.heappush(self.waiting, (-score, row))
            else:
                self._unite(row, other)

    def _unite(self, one: int, other: int) -> None:
        total = self.sizes[one] + self.sizes[other]
        share = np.float32(self.sizes[one] / total)
        self.means[one] = share * self.means[one] + (1 - share) * self.means[other]
        self.themes[one] = self.themes[one if share >= 0.5 else other]
        self.sizes[one] = total
        self.first[one] = min(self.first[one], self.first[other])
        self.last[one] = max(self.last[one], self.last[other])
        self.into[other] = one
        if other in self.apart:
            self.apart.add(one)
        around = sorted((self.near[one].keys() | self.near[other].keys()) - {one, other})
        for gone in (one, other):
            for neighbour in self.near[gone]:
                self.near[neighbour].pop(gone, None)
            self.near[gone] = {}
        self._link_again(one, around)

    def _link_again(self, one: int, around: Sequence[int]) -> None:
        if not around:
            return
        rows = np.array(around)
        alike = self.means[rows] @ self.means[one] - self._off(one, rows)
        for other, score in zip(around, alike.tolist(), strict=True):
            self._note(one, other, score)
        if self.near[one]:
            heapq.heappush(self.waiting, (-max(self.near[one].values()), one))

    def labels(self) -> IntArray:
        """The row each row's group has at the end."""
        found = self.into
        while not np.array_equal(found, found[found]):
            found = found[found]
        return found


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


def cohesion(mean: FloatArray, size: int) -> float:
    """How alike the members of an issue are on average, by their mean (size,); 0 for one alone."""
    if size < 2:
        return 0.0
    return (size * float(mean @ mean) - 1.0) / (size - 1)


def raised(people: int, days: float, alike: float, *, picked: bool = False) -> bool:
    """Whether staff are told of a young issue: three people within 75 days who say much the same
    (`alike`, their cohesion).

    The longer they took, the likelier chance brought them together, so the more alike they have to
    be: 0.46 on average after a day, 0.57 after 75; a little less the more they are, and 0.09 more
    where they were `picked` from all that was said, since among many chance finds three sooner.
    """
    bar = CLOSE + SLOW * math.log1p(max(0.0, days)) - CROWD * (people - FEW)
    return people >= FEW and days <= YOUNG and alike >= bar + PICKED * picked


def news(days: float, lately: int) -> bool:
    """Whether an issue that began so many `days` ago is new to staff: within 75 days, or at most
    six contributions are of these days (`lately`), so that it had gone quiet.
    """
    return days <= YOUNG or lately <= QUIET


@dataclass(frozen=True)
class Three:
    """The two `others` (rows) that say the same as somebody, how `alike` the three are on average,
    and how many `days` they took.
    """

    others: tuple[int, int]
    alike: float
    days: float


def three(vector: FloatArray, others: FloatArray, ago: DayArray) -> Three | None:
    """The two of `others` (n, size), said so many days `ago` (n), that most surely make three with
    what was said now (size,), wherever they are filed; None where there are not two. Looked for
    among the eight that are most alike.
    """
    if len(others) < FEW - 1:
        return None
    scores = others @ vector
    near = np.argsort(-scores, kind="stable")[:NEAREST]
    one, other = np.triu_indices(len(near), k=1)
    a, b = near[one], near[other]
    alike = (scores[a] + scores[b] + np.sum(others[a] * others[b], axis=1)) / 3
    days = np.maximum(0.0, np.maximum(ago[a], ago[b]))
    best = int(np.argmax(alike - SLOW * np.log1p(days)))
    return Three((int(a[best]), int(b[best])), float(alike[best]), float(days[best]))
