"""Grouping: on arrival, afterwards, and what both owe each other."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from nlp import group
from nlp.checks import check_grouper
from nlp.embed import JOIN, FloatArray, HashEmbedder, Space
from nlp.index import Hit

SIZE = 256


def clusters(seed: int, centres: int, each: int, noise: float) -> tuple[FloatArray, list[int]]:
    """Unit vectors around random centres, and which centre each belongs to."""
    random = np.random.default_rng(seed)
    middles = random.normal(size=(centres, SIZE))
    of = [at for at in range(centres) for _ in range(each)]
    vectors = middles[of] + noise * random.normal(size=(len(of), SIZE))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), of


def same(labels: list[int], others: list[int]) -> bool:
    """Whether two labellings are the same but for the names of the labels."""
    pairs = set(zip(labels, others, strict=True))
    return len(pairs) == len(set(labels)) == len(set(others))


def led(placements: list[group.Placement]) -> list[int]:
    """The leader of each row, where no issue was there before."""
    return [one.leader if one.leader is not None else -1 for one in placements]


def test_placing_keeps_its_contract() -> None:
    check_grouper(group.place)


def test_one_batch_falls_into_its_clusters() -> None:
    vectors, of = clusters(1, 6, 10, 0.3)
    placed = group.place(vectors, [[] for _ in vectors])
    assert same(led(placed), of)


def test_known_issue_is_joined_before_a_new_one_is_opened() -> None:
    vectors, _ = clusters(2, 1, 3, 0.1)
    near = [[Hit(7, 0.9)], [Hit(7, 0.1)], []]
    first, second, third = group.place(vectors, near)
    assert (first.issue, first.similarity) == (7, 0.9)
    assert (second.issue, second.leader) == (None, 1)
    assert (third.issue, third.leader) == (None, 1)


def test_consolidating_is_average_linkage_of_all_members() -> None:
    vectors, _ = clusters(3, 8, 12, 0.9)
    expected = fcluster(linkage(vectors, "average", "cosine"), 1 - 0.35, "distance")
    labels = group.consolidate(vectors, np.ones(len(vectors), dtype=np.int64), threshold=0.35)
    assert same(labels.tolist(), expected.tolist())


def test_sizes_weigh_as_if_every_member_were_there() -> None:
    vectors, _ = clusters(4, 4, 6, 0.8)
    heavy = np.repeat(vectors, 3, axis=0)
    ones = group.consolidate(heavy, np.ones(len(heavy), dtype=np.int64), threshold=0.3)
    threes = group.consolidate(vectors, np.full(len(vectors), 3, dtype=np.int64), threshold=0.3)
    assert same(ones[::3].tolist(), threes.tolist())


@given(st.integers(0, 10_000), st.sets(st.integers(0, 29)))
def test_what_staff_decided_never_comes_together(seed: int, apart: set[int]) -> None:
    vectors, _ = clusters(seed, 3, 10, 0.4)
    sizes = np.ones(len(vectors), dtype=np.int64)
    labels = group.consolidate(vectors, sizes, sorted(apart), threshold=0.2)
    decided = [int(labels[row]) for row in apart]
    assert len(set(decided)) == len(decided)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_issues_are_no_special_case(count: int) -> None:
    vectors = np.eye(count, SIZE, dtype=np.float32)
    labels = group.consolidate(vectors, np.ones(count, dtype=np.int64))
    assert labels.tolist() == list(range(count))


def test_mean_of_members_is_as_similar_as_they_are_on_average() -> None:
    """The space keeps the means of places, though it only sees the means of what was encoded."""
    embedder = HashEmbedder()
    texts = [f"no water in street number {n}" for n in range(20)] + ["the bus is late again"]
    raw = embedder.encode(texts)
    means = np.tile(raw.mean(axis=0), (3, 1))
    space = Space.of(embedder.name, means)
    members, stranger = space.place(raw[:20]), space.place(raw[20:])
    mean = space.place(raw[:20].mean(axis=0, keepdims=True))
    assert float((stranger @ mean.T)[0, 0]) == pytest.approx(
        float((stranger @ members.T).mean()), abs=0.02
    )


def test_cut_is_what_one_pair_in_two_hundred_exceeds() -> None:
    random = np.random.default_rng(5)
    strangers = random.normal(size=(400, 48)).astype(np.float32)
    strangers /= np.linalg.norm(strangers, axis=1, keepdims=True)
    # Products of random directions in d dimensions spread by the square root of 1/d.
    assert group.learn_join(strangers) == pytest.approx(2.58 / math.sqrt(48), abs=0.02)


def test_cut_stays_within_reason() -> None:
    same = np.ones((50, 1), dtype=np.float32)
    assert group.learn_join(same) == pytest.approx(max(group.JOINS))
    assert group.learn_join(np.eye(50, dtype=np.float32)) == pytest.approx(min(group.JOINS))


def test_too_little_to_learn_from_keeps_the_cut() -> None:
    vectors, _ = clusters(6, 1, 2, 0.1)
    assert group.learn_join(vectors) == JOIN


def test_growth_is_counted_against_the_past() -> None:
    assert group.emerging(9, [1, 0, 2, 1, 0, 1, 1])
    assert not group.emerging(9, [8, 10, 9, 7, 11, 9, 8])
    assert not group.emerging(2, [0] * 7)


def test_the_longer_it_took_the_more_alike_they_have_to_be() -> None:
    assert group.raised(3, 0.1, 0.48)
    assert not group.raised(3, 0.1, 0.42)
    assert not group.raised(3, 30.0, 0.48)
    assert group.raised(3, 30.0, 0.56)
    assert group.raised(12, 30.0, 0.48)


def test_nobody_is_told_of_two_people_or_of_what_is_old() -> None:
    assert not group.raised(2, 0.1, 1.0)
    assert not group.raised(9, group.YOUNG + 1, 1.0)


def test_three_that_were_picked_from_much_have_to_be_more_alike() -> None:
    assert group.raised(3, 0.1, 0.48)
    assert not group.raised(3, 0.1, 0.48, picked=True)
    assert group.raised(3, 0.1, 0.54, picked=True)


def test_the_two_that_most_surely_make_three_are_alike_and_not_long_ago() -> None:
    members, _ = clusters(5, 1, 4, 0.5)
    stranger = -members[0]
    others = np.stack([stranger, members[1], members[2], members[3]])
    alike = float(np.mean((members[[0, 1, 2]] @ members[[0, 1, 2]].T)[np.triu_indices(3, k=1)]))
    found = group.three(members[0], others, np.array([0.0, 2.0, 5.0, 1e6]))
    assert found is not None
    assert (sorted(found.others), found.days) == ([1, 2], 5.0)
    assert found.alike == pytest.approx(alike, abs=1e-5)


def test_two_more_are_needed_to_make_three() -> None:
    one = np.ones((1, 1), dtype=np.float32)
    assert group.three(one[0], one, np.zeros(1)) is None
    assert group.three(one[0], one[:0], np.zeros(0)) is None


def test_what_is_spoken_of_all_the_time_is_no_news() -> None:
    assert group.news(group.YOUNG, 100)
    assert not group.news(group.YOUNG + 1, 100)
    assert group.news(group.YOUNG + 1, group.QUIET)


def test_an_issue_of_another_theme_than_most_around_is_held_back() -> None:
    near = [group.Near(1, 0.7, 5, 9), *(group.Near(at, 0.65, 6, 3) for at in (2, 3, 4))]
    assert group.held_back(near) == pytest.approx([0.6, 0.65, 0.65, 0.65])
    assert group.held_back(near[:2]) == pytest.approx([0.7, 0.55]), "the nearest before all"
    fresh = group.Near(7, 0.66, None, 50)
    assert group.held_back([fresh, near[0]]) == pytest.approx([0.66, 0.7])
    assert group.held_back([]) == []


def test_silence_asks_for_more_likeness() -> None:
    assert [group.fade(days) for days in (-1, 0, 90, 180, 900)] == pytest.approx(
        [0, 0, 0.15, 0.3, 0.3]
    )
    assert [group.silence(day, 10, 20) for day in (4, 15, 26)] == [6, 0, 6]


def test_what_is_said_long_after_opens_an_issue_of_its_own() -> None:
    vectors, _ = clusters(8, 1, 3, 0.7)
    near = [[] for _ in vectors]  # type: list[list[Hit]]
    soon = group.place(vectors, near, threshold=0.4, said=[0, 10, 20])
    late = group.place(vectors, near, threshold=0.4, said=[0, 10, 400])
    assert led(soon) == [0, 0, 0]
    assert led(late) == [0, 0, 2]
    spans = np.array([[0, 0], [10, 10], [400, 400]], dtype=np.float64)
    sizes = np.ones(3, dtype=np.int64)
    assert len(set(group.consolidate(vectors, sizes, threshold=0.4).tolist())) == 1
    labels = group.consolidate(vectors, sizes, spans=spans, threshold=0.4).tolist()
    assert labels[0] == labels[1] != labels[2]


def test_issues_of_one_theme_unite_sooner_than_others() -> None:
    alike = 0.5
    shared, own = np.full((4, 1), alike**0.5), (1 - alike) ** 0.5 * np.eye(4)
    vectors = np.hstack([shared, own]).astype(np.float32)
    ones, marks = np.ones(4, dtype=np.int64), np.array([0, 0, 1, 1])
    surer = group.consolidate(vectors, ones, themes=marks, threshold=0.52)
    assert same(surer.tolist(), marks.tolist())
    assert len(set(group.consolidate(vectors, ones, threshold=0.52).tolist())) == 4
    assert same(
        group.consolidate(vectors, ones, themes=marks, threshold=0.44).tolist(), marks.tolist()
    )
    assert len(set(group.consolidate(vectors, ones, themes=marks, threshold=0.29).tolist())) == 1


def test_issues_of_two_themes_said_in_one_short_stretch_unite_as_any_two() -> None:
    shared, own = np.full((4, 1), 0.5**0.5), 0.5**0.5 * np.eye(4)
    vectors = np.hstack([shared, own]).astype(np.float32)
    ones, marks = np.ones(4, dtype=np.int64), np.array([0, 0, 1, 1])
    for days, groups in (([0, 1, 2, 10], 1), ([0, 1, 2, 40], 2), ([0, 1, 38, 40], 2)):
        spans = np.array([days, days], dtype=np.float64).T
        found = group.consolidate(
            vectors, ones, spans=spans, themes=marks, stretch=100.0, threshold=0.44
        )
        assert len(set(found.tolist())) == groups


def test_union_has_the_theme_of_its_larger_part() -> None:
    close, alike = 0.62, 0.5
    vectors = np.array([[1, 0, 0], [close, 0.78, 0], [alike, 0.25, 0.83]], dtype=np.float32)
    marks = np.array([0, 1, 1])
    for sizes, groups in (([9, 1, 1], 2), ([1, 9, 1], 1)):
        found = group.consolidate(
            vectors, np.array(sizes), themes=marks, stretch=1.0, threshold=0.55
        )
        assert len(set(found.tolist())) == groups


def test_many_issues_unite_as_few_do(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, of = clusters(10, 20, 15, 0.6)
    ones = np.ones(len(vectors), dtype=np.int64)
    exact = group.consolidate(vectors, ones, threshold=0.4)
    monkeypatch.setattr(group, "ALL_PAIRS", 10)
    assert same(group.consolidate(vectors, ones, threshold=0.4).tolist(), exact.tolist())
    assert same(exact.tolist(), of)
