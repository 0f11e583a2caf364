"""The next pair: never the same twice, nothing shown too little, and more learnt than by chance."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from nlp import pairs, rank
from nlp.pairs import Field
from nlp.rank import Ints
from tests.benchmarks.voting import simulated


def field(count: int, shown: Ints | None = None, *, wanted: int = 3, seed: int = 0) -> Field:
    """Things that nothing is known of yet."""
    ranking = rank.rank(csr_matrix((count, count)))
    held = np.zeros(count, dtype=np.int64) if shown is None else shown
    return Field(ranking, held, wanted, np.random.default_rng(seed))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 7), st.integers(0, 1000))
def test_a_voter_gets_every_pair_once_and_then_none(count: int, seed: int) -> None:
    held, seen = field(count, seed=seed), set[tuple[int, int]]()
    while (pair := held.pair(seen)) is not None:
        one, other = pair
        assert 0 <= one < other < count
        assert pair not in seen
        seen.add(pair)
    assert len(seen) == count * (count - 1) // 2


@settings(max_examples=20, deadline=None)
@given(st.integers(4, 60), st.integers(0, 1000))
def test_nothing_is_shown_less_than_half_as_often_as_the_average(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    strength = random.normal(0, 3, count)
    known = rank.Ranking(strength, np.full(count, 0.3), strength, strength, strength)
    held = Field(known, np.zeros(count, dtype=np.int64), 2, random)
    for _ in range(20 * count):
        held.pair()
    assert held.shown.sum() == 40 * count
    assert held.shown.min() >= held.shown.mean() / 2


def test_what_came_late_catches_up() -> None:
    held = field(40, np.array([100] * 38 + [0] * 2))
    for _ in range(150):
        held.pair()
    assert held.shown[38:].min() >= held.shown.mean() / 2


def test_a_tired_voter_is_spared_what_came_late() -> None:
    held = field(40, np.array([100] * 39 + [0]))
    assert 39 in (held.pair() or ())
    assert all(39 not in (held.pair(tired=[39]) or ()) for _ in range(50))
    assert field(2).pair(tired=[0, 1]) == (0, 1)


def test_kin_never_meet() -> None:
    kin = np.array([0, 0, 1, 1, 1, 2])
    random, seen = np.random.default_rng(0), set[tuple[int, int]]()
    held = Field(rank.rank(csr_matrix((6, 6))), np.zeros(6, dtype=np.int64), 2, random, kin)
    while (pair := held.pair(seen)) is not None:
        seen.add(pair)
    assert len(seen) == 11
    assert all(kin[one] != kin[other] for one, other in seen)


def test_the_edge_of_the_shortlist_is_asked_about() -> None:
    strength = np.linspace(-3, 3, 100)
    known = rank.Ranking(strength, np.full(100, 0.3), strength, strength, strength)
    held = Field(known, np.full(100, 1000), 20, np.random.default_rng(1))
    for _ in range(1000):
        held.pair()
    asked = held.shown - 1000
    assert asked[70:90].mean() > 3 * asked[:50].mean()


def test_pairs_are_kept_with_the_smaller_first() -> None:
    assert pairs.ordered(4, 2) == pairs.ordered(2, 4) == (2, 4)


def test_more_of_the_best_are_found_than_by_pairs_drawn_by_chance() -> None:
    ours = [simulated.recall(seed, 100, 2000, 10, adaptive=True) for seed in range(4)]
    chance = [simulated.recall(seed, 100, 2000, 10, adaptive=False) for seed in range(4)]
    assert sum(one.found for one in ours) > sum(one.found for one in chance) + 0.3
    assert min(one.least for one in ours) >= 0.5
