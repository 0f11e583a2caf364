"""Which department a text belongs to, from remits, examples and corrections."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlp.embed import FloatArray
from nlp.search import Lexicon, dense_weight
from nlp.text import words

NEAREST = 3
HEAT = 26.0
TERMS = 4


@dataclass(frozen=True)
class Example:
    """A text that belongs to a department; corrections weigh more than what was there from the
    start.
    """

    department: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Route:
    """The best department and how sure that is, 0 to 1; the nearest examples (their indices) and
    telling words.
    """

    department: str | None
    confidence: float
    examples: tuple[int, ...]
    terms: tuple[str, ...]


class Router:
    """Scores a department by its nearest examples, in meaning and in words, and calibrates by
    softmax.
    """

    def __init__(
        self, examples: Sequence[Example], vectors: FloatArray, languages: frozenset[str]
    ) -> None:
        self._examples, self._vectors, self._languages = list(examples), vectors, languages
        self._keys = sorted({example.department for example in examples})
        self._of = np.array([self._keys.index(e.department) for e in examples], dtype=int)
        self._weights = np.array([e.weight for e in examples], dtype=np.float32)
        self._lexicon = Lexicon()
        self._lexicon.add(list(range(len(examples))), [e.text for e in examples])
        self._mean = vectors.mean(axis=0) if len(vectors) else np.zeros(0, np.float32)
        self._centred = _unit(vectors - self._mean) if len(vectors) else vectors

    def with_example(self, example: Example, vector: FloatArray) -> "Router":
        """A router that knows one more example, vector (size,); it counts at once."""
        vectors = np.vstack([self._vectors, vector[None]]) if len(self._vectors) else vector[None]
        return Router([*self._examples, example], vectors, self._languages)

    def route(self, texts: Sequence[str], langs: Sequence[str], vectors: FloatArray) -> list[Route]:
        """A route for each text, with its language and its vector (n, size)."""
        if not self._examples:
            return [Route(None, 0.0, (), ()) for _ in texts]
        meaning = _unit(vectors - self._mean) @ self._centred.T
        lexical = np.zeros_like(meaning)
        for row, hits in enumerate(self._lexicon.search(texts, len(self._examples))):
            for hit in hits:
                lexical[row, hit.id] = hit.score
        weights = np.array([dense_weight(lang, self._languages) for lang in langs], np.float32)
        scores = weights[:, None] * meaning + (1 - weights[:, None]) * lexical
        return [
            self._decide(text, row) for text, row in zip(texts, scores * self._weights, strict=True)
        ]

    def _decide(self, text: str, scores: FloatArray) -> Route:
        totals = np.zeros(len(self._keys), dtype=np.float32)
        for at in range(len(self._keys)):
            mine = np.sort(scores[self._of == at])[::-1][:NEAREST]
            totals[at] = mine[0] * 0.7 + mine.mean() * 0.3
        heated = np.exp(HEAT * (totals - totals.max()))
        best = int(np.argmax(totals))
        rows = np.flatnonzero(self._of == best)
        nearest = rows[np.argsort(-scores[rows])][:NEAREST]
        return Route(
            self._keys[best],
            float(heated[best] / heated.sum()),
            tuple(int(at) for at in nearest),
            self._terms(text, nearest),
        )

    def _terms(
        self, text: str, nearest: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    ) -> tuple[str, ...]:
        """Longer words that the text shares with the nearest examples."""
        theirs = {word for at in nearest for word in words(self._examples[at].text)}
        mine = dict.fromkeys(word for word in words(text) if len(word) > 3 and word in theirs)
        return tuple(mine)[:TERMS]


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), dtype=np.float32)
