"""Which questions of a round are due an answer. Computes; reads and writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby

from service.rounds.queries import Question


@dataclass(frozen=True)
class Chosen:
    """A question that is due an answer; `by_lot`: as many supported one that is not."""

    question: Question
    by_lot: bool


def choose(questions: Sequence[Question], per_theme: int, seed: str) -> list[Chosen]:
    """The most supported question over all, or `per_theme` of each theme (those of none are one);
    `seed` draws among equals.

    What is set aside, answered already or supported by nobody is left out; what was declined or
    closed is not: the vote is not ended by a refusal.
    """
    able = [one for one in questions if _able(one)]
    if not per_theme:
        return _top(able, 1, seed)
    able.sort(key=lambda one: one.theme_id or 0)
    themes = groupby(able, key=lambda one: one.theme_id or 0)
    return [chosen for _, same in themes for chosen in _top(list(same), per_theme, seed)]


def _able(one: Question) -> bool:
    return one.aside is None and one.supporters > 0 and one.state != "answered"


def _top(able: Sequence[Question], many: int, seed: str) -> list[Chosen]:
    ranked = sorted(able, key=lambda one: (-one.supporters, _lot(seed, one)))
    last = ranked[many].supporters if len(ranked) > many else -1
    return [Chosen(one, one.supporters == last) for one in ranked[:many]]


def _lot(seed: str, one: Question) -> bytes:
    return sha256(f"{seed}:{one.issue_id}".encode()).digest()
