"""Members of an issue that belong to another theme than it does: what a round takes out of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nlp.embed import FloatArray
from nlp.group import DayArray, brief
from nlp.neighbours import IntArray
from nlp.themes import communities, of_issues

SHARE = 0.05
NEWEST = 0.1
AGAIN = 2


def allowed(heard: int, moved: int) -> int:
    """How many may leave their issue now, where `moved` did so while the last half of all that was
    `heard` came: one in twenty, so that nobody's issues change under their hands.
    """
    return max(0, int(SHARE * heard) - moved)


@dataclass(frozen=True)
class Part:
    """Members (their rows) of one issue that are of one other `theme`."""

    issue: int
    theme: int
    rows: IntArray


def astray(
    links: csr_matrix,
    themes: IntArray,
    issues: IntArray,
    days: DayArray,
    *,
    most: int,
    fixed: Collection[int] = (),
    settled: Collection[int] = (),
) -> list[Part]:
    """Parts that are to leave their issue, `most` members in all, where most is won first; last
    those of a theme that is mostly of an issue that is `fixed`, since they may find no place there.

    Rows are contributions, the newest last: how they are `linked` (n, n), their themes and issues
    (n), numbered from 0, and the `days` on which they were said (n). A member is astray where its
    theme is not that of most of its issue, nor is it when the newest tenth is left out and
    communities are found again: what is new, or goes to and fro, stays where it is. So do rows that
    are `settled`, and all of an issue that is `fixed`, or was spoken of in one short stretch of
    time only.
    """
    older = len(issues) - int(len(issues) * NEWEST)
    away = np.zeros(len(issues), dtype=np.bool_)
    away[:older] = _away(issues[:older], communities(links[:older, :older], seed=AGAIN))
    away &= _away(issues, themes) & ~np.isin(issues, list(fixed)) & ~_brief(issues, days)
    away[list(settled)] = False
    parts = _parts(np.flatnonzero(away), issues, themes)
    held = np.isin(of_issues(themes, issues, int(themes.max(initial=-1)) + 1), list(fixed))
    sizes = np.bincount(issues)

    def turn(part: Part) -> tuple[bool, int]:
        won = len(part.rows) * int(sizes[part.issue] - len(part.rows))
        return bool(held[part.theme]), -won

    return _first(sorted(parts, key=turn), most)


@dataclass(frozen=True)
class Nodes:
    """What is brought together: issues without their parts, and the parts behind them. `means`
    (n, size) are raw, `spans` (n, 2) in days.
    """

    means: FloatArray
    sizes: IntArray
    spans: DayArray
    themes: IntArray

    def without(self, parts: Sequence[Part], vectors: FloatArray, days: DayArray) -> "Nodes":
        """After `parts` left them; `vectors` (m, size) and `days` (m) are of all members."""
        sums, sizes = self.means * self.sizes[:, None], self.sizes.copy()
        for part in parts:
            sums[part.issue] -= vectors[part.rows].sum(axis=0)
            sizes[part.issue] -= len(part.rows)
        left = sums / np.maximum(sizes, 1)[:, None]
        own = [vectors[part.rows].mean(axis=0, keepdims=True) for part in parts]
        spans = [[[days[part.rows].min(), days[part.rows].max()]] for part in parts]
        return Nodes(
            np.concatenate([left, *own]).astype(np.float32),
            np.append(sizes, [len(part.rows) for part in parts]).astype(np.int64),
            np.concatenate([self.spans, *spans]),
            np.append(self.themes, [part.theme for part in parts]).astype(np.int64),
        )


def _away(issues: IntArray, themes: IntArray) -> NDArray[np.bool_]:
    return np.asarray(of_issues(issues, themes, int(issues.max(initial=-1)) + 1)[issues] != themes)


def _brief(issues: IntArray, days: DayArray) -> NDArray[np.bool_]:
    first = np.full(int(issues.max(initial=-1)) + 1, np.inf)
    last = np.full(len(first), -np.inf)
    np.minimum.at(first, issues, days)
    np.maximum.at(last, issues, days)
    return brief((last - first)[issues], float(np.ptp(days)) if len(days) else 0.0)


def _parts(rows: IntArray, issues: IntArray, themes: IntArray) -> list[Part]:
    pairs = np.stack([issues[rows], themes[rows]], axis=1)
    kinds, of = np.unique(pairs, axis=0, return_inverse=True)
    return [
        Part(int(issue), int(theme), rows[of == at])
        for at, (issue, theme) in enumerate(kinds.tolist())
    ]


def _first(parts: list[Part], most: int) -> list[Part]:
    """As many as may leave, in order; one that is too large is left out."""
    kept = []
    for part in parts:
        if len(part.rows) <= most:
            kept.append(part)
            most -= len(part.rows)
    return kept
