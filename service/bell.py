"""Wakes what waits in this process; other processes look for themselves every now and then."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

INBOX, OUTBOX, JOBS = "inbox", "outbox", "jobs"


class Bell:
    """Rung for readers of a name after a commit. Missing a ring costs a wait, never a message."""

    def __init__(self) -> None:
        self._waiting: dict[object, set[asyncio.Event]] = defaultdict(set)

    def ring(self, names: Iterable[object]) -> None:
        """Wake whoever waits for one of these names."""
        for name in names:
            for event in self._waiting.get(name, ()):
                event.set()

    async def wait(self, name: object, seconds: float) -> bool:
        """Wait for a ring, at most so long; tells whether it rang."""
        event = asyncio.Event()
        self._waiting[name].add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
            return True
        except TimeoutError:
            return False
        finally:
            self._waiting[name].discard(event)
            if not self._waiting[name]:
                del self._waiting[name]
