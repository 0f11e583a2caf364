"""Questions to answers: what is found first, what is refused, and how quickly."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from nlp import pivot, search
from nlp.embed import FloatArray
from nlp.index import ExactIndex, Hit
from nlp.postings import Postings
from nlp.search import Backdrop, Found, Lexicon, Served
from nlp.text import words
from service.answers.tasks import pieces
from tests.benchmarks.understanding import Score, sets

Encode = Callable[[Sequence[str]], FloatArray]
KIND, WIDE, LEVEL, MOST_WRONG = "answer", 60, 0.85, 0.05
PASSAGES, ASKED, SEED = 100_000, 200, 7
CAUTIOUS = 0.01


@dataclass
class Case:
    """Questions, answers, and which answers are right for each question (none: refuse)."""

    of: str
    questions: list[str]
    answers: list[str]
    right: list[set[int]]
    how: Served = "known"
    target: float | None = None
    read: Callable[[Sequence[str]], list[str]] = list


class Store:
    """Answers in parts, as the service holds them."""

    def __init__(self, answers: Sequence[str], encode: Encode) -> None:
        parts = [(at, part) for at, text in enumerate(answers) for part in _parts(text)]
        texts = [part for _, part in parts]
        self.owners = {row: at for row, (at, _) in enumerate(parts)}
        self.vectors = encode(texts)
        self.postings, self.index, self.backdrop = Postings(), ExactIndex(), Backdrop()
        rows = range(len(texts))
        self.postings.add(rows, texts)
        self.index.upsert(KIND, rows, self.vectors)
        self.backdrop.add(rows, self.vectors)

    def find(self, texts: Sequence[str], vectors: FloatArray, how: Served) -> list[list[Found]]:
        """What the service would find."""
        meaning = self.index.search(KIND, vectors, WIDE)
        also = [[hit.id for hit in hits] for hits in meaning]
        rankings = self.postings.search(texts, WIDE, also)
        found = []
        for ranking, hits, spread in zip(
            rankings, meaning, self.backdrop.spread(vectors), strict=True
        ):
            parts = search.fuse(ranking, hits, spread, len(self.postings), how)
            owners = search.by_owner(parts, self.owners)
            found.append(search.judge(owners, ranking.weight, how))
        return found


def _parts(text: str) -> list[str]:
    made = pieces("", text)
    return made if len(made) > 1 else [text]


def measure(folder: Path, encode: Encode, *, peers: bool = True) -> Iterator[Score]:
    """Every figure of retrieval on the sets in a folder."""
    for case in cases(folder):
        yield from first_found(case, encode, peers=peers)
    yield from quick(encode(["a"]).shape[1])


def cases(folder: Path) -> Iterator[Case]:
    """Petitions and their duplicates, agencies' questions, a chatbot's, proposals' titles."""
    yield _petitions(folder)
    faq = sets.rows(folder, "gov_covid_faq", "faq.jsonl")
    agencies: tuple[tuple[str, Served, float], ...] = (("en", "known", 0.55), ("de", "other", 0.46))
    for lang, how, target in agencies:
        rows = [row for row in faq if row["lang"] == lang]
        said, told = [row["text"] for row in rows], [row["answer"] for row in rows]
        yield Case(f"agencies, {lang}", said, told, [{at} for at in range(len(rows))], how, target)
    utterances = sets.rows(folder, "tais_lei_rouanet_pt", "utterances.jsonl")
    answers = sets.rows(folder, "tais_lei_rouanet_pt", "answers.jsonl")
    at = {row["id"]: row_at for row_at, row in enumerate(answers)}
    said, told = [row["text"] for row in utterances], [row["text"] for row in answers]
    right = [{at[row["answer_id"]]} if row["answer_id"] in at else set() for row in utterances]
    yield Case("chatbot, pt", said, told, right, "other", 0.40)
    proposals = sets.rows(folder, "decide_madrid_proposals", "proposals.jsonl")
    titles, bodies = [row["text"] for row in proposals], [row["body"] for row in proposals]
    same = [{other for other, body in enumerate(bodies) if body == own} for own in bodies]
    yield Case("proposals, es", titles, bodies, same, "other")
    translator = pivot.found()
    if translator.serves("pt", "en"):
        read = partial(rendered, translator, "pt")
        yield Case("chatbot, pt rendered", said, told, right, "rendered", 0.44, read)
        read = partial(rendered, translator, "es")
        yield Case("proposals, es rendered", titles, bodies, same, "rendered", None, read)
        translator.close()


