"""What could be answered, with sources: sentences taken from them word for word, each cited."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nlp.embed import Embedder, FloatArray
from nlp.pivot import encode
from nlp.text import sentences, tidy, words

FLOOR = 0.43
SENTENCES = 5
REPEATS = 0.85
MIN_WORDS = 4


class Uncited(ValueError):
    """A composed sentence that no given source supports."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"no given source supports: {sentence}")
        self.sentence = sentence


@dataclass(frozen=True)
class Source:
    """A passage or published answer a draft may rest on."""

    id: int
    kind: Literal["passage", "answer"]
    text: str
    title: str
    score: float


@dataclass(frozen=True)
class Cited:
    """A sentence and the index of the source that contains it."""

    text: str
    source: int


@dataclass(frozen=True)
class Draft:
    """Sentences in reading order; `supported` is false when nothing bears on the question."""

    sentences: tuple[Cited, ...]
    supported: bool


@dataclass(frozen=True)
class _Pool:
    cited: list[Cited]
    scores: FloatArray
    vectors: FloatArray


def compose(
    asked: Sequence[str],
    sources: Sequence[Source],
    embedder: Embedder,
    *,
    langs: Sequence[str] | None = None,
    most: int = 3,
    floor: float = FLOOR,
) -> list[Draft]:
    """One to `most` drafts for what was `asked`, each time it was, in `langs` where those are
    known; none when no sentence of the sources bears on it. A sentence counts by what it bears on
    most, half alone and half behind the title of its source.

    The first draws on all sources, the others on the best single ones. Sentences are chosen by
    relevance against repetition (MMR, Carbonell and Goldstein 1998), in the order of their source.
    """
    pool = _pool(asked, langs, sources, embedder)
    if not len(pool.scores) or float(pool.scores.max()) < floor:
        return []
    drafts = [_pick(pool, range(len(pool.cited)), floor)]
    best = dict.fromkeys(pool.cited[at].source for at in np.argsort(-pool.scores))
    for source in best:
        if len(drafts) == most:
            break
        mine = [at for at, one in enumerate(pool.cited) if one.source == source]
        draft = _pick(pool, mine, floor)
        if draft.sentences and draft not in drafts:
            drafts.append(draft)
    return drafts


def _pool(
    asked: Sequence[str],
    langs: Sequence[str] | None,
    sources: Sequence[Source],
    embedder: Embedder,
) -> _Pool:
    cited = [
        Cited(sentence, at)
        for at, source in enumerate(sources)
        for sentence in dict.fromkeys(sentences(source.text))
        if len(words(sentence)) >= MIN_WORDS
    ]
    if not cited or not asked:
        return _Pool([], np.zeros(0, np.float32), np.zeros((0, embedder.size), np.float32))
    texts = [one.text for one in cited]
    headed = [_headed(one.text, sources[one.source].title) for one in cited]
    questions = encode(embedder, asked, langs)
    told, both = np.split(embedder.encode([*texts, *headed]), 2)
    bearing = 0.6 * ((told + both) / 2 @ questions.T) + 0.3 * _shared(asked, texts)
    given = np.array([sources[one.source].score for one in cited])
    scores = bearing.max(axis=1) + 0.2 * given
    return _Pool(cited, scores.astype(np.float32), told)


def _headed(text: str, title: str) -> str:
    """A sentence behind the title of its source, which says what it is about."""
    return f"{title}: {text}" if title else text


def _shared(asked: Sequence[str], told: Sequence[str]) -> FloatArray:
    """How large a part of the words of each question each sentence has (sentences, questions)."""
    questions, found = [set(words(text)) for text in asked], [set(words(text)) for text in told]
    parts = [[len(one & said) / max(len(one), 1) for one in questions] for said in found]
    return np.array(parts, dtype=np.float32)


def _pick(pool: _Pool, rows: Sequence[int], floor: float) -> Draft:
    chosen: list[int] = []
    for at in sorted(rows, key=lambda row: -float(pool.scores[row])):
        if len(chosen) == SENTENCES or float(pool.scores[at]) < floor:
            break
        if all(float(pool.vectors[at] @ pool.vectors[other]) < REPEATS for other in chosen):
            chosen.append(at)
    return Draft(tuple(pool.cited[at] for at in sorted(chosen)), supported=bool(chosen))


_MARKED = re.compile(r"(.+?)\s*((?:\[\d+\]\s*)+)[.!?]?(?=\s|$)", re.DOTALL)


def verify(text: str, sources: Sequence[Source]) -> list[Cited]:
    """Sentences of a text composed with [n] markers, n counted from 1.

    Raises `Uncited` for a sentence without a marker, or with one that names no given source.
    """
    whole = tidy(text)
    found, at = [], 0
    for match in _MARKED.finditer(whole):
        said = match.group(1).strip()
        numbers = [int(number) for number in re.findall(r"\d+", match.group(2))]
        if (
            whole[at : match.start()].strip()
            or len(sentences(said)) > 1
            or not all(1 <= number <= len(sources) for number in numbers)
        ):
            raise Uncited(said)
        found.append(Cited(said, numbers[0] - 1))
        at = match.end()
    if whole[at:].strip() or not found:
        raise Uncited(whole[at:].strip() or whole)
    return found
