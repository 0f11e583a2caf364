"""Files as citizens' governments have them, and files as attackers send them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, sampled_from, tuples

from service.knowledge import reading
from service.knowledge.cutting import MOST, cut
from service.knowledge.documents import ReadDocument
from service.knowledge.reading import UnreadableDocument, read_bounded
from tests.service.knowledge import papers

MARKDOWN = b"""---
title: "Water guide"
---
# Water

Call the crew.

## Your meter

Read the *black* digits.

- first
- second

<script>alert(1)</script>

# Drains

| where | when |
|---|---|
| Centre | Monday |
"""

HTML = """<html lang="pt-BR"><head><title>P\u00e1gina</title><style>p{}</style></head><body>
<nav>Menu</nav><header>Topo</header><main><h1>\u00c1gua</h1><p>A <b>\u00e1gua</b> volta.</p>
<script>roubar()</script><h2>Conta</h2>solto<ul><li>um</li><li>dois</li></ul></main>
<footer>Rodap\u00e9</footer></body></html>"""


async def one(data: bytes, name: str) -> ReadDocument:
    """The only document of a file."""
    (document,) = (await read_bounded(data, name)).documents
    return document


async def test_markdown_keeps_the_path_of_headings() -> None:
    document = await one(MARKDOWN, "guide.md")
    assert document.title == "Water guide"
    assert document.passages == (
        ("Water", "Call the crew."),
        ("Water › Your meter", "Read the black digits.\nfirst\nsecond"),
        ("Drains", "where · when\nCentre · Monday"),
    )


async def test_html_is_read_without_scripts_and_navigation() -> None:
    document = await one(HTML.encode(), "page.html")
    assert (document.title, document.lang) == ("Água", "pt")
    assert document.passages == (
        ("Água", "A água volta."),
        ("Água › Conta", "solto\num\ndois"),
    )


async def test_html_in_an_older_encoding_is_read_as_it_declares() -> None:
    told = HTML.replace("<head>", '<head><meta charset="iso-8859-1">').encode("latin-1")
    assert (await one(told, "page.htm")).title == "Água"


async def test_pdf_passages_name_their_page() -> None:
    pages = [papers.shown("Water is re-", "paired on Monday."), papers.shown("Call 0800.")]
    document = await one(papers.pdf(*pages, title="Plan"), "plan.pdf")
    assert document.title == "Plan"
    assert document.passages == (
        ("p. 1", "Water is repaired on Monday."),
        ("p. 2", "Call 0800."),
    )


async def test_plain_text_takes_its_title_from_its_name() -> None:
    document = await one("\ufeffFirst part.\r\n\r\nSecond.".encode(), "old/rules.txt")
    assert (document.title, document.source) == ("rules", "old/rules.txt")
    assert document.passages == (("", "First part.\nSecond."),)


async def test_jsonl_rows_are_documents_and_bad_ones_are_named() -> None:
    lines = [
        '{"id": 7, "text": "Water is back.", "title": "Water", "url": "https://a.example/7",'
        ' "lang": "en-GB", "department": "water", "extra": 1}',
        "not json",
        '{"id": "8"}',
        '{"id": "9", "text": "x", "url": "javascript:alert(1)"}',
        '{"id": "7", "text": "again"}',
        "[1]",
        "[" * 100_000,
    ]
    found = await read_bounded("\n".join(lines).encode() + b"\n\xff\n", "rows.jsonl")
    (document,) = found.documents
    assert document == ReadDocument(
        "7", "Water", "en", "https://a.example/7", "water", (("", "Water is back."),), 1
    )
    assert sorted(row.line for row in found.rejected) == [2, 3, 4, 5, 6, 7, 8]
    assert "UTF-8" in next(row.reason for row in found.rejected if row.line == 8)


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"\x89PNG\x00\x01", "a.md", "is not text"),
        (b"\xff\xfeabc", "a.txt", "UTF-8"),
        (b"\xff\xfeabc", "a.html", "UTF-8"),
        (b"PK\x03\x04", "a.pdf", "not a PDF"),
        (b"%PDF-1.7\nnothing of the kind", "a.pdf", "broken"),
        (b"", "a.pdf", "not a PDF"),
        (b"", "a.md", "no text"),
        (b"<nav>only a menu</nav>", "a.html", "no text"),
        (b"", "a.jsonl", "no rows"),
        (b"MZ", "a.exe", "kind"),
        (b"text", "a", "kind"),
    ],
)
async def test_what_cannot_be_read_says_why(data: bytes, name: str, why: str) -> None:
    with pytest.raises(UnreadableDocument, match=why):
        await read_bounded(data, name)


async def test_a_scanned_pdf_says_that_it_holds_no_text() -> None:
    with pytest.raises(UnreadableDocument, match="scanned"):
        await read_bounded(papers.pdf(b"q Q"), "scan.pdf")


async def test_a_pdf_that_unpacks_to_more_than_memory_may_hold_is_refused() -> None:
    data = papers.bomb(200)
    assert len(data) < 300_000
    with pytest.raises(UnreadableDocument, match=r"hostile|memory|time"):
        await read_bounded(data, "bomb.pdf")


async def test_huge_html_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="more text"):
        await read_bounded(b"<p>word word word</p>" * 1_000_000, "huge.html")


async def test_html_nested_without_end_is_given_up() -> None:
    with pytest.raises(UnreadableDocument, match="too long"):
        await read_bounded(b"<div>" * 200_000 + b"in", "deep.html", patience=1.5)


async def test_a_file_larger_than_any_document_is_refused_unread() -> None:
    with pytest.raises(UnreadableDocument, match="too large"):
        await read_bounded(bytes(reading.LARGEST + 1), "a.md")


async def test_reading_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(UnreadableDocument, match="too long"):
        await read_bounded(MARKDOWN, "guide.md", patience=0.01)


def environment(pid: int) -> bytes:
    """What a process was started with."""
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_the_child_gets_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GABINETE_KEY", "no-child-may-know")
    child = await reading._start("a.md")
    held = environment(child.pid)
    await reading._end(child)
    assert b"no-child-may-know" not in held
    assert b"PYTHONPATH" in held


HEADINGS = sampled_from(["", "Water", "Water › Meter"])
SENTENCES = integers(1, 40).map(lambda n: " ".join(["word"] * n).capitalize() + ".")
PARAGRAPHS = lists(SENTENCES, min_size=1, max_size=30).map(" ".join)


@given(lists(tuples(HEADINGS, PARAGRAPHS), max_size=12))
def test_passages_keep_every_word_in_order_and_are_never_too_long(
    blocks: list[tuple[str, str]],
) -> None:
    passages = cut(blocks)
    assert all(0 < len(text.split()) <= MOST for _, text in passages)
    for name in {heading for heading, _ in blocks}:
        before = " ".join(text for heading, text in blocks if heading == name).split()
        after = " ".join(text for heading, text in passages if heading == name).split()
        assert before == after


@given(integers(0, 2_000))
def test_a_sentence_of_any_length_is_cut(words: int) -> None:
    passages = cut([("", " ".join(["word"] * words))])
    assert sum(len(text.split()) for _, text in passages) == words
    assert all(len(text.split()) <= MOST for _, text in passages)
