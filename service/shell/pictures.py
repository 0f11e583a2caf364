"""Charts as pictures for chat apps: the drawings of the pages, framed with their words, as PNG."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from textwrap import wrap
from urllib.parse import quote

import resvg_py
from babel.numbers import format_percent
from fastapi.responses import Response
from markupsafe import Markup

from service.shell import charts
from service.shell.pages import LOCALES, day, number, word

WIDE, EDGE, LINE = 960, 48, 40
TITLE, TITLE_LINES = 62, 2
PLOT, ROW, MOST_ROWS = 260, 64, 10
NAME = 72
# What is drawn for phones is narrow: its words are as large as those of the chat around it.
SLIM, SLIM_TITLE, SLIM_LINE = 600, 33, 48
LONGEST_ALT = 1000
FONTS = ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf")
# The light colours of gabinete.css, which resvg cannot read: it knows no custom properties.
STYLE = """
text { font-family: "Source Sans Pro"; font-size: 22px; fill: #505d58 }
.title { font-size: 30px; font-weight: 600; fill: #17211e }
.name { fill: #17211e }
.group { font-weight: 600; fill: #0a5f53 }
.column, .share-bar { fill: #0a5f53 }
.column-ground { display: none }
.share-ground { fill: #eceeea }
.base { fill: #d9dfdb }
.range { fill: #0a5f53; opacity: .45 }
.range-point { fill: #0a5f53 }
.range-middle { fill: #7d8a84 }
"""
# What XML cannot hold.
UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class PngResponse(Response):
    """A picture."""

    media_type = "image/png"


@dataclass(frozen=True)
class Drawn:
    """A picture as PNG, and what it shows in words."""

    png: bytes
    alt: str


def timeline(title: str, caption: str, columns: Sequence[tuple[date, int]], lang: str) -> Drawn:
    """A number for each day or week, the oldest first, as columns; `caption` says of what."""
    values = [value for _, value in columns]
    days = [day(at, lang, None) for at, _ in columns]
    most = max([*values, charts.LEAST])
    head, under = _head(title, caption)
    top = under + LINE
    low = top + PLOT
    drawn = [
        *head,
        _text(EDGE, top - 8, number(most, lang)),
        _box(EDGE, top, WIDE - 2 * EDGE, PLOT, charts.columns(values, days)),
        Markup('<rect class="base" x="{}" y="{}" width="{}" height="2"/>').format(
            EDGE, low, WIDE - 2 * EDGE
        ),
    ]
    if days:
        drawn += [_text(EDGE, low + LINE, days[0]), _text(WIDE - EDGE, low + LINE, days[-1], "end")]
    alt = word("picture.nothing", lang)
    if any(values):
        peak = values.index(max(values))
        alt = word(
            "picture.timeline", lang, first=days[0], last=days[-1], day=days[peak],
            most=number(values[peak], lang),
        )  # fmt: skip
    return Drawn(_png(drawn, low + LINE + EDGE - 12), _alt(title, caption, alt))


def shares(title: str, caption: str, rows: Sequence[tuple[str, int]], lang: str) -> Drawn:
    """Names and their numbers as bars, in the order given, ten at most; `caption` says of what."""
    shown = rows[:MOST_ROWS]
    most = max([value for _, value in shown], default=1)
    head, top = _head(title, caption)
    drawn = [*head]
    for at, (name, value) in enumerate(shown):
        y = top + at * ROW
        drawn += [
            _text(EDGE, y + 20, _clipped(name, NAME), kind="name"),
            _text(WIDE - EDGE, y + 20, number(value, lang), "end", kind="name"),
            _box(EDGE, y + 30, WIDE - 2 * EDGE, 12, charts.share(value, most)),
        ]
    told = "; ".join(f"{name}: {number(value, lang)}" for name, value in shown)
    return Drawn(_png(drawn, top + len(shown) * ROW + EDGE - 20), _alt(title, caption, told))


@dataclass(frozen=True)
class Ranked:
    """A line of a ranking: its words, and where from 0 to 1 it stands, from `low` to `high`."""

    words: str
    score: float
    low: float
    high: float


def ranking(
    title: str, caption: str, groups: Sequence[tuple[str, Sequence[Ranked]]], lang: str
) -> Drawn:
    """The first of each group, the best above, each with how far the truth may lie from it; a
    group's name is left out where it is empty, and `caption` says of what the scores are.
    """
    drawn, top = _tall_head(title, caption)
    told: list[str] = []
    for name, rows in groups:
        if name:
            top += 16 if told else 0
            drawn.append(_text(EDGE, top + 16, _clipped(name, SLIM_LINE), kind="group"))
            top += LINE + 8
        for place, row in enumerate(rows, 1):
            lines = _lines(f"{place}. {row.words}", SLIM_LINE - 6, 2)
            drawn += [
                _text(EDGE, top + 20 + n * 28, line, kind="name") for n, line in enumerate(lines)
            ]
            drawn.append(_text(SLIM - EDGE, top + 20, share(row.score, lang), "end", kind="name"))
            top += 28 * len(lines)
            chart = charts.ranges([(row.low, row.score, row.high)])
            drawn.append(_box(EDGE, top + 4, SLIM - 2 * EDGE, 20, chart))
            top += LINE + 8
        ranked = [f"{n}. {row.words} ({share(row.score, lang)})" for n, row in enumerate(rows, 1)]
        told.append(": ".join(filter(None, [name, "; ".join(ranked)])))
    return Drawn(_png(drawn, top + EDGE - 20, SLIM), _alt(title, caption, ". ".join(told)))


def _tall_head(title: str, caption: str) -> tuple[list[Markup], int]:
    """The same above a picture that is read on a phone without being opened."""
    drawn, top = [], EDGE + 24
    for words, most, kind in ((title, SLIM_TITLE, "title"), (caption, SLIM_LINE, "soft")):
        for line in _lines(words, most, 2):
            drawn.append(_text(EDGE, top, line, kind=kind))
            top += LINE
    return drawn, top


def _lines(words: str, wide: int, most: int) -> list[str]:
    """A text in so many lines at most, with an end where it is cut."""
    lines = wrap(_clipped(words, LONGEST_ALT), wide) or [""]
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], lines[most - 1][: wide - 1].rstrip() + "…"]


def share(value: float, lang: str) -> str:
    """A share of the whole as the reader writes it."""
    return format_percent(value, locale=LOCALES[lang])


def answer(drawn: Drawn) -> Response:
    """A picture as a response of our own, with what it shows in a header."""
    headers = {"cache-control": "private, no-cache", "x-alt-text": quote(drawn.alt)}
    return PngResponse(drawn.png, headers=headers)


def _head(title: str, caption: str) -> tuple[list[Markup], int]:
    """A picture's title, in two lines at most, its caption, and where the drawing begins."""
    lines = wrap(_clipped(title, TITLE * TITLE_LINES - 12), TITLE)[:TITLE_LINES] or [""]
    drawn = [_text(EDGE, EDGE + 24 + n * LINE, line, kind="title") for n, line in enumerate(lines)]
    low = EDGE + 24 + len(lines) * LINE
    return [*drawn, _text(EDGE, low, caption)], low + LINE


def _clipped(words: str, most: int) -> str:
    """A text in one line, cut where it is too long."""
    line = " ".join(UNWRITABLE.sub("", words).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _text(x: int, y: int, words: str, anchor: str = "start", *, kind: str = "soft") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, x, y, anchor, UNWRITABLE.sub("", words)
    )


def _box(x: int, y: int, wide: int, tall: int, chart: Markup) -> Markup:
    """A drawing of the pages at its place."""
    return Markup('<svg x="{}" y="{}" width="{}" height="{}">{}</svg>').format(
        x, y, wide, tall, chart
    )


def _alt(title: str, caption: str, told: str) -> str:
    return _clipped(f"{title.strip()} – {caption}: {told}", LONGEST_ALT)


def _png(parts: Sequence[Markup], tall: int, wide: int = WIDE) -> bytes:
    return _painted(
        Markup('<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}">{}</svg>').format(
            wide, tall, Markup("").join(parts)
        )
    )


@lru_cache(maxsize=64)
def _painted(svg: str) -> bytes:
    """What is asked for again is not painted again: it holds the interpreter for some 30 ms."""
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        style_sheet=STYLE,
        background="#ffffff",
        skip_system_fonts=True,
        font_files=_fonts(),
    )


def _fonts() -> list[str]:
    """The font is a package of files: it comes with every installation."""
    found = find_spec("font_source_sans_pro")
    assert found is not None, "font-source-sans-pro is installed with Gabinete"
    (folder,) = found.submodule_search_locations or [""]
    return [str(Path(folder) / "files" / name) for name in FONTS]
