"""One parser for each kind of file: bytes in; title, language and paragraphs with headings out."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

from markdown_it import MarkdownIt
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.knowledge.cutting import Block

MOST_PAGES = 2_000
LONGEST_TEXT = 20_000_000
OPEN, SHUT = "\ue000", "\ue001"
JUNK = (
    "script, style, noscript, template, iframe, svg, nav, header, footer, aside, form, button, "
    "select, [hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo]"
)
BLOCKS = (
    "p, div, section, article, ul, ol, li, dl, dt, dd, table, tr, blockquote, pre, figure, "
    "figcaption, hr, br"
)
_FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*\n", re.DOTALL)
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_CHARSET = re.compile(rb"<meta[^>]+charset=[\"']?([\w-]+)", re.IGNORECASE)
_LANG = re.compile(r"[a-z]{2}")


class Unreadable(ValueError):
    """Why a file cannot be read: the end of a sentence that its name begins."""


@dataclass(frozen=True)
class Parsed:
    """A file's content before it is cut."""

    title: str | None
    lang: str | None
    blocks: list[Block]


def markdown(data: bytes) -> Parsed:
    """Markdown; HTML within it is read as HTML, and front matter gives the title only."""
    text = decoded(data)
    front = _FRONT.match(text)
    named = _TITLE.search(front.group(1)) if front else None
    rendered = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(text[front.end() if front else 0 :])
    )
    parsed = _page(f"<main>{rendered}</main>")
    return Parsed(named.group(1) if named else parsed.title, None, parsed.blocks)


def html(data: bytes) -> Parsed:
    """HTML's main text: no scripts, navigation, headers or footers of the page."""
    declared = _CHARSET.search(data[:4096])
    try:
        return _page(decoded(data))
    except Unreadable:
        if declared is None:
            raise
    try:
        return _page(data.decode(declared.group(1).decode("ascii")))
    except (LookupError, UnicodeDecodeError) as error:
        raise Unreadable("is not in the encoding it declares.") from error


def _page(text: str) -> Parsed:
    if len(text) > LONGEST_TEXT:
        raise Unreadable("holds more text than a document may.")
    tree = LexborHTMLParser(text.replace(OPEN, "").replace(SHUT, ""))
    root = tree.root
    spoken = language(root.attributes.get("lang")) if root is not None else None
    titled = tree.css_first("head > title") if tree.head is not None else None
    first = tree.css_first("h1")
    title = _line(first) if first is not None else _line(titled) if titled is not None else None
    main = next(
        (one for name in ("main", "[role=main]", "article") if (one := tree.css_first(name))),
        tree.body,
    )
    if main is None:
        return Parsed(title, spoken, [])
    for node in main.css(JUNK):
        node.decompose()
    for node in main.css("h1, h2, h3, h4, h5, h6"):
        node.replace_with(f"\n\n{OPEN}{(node.tag or 'h1')[1]}{_line(node)}{SHUT}\n\n")
    for node in main.css(BLOCKS):
        node.insert_before("\n\n")
        node.insert_after("\n\n")
    for node in main.css("td, th"):
        node.insert_after(" · ")
    return Parsed(title or None, spoken, list(_under_headings(main.text(deep=True))))


def _line(node: LexborNode) -> str:
    return " ".join(node.text(deep=True).split())


def _under_headings(text: str) -> Iterator[Block]:
    """Paragraphs with the path of headings above them."""
    path: dict[int, str] = {}
    for part in re.split(r"\n\s*\n", text):
        said = " ".join(part.split()).removesuffix(" ·")
        if said.startswith(OPEN):
            level = int(said[1])
            path = {at: name for at, name in path.items() if at < level}
            path[level] = said[2:].removesuffix(SHUT)
        elif said:
            yield " › ".join(name for name in path.values() if name), said


def pdf(data: bytes) -> Parsed:
    """A PDF's text, page by page; the page's number is the heading."""
    if b"%PDF-" not in data[:1024]:
        raise Unreadable("is not a PDF file.")
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("is protected by a password.")
        if len(reader.pages) > MOST_PAGES:
            raise Unreadable(f"has more than {MOST_PAGES} pages. Divide it.")
        title = (reader.metadata.title if reader.metadata else None) or None
        return Parsed(title, None, list(_pages(reader)))
    except PyPdfError as error:
        raise Unreadable("is a broken or hostile PDF file.") from error


def _pages(reader: PdfReader) -> Iterator[Block]:
    taken = 0
    for number, page in enumerate(reader.pages, 1):
        text = re.sub(r"(?<=\w)-\n(?=[a-zà-ÿ])", "", page.extract_text())
        taken += len(text)
        if taken > LONGEST_TEXT:
            raise Unreadable("holds more text than a document may.")
        for paragraph in re.split(r"\n\s*\n", text):
            yield f"p. {number}", " ".join(paragraph.split())


def text(data: bytes) -> Parsed:
    """Plain text: paragraphs between empty lines."""
    return Parsed(None, None, plain(decoded(data)))


def plain(text: str) -> list[Block]:
    """Paragraphs of a text, without headings."""
    return [("", part) for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]


def decoded(data: bytes) -> str:
    """The text of a file. Raises `Unreadable` for what is not text in UTF-8."""
    if b"\x00" in data:
        raise Unreadable("is not text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("is not text in UTF-8.") from error


def language(said: str | None) -> str | None:
    """pt of pt-BR; None for what is no language code."""
    found = _LANG.match((said or "").strip().lower())
    return found.group() if found and len((said or "").split("-")[0].strip()) == 2 else None


PARSERS: dict[str, Callable[[bytes], Parsed]] = {
    ".md": markdown,
    ".markdown": markdown,
    ".html": html,
    ".htm": html,
    ".pdf": pdf,
    ".txt": text,
}
