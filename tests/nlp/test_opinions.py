"""Opinion groups, what they share, and votes that are foretold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from nlp import opinions
from nlp.opinions import ANSWERS, NO_GROUP, Ballots, Groups
from nlp.rank import Floats, Ints

STATEMENTS = 24


def camps(sizes: list[int], share: float, seed: int) -> tuple[Ballots, Ints]:
    """People of several minds: each camp is for or against a statement, and a few think otherwise;
    everybody votes on a share of the statements.
    """
    random = np.random.default_rng(seed)
    mind = np.repeat(np.arange(len(sizes)), sizes)
    stance = random.choice([-1, 1], (len(sizes), STATEMENTS))
    table = stance[mind] * np.where(random.random((len(mind), STATEMENTS)) < 0.9, 1, -1)
    table[random.random(table.shape) < 0.1] = 0
    person, statement = np.nonzero(random.random(table.shape) < share)
    value = table[person, statement]
    return Ballots(person, statement, value, len(mind), STATEMENTS), mind


def test_camps_are_found_from_half_of_the_votes() -> None:
    ballots, mind = camps([60, 40], 0.5, 1)
    found = opinions.groups(ballots)
    assert found.count == 2
    assert adjusted_rand_score(mind, found.group) > 0.8
    sizes = [int((found.group == group).sum()) for group in range(2)]
    assert sizes[0] > sizes[1] > 30


def test_three_camps_of_many_people_are_three() -> None:
    ballots, mind = camps([150, 100, 80], 0.6, 5)
    found = opinions.groups(ballots)
    assert found.count == 3
    assert adjusted_rand_score(mind, found.group) > 0.9


def test_who_voted_too_little_is_in_no_group_and_does_not_move_others() -> None:
    ballots, _ = camps([30, 30], 0.8, 3)
    random = np.random.default_rng(4)
    more = Ballots(
        np.concatenate([ballots.person, np.repeat(np.arange(60, 90), 3)]),
        np.concatenate([ballots.statement, np.tile([0, 1, 2], 30)]),
        np.concatenate([ballots.value, random.choice([-1, 1], 90)]),
        90,
        STATEMENTS,
    )
    alone, beside = opinions.groups(ballots), opinions.groups(more)
    assert set(beside.group[60:].tolist()) == {NO_GROUP}
    assert adjusted_rand_score(alone.group, beside.group[:60]) == 1
    assert np.abs(beside.at[:60]) == pytest.approx(np.abs(alone.at), abs=1e-3)


def test_whole_tables_are_laid_out_by_principal_components() -> None:
    ballots, _ = camps([25, 25], 1.0, 6)
    table = np.zeros((50, STATEMENTS))
    table[ballots.person, ballots.statement] = ballots.value
    plain: Floats = PCA(2).fit_transform(table)
    assert np.abs(opinions.groups(ballots).at) == pytest.approx(np.abs(plain), abs=1e-2)


@pytest.mark.parametrize("people", [0, 1, opinions.FEWEST - 1])
def test_too_few_people_make_no_groups(people: int) -> None:
    person, statement = np.divmod(np.arange(people * STATEMENTS), STATEMENTS)
    value = np.where((person + statement) % 2, 1, -1)
    found = opinions.groups(Ballots(person, statement, value, people, STATEMENTS))
    assert (found.count, found.group.tolist()) == (0, [NO_GROUP] * people)


def test_people_of_one_mind_make_no_groups() -> None:
    person, statement = np.divmod(np.arange(40 * STATEMENTS), STATEMENTS)
    ballots = Ballots(person, statement, np.ones_like(person), 40, STATEMENTS)
    assert opinions.groups(ballots).count == 0


def test_consensus_is_what_every_group_agrees_with() -> None:
    """Three statements: the large group's own, one that both hold, one that nobody voted on."""
    person = np.array([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    statement = np.repeat([0, 1], 6)
    value = np.array([1, 1, 1, 1, -1, -1, 1, 1, 1, -1, 1, 1])
    ballots = Ballots(person, statement, value, 6, 3)
    found = Groups(np.zeros((6, 2)), np.array([0, 0, 0, 0, 1, 1]), 2, 0.5)
    assert opinions.support(ballots, found).tolist() == [[5 / 6, 4 / 6, 0.5], [1 / 4, 3 / 4, 0.5]]
    assert opinions.consensus(ballots, found).argmax() == 1


def test_hidden_votes_are_foretold_better_than_by_majorities() -> None:
    whole, _ = camps([60, 50], 0.9, 7)
    hidden = np.random.default_rng(8).random(len(whole.value)) < 0.1
    known = Ballots(
        whole.person[~hidden], whole.statement[~hidden], whole.value[~hidden],
        whole.people, whole.statements,
    )  # fmt: skip
    guessed = opinions.learn(known).guess(whole.person[hidden], whole.statement[hidden])
    counts = [np.bincount(known.statement, known.value == one, STATEMENTS) for one in ANSWERS]
    most = ANSWERS[np.argmax(counts, axis=0)][whole.statement[hidden]]
    told = whole.value[hidden]
    assert (guessed == told).mean() > (most == told).mean() + 0.1


def test_who_always_passes_is_known_to_pass() -> None:
    ballots, _ = camps([20, 20], 1.0, 9)
    value = np.where(ballots.person == 3, 0, ballots.value)
    known = Ballots(ballots.person, ballots.statement, value, 40, STATEMENTS)
    guessed = opinions.learn(known).guess(np.full(STATEMENTS, 3), np.arange(STATEMENTS))
    assert (guessed == 0).mean() > 0.9


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), unique=True), st.data())
def test_any_ballots_are_read(cells: list[tuple[int, int]], data: st.DataObject) -> None:
    value = data.draw(
        st.lists(st.sampled_from([-1, 0, 1]), min_size=len(cells), max_size=len(cells))
    )
    at = np.array(cells, dtype=np.int64).reshape(-1, 2)
    ballots = Ballots(at[:, 0], at[:, 1], np.array(value, dtype=np.int64), 10, 6)
    found = opinions.groups(ballots)
    given = np.bincount(ballots.person, minlength=10)
    assert set(found.group[given < 6].tolist()) <= {NO_GROUP}
    share = opinions.support(ballots, found)
    assert ((share > 0) & (share < 1)).all()
    assert set(opinions.learn(ballots).guess(np.arange(10), np.zeros(10, np.int64))) <= {-1, 0, 1}
