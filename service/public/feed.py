"""Published answers as an Atom feed."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as xml

from service.public.consulted import Landed
from service.public.queries import Shown
from service.shell.pages import word

ATOM = "http://www.w3.org/2005/Atom"
UNPRINTABLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def atom(
    answers: Sequence[Shown], lang: str, *, url: str, path: str, title: str, government: str,
    landed: Sequence[Landed] = (),
) -> bytes:  # fmt: skip
    """A feed in the reader's language where an answer has it, else in the original's; results of
    consultations that have `landed` stand among the answers.

    `path` is the feed's own address below `url`.
    """
    xml.register_namespace("", ATOM)
    feed = xml.Element(f"{{{ATOM}}}feed", {"xml:lang": lang})
    came = [*(one.changed_at for one in answers), *(one.at for one in landed)]
    newest = max(came, default=BEGINNING)
    _put(feed, "id", url + path)
    _put(feed, "title", title)
    _put(feed, "updated", newest.isoformat())
    _put(feed, "link", rel="self", type="application/atom+xml", href=url + path)
    _put(feed, "link", rel="alternate", type="text/html", href=f"{url}/answers")
    _put(_put(feed, "author"), "name", government)
    entries: list[tuple[datetime, Shown | Landed]] = [(one.published_at, one) for one in answers]
    entries += [(one.at, one) for one in landed]
    for _, entry in sorted(entries, key=lambda pair: pair[0], reverse=True):
        if isinstance(entry, Landed):
            _result(feed, entry, lang, url, government)
        else:
            _entry(feed, entry, lang, url, government)
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


def _result(feed: xml.Element, one: Landed, lang: str, url: str, government: str) -> None:
    entry = _put(feed, "entry")
    where = f"{url}/consultations/{one.consultation_id}/results"
    _put(entry, "id", where)
    _put(entry, "title", f"{word('results.title', lang)}: {one.title}")
    for name in ("published", "updated"):
        _put(entry, name, one.at.isoformat())
    _put(entry, "link", rel="alternate", type="text/html", href=where)
    _put(_put(entry, "author"), "name", government)
    _put(entry, "content", one.question, type="text").set("xml:lang", one.lang)


def _put(parent: xml.Element, name: str, text: str = "", **attributes: str) -> xml.Element:
    """An element, without the signs that XML cannot carry."""
    safe = {key: UNPRINTABLE.sub("", value) for key, value in attributes.items()}
    made = xml.SubElement(parent, f"{{{ATOM}}}{name}", safe)
    made.text = UNPRINTABLE.sub("", text) or None
    return made
