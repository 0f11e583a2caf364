"""What channels say of themselves, in the reader's language."""

from typing import Any

from service.channels.contract import understood
from service.shell.pages import word


def in_words(says: str, lang: str) -> str | None:
    """A sentence of the channels' closed list as the reader's; None for a platform's own words."""
    found = understood(says)
    if found is None:
        return None
    code, places = found
    told: dict[str, Any] = {name: in_words(value, lang) or value for name, value in places.items()}
    return word(f"says.{code}", lang, **told)
