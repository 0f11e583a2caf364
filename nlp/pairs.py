"""Which two things to compare next: those that say most, while none is shown too little."""

from collections.abc import Collection, Set

import numpy as np
from scipy.special import ndtr

from nlp.rank import Floats, Ints, Ranking

Pairs = Set[tuple[int, int]]
Numbers = Collection[int]

FLOOR = 0.6
SPARE = 1.0
DRAWN = 16
LEAST = 0.01
TRIES = 4


class Field:
    """Things that are voted on, and how often each was shown; changes as pairs are drawn.

    What was shown less than `FLOOR` of the average comes first. The rest goes to those of which it
    is least known whether they are among the `wanted` best, each against one that is about as
    strong and as little known: there a choice says most (Chernoff 1959; Chen et al. 2013).
    Things of one `kin` (n,) never meet.
    """

    def __init__(
        self,
        ranking: Ranking,
        shown: Ints,
        wanted: int,
        random: np.random.Generator,
        kin: Ints | None = None,
    ) -> None:
        self.shown = shown.astype(np.float64)
        self._total = float(self.shown.sum())
        self._random, self._count = random, len(shown)
        self._strength, self._unknown = ranking.strength, ranking.spread**2
        self._ladder = np.cumsum(_doubt(ranking, wanted))
        self._kin = np.arange(len(shown)) if kin is None else kin

    def pair(self, seen: Pairs = frozenset(), tired: Numbers = ()) -> tuple[int, int] | None:
        """Two things that were not `seen` together, the smaller number first; None when all were.

        What the voter is `tired` of is spared while there is something else. A pair that is given
        counts as shown. It costs a few operations on arrays, however many pairs there are.
        """
        if self._count < 2:
            return None
        for _ in range(TRIES):
            first = self._first()
            if first in tired:
                first = int(self._drawn(1)[0])
            fresh = [
                one
                for one in self._others(first)
                if one not in tired and ordered(first, one) not in seen
            ]
            if fresh and first not in tired:
                return self._give(*ordered(first, self._best(first, np.array(fresh))))
        return self._any(seen)

    def _first(self) -> int:
        least = int((self.shown + self._random.random(self._count)).argmin())
        if self.shown[least] < FLOOR * self._total / self._count - SPARE:
            return least
        return int(self._drawn(1)[0])

    def _drawn(self, count: int) -> Ints:
        at = self._random.random(count) * self._ladder[-1]
        return np.asarray(np.searchsorted(self._ladder, at, side="right"))

    def _others(self, first: int) -> list[int]:
        """Some to meet: drawn by doubt, and as many by chance."""
        chosen = np.concatenate([self._drawn(DRAWN), self._random.integers(0, self._count, DRAWN)])
        return list(map(int, chosen[self._kin[chosen] != self._kin[first]]))

    def _best(self, first: int, others: Ints) -> int:
        chances = 1 / (1 + np.exp(self._strength[first] - self._strength[others]))
        said = chances * (1 - chances)
        need = self._unknown[first] + self._unknown[others]
        return int(others[int((said * need).argmax())])

    def _give(self, one: int, other: int) -> tuple[int, int]:
        self.shown[[one, other]] += 1
        self._total += 2
        return one, other

    def _any(self, seen: Pairs) -> tuple[int, int] | None:
        """Of the pairs that are left, the one of those shown least."""
        order = np.argsort(self.shown, kind="stable").tolist()
        for at, one in enumerate(order):
            for other in order[at + 1 :]:
                if self._kin[one] != self._kin[other] and ordered(one, other) not in seen:
                    return self._give(*ordered(one, other))
        return None


def ordered(one: int, other: int) -> tuple[int, int]:
    """A pair as it is kept: the smaller number first."""
    return (one, other) if one < other else (other, one)


def _doubt(ranking: Ranking, wanted: int) -> Floats:
    """How unsure it is that each is among the `wanted` best, with a little for everything."""
    count = len(ranking.strength)
    edge = np.sort(ranking.strength)[::-1][max(0, min(wanted, count - 1) - 1)] if count else 0.0
    inside = ndtr((ranking.strength - edge) / ranking.spread)
    return np.asarray(inside * (1 - inside) + LEAST)
