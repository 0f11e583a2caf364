"""Contributions as columns of numbers, as they are packed and counted: none of their words."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

TRAITS = 4
OUT = -1


class Trait(NamedTuple):
    """Which of `names` each contribution has."""

    codes: NDArray[np.int32]
    names: list[str | None]


@dataclass(frozen=True)
class Heard:
    """Contributions: the issue each was put into, whose it is (less than nought: nobody's, and no
    other's), when it was said in whole seconds since 1970, its channel, language, kind and place.
    """

    issues: Numbers
    people: Numbers
    seconds: Numbers
    traits: tuple[Trait, ...]


def read(rows: Sequence[Any]) -> Heard:
    """Rows of issue, person, moment, channel, language, kind and place."""
    columns = list(zip(*rows, strict=True)) or [()] * (3 + TRAITS)
    seconds = [int(moment.timestamp()) for moment in columns[2]]
    issues, people, at = (np.array(one, np.int64) for one in (*columns[:2], seconds))
    return Heard(issues, people, at, tuple(map(_trait, columns[3:])))


def _trait(values: Sequence[str | None]) -> Trait:
    names = list(dict.fromkeys(values))
    place = {name: n for n, name in enumerate(names)}
    return Trait(np.array([place[value] for value in values], np.int32), names)


def pack(parts: Iterable[Heard]) -> bytes:
    """The same as bytes: for each part a line of JSON, then its columns."""
    return b"".join(map(_packed, parts))


def _packed(heard: Heard) -> bytes:
    head = {"many": len(heard.issues), "names": [trait.names for trait in heard.traits]}
    wide = [one.tobytes() for one in _wide(heard)]
    codes = [trait.codes.tobytes() for trait in heard.traits]
    return b"".join([json.dumps(head).encode(), b"\n", *wide, *codes])


def unpack(packed: bytes) -> list[Heard]:
    """What `pack` packed."""
    parts, at = [], 0
    while at < len(packed):
        body = packed.index(b"\n", at) + 1
        told = json.loads(packed[at:body])
        many = told["many"]
        wide = np.frombuffer(packed, "<i8", 3 * many, body).reshape(3, many)
        rest = body + wide.nbytes
        codes = np.frombuffer(packed, "<i4", TRAITS * many, rest).reshape(TRAITS, many)
        traits = tuple(map(Trait, codes, told["names"]))
        parts.append(Heard(wide[0], wide[1], wide[2], traits))
        at = rest + codes.nbytes
    return parts


@dataclass(frozen=True)
class Tally:
    """What was heard, counted: contributions by everything, and whose each is."""

    said: Counter[int]
    columns: Counter[int]
    channels: Counter[str]
    languages: Counter[str]
    kinds: Counter[str]
    places: Counter[str]
    unplaced: int
    everyone: int
    _roots: Numbers = field(repr=False)
    _who: Numbers = field(repr=False)

    def people(self, groups: Mapping[int, int]) -> Counter[int]:
        """How many people spoke of the issues of each group, counted once in each; `groups` gives
        an issue's.
        """
        names = list(dict.fromkeys(groups.values()))
        place = {name: n for n, name in enumerate(names)}
        codes = np.full(int(max([*groups, self._roots.max(initial=0)])) + 1, OUT)
        codes[list(groups)] = [place[group] for group in groups.values()]
        within = codes[self._roots]
        many = int(self._who.max(initial=0)) + 1
        pairs = _distinct((within * many + self._who)[within >= 0])
        counts = np.bincount(pairs // many, minlength=len(names)).tolist()
        return Counter({name: counts[n] for n, name in enumerate(names) if counts[n]})


def tally(
    parts: Iterable[Heard], roots: Mapping[int, int], begins: Sequence[float], until: float
) -> Tally:
    """Count what was said from the first of `begins` until `until`, in seconds since 1970, of
    issues that `roots` gives survivors of; columns of a chart begin at `begins`.
    """
    counts: list[Counter[str | None]] = [Counter() for _ in range(TRAITS)]
    survivor = np.full(max(roots, default=0) + 2, OUT)
    survivor[list(roots)] = list(roots.values())
    chosen = [_within(part, survivor, begins[0], until) for part in parts]
    for part in chosen:
        for counter, trait in zip(counts, part.traits, strict=True):
            found = np.bincount(trait.codes, minlength=len(trait.names)).tolist()
            counter.update({name: n for name, n in zip(trait.names, found, strict=True) if n})
    kept, people, seconds = (
        np.concatenate([np.empty(0, np.int64), *(one[n] for one in map(_wide, chosen))])
        for n in range(3)
    )
    persons = _distinct(people)
    whose = np.searchsorted(persons, people)
    pairs = _distinct(kept * (len(persons) + 1) + whose)
    places = np.searchsorted(np.array(begins), seconds, "right") - 1
    unplaced = counts[3].pop(None, 0) + counts[3].pop("", 0)
    channels, languages, kinds, named = ({str(k): n for k, n in one.items()} for one in counts)
    return Tally(
        Counter(dict(_counted(kept))), Counter(dict(_counted(places))),
        Counter(channels), Counter(languages), Counter(kinds), Counter(named),
        unplaced, len(persons), pairs // (len(persons) + 1), pairs % (len(persons) + 1),
    )  # fmt: skip


def _within(part: Heard, survivor: Numbers, since: float, until: float) -> Heard:
    """Those of a period and of known issues, each with the issue it counts to now."""
    now = survivor[np.minimum(part.issues, len(survivor) - 1)]
    mine = (now >= 0) & (part.seconds >= since) & (part.seconds < until)
    traits = tuple(Trait(trait.codes[mine], trait.names) for trait in part.traits)
    return Heard(now[mine], part.people[mine], part.seconds[mine], traits)


def _wide(part: Heard) -> tuple[Numbers, Numbers, Numbers]:
    return part.issues, part.people, part.seconds


def _counted(numbers: Numbers) -> list[tuple[int, int]]:
    counts = np.bincount(numbers)
    found = np.flatnonzero(counts)
    return list(zip(found.tolist(), counts[found].tolist(), strict=True))


def _distinct(numbers: Numbers) -> Numbers:
    """Each number once, in order: numpy's `unique` takes ten times as long."""
    ordered = np.sort(numbers)
    first: Numbers = ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0]
    return first
