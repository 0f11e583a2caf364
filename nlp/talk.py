"""What a message wants, told by rules from its words, without the encoder."""

import re
from functools import cache
from pathlib import Path
from typing import Literal

from nlp.text import words

Kind = Literal[
    "question", "complaint", "proposal", "praise",
    "greeting", "thanks", "goodbye", "acknowledgement", "abuse", "noise",
]  # fmt: skip
WANTS = frozenset({"question", "complaint", "proposal", "praise"})
FOLDER = Path(__file__).parent / "words"
LANGUAGES = ("pt", "es", "en")
SHORT = 8

_LAUGH = re.compile(r"^(?:k{2,}|(?:ha|he|ja|je|rs|hua){2,}h?|lol|rsrs\w*)$")
_STRETCHED = re.compile(r"(.)\1{2,}")
_KEYS = ("qwertyuiop", "asdfghjklç", "asdfghjklñ", "zxcvbnm")


def kind(text: str, lang: str) -> Kind:
    """What a message wants. In doubt it wants something: nothing is lost."""
    said = words(text)
    if not said or all(_LAUGH.match(word) or _is_mash(word) for word in said):
        return _wordless(text)
    said = [_STRETCHED.sub(r"\1", word) for word in said]
    left = [word for word in said if word not in _list("fillers", lang)]
    courtesy = _courtesy(said, lang)
    if courtesy:
        return courtesy
    if len(said) == 1 and len(said[0]) <= 2:
        return "noise"
    if left and all(word in _list("noise", lang) for word in left):
        return "noise"
    if left and all(word in _list("insults", lang) for word in left):
        return "abuse"
    return _matter(text, said, lang)


def _is_mash(word: str) -> bool:
    """Whether a hand ran along the keys."""
    return len(word) >= 4 and any(word in row or word[::-1] in row for row in _KEYS)


def _wordless(text: str) -> Kind:
    return "acknowledgement" if any(mark in text for mark in "👍👌✅🙏❤") else "noise"


def _courtesy(said: list[str], lang: str) -> Kind | None:
    """Greeting, thanks, goodbye or a nod, when nothing else is said."""
    rest = " ".join(said)
    found: list[Kind] = []
    names: tuple[Kind, ...] = ("greeting", "thanks", "goodbye", "acknowledgement")
    for name in names:
        rest, times = _any_of(name, lang).subn(" ", rest)
        if times:
            found.append(name)
    left = [w for w in rest.split() if w not in _list("fillers", lang) and not _LAUGH.match(w)]
    if left or not found:
        return None
    return next(
        name for name in ("thanks", "goodbye", "greeting", "acknowledgement") if name in found
    )


def _matter(text: str, said: list[str], lang: str) -> Kind:
    rest = f" {' '.join(said)} "
    if any(f" {mark} " in rest for mark in _list("proposal", lang)):
        return "proposal"
    asks = "?" in text or any(rest.startswith(f" {mark} ") for mark in _list("question", lang))
    trouble = any(f" {mark} " in rest for mark in _list("complaint", lang))
    if not trouble and not asks and any(f" {mark} " in rest for mark in _list("praise", lang)):
        return "praise"
    if trouble and not asks:
        return "complaint"
    return "question" if asks else "complaint" if trouble else "question"


def is_fragment(text: str, lang: str) -> bool:
    """Whether a text looks like an addition to what was said just before it, not a matter of its
    own.
    """
    said = words(text)
    if not said or len(said) > SHORT or "?" in text:
        return False
    rest = f" {' '.join(said)} "
    starts = any(rest.startswith(f" {mark} ") for mark in _list("adds", lang))
    whole = any(
        f" {mark} " in rest
        for name in ("complaint", "proposal", "praise")
        for mark in _list(name, lang)
    )
    if starts:
        return not whole or len(said) <= 5
    return len(said) <= 3 and not whole and kind(text, lang) in WANTS and not _courtesy(said, lang)


def urgent(text: str, lang: str) -> bool:
    """Whether somebody may be in danger right now."""
    rest = f" {' '.join(words(text))} "
    return any(f" {mark} " in rest for mark in _list("urgent", lang))


def needs_more(text: str, lang: str) -> bool:
    """Whether a text announces a matter without stating it."""
    left = set(_any_of("greeting", lang).sub(" ", " ".join(words(text))).split())
    said = left & set(_list("announces", lang))
    return bool(said) and left <= set(_list("announcing", lang)) | said


@cache
def _any_of(name: str, lang: str) -> re.Pattern[str]:
    """Finds any phrase under `name`, the longest that stands at a place."""
    phrases = sorted(_list(name, lang), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b")


@cache
def _list(name: str, lang: str) -> tuple[str, ...]:
    """The folded phrases under `name` in a language's file; other languages use all three."""
    langs = (lang,) if lang in LANGUAGES else LANGUAGES
    return tuple(dict.fromkeys(p for one in langs for p in _tables(one).get(name, ())))


@cache
def _tables(lang: str) -> dict[str, tuple[str, ...]]:
    """Lines of `name: phrase, phrase, …`."""
    lines = (FOLDER / f"talk_{lang}.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {
        name.strip(): tuple(" ".join(words(phrase)) for phrase in phrases.split(","))
        for name, phrases in pairs
    }
