"""How often something is taken, counted in this process's memory. What a count costs does not grow
with how many are counted, and what is over is forgotten.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Limit:
    """At most so many in any such time, in seconds."""

    most: int
    seconds: float


def per_minute(most: int) -> Limit:
    """At most so many in any minute."""
    return Limit(most, MINUTE)


def per_hour(most: int) -> Limit:
    """At most so many in any hour."""
    return Limit(most, HOUR)


class Limiter:
    """A moving window for each limit and key; `clock` gives seconds that only go forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: OrderedDict[tuple[Limit, tuple[str, ...]], deque[float]] = OrderedDict()

    def test(self, limit: Limit, *key: str) -> bool:
        """Whether one more may be taken."""
        taken = self._taken.get((limit, key))
        if taken is None or len(taken) < limit.most:
            return True
        return self._clock() - taken[0] >= limit.seconds

    def hit(self, limit: Limit, *key: str) -> bool:
        """Take one more, if it may be; gives whether it was."""
        self._forget()
        if not self.test(limit, *key):
            return False
        self._taken.setdefault((limit, key), deque(maxlen=limit.most)).append(self._clock())
        self._taken.move_to_end((limit, key))
        return True

    def _forget(self) -> None:
        """The two that were taken longest ago, where their time is over: one more than comes."""
        for held in list(islice(self._taken, 2)):
            if self._clock() - self._taken[held][-1] >= held[0].seconds:
                del self._taken[held]
