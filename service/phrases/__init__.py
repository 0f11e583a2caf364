"""Every sentence a citizen reads, in each language, with plurals, and dates as they write them."""

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LANGUAGES = ("pt", "es", "en")
LOCALES = {"pt": "pt_BR", "es": "es", "en": "en_GB"}
FOLDER = Path(__file__).parent


def say(key: str, lang: str, /, *, n: int | None = None, **values: object) -> str:
    """The sentence `key` in `lang` (English where there is no such catalogue), its places filled
    from `values`.

    `n` chooses the plural form and fills `{n}`. Raises KeyError for a key that no catalogue has.
    """
    message = catalogue(lang if lang in LANGUAGES else "en").get(key)
    if message is None:
        raise KeyError(key)
    text = message.string
    if isinstance(text, tuple | list):
        text = text[_plural(lang, 1 if n is None else n)]
    return str(text).format(n=n, **values)


@cache
def catalogue(lang: str) -> Catalog:
    """The catalogue of one language."""
    with (FOLDER / f"{lang}.po").open("rb") as file:
        return read_po(file, locale=lang)


def _plural(lang: str, n: int) -> int:
    """0 for one, 1 for many: Brazilian Portuguese says nothing and one in the singular."""
    return int(n > 1) if lang == "pt" else int(n != 1)


def locale(lang: str) -> str:
    """Where the people are who write dates as readers of this language do."""
    return LOCALES.get(lang, "en_GB")


def day(at: datetime, lang: str, zone: ZoneInfo) -> str:
    """A date as the reader writes it, in a time zone."""
    return format_date(at.astimezone(zone).date(), "long", locale=locale(lang))
