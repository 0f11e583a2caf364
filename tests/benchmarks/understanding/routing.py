"""Which department: petitions in five folds and from remits alone, and intents by their train part.

The peers are TF-IDF and the encoder's vectors, both with a logistic regression.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold

from nlp.embed import FloatArray
from nlp.route import Example, Route, Router
from nlp.text import sentences
from tests.benchmarks.understanding import Score, sets
from tests.benchmarks.understanding.remits import REMITS

Encode = Callable[[Sequence[str]], FloatArray]

PART = "routing"
FOLDS = 5
RARE = 5
BINS = 15
CHUNK = 256
ENGLISH = frozenset({"en"})
INTENTS = {"clinc150": 0.93, "hwu64": 0.90}


def measure(folder: Path, encode: Encode, *, peers: bool = True) -> Iterator[Score]:
    """Every figure of routing on the sets in a folder; its peers need nothing installed."""
    yield from _petitions(folder, encode, peers=peers)
    for name, target in INTENTS.items():
        yield from _intents(folder, encode, name, target)


def _petitions(folder: Path, encode: Encode, *, peers: bool) -> Iterator[Score]:
    rows = [r for r in sets.rows(folder, "uk_petitions", "petitions.jsonl") if r.get("label")]
    texts = ["\n".join(part for part in (r["text"], r.get("body")) if part) for r in rows]
    labels, vectors = np.array([r["label"] for r in rows]), encode(texts)
    remits = [
        Example(key, f"{key}: {line}", remit=True)
        for key in sorted(set(labels) & set(REMITS))
        for line in sentences(REMITS[key])
    ]
    told = encode([one.text for one in remits])
    first = _route(Router(remits, told, ENGLISH), texts, vectors)
    yield from _scores("uk_petitions, remits alone", labels, first, None, {})
    found, theirs, seconds = _in_folds(texts, labels, vectors, remits, told)
    theirs = theirs if peers else {}
    yield from _scores("uk_petitions, five folds", labels, found, (0.70, 0.58), theirs, seconds)


def _in_folds(
    texts: Sequence[str],
    labels: "np.ndarray[tuple[int], np.dtype[np.str_]]",
    vectors: FloatArray,
    remits: Sequence[Example],
    told: FloatArray,
) -> tuple[list[Route], dict[str, list[str]], float]:
    routes: dict[int, Route] = {}
    peers: dict[str, dict[int, str]] = {"tf-idf": {}, "encoder + regression": {}}
    seconds = 0.0
    groups = np.where([np.sum(labels == one) >= FOLDS for one in labels], labels, "rare")
    for known, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(vectors, groups):
        start = time.perf_counter()
        examples = [*remits, *(Example(str(labels[at]), texts[at]) for at in known)]
        router = Router(examples, np.vstack([told, vectors[known]]), ENGLISH)
        found = _route(router, [texts[at] for at in asked], vectors[asked])
        seconds += time.perf_counter() - start
        routes.update(zip(map(int, asked), found, strict=True))
        lexical = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english")
        counted = lexical.fit_transform([texts[at] for at in known])
        asked_words = lexical.transform([texts[at] for at in asked])
        for name, have, want in (
            ("tf-idf", counted, asked_words),
            ("encoder + regression", vectors[known], vectors[asked]),
        ):
            model = LogisticRegression(C=10, max_iter=300).fit(have, labels[known])
            peers[name].update(zip(map(int, asked), model.predict(want), strict=True))
    order = range(len(labels))
    return (
        [routes[at] for at in order],
        {name: [said[at] for at in order] for name, said in peers.items()},
        seconds,
    )


def _intents(folder: Path, encode: Encode, name: str, target: float) -> Iterator[Score]:
    rows = [r for r in sets.rows(folder, name) if r.get("in_scope", True)]
    known = [r for r in rows if r["split"] == "train"]
    asked = [r for r in rows if r["split"] == "test"]
    have = encode([r["text"] for r in known])
    want = encode([r["text"] for r in asked])
    start = time.perf_counter()
    router = Router([Example(r["label"], r["text"]) for r in known], have, ENGLISH)
    found = _route(router, [r["text"] for r in asked], want)
    seconds = time.perf_counter() - start
    labels = np.array([r["label"] for r in asked])
    yield from _scores(f"{name}, test", labels, found, (target, None), {}, seconds)
    yield _correction(name, router, asked[0]["text"], want[0])


def _correction(name: str, router: Router, text: str, vector: FloatArray) -> Score:
    """Seconds until a correction counts."""
    start = time.perf_counter()
    taught = router.with_example(Example("corrected", text, 1.15), vector)
    (one,) = taught.route([text], ["en"], vector[None])
    seconds = time.perf_counter() - start
    took = seconds if one.department == "corrected" else float("inf")
    return Score(PART, name, "seconds until a correction counts", took, 1.0, at_most=True)


def _route(router: Router, texts: Sequence[str], vectors: FloatArray) -> list[Route]:
    found: list[Route] = []
    for at in range(0, len(texts), CHUNK):
        part = texts[at : at + CHUNK]
        found += router.route(part, ["en"] * len(part), vectors[at : at + CHUNK])
    return found


def _scores(
    of: str,
    labels: "np.ndarray[tuple[int], np.dtype[np.str_]]",
    routes: Sequence[Route],
    targets: tuple[float, float | None] | None,
    peers: dict[str, list[str]],
    seconds: float | None = None,
) -> Iterator[Score]:
    """Accuracy and macro-F1 (over labels of five or more), and the expected calibration error."""
    accuracy, f1 = targets or (None, None)
    said = [str(one.department) for one in routes]
    common = [one for one in sorted(set(labels)) if np.sum(labels == one) >= RARE]

    def macro(found: Sequence[str]) -> float:
        return float(f1_score(labels, found, labels=common, average="macro", zero_division=0))

    theirs = {name: float(accuracy_score(labels, found)) for name, found in peers.items()}
    right = np.array([a == b for a, b in zip(said, labels, strict=True)])
    yield Score(PART, of, "accuracy", float(right.mean()), accuracy, peers=theirs, seconds=seconds)
    theirs = {name: macro(found) for name, found in peers.items()}
    yield Score(PART, of, "macro-F1", macro(said), f1, peers=theirs)
    sure = np.array([one.confidence for one in routes])
    yield Score(PART, of, "calibration error", _calibration_error(sure, right))


def _calibration_error(
    sure: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    right: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> float:
    of = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [
        abs(sure[of == one].mean() - right[of == one].mean()) * np.mean(of == one)
        for one in set(of.tolist())
    ]
    return float(sum(gaps))
