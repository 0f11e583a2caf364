"""Cut text into passages that can be cited, at the borders of paragraphs and sentences."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from nlp.text import sentences, tidy

LEAST = 60
MOST = 180

Block = tuple[str, str]


def cut(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Passages (heading, text) of about 60 to 180 words from paragraphs (heading, text), in order.

    No passage spans two headings, so a short section makes a short passage.
    """
    passages: list[Block] = []
    for heading, group in groupby(blocks, key=lambda block: block[0]):
        pieces = [piece for _, paragraph in group for piece in _fitting(tidy(paragraph))]
        passages += [(heading, text) for text in _gathered(pieces)]
    return tuple(passages)


def _fitting(paragraph: str) -> Iterator[str]:
    """A paragraph whole, or in runs of sentences where it is too long."""
    if _size(paragraph) <= MOST:
        if paragraph:
            yield paragraph
        return
    held: list[str] = []
    for sentence in _short(sentences(paragraph)):
        if held and _size(" ".join(held)) + _size(sentence) > MOST:
            yield " ".join(held)
            held = []
        held.append(sentence)
    if held:
        yield " ".join(held)


def _short(said: Sequence[str]) -> Iterator[str]:
    """Tables and lists without a full stop can make a sentence of any length."""
    for sentence in said:
        words = sentence.split()
        if len(words) <= MOST:
            yield sentence
        else:
            yield from (" ".join(words[at : at + MOST]) for at in range(0, len(words), MOST))


def _gathered(pieces: Sequence[str]) -> list[str]:
    """Pieces joined until there is enough to cite; a short rest goes with what is before it."""
    found: list[str] = []
    for piece in pieces:
        room = found and _size(found[-1]) + _size(piece) <= MOST
        if room and min(_size(found[-1]), _size(piece)) < LEAST:
            found[-1] = f"{found[-1]}\n{piece}"
        else:
            found.append(piece)
    return found


def _size(text: str) -> int:
    return len(text.split())
