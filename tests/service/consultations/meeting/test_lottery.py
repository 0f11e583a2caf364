"""The draw: it follows from its seed, is proportional within one seat, and fair to everybody."""

import hashlib
from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from service.consultations.meeting import lottery
from service.consultations.meeting.lottery import Entry

PEOPLE = st.lists(
    st.tuples(st.sampled_from(["", "Vila Nova", "Centro", "Lomba"]), st.sampled_from("wtd")),
    max_size=120,
).map(lambda told: [Entry(f"P-{at}", *one) for at, one in enumerate(told)])
SEEDS = st.text("0123456789abcdef", min_size=4, max_size=8)


@given(PEOPLE, st.integers(0, 60), SEEDS, st.integers(1, 10), st.randoms())
def test_a_draw_follows_from_its_seed_and_is_fair_by_stratum(
    entries: list[Entry], seats: int, seed: str, least: int, order: object
) -> None:
    told = lottery.draw(entries, seats, seed, least=least)
    order.shuffle(entries)  # type: ignore[attr-defined]
    assert lottery.draw(entries, seats, seed, least=least) == told
    assert sorted(one.code for one in told.drawn) == sorted(one.code for one in entries)
    assert [one.position for one in told.drawn] == list(range(1, len(entries) + 1))
    total = min(seats, len(entries))
    seated = Counter(one.stratum for one in told.drawn[:total])
    for at, stratum in enumerate(told.strata):
        assert seated[at] == stratum.seats <= stratum.size
        assert abs(stratum.seats - Fraction(total * stratum.size, len(entries))) < 1
        assert stratum.size >= least or len(told.strata) == 1
    assert sum(one.size for one in told.strata) == len(entries)


@given(PEOPLE, SEEDS)
def test_anybody_can_compute_a_lot_and_in_a_stratum_the_lowest_have_the_seats(
    entries: list[Entry], seed: str
) -> None:
    told = lottery.draw(entries, 10, seed, least=3)
    for one in told.drawn:
        assert one.lot == hashlib.sha256(f"{seed}:{one.code}".encode()).hexdigest()
    for at, stratum in enumerate(told.strata):
        mine = [one for one in told.drawn if one.stratum == at]
        lots = [one.lot for one in mine]
        assert lots == sorted(lots)
        assert all(one.position <= 10 for one in mine[: stratum.seats])


@given(PEOPLE, st.integers(0, 60), SEEDS, st.integers(1, 10))
def test_a_stranger_makes_the_draw_again_from_what_the_method_says(
    entries: list[Entry], seats: int, seed: str, least: int
) -> None:
    told = lottery.draw(entries, seats, seed, least=least)
    strata, order, pool = by_the_method(entries, seats, seed, least)
    assert [(f"{one.place}/{one.channel}", one.size, one.seats) for one in told.strata] == strata
    assert [one.code for one in told.drawn] == order
    assert told.pool == pool


def by_the_method(
    entries: list[Entry], seats: int, seed: str, least: int
) -> tuple[list[tuple[str, int, int]], list[str], str]:
    """`lottery.METHOD`, sentence by sentence, by somebody who has not seen our code."""

    def lot(what: str) -> str:
        return hashlib.sha256(f"{seed}:{what}".encode()).hexdigest()

    groups: dict[tuple[str, str], list[str]] = {}
    for one in entries:
        groups.setdefault((one.place, one.channel), []).append(one.code)
    for keep in (True, False):
        smaller: dict[tuple[str, str], list[str]] = {}
        for (place, channel), codes in groups.items():
            few = len(codes) < least
            key = ("", channel if keep else "") if few else (place, channel)
            smaller.setdefault(key, []).extend(codes)
        groups = smaller
    rest = groups.get(("", ""), [])
    if rest and len(rest) < least and len(groups) > 1:
        host = min((key for key in groups if key != ("", "")), key=lambda k: (len(groups[k]), k))
        rest.extend(groups.pop(host))
    names = sorted(groups)
    everybody = sum(map(len, groups.values()))
    exact = {key: Fraction(min(seats, everybody) * len(groups[key]), everybody) for key in names}
    given = {key: int(share) for key, share in exact.items()}
    left = min(seats, everybody) - sum(given.values())
    by_remainder = sorted(names, key=lambda key: (given[key] - exact[key], lot("/".join(key))))
    for key in by_remainder[:left]:
        given[key] += 1
    ranked = []
    for key in names:
        for below, code in enumerate(sorted(groups[key], key=lot)):
            depth = (below + Fraction(1, 2)) / len(groups[key])
            ranked.append((below >= given[key], depth, lot(code), code))
    strata = [("/".join(key), len(groups[key]), given[key]) for key in names]
    pool = hashlib.sha256("\n".join(sorted(one.code for one in entries)).encode())
    return strata, [code for *_, code in sorted(ranked)], pool.hexdigest()


def test_another_seed_seats_others_and_over_many_seeds_everybody_as_often() -> None:
    entries = [Entry(f"P-{at}", "", "web") for at in range(20)]
    seated = Counter[str]()
    for seed in range(2000):
        told = lottery.draw(entries, 5, str(seed), least=5)
        seated.update(one.code for one in told.drawn[:5])
    assert set(seated) == {one.code for one in entries}
    assert all(400 < count < 600 for count in seated.values()), "500 each, give or take"


def test_small_places_are_put_together_by_channel_and_then_all() -> None:
    entries = [Entry(f"P-a{at}", "Vila Nova", "web") for at in range(12)]
    entries += [Entry(f"P-b{at}", "Centro", "web") for at in range(3)]
    entries += [Entry(f"P-c{at}", "Lomba", "web") for at in range(4)]
    entries += [Entry(f"P-d{at}", "", "discord") for at in range(2)]
    told = lottery.draw(entries, 7, "seed", least=5)
    assert [(one.place, one.channel, one.size) for one in told.strata] == [
        ("", "", 9), ("Vila Nova", "web", 12),
    ]  # fmt: skip
