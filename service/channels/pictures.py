"""Charts as pictures that go with a message."""

from service.channels.contract import Picture
from service.shell.pictures import Drawn


def picture(name: str, drawn: Drawn) -> Picture:
    """A chart as a file called `name`.png, with what it shows as its alternative text."""
    return Picture(f"{name}.png", "image/png", drawn.png, drawn.alt)
