"""Names for groups of texts that a minister would understand."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nlp.copies import COPY, near_copy
from nlp.text import MASKED, fold, sentences

if TYPE_CHECKING:
    from nlp.embed import FloatArray

FOLDER = Path(__file__).parent / "words"
LONGEST = 3
KEPT = 200_000
NAME = 80
SHOWN = 5
_BREAKS = '.,;:!?…()"“”—–\n'
_APART = f"[{_BREAKS}"
_TOKEN = re.compile(rf"\[[\w-]+\]|[^\W_]+(?:['’][^\W_]+)?|[{_BREAKS}]")
_OPENING = re.compile(
    r"^(?:(?:oi+|olá|ola|hola|hi|hello|hey|bom dia|boa tarde|boa noite|buenos días|"
    r"buenas(?: tardes| noches)?|good (?:morning|afternoon|evening))\b[\s,.!:;-]*)+",
    re.IGNORECASE,
)
_MASK = re.compile(rf"\s*{MASKED.pattern}\s*")
_LEADS = re.compile(rf"(?<=[.!?…;])[^.!?…;]*{_MASK.pattern}\W*$")


@dataclass(frozen=True)
class Label:
    """A name of at most 80 characters, key phrases, and the indices of the most telling texts."""

    name: str
    phrases: tuple[str, ...]
    representatives: tuple[int, ...]


class Phrases:
    """How many texts hold each phrase of one to three words: the background key phrases stand out
    from.
    """

    def __init__(self) -> None:
        self.texts = 0
        self._counts: Counter[str] = Counter()

    @classmethod
    def count(cls, texts: Iterable[str], langs: Iterable[str]) -> "Phrases":
        """The phrases of a corpus."""
        made = cls()
        made.add(texts, langs)
        return made

    def add(self, texts: Iterable[str], langs: Iterable[str]) -> None:
        """Count more texts; the rarest phrases are forgotten beyond 200,000."""
        for text, lang in zip(texts, langs, strict=True):
            self.texts += 1
            self._counts.update(set(phrases_of(text, lang)))
        if len(self._counts) > 2 * KEPT:
            self._counts = Counter(dict(self._counts.most_common(KEPT)))

    def rarity(self, phrase: str) -> float:
        """Inverse frequency of a folded phrase, at least a little for phrases never seen."""
        return math.log(1 + (self.texts + 1) / (1 + self._counts.get(phrase, 0)))


def phrases_of(text: str, lang: str) -> dict[str, str]:
    """Folded phrases of one to three words and how they are written; none begins or ends with a
    stop word or reaches over a mark that parts.
    """
    tokens = _TOKEN.findall(text)
    folded = [fold(token) for token in tokens]
    stops = _stops(lang)
    good = [
        token[0] not in _APART and word not in stops and len(word) > 2 and not word.isdigit()
        for token, word in zip(tokens, folded, strict=True)
    ]
    found: dict[str, str] = {}
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + LONGEST, len(tokens)) + 1):
            if tokens[end - 1][0] in _APART:
                break
            if good[start] and good[end - 1]:
                found.setdefault(" ".join(folded[start:end]), " ".join(tokens[start:end]).lower())
    return found


def label(
    texts: Sequence[str],
    langs: Sequence[str],
    vectors: "FloatArray | None",
    background: Phrases,
    *,
    top: int = 6,
) -> Label:
    """Name, key phrases and representatives of texts; `vectors` (n, size) tell which are central.

    Phrases by class-based TF-IDF (Grootendorst 2022).
    """
    phrases, weights = _key_phrases(texts, langs, background, top)
    central = _centrality(texts, langs, vectors, weights)
    order = sorted(range(len(texts)), key=lambda at: (-central[at], at))
    shown = _different(order, texts)
    return Label(_name(texts, shown, phrases), phrases, tuple(shown))


def _key_phrases(
    texts: Sequence[str], langs: Sequence[str], background: Phrases, top: int
) -> tuple[tuple[str, ...], dict[str, float]]:
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for text, lang in zip(texts, langs, strict=True):
        for phrase, surface in phrases_of(text, lang).items():
            counts[phrase] += 1
            if phrase not in written or surface != phrase:
                written[phrase] = surface
    least = 2 if len(texts) > 3 else 1
    weights = {
        phrase: count * background.rarity(phrase) * (1 + 0.3 * phrase.count(" "))
        for phrase, count in counts.items()
        if count >= least
    }
    kept: list[str] = []
    for phrase in sorted(weights, key=lambda p: (-weights[p], p)):
        if len(kept) == top:
            break
        if not any(_overlap(phrase, other) for other in kept):
            kept.append(phrase)
    return tuple(written[phrase] for phrase in kept), weights


def _overlap(one: str, two: str) -> bool:
    a, b = set(one.split()), set(two.split())
    return a <= b or b <= a or len(a & b) >= 2


def _centrality(
    texts: Sequence[str],
    langs: Sequence[str],
    vectors: "FloatArray | None",
    weights: dict[str, float],
) -> list[float]:
    if vectors is not None and len(vectors) == len(texts) and len(texts) > 1:
        mean = vectors.mean(axis=0)
        return [float(score) for score in vectors @ mean / max(float(np.linalg.norm(mean)), 1e-9)]
    return [
        sum(weights.get(phrase, 0.0) for phrase in phrases_of(text, lang))
        / math.sqrt(1 + len(text))
        for text, lang in zip(texts, langs, strict=True)
    ]


def _different(order: Sequence[int], texts: Sequence[str]) -> list[int]:
    """The most central texts that are not copies of one another."""
    shown: list[int] = []
    for at in order:
        if len(shown) == SHOWN:
            break
        if texts[at] and not any(near_copy(texts[at], texts[other]) > COPY for other in shown):
            shown.append(at)
    return shown


def _name(texts: Sequence[str], shown: Sequence[int], phrases: Sequence[str]) -> str:
    """The clause of a central text that says what most of them say, has the most words of key
    phrases, and is not too long.
    """
    keys = [fold(phrase) for phrase in phrases]
    clauses = [
        clause for at in shown[:3] for clause in (title(s) for s in sentences(texts[at])[:4])
    ]
    clauses = [clause for clause in clauses if len(clause) > 3]
    if not clauses:
        return ", ".join(phrases[:3]) or "—"
    common = [key for key in keys if sum(key in fold(text) for text in texts) > 1][:1]

    def worth(clause: str) -> tuple[int, int, int]:
        said = fold(clause)
        return (
            sum(key in said for key in common),
            sum(key.count(" ") + 1 for key in keys if key in said),
            -abs(len(clause) - 45),
        )

    return max(clauses, key=worth)


def title(text: str) -> str:
    """A sentence as a name: no greeting, no masks, no shouting, at most 80 characters at a word
    border.
    """
    line = _LEADS.sub("", _OPENING.sub("", text.strip().split("\n")[0]))
    line = _MASK.sub(" ", line).strip(" ,.;:!-–—")
    if line.isupper():
        line = line.capitalize()
    if len(line) > NAME:
        cut = line.rfind(" ", 20, NAME - 1)
        line = line[: cut if cut > 0 else NAME - 1].rstrip(" ,.;:") + "…"
    return line[:1].upper() + line[1:]


@cache
def _stops(lang: str) -> frozenset[str]:
    langs = (lang,) if lang in ("pt", "es", "en") else ("pt", "es", "en")
    files = [(FOLDER / f"stop_{one}.txt").read_text(encoding="utf-8") for one in langs]
    return frozenset(fold(word) for text in files for word in text.split())
