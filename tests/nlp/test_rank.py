"""Bradley–Terry: the strengths, the score that is a chance, and an interval that is honest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from nlp import rank
from nlp.rank import Floats, Ints

votes = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=60)


def table(winners: Ints, losers: Ints, count: int) -> csr_matrix:
    """How often each beat each."""
    return csr_matrix((np.ones(len(winners)), (winners, losers)), shape=(count, count))


def voted(true: Floats, many: int, seed: int) -> csr_matrix:
    """Choices between pairs drawn by chance, by these strengths."""
    random = np.random.default_rng(seed)
    one = random.integers(0, len(true), many)
    other = (one + random.integers(1, len(true), many)) % len(true)
    first = random.random(many) < expit(true[one] - true[other])
    return table(np.where(first, one, other), np.where(first, other, one), len(true))


def test_strengths_are_those_of_a_logistic_regression_with_the_same_prior() -> None:
    wins = voted(np.random.default_rng(1).normal(0, 1, 30), 900, 2)
    held = wins.tocoo()
    rows = np.zeros((2 * held.nnz, 30))
    at = np.arange(held.nnz)
    rows[at, held.row], rows[at, held.col] = 1, -1
    rows[held.nnz :] = -rows[: held.nnz]
    reference = LogisticRegression(C=rank.PRIOR**2 / 2, fit_intercept=False, tol=1e-8)
    reference.fit(rows, np.repeat([1, 0], held.nnz), np.tile(held.data, 2))
    assert rank.rank(wins).strength == pytest.approx(reference.coef_[0], abs=1e-3)


def test_the_interval_holds_the_true_score_about_as_often_as_it_says() -> None:
    true = np.random.default_rng(3).normal(0, 1.5, 300)
    score = rank.chance(true, true, moved=np.zeros(len(true)))
    for many in (1500, 12_000):
        found = rank.rank(voted(true, many, many))
        held = (found.low <= score) & (score <= found.high)
        assert 0.9 < held.mean() < 0.99


def test_what_was_never_compared_stands_in_the_middle_and_is_unknown() -> None:
    wins = table(np.array([0, 0, 0]), np.array([1, 1, 1]), 3)
    found = rank.rank(wins)
    assert found.score[0] > found.score[2] > found.score[1]
    assert found.spread[2] == pytest.approx(rank.PRIOR)
    assert found.high[2] - found.low[2] > found.high[0] - found.low[0]


def test_a_score_lies_in_its_interval_also_among_few() -> None:
    one, other = np.triu_indices(4, 1)
    found = rank.rank(table(np.repeat(one, 30), np.repeat(other, 30), 4))
    assert (found.low < found.score).all()
    assert (found.score < found.high).all()


def test_one_that_always_won_has_a_finite_strength() -> None:
    found = rank.rank(table(np.zeros(500, np.int64), np.ones(500, np.int64), 2))
    assert found.strength[0] < 10
    assert 0.9 < found.score[0] < 1


def test_weights_count_as_so_many_votes() -> None:
    once = csr_matrix(([3.0, 1.5], ([0, 1], [1, 2])), shape=(3, 3))
    again = csr_matrix(([1.0, 1.0, 1.0, 1.0, 0.5], ([0, 0, 0, 1, 1], [1, 1, 1, 2, 2])), (3, 3))
    assert rank.rank(once).score == pytest.approx(rank.rank(again).score, abs=1e-6)


def test_beginning_from_an_earlier_ranking_ends_in_the_same_place() -> None:
    wins = voted(np.random.default_rng(5).normal(0, 1, 60), 2000, 6)
    cold = rank.rank(wins)
    warm = rank.rank(wins, cold.strength[:50] + 0.5)
    assert warm.strength == pytest.approx(cold.strength, abs=1e-3)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_compare(count: int) -> None:
    assert rank.rank(csr_matrix((count, count))).score.tolist() == [0.5] * count


def test_many_are_ranked_by_the_grid_as_well_as_by_each_pair() -> None:
    true = np.random.default_rng(7).normal(0, 2, 900)
    each = expit(true[:, None] - true[None]).mean(axis=1)
    assert rank.chance(true, true) == pytest.approx(each, abs=1e-4)


def test_approximate_spreads_are_near_the_exact_ones() -> None:
    wins = voted(np.random.default_rng(8).normal(0, 1, 200), 8000, 9)
    exact, rough = rank.rank(wins), rank.rank(wins, exact=0)
    assert rough.strength == pytest.approx(exact.strength, abs=1e-3)
    assert rough.spread == pytest.approx(exact.spread, rel=0.15)
    assert (rough.spread <= exact.spread).all()


@settings(max_examples=60, deadline=None)
@given(votes)
def test_scores_are_chances_and_who_votes_turn_round_turns(told: list[tuple[int, int]]) -> None:
    pairs = np.array([pair for pair in told if pair[0] != pair[1]], dtype=np.int64).reshape(-1, 2)
    found = rank.rank(table(pairs[:, 0], pairs[:, 1], 8))
    turned = rank.rank(table(pairs[:, 1], pairs[:, 0], 8))
    assert found.strength == pytest.approx(-turned.strength, abs=1e-3)
    assert found.score.mean() == pytest.approx(0.5)
    assert (found.low <= found.score + 1e-9).all()
    assert (found.score <= found.high + 1e-9).all()
    assert ((found.score > 0) & (found.score < 1)).all()
    assert (np.diff(found.score[np.argsort(found.strength)]) > -1e-6).all()
