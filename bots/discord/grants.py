"""Interactions that may still be answered: whose replies go where they asked, for a minute. What
comes later is not for a message that vanishes.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

from bots.discord.parsing import Asked

LIFE = 60.0


@dataclass(eq=False)
class Grant:
    """One interaction's leave to answer. `thinking`: Discord shows that an answer is being made."""

    asked: Asked
    thinking: bool
    open: asyncio.Event = field(default_factory=asyncio.Event)
    timer: asyncio.TimerHandle | None = None


class Grants:
    """In memory only: without a grant, a reply goes to the private conversation."""

    def __init__(self) -> None:
        self._of: defaultdict[str, list[Grant]] = defaultdict(list)

    def give(self, asked: Asked) -> Grant:
        """Somebody asked; answers wait until it is open."""
        grant = Grant(asked, thinking=not asked.pressed)
        self._of[asked.user].append(grant)
        return grant

    def find(self, user: str) -> Grant | None:
        """Where the next reply to somebody goes: first where they were told to wait for one."""
        grants = self._of.get(user, ())
        waiting = (one for one in grants if one.thinking)
        return next(waiting, None) or next((one for one in reversed(grants)), None)

    def answered(self, grant: Grant) -> None:
        """The first reply is there; more of them follow only where it was not our conversation."""
        grant.thinking = False
        if not grant.asked.apart:
            self.drop(grant)

    def drop(self, grant: Grant) -> None:
        """It cannot be answered any longer; who waits for it goes on without."""
        grant.thinking = False
        grant.open.set()
        if grant.timer:
            grant.timer.cancel()
        kept = [one for one in self._of.get(grant.asked.user, ()) if one is not grant]
        if kept:
            self._of[grant.asked.user] = kept
        else:
            self._of.pop(grant.asked.user, None)

    def clear(self) -> list[Grant]:
        """Drop them all; gives those whose askers still wait."""
        everything = [one for grants in self._of.values() for one in grants]
        waiting = [one for one in everything if one.thinking]
        for one in everything:
            self.drop(one)
        return waiting
