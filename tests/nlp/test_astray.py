"""Members that belong to another theme than their issue: who leaves, and who stays."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import astray, themes
from nlp.astray import Nodes, Part
from nlp.embed import FloatArray
from nlp.group import DayArray
from nlp.neighbours import IntArray
from tests.nlp.test_group import clusters


def town(seed: int = 5) -> tuple[FloatArray, IntArray]:
    """Two matters of thirty contributions each, in turns, the newest last."""
    vectors, of = clusters(seed, 2, 30, 0.3)
    order = np.random.default_rng(seed).permutation(60)
    return vectors[order], np.array(of)[order]


def parts(
    vectors: FloatArray, issues: IntArray, days: DayArray | None = None, **more: Any
) -> list[Part]:
    """What leaves its issue; everything was said over and over again."""
    said = np.fmod(np.arange(len(issues), dtype=np.float64), 7) if days is None else days
    links = themes.linked(vectors)
    return astray.astray(links, themes.communities(links), issues, said, **{"most": 60} | more)


def test_what_belongs_elsewhere_leaves_and_the_rest_stays() -> None:
    vectors, matter = town()
    issues = matter.copy()
    strays = np.flatnonzero(matter == 1)[:4]
    issues[strays] = 0
    (part,) = parts(vectors, issues)
    assert part.rows.tolist() == strays.tolist()
    assert part.issue == 0
    assert not parts(vectors, matter)
    assert [one.rows.tolist() for one in parts(vectors, issues, settled=strays[:1].tolist())] == [
        strays[1:].tolist()
    ]


def test_the_newest_wait_for_more_to_be_said() -> None:
    vectors, matter = town()
    issues = matter.copy()
    issues[55:] = 1 - matter[55:]
    assert not parts(vectors, issues)


def test_an_issue_that_is_fixed_keeps_all_of_its_own() -> None:
    vectors, matter = town()
    issues = matter.copy()
    issues[:3] = 1 - matter[:3]
    gone = {part.issue for part in parts(vectors, issues)}
    assert gone
    for one in gone:
        assert one not in {part.issue for part in parts(vectors, issues, fixed=[one])}


def test_what_was_said_in_one_short_stretch_stays_together() -> None:
    vectors, matter = town()
    one, other = np.flatnonzero(matter == 0)[:27:3], np.flatnonzero(matter == 1)[:24:6]
    issues = matter + 1
    issues[one] = issues[other] = 0
    days = np.linspace(0.0, 100.0, 60)
    (part,) = parts(vectors, issues, days)
    assert part.rows.tolist() == other.tolist()
    days[one] = days[other] = 50.0
    assert not parts(vectors, issues, days)


def test_where_most_is_won_is_what_leaves_first() -> None:
    vectors, matter = town()
    zeros, ones = np.flatnonzero(matter == 0), np.flatnonzero(matter == 1)
    issues = matter + 2
    large, small = ones[:3], zeros[20:22]
    issues[np.concatenate([zeros[:20], large])] = 0
    issues[np.concatenate([ones[3:7], small])] = 1
    assert [part.rows.tolist() for part in parts(vectors, issues)] == [
        large.tolist(), small.tolist()
    ]  # fmt: skip
    assert [part.rows.tolist() for part in parts(vectors, issues, most=4)] == [large.tolist()]
    assert [part.rows.tolist() for part in parts(vectors, issues, most=2)] == [small.tolist()]
    assert not parts(vectors, issues, most=0)
    assert [part.rows.tolist() for part in parts(vectors, issues, most=2, fixed=[3])] == [
        small.tolist()
    ]
    assert parts(vectors, issues, fixed=[1])[0].rows.tolist() == large.tolist()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_contributions_are_no_special_case(count: int) -> None:
    issues = np.zeros(count, dtype=np.int64)
    assert not parts(np.eye(count, 8, dtype=np.float32), issues)


@given(st.integers(0, 10_000), st.integers(0, 1_000))
def test_no_more_than_one_in_twenty_may_leave(heard: int, moved: int) -> None:
    left = astray.allowed(heard, moved)
    assert left >= 0
    assert left == 0 or left + moved <= heard / 20


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(0, 4), st.data())
def test_means_sizes_and_spans_are_those_of_who_is_left(
    of: list[int], themes_: int, data: st.DataObject
) -> None:
    issues = np.unique(of, return_inverse=True)[1]
    random = np.random.default_rng(len(of))
    vectors = random.normal(size=(len(of), 5)).astype(np.float32)
    days = random.uniform(0, 100, len(of))
    count = int(issues.max()) + 1
    gone = data.draw(st.lists(st.integers(0, count - 1), unique=True, max_size=2))
    leaving = [Part(one, themes_, np.flatnonzero(issues == one)[1:]) for one in gone]
    leaving = [part for part in leaving if len(part.rows)]
    whole = [np.flatnonzero(issues == one) for one in range(count)]
    nodes = Nodes(
        np.stack([vectors[rows].mean(axis=0) for rows in whole]),
        np.array([len(rows) for rows in whole]),
        np.array([[days[rows].min(), days[rows].max()] for rows in whole]),
        np.zeros(count, dtype=np.int64),
    ).without(leaving, vectors, days)
    taken = np.concatenate([part.rows for part in leaving]) if leaving else np.zeros(0, np.int64)
    left = [np.setdiff1d(rows, taken) for rows in whole] + [part.rows for part in leaving]
    assert nodes.sizes.tolist() == [len(rows) for rows in left]
    assert nodes.themes[count:].tolist() == [themes_] * len(leaving)
    for at, rows in enumerate(left):
        assert np.allclose(nodes.means[at], vectors[rows].mean(axis=0), atol=1e-5)
    for at, rows in enumerate(left[count:], count):
        assert nodes.spans[at].tolist() == [days[rows].min(), days[rows].max()]
