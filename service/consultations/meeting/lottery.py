"""Draw lots among participants so that each place and channel has its share of the seats.

Stratified sampling with proportional allocation: a stratum's share of the seats is its share of the
participants, whole seats by Hamilton's method of the largest remainder, so that none is a seat or
more away from its exact share. In each stratum lots decide. Everything follows from the seed.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

METHOD = (
    "A stratum is a place and a channel, written place/channel; who said no place has an empty "
    "one. Strata of fewer people than `least` lose the place, and if they are too few still, the "
    "channel. If those without both are too few, the smallest of the others joins them, among "
    "equals the first. Strata are in the order of their places, then channels, by code points. "
    "Each has its people times the seats (or all people, if they are fewer) divided by all people, "
    "rounded down; seats left over go to the largest remainders, one each, among equals to the "
    "stratum of the lowest lot. A lot is the SHA-256, in hexadecimal digits, of the seed, a colon "
    "and the pseudonym or the stratum, in UTF-8. In each stratum the lowest lots have its seats. "
    "In the order of all, those with a seat come before those without; then counts how many of "
    "their stratum have a lower lot, plus a half, divided by its people; then the lot. A seat that "
    "comes free goes to who waits next in that stratum while it has fewer than its seats, else to "
    "who waits next of all."
)


@dataclass(frozen=True)
class Entry:
    """Somebody among whom lots are drawn: by their pseudonym; no place where none is known."""

    code: str
    place: str
    channel: str


@dataclass(frozen=True)
class Stratum:
    """So many people of a place and a channel, and the seats that are theirs; an empty name stands
    for all the others.
    """

    place: str
    channel: str
    size: int
    seats: int


@dataclass(frozen=True)
class Drawn:
    """Where somebody stands: their lot, their stratum, and the order among all from 1."""

    code: str
    lot: str
    stratum: int
    position: int


@dataclass(frozen=True)
class Draw:
    """A whole draw; `pool` marks among whom it was, so that nobody can be added afterwards."""

    strata: list[Stratum]
    drawn: list[Drawn]
    pool: str


def draw(entries: Sequence[Entry], seats: int, seed: str, *, least: int) -> Draw:
    """Draw lots for `seats`; strata have `least` people at least, where there are so many.

    The same entries in any order, the same seats and seed give the same draw.
    """
    placed = _strata(entries, least)
    sizes = Counter(placed.values())
    keys = sorted(sizes)
    shares = allot([sizes[key] for key in keys], seats, [lot(seed, "/".join(key)) for key in keys])
    strata = [
        Stratum(key[0], key[1], sizes[key], share) for key, share in zip(keys, shares, strict=True)
    ]
    at = {key: number for number, key in enumerate(keys)}
    depth = Counter[int]()
    order = []
    for ticket, code in sorted((lot(seed, code), code) for code in placed):
        number = at[placed[code]]
        seated = depth[number] < strata[number].seats
        order.append(
            (not seated, (depth[number] + 0.5) / strata[number].size, ticket, code, number)
        )
        depth[number] += 1
    drawn = [
        Drawn(code, ticket, number, position)
        for position, (_, _, ticket, code, number) in enumerate(sorted(order), 1)
    ]
    pool = hashlib.sha256("\n".join(sorted(placed)).encode()).hexdigest()
    return Draw(strata, drawn, pool)


def allot(sizes: Sequence[int], seats: int, ties: Sequence[str]) -> list[int]:
    """Whole seats for strata of these sizes, by the largest remainder; equal ones go by `ties`,
    the lowest first. Nobody has more seats than people.
    """
    total = sum(sizes)
    seats = min(seats, total)
    if not total:
        return []
    given = [seats * size // total for size in sizes]
    rest = sorted(
        range(len(sizes)), key=lambda at: (-(seats * sizes[at] % total), ties[at], at)
    )[: seats - sum(given)]  # fmt: skip
    return [share + (at in rest) for at, share in enumerate(given)]


def lot(seed: str, what: str) -> str:
    """What is drawn for somebody or something: 64 hex digits."""
    return hashlib.sha256(f"{seed}:{what}".encode()).hexdigest()


def _strata(entries: Sequence[Entry], least: int) -> dict[str, tuple[str, str]]:
    """The (place, channel) of each pseudonym; first places that are too small lose their name, then
    channels, then what is left over joins the smallest of the others.
    """
    keys = {one.code: (one.place, one.channel) for one in entries}
    for named in (True, False):
        sizes = Counter(keys.values())
        keys = {
            code: key if sizes[key] >= least else ("", key[1] if named else "")
            for code, key in keys.items()
        }
    sizes = Counter(keys.values())
    over = ("", "")
    if 0 < sizes[over] < least and len(sizes) > 1:
        host = min((size, key) for key, size in sizes.items() if key != over)[1]
        keys = {code: over if key == host else key for code, key in keys.items()}
    return keys
