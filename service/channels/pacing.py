"""The pace a platform takes messages at."""

import asyncio
import time
from collections import deque

from service.channels.contract import Pace

SPARE = 1.025
BURST = 3
WIDER, WIDEST, NARROWER = 0.01, 1.2, 0.00001


class Window:
    """So many departures in any stretch of time and no more, evenly spread. What a short stall cost
    leaves at once; `SPARE` allows for messages that travel at different speeds, and each refusal
    for some more, until enough have gone well.
    """

    def __init__(self, pace: Pace) -> None:
        self._most = max(1, int(pace.per_second))
        self._least = self._seconds = self._most / pace.per_second * SPARE
        self._gap = 1 / pace.per_second
        self._left: deque[float] = deque(maxlen=self._most)
        self._next = 0.0

    async def room(self) -> int:
        """How many may leave now; waits until it is at least one."""
        full = len(self._left) == self._most
        free = self._left[0] + self._seconds if full else 0.0
        await asyncio.sleep(max(0.0, free - time.monotonic(), self._next - time.monotonic()))
        moment = time.monotonic()
        while self._left and self._left[0] <= moment - self._seconds:
            self._left.popleft()
        due = int((moment - self._next) / self._gap) + 1
        return max(1, min(self._most - len(self._left), due, BURST))

    def leave(self) -> None:
        """One leaves."""
        moment = time.monotonic()
        self._left.append(moment)
        self._next = max(self._next, moment - BURST * self._gap) + self._gap
        self._seconds = max(self._least, self._seconds - self._least * NARROWER)

    def refused(self) -> None:
        """That was too fast."""
        self._seconds = min(self._least * WIDEST, self._seconds + self._least * WIDER)
