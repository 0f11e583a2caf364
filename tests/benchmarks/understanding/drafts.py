"""What drafts cite: petitions asked again with their own reply left out of the store, and petitions
that were told to be duplicates of one with a reply.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp.draft import Source, compose
from nlp.embed import FloatArray
from nlp.text import tidy
from service.answers.tasks import SOURCES
from tests.benchmarks.understanding import Score, sets
from tests.benchmarks.understanding.retrieval import Encode, Store

PART, MOST, EVERY = "drafts", 2000, 100


@dataclass(frozen=True)
class Asked:
    """A petition: `own` is its reply, to be left out; `right` are replies that would do."""

    text: str
    own: int | None
    right: frozenset[int]


@dataclass(frozen=True)
class Told:
    """What was drafted: the replies that the first draft cites (none: nothing supports one), and
    of the sentences of all drafts how many there are and how many their source does not contain.
    """

    cited: frozenset[int]
    sentences: int
    unfounded: int


def measure(folder: Path, encode: Encode) -> Iterator[Score]:
    """Every figure of drafts on the sets in a folder."""
    rows = sets.rows(folder, "uk_petitions", "petitions.jsonl")
    replies = sets.rows(folder, "uk_petitions", "answers.jsonl")
    asked = questions(rows, replies)[:MOST]
    told = _drafted(asked, [row["text"] for row in replies], encode)
    sentences, unfounded = sum(one.sentences for one in told), sum(one.unfounded for one in told)
    of = f"{len(asked)} petitions, {sentences:,} sentences"
    yield Score(PART, of, "that their source does not contain", unfounded / max(sentences, 1), 0.0,
                at_most=True)  # fmt: skip
    pairs = list(zip(asked, told, strict=True))
    kin = [(one, made) for one, made in pairs if one.own is not None and one.right]
    yield from _cites(f"{len(kin)} whose reply others have too, own left out", kin)
    yield from _cites("duplicates of one with a reply", [it for it in pairs if it[0].own is None])
    alone = [(one, made) for one, made in pairs if one.own is not None and not one.right]
    of = f"{len(alone)} whose reply is the only one, left out"
    yield Score(PART, of, "says nothing supports one", _bare([made for _, made in alone]))
    bodies = [row["label"] for row in replies]
    strange = [
        not any(bodies[at] == bodies[one.own or 0] for at in made.cited)
        for one, made in alone
        if made.cited
    ]
    yield Score(PART, of, "drafts that rest on other departments alone", _share(strange))


def questions(rows: Sequence[dict[str, Any]], replies: Sequence[dict[str, Any]]) -> list[Asked]:
    """Petitions with a reply, for which that of a duplicate would do or one that says the same; and
    their duplicates, which have none.
    """
    petitions = {row["id"]: row for row in rows}
    alike: dict[str, set[int]] = defaultdict(set)
    of: dict[str, set[int]] = defaultdict(set)
    for at, reply in enumerate(replies):
        of[reply["petition"]].add(at)
        for key in _keys(reply, petitions):
            alike[key].add(at)
    asked = [
        Asked(
            petitions[reply["petition"]]["text"],
            at,
            frozenset().union(*(alike[key] for key in _keys(reply, petitions))) - {at},
        )
        for at, reply in enumerate(replies)
    ]
    duplicates = [row for row in rows if row["moderation"] == "duplicate" and row["id"] not in of]
    right = [frozenset().union(*(of[one] for one in row["duplicate_of"])) for row in duplicates]
    asked += [Asked(row["text"], None, at) for row, at in zip(duplicates, right, strict=True) if at]
    return asked


def _keys(reply: dict[str, Any], petitions: dict[str, dict[str, Any]]) -> tuple[str, str]:
    return reply["text"], f"component {petitions[reply['petition']]['component']}"


def _drafted(asked: Sequence[Asked], texts: Sequence[str], encode: Encode) -> list[Told]:
    """One for each, as the service makes drafts; how far it is goes to standard error."""
    store, held = Store(texts, encode), _Held(encode)
    vectors = encode([one.text for one in asked])
    told = []
    for at, one in enumerate(asked):
        (found,) = store.find([one.text], vectors[at : at + 1], "known")
        near = [it for it in found if it.id != one.own][:SOURCES]
        sources = [Source(it.id, "answer", texts[it.id], "", it.score) for it in near]
        told.append(_told(one.text, sources, held))
        if len(told) % EVERY == 0:
            print(f"drafts: {len(told)} of {len(asked)}", file=sys.stderr)  # noqa: T201
    return told


def _told(question: str, sources: Sequence[Source], held: "_Held") -> Told:
    made = compose([question], sources, held)
    every = [one for version in made for one in version.sentences]
    unfounded = sum(one.text not in tidy(sources[one.source].text) for one in every)
    first = made[0].sentences if made else ()
    return Told(frozenset(sources[one.source].id for one in first), len(every), unfounded)


def _cites(of: str, pairs: Sequence[tuple[Asked, Told]]) -> Iterator[Score]:
    hit = [bool(made.cited & one.right) for one, made in pairs]
    yield Score(PART, of, "cites such a reply", _share(hit))
    yield Score(PART, of, "says nothing supports one", _bare([made for _, made in pairs]))


def _bare(told: Sequence[Told]) -> float:
    return _share([not one.cited for one in told])


def _share(of: Sequence[bool]) -> float:
    return sum(of) / max(len(of), 1)


class _Held:
    """An embedder that encodes a sentence once."""

    name, languages = "held", frozenset({"en"})

    def __init__(self, encode: Encode) -> None:
        self._encode, self._known = encode, dict[str, FloatArray]()
        self.size = encode(["a"]).shape[1]

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Vectors (n, size)."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known.update(zip(fresh, self._encode(fresh), strict=True))
        return np.stack([self._known[text] for text in texts])
