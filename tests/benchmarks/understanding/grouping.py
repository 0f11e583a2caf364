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
from tests.benchmarks import plain
from tests.benchmarks.understanding import Score, sets
from tests.benchmarks.understanding.peers import PEERS, RIVALS, Labels
from tests.benchmarks.understanding.retrieval import rendered
from tests.benchmarks.understanding.streaming import Alert, Stream, learn

Encode = Callable[[Sequence[str]], FloatArray]
Others = dict[str, tuple[list[Labels], float]]
FEW, LARGE, SEED, MISSED, WARM = 3, 5, 7, 99, 300
WINDOW = 100_000
LONG = 60
LOST = "ARI lost by streaming, issues, against one batch"
AHEAD = "ARI ahead of BERTopic and of UMAP + k-means"


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
    batch, _ = _batch(vectors, days)
    seconds = time.perf_counter() - begun
    stream = Stream(vectors, days)
    stream.run()
    others = _peers(texts, len(set(gold))) if peers else {}
    found = stream.issue.tolist()
    for least, target in zip((1, FEW), targets, strict=True):
        what = f"ARI, issues of {least} or more, streamed"
        yield from _against(of, what, gold, found, target, others, seconds, least)
    lost = _ari(gold, batch, 1) - _ari(gold, found, 1)
    yield Score("grouping", of, LOST, lost, 0.03, at_most=True)
    yield from _changed(of, stream)
    third, false = _alerts(gold, list(stream.alerts.values()))
    yield Score("alerts", of, "median message that raises an issue", third, 3, at_most=True)
    yield Score("alerts", of, "false alerts per true one", false, 1, at_most=True)


def _against(
    of: str,
    what: str,
    gold: Sequence[str],
    found: Sequence[int],
    target: float | None,
    others: Others,
    seconds: float,
    least: int = 1,
) -> Iterator[Score]:
    """Ours beside the peers, each at the level that is best for it, and how far ahead of those that
    are not told the number of groups.
    """
    ours = _ari(gold, found, least)
    theirs = {
        name: max(_ari(gold, labels, least) for labels in levels)
        for name, (levels, _) in others.items()
    }
    yield Score(
        "grouping", of, what, ours, target, peers=theirs,
        seconds=seconds, peer_seconds={name: took for name, (_, took) in others.items()},
    )  # fmt: skip
    rivals = [value for name, value in theirs.items() if name in RIVALS]
    if rivals:
        yield Score("grouping", of, AHEAD, ours - max(rivals), 0.03)


def _ari(gold: Sequence[str], found: Sequence[int], least: int) -> float:
    counts = Counter(gold)
    kept = [at for at, one in enumerate(gold) if counts[one] >= least]
    return float(adjusted_rand_score([gold[at] for at in kept], [found[at] for at in kept]))


def _batch(vectors: FloatArray, days: Sequence[float]) -> tuple[list[int], list[int]]:
    """Issues, and the themes they are shown under, by the same method when everything is there at
    once.
    """
    space = learn(vectors)
    placed = space.place(vectors)
    fields = themes.themes(placed)
    labels = group.consolidate(
        placed,
        np.ones(len(placed), dtype=np.int64),
        spans=np.stack([days, days], axis=1),
        themes=fields,
        stretch=float(np.ptp(days)),
        threshold=space.join,
    )
    shown = themes.of_issues(labels, fields, len(labels))[labels]
    return labels.tolist(), shown.tolist()


def _changed(of: str, stream: Stream) -> Iterator[Score]:
    """Shares of all messages, and of those of the last half, that left their issue for another
    reason than a merge while the last half came.
    """
    count = len(stream.issue)
    moved = stream.moved(count)
    late = sum(2 * row >= count for row in moved)
    what = "changed issue in the last half but by a merge"
    yield Score("grouping", of, what, len(moved) / count, 0.05, at_most=True)
    yield Score("grouping", of, f"{what}, of that half", 2 * late / count, 0.05, at_most=True)


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
    """Short questions by intent: the themes that their issues are shown under once all were heard
    one after another. Nothing was chosen by the last set's test part.
    """
    for name, target in (("clinc150", 0.74), ("banking77", 0.60), ("hwu64", None)):
        rows = [row for row in sets.rows(folder, name) if row["split"] == "test"]
        rows = [row for row in rows if row["label"] != "oos"]
        order = np.random.default_rng(SEED).permutation(len(rows))
        texts = [rows[at]["text"] for at in order]
        gold = [rows[at]["label"] for at in order]
        yield from _shown(name, texts, encode(texts), gold, target, peers=peers)


def _shown(
    of: str,
    texts: Sequence[str],
    vectors: FloatArray,
    gold: Sequence[str],
    target: float | None,
    *,
    peers: bool,
) -> Iterator[Score]:
    days = [0.0] * len(vectors)
    begun = time.perf_counter()
    issues, batch = _batch(vectors, days)
    seconds = time.perf_counter() - begun
    stream = Stream(vectors, days)
    stream.run()
    shown = stream.shown().tolist()
    others = _peers(texts, len(set(gold))) if peers else {}
    what = "ARI, themes as shown, streamed"
    yield from _against(of, what, gold, shown, target, others, seconds)
    whole = _ari(gold, batch, 1)
    yield Score("grouping", of, "ARI, themes as shown, in one batch", whole)
    lost = whole - _ari(gold, shown, 1)
    yield Score("grouping", of, "ARI lost by streaming, themes", lost, 0.03, at_most=True)
    yield Score("grouping", of, LOST, _ari(gold, issues, 1) - _ari(gold, stream.issue.tolist(), 1))
    yield from _changed(of, stream)


def _peers(texts: Sequence[str], groups: int) -> Others:
    """What others make of the texts, by vectors as anybody would encode them."""
    found, vectors = {}, plain.encoder().encode(texts)
    for name, run in PEERS.items():
        run(texts[:WARM], vectors[:WARM], FEW)  # numba compiles at first use
        begun = time.perf_counter()
        levels = run(texts, vectors, groups)
        if levels is not None:
            found[name] = levels, time.perf_counter() - begun
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
