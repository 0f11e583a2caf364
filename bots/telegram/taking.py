"""From updates to the service: read, stored, and only then called taken."""

from collections.abc import Sequence

import structlog

from bots.telegram.line import Raw
from bots.telegram.parsing import Heard, Me, hear
from bots.telegram.reacting import Reactions
from service.channels.contract import Outcome, Sink

log = structlog.get_logger()


class Taking:
    """Hands updates in, in their order. Nothing is taken before it is known who we are."""

    def __init__(self, reactions: Reactions) -> None:
        self._reactions = reactions
        self.sink: Sink | None = None
        self.me: Me | None = None

    async def take(self, updates: Sequence[Raw]) -> int:
        """How many of them, from the first on, need not come again."""
        if self.sink is None or self.me is None:
            return 0
        heard = [(at, one) for at, raw in enumerate(updates) if (one := _heard(raw, self.me))]
        outcomes = await self._accept(self.sink, [one for _, one in heard])
        taken = len(updates)
        for (at, one), outcome in zip(heard, outcomes, strict=True):
            if outcome is Outcome.failed:
                taken = min(taken, at)
            else:
                self._reactions.begin(one, outcome, self.me)
        return taken

    async def _accept(self, sink: Sink, heard: Sequence[Heard]) -> list[Outcome]:
        if not heard:
            return []
        try:
            return await sink.accept([one.inbound for one in heard])
        except Exception:
            log.exception("telegram_not_stored", updates=len(heard))
            return [Outcome.failed for _ in heard]


def _heard(raw: Raw, me: Me) -> Heard | None:
    """One that cannot be read is passed over: it would never be read, and hide the rest."""
    try:
        return hear(raw, me)
    except Exception as error:
        log.warning(
            "telegram_update_unreadable", update=raw.get("update_id"), error=type(error).__name__
        )
        return None
