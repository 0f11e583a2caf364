"""Issues, themes and alerts: ours beside BERTopic with its defaults and UMAP with k-means."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from nlp import group, pivot, themes
from nlp.embed import FloatArray
from service.conversations.hearing import encodable
from tests.benchmarks.understanding import Score, sets
from tests.benchmarks.understanding.peers import PEERS
from tests.benchmarks.understanding.retrieval import rendered
from tests.benchmarks.understanding.streaming import Alert, Stream, learn

Encode = Callable[[Sequence[str]], FloatArray]
FEW, LARGE, SEED, MISSED, WARM = 3, 5, 7, 99, 300
WINDOW = 100_000
LONG = 60
LOST = "ARI lost by streaming, issues, against one batch"


def measure(folder: Path, encode: Encode, *, peers: bool = True) -> Iterator[Score]:
    """Every figure of grouping on the sets in a folder."""
    yield from issues(folder, encode, peers=peers)
    yield from elsewhere(folder, encode)
    yield from fields(folder, encode, peers=peers)
    yield from growth(encode(["a"]).shape[1])


def issues(folder: Path, encode: Encode, *, peers: bool) -> Iterator[Score]:
    """Petitions in the order they came: which ask the same, and when staff hear of it."""
    rows = sorted(sets.rows(folder, "uk_petitions", "petitions.jsonl"), key=lambda row: row["ts"])
    gold = [row["issue"] for row in rows]
    days = _days(rows)
    whole = [f"{row['text']}\n\n{row['body']}" if row["body"] else row["text"] for row in rows]
    for of, texts, targets in (
        ("petitions with body", whole, (0.62, 0.80)),
        ("petitions, titles alone", [row["text"] for row in rows], (0.50, 0.70)),
    ):
        vectors = encode([encodable(text) for text in texts])
        yield from _streamed(of, texts, vectors, days, gold, targets, peers=peers)


def _streamed(
    of: str,
    texts: Sequence[str],
    vectors: FloatArray,
    days: Sequence[float],
    gold: Sequence[str],
    targets: tuple[float, float],
    *,
    peers: bool,
) -> Iterator[Score]:
    begun = time.perf_counter()
    batch = _batch(vectors, days)
    seconds = time.perf_counter() - begun
    stream = Stream(vectors, days)
    stream.run()
    ours = _ari(gold, stream.issue.tolist(), 1), _ari(gold, stream.issue.tolist(), FEW)
    others = _peers(texts, vectors, len(set(gold))) if peers else {}
    for least, value, target in zip((1, FEW), ours, targets, strict=True):
        yield Score(
            "grouping", of, f"ARI, issues of {least} or more, streamed", value, target,
            peers={name: _ari(gold, labels, least) for name, (labels, _) in others.items()},
            seconds=seconds, peer_seconds={name: took for name, (_, took) in others.items()},
        )  # fmt: skip
    lost = _ari(gold, batch, 1) - ours[0]
    yield Score("grouping", of, LOST, lost, 0.03, at_most=True)
    yield Score("grouping", of, "changed issue but by a merge", _churn(stream), 0.05, at_most=True)
    third, false = _alerts(gold, list(stream.alerts.values()))
    yield Score("alerts", of, "median message that raises an issue", third, 3, at_most=True)
    yield Score("alerts", of, "false alerts per true one", false, 1, at_most=True)


def _ari(gold: Sequence[str], found: Sequence[int], least: int) -> float:
    counts = Counter(gold)
    kept = [at for at, one in enumerate(gold) if counts[one] >= least]
    return float(adjusted_rand_score([gold[at] for at in kept], [found[at] for at in kept]))


def _batch(vectors: FloatArray, days: Sequence[float]) -> list[int]:
    """The same method when everything is there at once."""
    space = learn(vectors)
    placed = space.place(vectors)
    labels = group.consolidate(
        placed,
        np.ones(len(placed), dtype=np.int64),
        spans=np.stack([days, days], axis=1),
        themes=themes.themes(placed),
        threshold=space.join,
    )
    return [int(label) for label in labels]


def _churn(stream: Stream) -> float:
    """Share of messages of the last half that are apart from those they joined."""
    half = len(stream.issue) // 2
    ends: dict[int, set[int]] = {}
    for first, last in zip(stream.joined.tolist(), stream.issue.tolist(), strict=True):
        ends.setdefault(first, set()).add(last)
    moved = [len(ends[first]) > 1 for first in stream.joined[half:].tolist()]
    return float(np.mean(moved))


def _alerts(gold: Sequence[str], alerts: Sequence[Alert]) -> tuple[float, float]:
    """By which of its messages a large issue is raised (median), and false alerts per true one."""
    large = {one for one, count in Counter(gold).items() if count >= LARGE}
    found: dict[str, int] = {}
    true = 0
    for alert in set(alerts):
        most, count = Counter(gold[at] for at in alert.members).most_common(1)[0]
        if 2 * count > len(alert.members):
            true += 1
            nth = sum(one == most for one in gold[: alert.at + 1])
            found[most] = min(nth, found.get(most, MISSED))
    median = float(np.median([found.get(one, MISSED) for one in large]))
    return median, (len(set(alerts)) - true) / max(true, 1)


def elsewhere(folder: Path, encode: Encode) -> Iterator[Score]:
    """A city's comments, each under a proposal, and its proposals of a year, rendered from Spanish:
    what staff are told of where nothing was chosen by it.
    """
    translator = pivot.found()
    if not translator.serves("es", "en"):
        return
    said = sets.rows(folder, "decide_madrid_comments", "comments.jsonl")
    said = [row for row in said if len(row["text"]) > LONG and not row["copypaste"]]
    told = sets.rows(folder, "decide_madrid_proposals", "proposals.jsonl")
    told = list({row["body"]: row for row in reversed(told)}.values())  # reposts are one voice
    alerts = []
    for rows in (said, told):
        rows.sort(key=lambda row: (row["ts"], row["id"]))
        texts = [f"{row['text']}\n\n{row.get('body', '')}".strip() for row in rows]
        read = rendered(translator, "es", [encodable(text) for text in texts])
        stream = Stream(encode(read), _days(rows))
        stream.run()
        alerts.append(list(stream.alerts.values()))
    translator.close()
    nth, false = _alerts([row["label"] for row in said], alerts[0])
    of = "comments on a city's proposals"
    yield Score("alerts", of, "median message that raises a proposal", nth)
    yield Score("alerts", of, "false alerts per true one", false, 1, at_most=True)
    yield Score("alerts", f"{len(told)} proposals of a year", "alerts", len(set(alerts[1])))


def _days(rows: Sequence[sets.Row]) -> list[float]:
    """When each was said, in days since 1970."""
    return [datetime.fromisoformat(row["ts"]).timestamp() / 86_400 for row in rows]


def fields(folder: Path, encode: Encode, *, peers: bool) -> Iterator[Score]:
    """Short questions by intent: themes."""
    for name, target in (("clinc150", 0.74), ("banking77", 0.60)):
        rows = [row for row in sets.rows(folder, name) if row["split"] == "test"]
        rows = [row for row in rows if row["label"] != "oos"]
        order = np.random.default_rng(SEED).permutation(len(rows))
        texts = [rows[at]["text"] for at in order]
        gold = [rows[at]["label"] for at in order]
        vectors = encode(texts)
        begun = time.perf_counter()
        found = themes.themes(learn(vectors).place(vectors)).tolist()
        seconds = time.perf_counter() - begun
        others = _peers(texts, vectors, len(set(gold))) if peers else {}
        yield Score(
            "grouping", name, "ARI, themes", _ari(gold, found, 1), target,
            peers={peer: _ari(gold, labels, 1) for peer, (labels, _) in others.items()},
            seconds=seconds, peer_seconds={peer: took for peer, (_, took) in others.items()},
        )  # fmt: skip
        stream = Stream(vectors, [0.0] * len(vectors))
        stream.run()
        batch = _batch(vectors, [0.0] * len(vectors))
        lost = _ari(gold, batch, 1) - _ari(gold, stream.issue.tolist(), 1)
        yield Score("grouping", name, LOST, lost, 0.03, at_most=True)


def _peers(
    texts: Sequence[str], vectors: FloatArray, groups: int
) -> dict[str, tuple[list[int], float]]:
    found = {}
    for name, run in PEERS.items():
        run(texts[:WARM], vectors[:WARM], FEW)  # numba compiles at first use
        begun = time.perf_counter()
        labels = run(texts, vectors, groups)
        if labels is not None:
            found[name] = labels, time.perf_counter() - begun
    return found


def growth(size: int) -> Iterator[Score]:
    """What bringing together a large window costs: invented vectors, about 45 around each point."""
    random = np.random.default_rng(SEED)
    middles = random.normal(size=(WINDOW // 45, size)).astype(np.float32)
    noise = random.normal(size=(WINDOW, size)).astype(np.float32)
    vectors = middles[random.integers(0, len(middles), WINDOW)] + 0.9 * noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    begun = time.process_time()
    group.consolidate(vectors, np.ones(WINDOW, dtype=np.int64))
    spent = time.process_time() - begun
    what = "seconds of processor to consolidate 100,000"
    yield Score("grouping", "invented vectors", what, spent, 60, at_most=True)
