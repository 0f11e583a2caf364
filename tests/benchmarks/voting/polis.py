"""Opinion groups and foretold votes on conversations of Polis, from a folder of sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from nlp import opinions
from nlp.opinions import ANSWERS, NO_GROUP, Ballots
from nlp.rank import Ints
from tests.benchmarks.understanding.sets import Row, rows

REJECTED, AGREEMENT, MASKED = -1, 0.6, 0.1
SEEDS = 3


@dataclass(frozen=True)
class Conversation:
    """One conversation: the exported groups against ours, and the share of masked votes that was
    foretold, beside each statement's majority.
    """

    name: str
    agreement: float
    foretold: float
    majority: float


def measure(folder: Path) -> Iterator[Conversation]:
    """Every conversation of a folder, with three seeds each."""
    for place in sorted(folder.glob("polis_*")):
        votes = _last(rows(folder, place.name, "votes.jsonl"))
        refused = {
            int(row["id"])
            for row in rows(folder, place.name, "comments.jsonl")
            if row["moderated"] == REJECTED
        }
        exported = {
            int(row["p"]): row["group"]
            for row in rows(folder, place.name, "participants.jsonl")
            if row["group"]
        }
        kept = [(pair, value) for pair, value in votes.items() if pair[1] not in refused]
        agrees = [_agreement(kept, exported, seed) for seed in range(SEEDS)]
        told = [_foretold(list(votes.items()), seed) for seed in range(SEEDS)]
        ours, most = np.mean(told, axis=0)
        yield Conversation(place.name, float(np.mean(agrees)), float(ours), float(most))


def _last(told: list[Row]) -> dict[tuple[int, int], int]:
    """Each person's last vote on each statement."""
    ordered = sorted(told, key=lambda row: int(row["ts"]))
    return {(int(row["p"]), int(row["c"])): int(row["v"]) for row in ordered}


def _ballots(votes: list[tuple[tuple[int, int], int]]) -> tuple[Ballots, Ints]:
    """The votes, and the people's own numbers."""
    pairs = np.array([pair for pair, _ in votes])
    people, person = np.unique(pairs[:, 0], return_inverse=True)
    statements, statement = np.unique(pairs[:, 1], return_inverse=True)
    value = np.array([value for _, value in votes])
    return Ballots(person, statement, value, len(people), len(statements)), people


def _agreement(
    votes: list[tuple[tuple[int, int], int]], exported: dict[int, str], seed: int
) -> float:
    ballots, people = _ballots(votes)
    found = opinions.groups(ballots, seed=seed).group
    both = [
        (exported[int(who)], int(group))
        for who, group in zip(people, found, strict=True)
        if int(who) in exported and group != NO_GROUP
    ]
    theirs, ours = zip(*both, strict=True)
    return float(adjusted_rand_score(theirs, ours))


def _foretold(votes: list[tuple[tuple[int, int], int]], seed: int) -> tuple[float, float]:
    """The share of a masked tenth that we, and that majorities, get right."""
    whole, _ = _ballots(votes)
    hidden = np.random.default_rng(seed).random(len(votes)) < MASKED
    known = Ballots(
        whole.person[~hidden], whole.statement[~hidden], whole.value[~hidden],
        whole.people, whole.statements,
    )  # fmt: skip
    counts = np.stack(
        [
            np.bincount(known.statement, known.value == answer, whole.statements)
            for answer in ANSWERS
        ],
        axis=1,
    )
    person, statement, value = whole.person[hidden], whole.statement[hidden], whole.value[hidden]
    ours = opinions.learn(known, seed=seed).guess(person, statement) == value
    most = ANSWERS[counts.argmax(axis=1)][statement] == value
    return float(ours.mean()), float(most.mean())