def rendered(translator: pivot.Pivot, lang: str, texts: Sequence[str]) -> list[str]:
    """Texts in `lang` as the service encodes them: in English, or as they are where it fails."""
    made = translator.render(texts, lang, "en")
    return [one if one is not None else text for one, text in zip(made, texts, strict=True)]


def _petitions(folder: Path) -> Case:
    rows = sets.rows(folder, "uk_petitions", "petitions.jsonl")
    accepted = [row for row in rows if row["moderation"] == "accepted"]
    at = {row["id"]: place for place, row in enumerate(accepted)}
    asked = [row for row in rows if row["moderation"] == "duplicate"]
    asked = [row for row in asked if any(one in at for one in row["duplicate_of"])]
    right = [{at[one] for one in row["duplicate_of"] if one in at} for row in asked]
    titles = [row["text"] for row in asked]
    return Case("petitions", titles, [row["text"] for row in accepted], right, "known", 0.50)


def first_found(case: Case, encode: Encode, *, peers: bool) -> Iterator[Score]:
    """R@1, the distance to the better of words and meaning alone, refusing and instant answers."""
    store = Store(case.answers, lambda texts: encode(case.read(texts)))
    vectors = encode(case.read(case.questions))
    begun = time.perf_counter()
    found = store.find(case.questions, vectors, case.how)
    seconds = time.perf_counter() - begun
    alone = _alone(case, store, vectors)
    others = {**alone, **(_peers(case) if peers else {})}
    asked = [at for at, right in enumerate(case.right) if right]
    ours = _first([[one.id for one in hits] for hits in found], case.right, asked)
    firsts = {name: _first(_ids(hits), case.right, asked) for name, hits in others.items()}
    yield Score("retrieval", case.of, "R@1", ours, case.target, peers=firsts, seconds=seconds)
    lost = max(firsts[name] for name in alone) - ours
    yield Score("retrieval", case.of, "lost to the better alone", lost, CAUTIOUS, at_most=True)
    if len(asked) < len(case.questions):
        yield _refused(case, found, others)
    yield from _instant(case, found, others)


def _alone(case: Case, store: Store, vectors: FloatArray) -> dict[str, list[list[Hit]]]:
    by_words = [ranking.hits for ranking in store.postings.search(case.questions, WIDE)]
    meaning = store.index.search(KIND, vectors, WIDE)
    return {
        name: [_owned(hits, store.owners) for hits in lists]
        for name, lists in (("words", by_words), ("meaning", meaning))
    }


def _owned(hits: Sequence[Hit], owners: dict[int, int]) -> list[Hit]:
    best: dict[int, float] = {}
    for hit in hits:
        best.setdefault(owners[hit.id], hit.score)
    return [Hit(owner, score) for owner, score in best.items()]


def _ids(lists: Sequence[Sequence[Hit]]) -> list[list[int]]:
    return [[hit.id for hit in hits] for hits in lists]


def _first(found: Sequence[Sequence[int]], right: Sequence[set[int]], asked: list[int]) -> float:
    return float(np.mean([bool(set(found[at][:1]) & right[at]) for at in asked]))


def _peers(case: Case) -> dict[str, list[list[Hit]]]:
    """TF-IDF of character n-grams, and BM25 where bm25s is installed."""
    lexicon = Lexicon()
    lexicon.add(range(len(case.answers)), case.answers)
    peers = {"TF-IDF": lexicon.search(case.questions, WIDE)}
    if find_spec("bm25s"):
        peers["BM25"] = _bm25(case)
    return peers


