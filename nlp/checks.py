"""What every embedder, index and grouper owes its callers, as plain functions that assert it.

A new implementation is finished when its suite passes.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from nlp.embed import Embedder, FloatArray
from nlp.group import Placement
from nlp.index import ExactIndex, Hit, VectorIndex
from nlp.pivot import Pivot

SIZE = 32
ROWS = 2000
NEAR = 10
RECALL = 0.95
TEXTS = (
    "Falta água na rua desde segunda.",
    "¿Cuándo abre el centro de salud?",
    "The bus is late again",
    "ok",
    "",
    "🙂",
    "A ponte nova ficou linda, parabéns a quem trabalhou nela todos esses meses. " * 3,
)


class Place(Protocol):
    """Places rows of vectors (n, size) one after another; `near` holds known issues of each."""

    def __call__(
        self, vectors: FloatArray, near: Sequence[Sequence[Hit]], *, threshold: float
    ) -> list[Placement]:
        """A placement for each row."""
        ...


def check_embedder(embedder: Embedder) -> None:
    """Shape, type and length of vectors; the same text gives the same vector in any company."""
    texts = list(TEXTS)
    vectors = embedder.encode(texts)
    assert texts == list(TEXTS), "encoding changed the texts it was given"
    assert vectors.shape == (len(texts), embedder.size), "one row of `size` numbers for each text"
    assert vectors.dtype == np.float32, f"vectors are float32, not {vectors.dtype}"
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5), "vectors have length one"
    assert np.array_equal(vectors, embedder.encode(texts)), "encoding again gives the same"
    turned = embedder.encode(texts[::-1])[::-1]
    assert np.allclose(vectors, turned, atol=1e-5), "the order of texts does not matter"
    alone = np.vstack([embedder.encode([text]) for text in texts])
    assert np.allclose(vectors, alone, atol=1e-5), "a batch gives what one by one gives"
    none = embedder.encode([])
    assert none.shape == (0, embedder.size), "no texts give no rows of the right size"
    assert none.dtype == np.float32, "no texts give float32 as well"
    _check_refusals(embedder)
    assert embedder.name, "vectors are stored beside the embedder's name"
    assert embedder.languages, "an embedder says which languages it knows"


def check_pivot(pivot: Pivot, source: str, target: str) -> None:
    """One rendering or None for each text, the same in any company; a language in itself stays."""
    texts = list(TEXTS)
    made = pivot.render(texts, source, target)
    assert texts == list(TEXTS), "rendering changed the texts it was given"
    assert len(made) == len(texts), "one rendering for each text"
    served = pivot.serves(source, target)
    assert all((one is not None) == served for one in made), "all that is served is rendered"
    assert made == pivot.render(texts[::-1], source, target)[::-1], "the order does not matter"
    assert made == [pivot.render([text], source, target)[0] for text in texts], "one by one too"
    assert pivot.render(texts, source, source) == texts, "a language in itself is left alone"
    assert pivot.render([], source, target) == [], "no texts give no renderings"
    assert pivot.render(texts, "xx", "yy") == [None] * len(texts), "nobody knows these"
    pivot.close()
    assert pivot.render(texts, source, target) == made, "it starts again after it was closed"
    pivot.close()


def _check_refusals(embedder: Embedder) -> None:
    wrong: Any
    for wrong in (None, 7, b"water", ["water"]):
        refusal = None
        try:
            embedder.encode(["water", wrong])
        except TypeError as error:
            refusal = str(error)
        assert refusal is not None, f"{wrong!r} is no text and has to be refused"
        assert type(wrong).__name__ in refusal, "the refusal names what was given"


def check_index(make_index: Callable[[], VectorIndex]) -> None:
    """Rows are found at once, replaced and removed; hits agree with comparing everything.

    `make_index` gives an empty index each time; it is closed here.
    """
    for check in (_check_empty, _check_rows, _check_pending_first, _check_ties, _check_recall):
        index = make_index()
        try:
            check(index)
        finally:
            index.close()


def _check_empty(index: VectorIndex) -> None:
    queries = clustered(1, 2)
    assert index.search("issue", queries, 5) == [[], []], "nothing is found where nothing is"
    assert index.search("issue", queries[:0], 5) == [], "no queries give no lists"
    assert index.count("issue") == 0, "an empty index counts nothing"
    index.remove("issue", [4])
    index.upsert("issue", [], queries[:0])
    assert index.flush() == 0, "nothing is left to write"
    assert index.count("issue") == 0, "taking out what is not there changes nothing"


def _check_rows(index: VectorIndex) -> None:
    vectors = clustered(2, 40)
    given = vectors.copy()
    index.upsert("issue", list(range(40)), vectors)
    assert np.array_equal(vectors, given), "an index leaves the vectors it is given as they are"
    vectors[:] = 0
    for _ in range(2):
        assert index.count("issue") == 40, "every row counts once"
        assert index.count("answer") == 0, "kinds do not mix"
        assert _nearest(index, given[7]) == 7, "a row is nearest to itself"
        hits = index.search("issue", given[:1], 100)[0]
        assert sorted(hit.id for hit in hits) == list(range(40)), "k beyond the count gives all"
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True), "the best come first"
        assert abs(scores[0] - 1) < 1e-4, "the score is the inner product"
        index.flush()
    index.remove("issue", [7])
    for _ in range(2):
        found = {hit.id for hit in index.search("issue", given[7:8], 100)[0]}
        assert found == set(range(40)) - {7}, "what was removed is not found any more"
        assert index.count("issue") == 39, "what was removed does not count any more"
        index.flush()


def _check_pending_first(index: VectorIndex) -> None:
    one, other = clustered(3, 2)
    index.upsert("issue", [1, 2], np.stack([one, one]))
    index.flush()
    index.upsert("issue", [1], other[None])
    for _ in range(2):
        assert index.count("issue") == 2, "a row that is replaced counts once"
        hits = index.search("issue", one[None], 5)[0]
        assert [hit.id for hit in hits] == [2, 1], "a new row stands before the old one of its id"
        assert _nearest(index, other) == 1, "a new row is found at once"
        index.flush()
    index.remove("issue", [1])
    index.upsert("issue", [1], one[None])
    index.flush()
    assert index.count("issue") == 2, "what was removed can come back"
    first, last = clustered(4, 2)
    index.upsert("issue", [5, 5], np.stack([first, last]))
    assert _nearest(index, last) == 5, "of two rows of one id the last one stands"
    assert index.count("issue") == 3, "two rows of one id count once"


def _check_ties(index: VectorIndex) -> None:
    one = clustered(5, 1)
    index.upsert("issue", [9, 3, 6], np.repeat(one, 3, axis=0))
    for _ in range(2):
        hits = index.search("issue", one, 3)[0]
        assert [hit.id for hit in hits] == [3, 6, 9], "of equals the smaller id comes first"
        index.flush()


def _check_recall(index: VectorIndex) -> None:
    vectors, queries = clustered(6, ROWS), clustered(6, ROWS)[::40]
    oracle = ExactIndex()
    for at in (index, oracle):
        at.upsert("passage", list(range(ROWS)), vectors)
    index.flush()
    late = list(range(0, ROWS, 5))
    for at in (index, oracle):
        at.upsert("passage", late, vectors[late][::-1])
        at.remove("passage", list(range(1, ROWS, 7)))
    expected = oracle.search("passage", queries, NEAR)
    found = index.search("passage", queries, NEAR)
    assert all(len(hits) == NEAR for hits in found), "k hits where there are k rows"
    recall = np.mean([_shared(e, f) / NEAR for e, f in zip(expected, found, strict=True)])
    assert recall >= RECALL, f"recall@{NEAR} is {recall:.3f}, at least {RECALL} is asked"
    assert index.count("passage") == oracle.count("passage"), "both hold as many"


def _nearest(index: VectorIndex, vector: FloatArray) -> int:
    return index.search("issue", vector[None], 1)[0][0].id


def _shared(one: Sequence[Hit], other: Sequence[Hit]) -> int:
    return len({hit.id for hit in one} & {hit.id for hit in other})


def check_grouper(place: Place) -> None:
    """Every row is placed once, beside its own kind, in known issues before new ones."""
    vectors, of = clustered(7, 60, noise=0.1), [row % 20 for row in range(60)]
    given = vectors.copy()
    placed = place(vectors, [[] for _ in vectors], threshold=0.5)
    assert np.array_equal(vectors, given), "placing leaves the vectors as they are"
    assert placed == place(vectors, [[] for _ in vectors], threshold=0.5), "and repeats itself"
    assert len(placed) == len(vectors), "a placement for each row"
    for row, one in enumerate(placed):
        assert one.issue is None, "no issue is joined that nobody named"
        assert one.leader is not None, "a row that joins no issue is led by a row"
        assert one.leader <= row, "the leader came before"
        assert placed[one.leader].leader == one.leader, "a leader leads itself"
        assert of[one.leader] == of[row], "rows join their own kind"
    assert len({one.leader for one in placed}) == 20, "each kind is one issue"
    assert place(vectors[:0], [], threshold=0.5) == [], "nothing gives nothing"
    known = place(vectors[:2], [[Hit(70, 0.9)], [Hit(70, 0.2)]], threshold=0.5)
    assert known[0].issue == 70, "a near issue is joined"
    assert known[1].issue is None, "a far one is not"


def clustered(seed: int, count: int, *, noise: float = 0.5) -> FloatArray:
    """Unit vectors (count, 32); row n lies around centre n modulo 20, `noise` away or so; the
    centres stand at right angles.
    """
    random = np.random.default_rng(seed)
    centres = np.linalg.qr(random.normal(size=(SIZE, 20)))[0].T
    away = random.normal(size=(count, SIZE)) / np.sqrt(SIZE)
    vectors = centres[np.arange(count) % 20] + noise * away
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors, dtype=np.float32)
