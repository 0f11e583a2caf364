"""What is told as a copy: reposted proposals, and comments pasted in many places."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from nlp import copies
from nlp.embed import FloatArray
from tests.benchmarks.understanding import Score, sets

PART = "campaigns"
PASTED = 60


def measure(folder: Path, encode: Callable[[Sequence[str]], FloatArray]) -> Iterator[Score]:
    """Pairs of reposts found, how many of what is folded are reposts, pasted comments caught."""
    rows = [r for r in sets.rows(folder, "decide_madrid_proposals", "proposals.jsonl") if r["body"]]
    marks = _marks([row["body"] for row in rows])
    groups = [row["repost_group"] for row in rows]
    found, gold = _pairs(marks), _pairs(groups)
    of = "decide_madrid_proposals, reposts"
    yield Score(PART, of, "pairs found", len(found & gold) / len(gold))
    yield Score(PART, of, "pairs right", len(found & gold) / max(1, len(found)))
    said = sets.rows(folder, "decide_madrid_comments", "comments.jsonl")
    pasted = [row["text"] for row in said if row["copypaste"] and len(row["text"]) > PASTED]
    caught = _marks(pasted)
    share = sum(caught.count(mark) > 1 for mark in caught) / len(caught)
    yield Score(PART, "decide_madrid_comments, pasted", "share caught", share)


def _marks(texts: Sequence[str]) -> list[str]:
    return [one.fingerprint for one in copies.fold(texts, [copies.sketch(t) for t in texts], {})]


def _pairs(keys: Sequence[object]) -> set[tuple[int, int]]:
    by_key = defaultdict(list)
    for at, key in enumerate(keys):
        if key:
            by_key[key].append(at)
    return {pair for ones in by_key.values() for pair in combinations(ones, 2)}
