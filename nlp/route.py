"""Which department a text belongs to, from remits, examples and corrections."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nlp.embed import FloatArray
from nlp.learn import LEXICAL, Ints, Traits, blend, shares_of, softmax_regression, unit
from nlp.postings import asking
from nlp.search import Lexicon, dense_weight
from nlp.text import words, written

NEAREST, BROAD = 3, 16
TERMS = 4
VOTERS = 20
KEEN = 10.0
SAME, KNOWN = 0.75, "known"
FAINT = 1e-3
USUAL = (1.0, 3.0, 6.0, 4.0)
FIRST = (0.0, 0.0, 0.0, 26.0)
BEST = 0.7
OVERRULE = 12.0
HELD_OUT = 5
ENOUGH = 200
MANY = 1500
SMALL = ENOUGH
STALE = 0.05


@dataclass(frozen=True)
class Example:
    """A text that belongs to a department; corrections weigh more than what was there from the
    start. A `remit` says what the department is for, rather than what people write to it.
    """

    department: str
    text: str
    weight: float = 1.0
    remit: bool = False


@dataclass(frozen=True)
class Route:
    """The best department and how sure that is, 0 to 1; the nearest examples (their indices) and
    telling words.
    """

    department: str | None
    confidence: float
    examples: tuple[int, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Learnt:
    """What a fit found: coefficients (None: from remits alone), and how much each voice counts: the
    coefficients, the votes of near examples, remits, and the nearest of all.
    """

    keys: tuple[str, ...]
    coefficients: FloatArray | None
    weights: FloatArray


class Router:
    """Scores departments by a softmax regression over examples, by votes of the nearest examples,
    and by the nearest sentence of each remit; shares are calibrated on examples held out.

    A new example votes at once, and is learnt at the next `refit`.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        vectors: FloatArray,
        languages: frozenset[str],
        learnt: Learnt | None = None,
        *,
        patient: bool = True,
    ) -> None:
        """`learnt` spares calibrating again. One that is not `patient` takes no time to learn from
        thousands: their votes count until the first `refit`.
        """
        self._examples, self._vectors, self._languages = list(examples), vectors, languages
        self._fresh, self._waits = 0, False
        self._lexicon: Lexicon | None = None
        if self._examples:
            self._number()
            self._traits = Traits.of([e.text for e in examples], few=len(examples) <= MANY)
            self._means = self._middle(~self._remit), self._middle(self._remit)
            self._rows = self._traits.rows([e.text for e in examples], vectors, self._origin())
            if len(self._examples) <= MANY:
                self._lexicon = Lexicon()
                self._lexicon.add(range(len(examples)), [e.text for e in examples])
            if learnt is None and len(self._examples) > MANY and not patient:
                weights = np.array((0, KEEN, 0, KEEN), dtype=np.float32)
                self._learnt, self._waits = Learnt((), None, weights), True
                return
            learnt = learnt or self._calibrated()
            heard = learnt.weights[0] > 0
            whole = self._coefficients(np.arange(len(self._of))) if heard else None
            self._learnt = replace(learnt, keys=tuple(self._keys), coefficients=whole)

    @property
    def stale(self) -> bool:
        """Whether so many examples came since the last fit that another is worth its time."""
        return self._waits or self._fresh > STALE * len(self._examples)

    def refit(self) -> "Router":
        """A router that has learnt all its examples; takes seconds with thousands of them."""
        return Router(self._examples, self._vectors, self._languages)

    def with_example(self, example: Example, vector: FloatArray) -> "Router":
        """A router that knows one more example, vector (size,); it counts at once."""
        return self.with_examples([example], vector[None])

    def with_examples(self, examples: Sequence[Example], vectors: FloatArray) -> "Router":
        """A router that knows more examples, vectors (n, size); they count at once."""
        whole = [*self._examples, *examples]
        if len(whole) <= SMALL:
            held = np.vstack([self._vectors, vectors]) if self._examples else vectors
            return Router(whole, held, self._languages, self._learnt if self._examples else None)
        made = Router([], vectors[:0], self._languages)
        made._examples, made._fresh = whole, self._fresh + len(examples)
        made._vectors = np.vstack([self._vectors, vectors])
        made._traits, made._learnt, made._means = self._traits, self._learnt, self._means
        made._waits = self._waits
        if len(whole) <= MANY:
            made._lexicon = Lexicon()
            made._lexicon.add(range(len(whole)), [e.text for e in whole])
        fresh = self._traits.rows([e.text for e in examples], vectors, self._means[0])
        made._rows = np.vstack([self._rows, fresh])
        made._number()
        return made

    def _number(self) -> None:
        self._keys = sorted({example.department for example in self._examples})
        number = {key: at for at, key in enumerate(self._keys)}
        self._of: Ints = np.array([number[e.department] for e in self._examples], dtype=np.int64)
        self._weights = np.array([e.weight for e in self._examples], dtype=np.float32)
        self._remit = np.array([e.remit for e in self._examples], dtype=bool)

    def _middle(self, these: NDArray[np.bool_]) -> FloatArray:
        """The mean of what people wrote, or of remits, which stand elsewhere; of all together while
        there is little.
        """
        if (~self._remit).sum() < ENOUGH or not these.any():
            these = np.ones_like(these)
        return np.asarray(self._vectors[these].mean(axis=0), dtype=np.float32)

    def _origin(self) -> FloatArray:
        return np.where(self._remit[:, None], self._means[1], self._means[0])

    def _calibrated(self) -> Learnt:
        """How much each voice counts, by examples held out in turn."""
        asked = np.flatnonzero(~self._remit)
        start = Learnt(tuple(self._keys), None, np.array(USUAL, dtype=np.float32))
        if len(asked) < ENOUGH:
            return replace(start, weights=np.array(FIRST, dtype=np.float32))
        order = np.random.default_rng(7).permutation(asked)
        folds = [order[at::HELD_OUT] for at in range(HELD_OUT if len(asked) < MANY else 1)]
        voices = np.concatenate([self._held_out(held, start) for held in folds], axis=1)
        weights = blend(voices, self._of[np.concatenate(folds)], start.weights)
        return replace(start, weights=weights)

    def _held_out(self, held: Ints, start: Learnt) -> FloatArray:
        """What each voice says of some examples without them."""
        rest = np.setdiff1d(np.arange(len(self._of)), held)
        trial = replace(start, coefficients=self._coefficients(rest))
        texts = [self._examples[at].text for at in held]
        alike = self._alike(texts, [KNOWN] * len(texts), self._rows[held])
        alike[:, held] = -1.0
        return self._voices(self._rows[held], alike, trial)

    def _alike(self, texts: Sequence[str], langs: Sequence[str], rows: FloatArray) -> FloatArray:
        """How alike texts and examples are, (n, examples): by meaning, and by characters where
        there are not so many examples that this takes long.
        """
        size = self._vectors.shape[1]
        if self._lexicon is None:
            return np.asarray(rows @ self._rows.T / (1 + LEXICAL**2), dtype=np.float32)
        known = self._languages | {KNOWN}
        weights = np.array([dense_weight(lang, known) for lang in langs], dtype=np.float32)
        meaning = unit(rows[:, :size]) @ self._rows[:, :size].T
        lexical = np.zeros_like(meaning)
        for row, hits in enumerate(self._lexicon.search(texts, len(self._examples))):
            lexical[row, [hit.id for hit in hits]] = [hit.score for hit in hits]
        return np.asarray(
            weights[:, None] * meaning + (1 - weights[:, None]) * lexical, dtype=np.float32
        )

    def _coefficients(self, rows: Ints) -> FloatArray | None:
        """Rare departments count for more than their examples, not as much as common ones. Remits
        alone teach no coefficients.
        """
        if self._remit.all():
            return None
        sizes = np.bincount(self._of[rows], minlength=len(self._keys))
        weights = self._weights[rows] / np.sqrt(np.maximum(sizes[self._of[rows]], 1))
        weights = (weights * len(rows) / weights.sum()).astype(np.float32)
        return softmax_regression(self._rows[rows], self._of[rows], len(self._keys), weights)

    def _voices(self, rows: FloatArray, alike: FloatArray, learnt: Learnt) -> FloatArray:
        """What each voice says for each department, (4, n, departments)."""
        said = np.zeros((len(USUAL), len(rows), len(self._keys)), dtype=np.float32)
        if learnt.coefficients is not None:
            known = [self._keys.index(key) for key in learnt.keys]
            said[0] = np.log(FAINT)
            said[0][:, known] = np.log(shares_of(rows @ learnt.coefficients) + FAINT)
        said[1] = self._votes(alike)
        said[2] = self._nearest(alike, self._remit)
        said[3] = self._best_few(alike * self._weights)
        return said

    def _best_few(self, alike: FloatArray) -> FloatArray:
        """The nearest of each department, and a little the next two (n, departments). With many
        examples as much the nearest sixteen, where who has fewer has less: a department that is
        asked often is likelier.
        """
        many = int((~self._remit).sum()) >= ENOUGH
        near = np.zeros((len(alike), len(self._keys)), dtype=np.float32)
        for key in range(len(self._keys)):
            mine = -np.sort(-alike[:, self._of == key], axis=1)[:, : BROAD if many else NEAREST]
            if many:
                near[:, key] = (mine[:, 0] + np.maximum(mine, 0).sum(axis=1) / BROAD) / 2
            else:
                near[:, key] = BEST * mine[:, 0] + (1 - BEST) * mine.mean(axis=1)
        return near

    def _nearest(self, alike: FloatArray, these: NDArray[np.bool_]) -> FloatArray:
        """How near the nearest of these examples is, for each department (n, departments)."""
        near = np.zeros((len(alike), len(self._keys)), dtype=np.float32)
        for key in set(self._of[these]):
            near[:, key] = alike[:, these & (self._of == key)].max(axis=1)
        return near

    def _decided(self, alike: FloatArray) -> FloatArray:
        """What staff decided of nearly the same text, and what came after the fit, overrules."""
        late = np.arange(len(self._of)) >= len(self._of) - self._fresh
        near = self._nearest(alike, late | (self._weights > 1))
        return np.asarray(OVERRULE * np.maximum(near - SAME, 0) / (1 - SAME), dtype=np.float32)

    def _votes(self, alike: FloatArray) -> FloatArray:
        """Shares of the nearest examples' votes."""
        count = min(VOTERS, alike.shape[1])
        nearest = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        votes = np.zeros((len(alike), len(self._keys)), dtype=np.float32)
        for column in nearest.T:
            at = np.arange(len(alike))
            weight = np.exp(KEEN * (alike[at, column] - 1)) * self._weights[column]
            votes[at, self._of[column]] += weight
        return np.asarray(votes / votes.sum(axis=1, keepdims=True), dtype=np.float32)

    def route(self, texts: Sequence[str], langs: Sequence[str], vectors: FloatArray) -> list[Route]:
        """A route for each text, with its language and its vector (n, size)."""
        if not self._examples or not texts:
            return [Route(None, 0.0, (), ()) for _ in texts]
        rows = self._weighed(self._traits.rows(texts, vectors, self._means[0]), langs)
        alike = self._alike(texts, langs, rows)
        voices = self._voices(rows, alike, self._learnt)
        scores = np.tensordot(self._learnt.weights, voices, axes=1)
        shares = shares_of(scores + self._decided(alike))
        return [
            self._route(text, share, near)
            for text, share, near in zip(texts, shares, alike, strict=True)
        ]

    def _weighed(self, rows: FloatArray, langs: Sequence[str]) -> FloatArray:
        """Where the encoder does not know the language, words count for more than meaning."""
        size = self._vectors.shape[1]
        whole = 1 + LEXICAL**2
        for row, lang in enumerate(langs):
            if lang not in self._languages:
                weight = dense_weight(lang, self._languages) * whole
                rows[row, :size] *= weight
                rows[row, size:] *= (whole - weight) / LEXICAL**2
        return rows

    def _route(self, text: str, shares: FloatArray, near: FloatArray) -> Route:
        best = int(np.argmax(shares))
        mine = np.flatnonzero(self._of == best)
        nearest = mine[np.argsort(-near[mine], kind="stable")][:NEAREST]
        reasons = tuple(int(at) for at in nearest)
        return Route(
            self._keys[best], round(float(shares[best]), 4), reasons, self._terms(text, reasons)
        )

    def _terms(self, text: str, nearest: Sequence[int]) -> tuple[str, ...]:
        """Longer words that the text shares with the nearest examples, as it writes them; words
        that any question may have tell nothing.
        """
        theirs = {word for at in nearest for word in words(self._examples[at].text)} - asking()
        mine = [own for word, own in written(text).items() if len(word) > 3 and word in theirs]
        return tuple(mine[:TERMS])