def _bm25(case: Case) -> list[list[Hit]]:
    import bm25s

    def tokens(texts: Sequence[str]) -> list[list[str]]:
        return [words(text) or ["-"] for text in texts]

    ranker = bm25s.BM25()
    ranker.index(tokens(case.answers), show_progress=False)
    k = min(WIDE, len(case.answers))
    ids, scores = ranker.retrieve(tokens(case.questions), k=k, show_progress=False)
    return [
        [Hit(int(id_), float(score)) for id_, score in zip(*pair, strict=True)]
        for pair in zip(ids, scores, strict=True)
    ]


def _refused(
    case: Case, found: Sequence[Sequence[Found]], others: dict[str, list[list[Hit]]]
) -> Score:
    """AUROC of the best score: can be answered or not."""
    answerable = [bool(right) for right in case.right]

    def auroc(lists: Sequence[Sequence[Found | Hit]]) -> float:
        return float(roc_auc_score(answerable, [hits[0].score if hits else 0 for hits in lists]))

    peers = {name: auroc(lists) for name, lists in others.items()}
    target = 0.91 if case.how == "rendered" else None
    return Score("retrieval", case.of, "refusal AUROC", auroc(found), target, peers=peers)


def _instant(
    case: Case, found: Sequence[Sequence[Found]], others: dict[str, list[list[Hit]]]
) -> Iterator[Score]:
    """Answered at the default level: how many are wrong, and how many questions that covers."""
    sent = [(hits[0].id in right) for hits, right in zip(found, case.right, strict=True) if hits
            and hits[0].sure >= LEVEL]  # fmt: skip
    wrong = 1 - float(np.mean(sent)) if sent else 0.0
    yield Score("retrieval", case.of, "wrong instant answers", wrong, MOST_WRONG, at_most=True)
    peers = {name: _covered(lists, case.right) for name, lists in others.items()}
    covered = len(sent) / len(found)
    best = max(peers.values())
    yield Score("retrieval", case.of, "answered instantly", covered, best, peers=peers)


def _covered(lists: Sequence[Sequence[Hit]], right: Sequence[set[int]]) -> float:
    """The largest share of questions that a score can answer with one in twenty wrong."""
    scores = np.array([hits[0].score if hits else 0.0 for hits in lists])
    good = np.array(
        [bool(hits) and hits[0].id in one for hits, one in zip(lists, right, strict=True)]
    )
    order = np.argsort(-scores, kind="stable")
    precise = np.cumsum(good[order]) / np.arange(1, len(order) + 1) >= 1 - MOST_WRONG
    return float(np.flatnonzero(precise)[-1] + 1) / len(order) if precise.any() else 0.0


def quick(size: int, total: int = PASSAGES) -> Iterator[Score]:
    """Search over many passages, beyond encoding; and how quickly words are taken in."""
    rng = np.random.default_rng(SEED)
    vocabulary = np.array([f"{a}{b}{c}" for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES])
    odds = 1 / np.arange(1, len(vocabulary) + 1)
    told = rng.choice(vocabulary, (total, 60), p=odds / odds.sum())
    vectors = rng.normal(size=(total, size)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store = Store(["a"], lambda texts: vectors[: len(texts)])
    store.owners = {row: row for row in range(total)}
    begun = time.perf_counter()
    store.postings.add(range(total), [" ".join(row) for row in told])
    store.postings.search(["a"], 1)
    rate = total / (time.perf_counter() - begun)
    store.index.upsert(KIND, range(total), vectors)
    store.backdrop.add(range(total), vectors)
    taken = []
    for at in rng.choice(total, ASKED):
        question, asked = " ".join(told[at][:12]), vectors[at : at + 1]
        begun = time.perf_counter()
        store.find([question], asked, "known")
        taken.append((time.perf_counter() - begun) * 1000)
    of = f"{total:,} passages"
    slow = float(np.percentile(taken, 95))
    yield Score("retrieval", of, "search, p95 in ms", slow, 30.0, at_most=True)
    yield Score("retrieval", of, "texts indexed a second", rate, 400.0)


SYLLABLES = [a + b for a in "bcdfglmnprst" for b in "aeiou"]
