"""Pictures of charts: what is painted where, in which words, and what goes with them."""

import struct
import zlib
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from service.channels.pictures import picture
from service.shell import pictures
from service.shell.pages import STATIC

ACCENT, INK = (0x0A, 0x5F, 0x53), (0x17, 0x21, 0x1E)
Pixels = NDArray[np.uint8]


def pixels(png: bytes) -> Pixels:
    """A PNG of eight bits and four channels, as rows of pixels."""
    wide, tall, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) == (8, 6)
    data, at = b"", 8
    while at < len(png):
        size, name = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + size] if name == b"IDAT" else b""
        at += size + 12
    lines = zlib.decompress(data)
    size, above = wide * 4, bytes(wide * 4)
    found = []
    for at in range(0, len(lines), size + 1):
        above = _line(lines[at], bytearray(lines[at + 1 : at + 1 + size]), above)
        found.append(above)
    return np.frombuffer(b"".join(found), np.uint8).reshape(tall, wide, 4)


def _line(how: int, line: bytearray, above: bytes) -> bytes:
    """One row of bytes as it was before it was filtered."""
    if how == 0:
        return bytes(line)
    for at in range(len(line)):
        left, up, both = (line[at - 4], above[at], above[at - 4]) if at > 3 else (0, above[at], 0)
        guess = left + up - both
        nearest = min((left, up, both), key=lambda one: abs(guess - one))
        line[at] = (line[at] + (0, left, up, (left + up) // 2, nearest)[how]) % 256
    return bytes(line)


def drawn(*values: int, title: str = "Water") -> pictures.Drawn:
    """A chart of some days."""
    days = [(date(2026, 3, 2) + timedelta(days=n), value) for n, value in enumerate(values)]
    return pictures.timeline(title, "People per day", days, "en")


def test_columns_stand_as_tall_as_their_numbers() -> None:
    shown = pixels(drawn(5, 0, 10).png)
    inked = (shown[:, :, :3] == ACCENT).all(axis=2)
    tall = [int(inked[:, x].sum()) for x in (192, 480, 768)]
    assert tall[1] == 0
    assert tall[2] == pytest.approx(pictures.PLOT, abs=3)
    assert tall[0] == pytest.approx(pictures.PLOT / 2, abs=3)
    assert shown[0, 0].tolist() == [255, 255, 255, 255], "on white, whatever the chat's scheme"


def test_words_are_painted_and_what_xml_cannot_hold_is_left_out() -> None:
    plain = pixels(drawn(3, title="Água, ação & <script>\x00\x07\ufffe").png)
    assert int((plain[:, :, :3] == INK).all(axis=2).sum()) > 300
    assert drawn(3, title="Água").png != drawn(3, title="Agua").png
    assert drawn(3, title="Water\x07").png == drawn(3, title="Water").png


def test_a_long_title_has_two_lines_and_an_end() -> None:
    long = drawn(3, title="No water in the whole of the northern quarter " * 9)
    short = drawn(3)
    assert struct.unpack(">I", long.png[20:24])[0] - struct.unpack(">I", short.png[20:24])[0] == 40
    assert len(drawn(3, title="x" * 5000).alt) <= pictures.LONGEST_ALT


def test_shares_are_bars_with_names_and_numbers_and_go_with_a_message() -> None:
    rows = [("More buses", 1200), ("Later trains <b>", 600), ("Cheaper tickets", 0)]
    made = pictures.shares("What should change?", "Votes", rows, "en")
    shown = pixels(made.png)
    inked = (shown[:, :, :3] == ACCENT).all(axis=2)
    widths = sorted({int(n) for n in inked.sum(axis=1) if n > 300})
    assert widths[-1] == pytest.approx(pictures.WIDE - 2 * pictures.EDGE, abs=4)
    assert widths[0] == pytest.approx((pictures.WIDE - 2 * pictures.EDGE) / 2, abs=4)
    assert made.alt == (
        "What should change? – Votes: More buses: 1,200; Later trains <b>: 600; Cheaper tickets: 0"
    )
    sent = picture("resultado", made)
    assert (sent.name, sent.mime, sent.data, sent.alt) == (
        "resultado.png", "image/png", made.png, made.alt,
    )  # fmt: skip


def test_no_bars_at_all_are_a_picture_still() -> None:
    assert pictures.shares("What should change?", "Votes", [], "pt").png.startswith(b"\x89PNG")
    assert (
        pictures.timeline("Water", "People", [], "es").alt
        == "Water – People: nada en este período."
    )


def test_the_colours_are_those_of_the_pages() -> None:
    sheet = (STATIC / "gabinete.css").read_text(encoding="utf-8")
    light = sheet.split("@media", 1)[0]
    for colour in ("#0a5f53", "#17211e", "#505d58", "#eceeea", "#d9dfdb"):
        assert colour in pictures.STYLE
        assert colour in light
    assert all(Path(path).is_file() for path in pictures._fonts())


def test_a_ranking_shows_where_each_stands_and_says_it_in_words() -> None:
    rows = [
        pictures.Ranked("Open at night", 0.75, 0.5, 1.0),
        pictures.Ranked("Paint", 0.25, 0, 0.5),
    ]
    made = pictures.ranking("Health", "Chance", [("Posts", rows), ("", rows[:1])], "en")
    assert made.alt == (
        "Health – Chance: Posts: 1. Open at night (75%); 2. Paint (25%). 1. Open at night (75%)"
    )
    shown = pixels(made.png)
    inked = (shown[:, :, :3] == ACCENT).all(axis=2)
    inner, points = pictures.SLIM - 2 * pictures.EDGE, inked.sum(axis=1)
    thin = [int(inked[y].nonzero()[0].mean()) for y in points.nonzero()[0] if points[y] < 14]
    assert max(thin) == pytest.approx(pictures.EDGE + 0.75 * inner, abs=8), (
        "the likeliest is a mark"
    )
    assert pictures.ranking("Health", "Chance", [], "pt").png.startswith(b"\x89PNG")
