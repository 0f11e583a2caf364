"""Draw the pictures that deliveries refer to, such as `ranking:7` of consultation 7."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from service.channels.contract import Picture
from service.channels.pictures import picture
from service.consultations import queries as consultations
from service.consultations.voting import charting
from service.consultations.voting.results import ScoresNotShown
from service.database import Session
from service.installation import Installation
from service.phrases import LANGUAGES

Drawer = Callable[[Session, Installation, int, str], Awaitable[Picture | None]]

FRESH = 60.0
KEPT = 32


class Easel:
    """Draws pictures when they leave. What was drawn a moment ago is not drawn again, as many get
    the same one.
    """

    def __init__(self, here: Installation) -> None:
        self._here = here
        self._held: dict[tuple[str, str], tuple[float, asyncio.Task[Picture | None]]] = {}

    async def draw(self, reference: str, lang: str) -> Picture | None:
        """The picture as it is now; None where there is nothing to be shown."""
        key, moment = (reference, lang if lang in LANGUAGES else "en"), time.monotonic()
        at, task = self._held.get(key, (-FRESH, None))
        if task is None or moment - at >= FRESH or (task.done() and task.exception()):
            while len(self._held) >= KEPT:
                del self._held[next(iter(self._held))]
            task = asyncio.create_task(self._draw(*key))
            self._held[key] = (moment, task)
        return await asyncio.shield(task)

    async def _draw(self, reference: str, lang: str) -> Picture | None:
        kind, _, number = reference.partition(":")
        async with self._here.database.read() as session:
            return await DRAWERS[kind](session, self._here, int(number), lang)


async def _ranking(
    session: Session, here: Installation, consultation_id: int, lang: str
) -> Picture | None:
    row = await consultations.consultation(session, consultation_id)
    if row is None:
        return None
    try:
        drawn = await charting.ranking(session, row, lang, here.settings.government)
    except ScoresNotShown:
        return None
    url = f"/consultations/{consultation_id}/results/chart.png?lang={lang}"
    return picture(f"results-{consultation_id}", drawn, url)


DRAWERS: dict[str, Drawer] = {charting.RANKING: _ranking}
