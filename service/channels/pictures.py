"""Charts as pictures that go with a message: kept as a few words, drawn when it leaves."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from service.channels.contract import Outbound, Picture
from service.shell.pictures import Drawn

# What draws a picture, from what a delivery keeps of it, in a language.
Draw = Callable[[str, str], Awaitable[Picture | None]]

log = structlog.get_logger()


def picture(name: str, drawn: Drawn, url: str = "") -> Picture:
    """A chart as a file called `name`.png, with what it shows as its alternative text."""
    return Picture(f"{name}.png", "image/png", drawn.png, drawn.alt, url)


async def nothing(reference: str, lang: str) -> Picture | None:
    """For who draws nothing."""
    return None


async def added(
    outbound: Outbound, reference: str | None, lang: str | None, draw: Draw
) -> Outbound:
    """A message with its picture; without, where it cannot be drawn: the words are not to wait."""
    if reference is None:
        return outbound
    try:
        found = await draw(reference, lang or "en")
    except Exception:
        log.exception("picture_not_drawn", delivery=outbound.id, picture=reference)
        return outbound
    return replace(outbound, pictures=(found,)) if found else outbound
