"""Themes: communities of what is near one another, the same from run to run."""

import numpy as np
import pytest

from nlp import neighbours, themes
from nlp.embed import FloatArray
from tests.nlp.test_group import clusters, same


def test_contributions_fall_into_their_fields() -> None:
    vectors, of = clusters(1, 12, 25, 0.9)
    assert same(themes.themes(vectors).tolist(), of)


def test_matters_of_a_field_are_told_apart_where_little_was_said() -> None:
    random = np.random.default_rng(3)
    fields = np.repeat(random.normal(size=(8, 256)), 6, axis=0)
    matters = np.repeat(fields + 0.8 * random.normal(size=(48, 256)), 10, axis=0)
    vectors = matters + 0.9 * random.normal(size=(480, 256))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = themes.themes(vectors.astype(np.float32))
    assert same(found.tolist(), [at // 10 for at in range(480)])


def test_what_is_alike_draws_near_and_strangers_stay_apart() -> None:
    vectors, of = clusters(3, 8, 20, 0.6)
    field = np.equal.outer(of, of) & ~np.eye(len(of), dtype=bool)
    strangers = ~np.equal.outer(of, of)
    before, after = vectors @ vectors.T, themes.cleared(vectors) @ themes.cleared(vectors).T
    assert after[field].mean() > before[field].mean() + 0.05
    assert after[strangers].mean() == pytest.approx(before[strangers].mean(), abs=0.02)


def test_few_directions_are_kept_whole() -> None:
    alone = np.eye(6, 8, dtype=np.float32)
    assert np.allclose(themes.cleared(alone) @ themes.cleared(alone).T, np.eye(6), atol=1e-5)


def test_a_contribution_that_is_the_mean_itself_is_no_special_case() -> None:
    vectors, of = clusters(4, 3, 20, 0.5)
    blank = np.zeros((1, vectors.shape[1]), dtype=np.float32)
    found = themes.themes(np.concatenate([vectors, blank]))
    assert same(found[:-1].tolist(), of)


def test_themes_are_the_same_again_and_the_largest_comes_first() -> None:
    vectors, _ = clusters(2, 5, 20, 0.8)
    vectors = vectors[:85]
    found = themes.themes(vectors)
    assert np.array_equal(found, themes.themes(vectors))
    sizes = np.bincount(found)
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_contributions_are_no_special_case(count: int) -> None:
    found = themes.themes(np.eye(count, 8, dtype=np.float32))
    assert found.shape == (count,)


def test_issue_is_in_the_theme_of_most_of_its_contributions() -> None:
    issues, of = np.array([0, 0, 0, 2, 2]), np.array([1, 1, 0, 0, 2])
    assert themes.of_issues(issues, of, 3).tolist() == [1, -1, 0]


def test_cells_find_nearly_all_that_comparing_everything_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors, _ = clusters(3, 60, 40, 0.4)
    exact, _ = neighbours.nearest(vectors, 10)
    monkeypatch.setattr(neighbours, "EXACT", 100)
    monkeypatch.setattr(neighbours, "PROBED", 0.15)
    found, scores = neighbours.nearest(vectors, 10)
    shared = [len({*a} & {*b}) / 10 for a, b in zip(exact.tolist(), found.tolist(), strict=True)]
    assert np.mean(shared) >= 0.9
    assert (np.diff(scores, axis=1) <= 0).all(), "best first"


def test_neighbours_are_others_and_their_products() -> None:
    vectors: FloatArray = np.eye(4, dtype=np.float32)
    rows, scores = neighbours.nearest(vectors, 10)
    assert rows.shape == (4, 3)
    assert all(row not in found for row, found in enumerate(rows.tolist()))
    assert np.allclose(scores, 0)
    assert neighbours.nearest(vectors[:1], 5)[0].shape == (1, 0)
