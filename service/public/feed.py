"""Published answers as an Atom feed."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as xml

from service.public.queries import Shown

ATOM = "http://www.w3.org/2005/Atom"
UNPRINTABLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def atom(
    answers: Sequence[Shown], lang: str, *, url: str, path: str, title: str, government: str
) -> bytes:
    """A feed in the reader's language where an answer has it, else in the original's.

    `path` is the feed's own address below `url`.
    """
    xml.register_namespace("", ATOM)
    feed = xml.Element(f"{{{ATOM}}}feed", {"xml:lang": lang})
    newest = max((one.changed_at for one in answers), default=BEGINNING)
    _put(feed, "id", url + path)
    _put(feed, "title", title)
    _put(feed, "updated", newest.isoformat())
    _put(feed, "link", rel="self", type="application/atom+xml", href=url + path)
    _put(feed, "link", rel="alternate", type="text/html", href=f"{url}/answers")
    _put(_put(feed, "author"), "name", government)
    for one in answers:
        _entry(feed, one, lang, url, government)
    made: bytes = xml.tostring(feed, encoding="utf-8", xml_declaration=True)
    return made


def _entry(feed: xml.Element, one: Shown, lang: str, url: str, government: str) -> None:
    entry = _put(feed, "entry")
    text, original = one.text.text(lang)
    where = f"{url}/answers/{one.text.id}"
    _put(entry, "id", where)
    _put(entry, "title", one.text.title)
    _put(entry, "published", one.published_at.isoformat())
    _put(entry, "updated", one.changed_at.isoformat())
    _put(entry, "link", rel="alternate", type="text/html", href=where)
    _put(_put(entry, "author"), "name", one.text.department_name or government)
    if one.department_key:
        label = one.text.department_name or one.department_key
        _put(entry, "category", term=one.department_key, label=label)
    content = _put(entry, "content", text, type="text")
    content.set("xml:lang", one.text.lang if original else lang)


def _put(parent: xml.Element, name: str, text: str = "", **attributes: str) -> xml.Element:
    """An element, without the signs that XML cannot carry."""
    safe = {key: UNPRINTABLE.sub("", value) for key, value in attributes.items()}
    made = xml.SubElement(parent, f"{{{ATOM}}}{name}", safe)
    made.text = UNPRINTABLE.sub("", text) or None
    return made
