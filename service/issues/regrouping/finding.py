"""What a round finds: computed from issues and what was said lately, nothing is written."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlp import astray, group, themes
from nlp.astray import Nodes, Part
from nlp.embed import FloatArray, Space
from nlp.group import DayArray
from nlp.neighbours import IntArray
from service.issues.regrouping.actions import Leaving
from service.issues.regrouping.queries import DAY, Said, Standing

MOST = 100_000


@dataclass(frozen=True)
class Held:
    """Issues, those of most people first, with their vectors (n, size), raw and in their place."""

    issues: Sequence[Standing]
    raw: FloatArray
    placed: FloatArray


@dataclass(frozen=True)
class Lately:
    """What was said lately in issues that are `Held`: contributions, the row of each one's issue
    (n), their days (n) and vectors (n, size), raw and in their place; `settled` are rows of those
    that wait no more.
    """

    ids: Sequence[int]
    of: IntArray
    settled: Sequence[int]
    days: DayArray
    raw: FloatArray
    placed: FloatArray


@dataclass(frozen=True)
class Found:
    """What a round is to do. `marks` (n) is the theme of each issue that was held; `apart` are
    theme and vector of what is `leaving`, one by one.
    """

    merges: list[tuple[int, int]]
    leaving: list[Leaving]
    proposals: list[tuple[int, int, float]]
    marks: IntArray
    apart: list[tuple[int, FloatArray]]


def hold(issues: dict[int, Standing], owners: Sequence[int], raw: FloatArray, space: Space) -> Held:
    """Issues with a vector, and those vectors: `raw` (n, size) are of `owners`."""
    rows = [row for row, owner in enumerate(owners) if owner in issues]
    if not rows:
        return Held([], raw, raw)
    rows.sort(key=lambda row: (-issues[owners[row]].people, owners[row]))
    placed = space.place(raw[rows])
    kept = np.flatnonzero(placed.any(axis=1))[:MOST]
    return Held([issues[owners[rows[at]]] for at in kept], raw[rows][kept], placed[kept])


def _lately(held: Held, said: Said, space: Space) -> Lately:
    row = {one.id: at for at, one in enumerate(held.issues)}
    known = [at for at, issue_id in enumerate(said.issues) if issue_id in row]
    of = np.array([row[said.issues[at]] for at in known], dtype=np.int64)
    settled = [row for row, at in enumerate(known) if not said.waiting[at]]
    raw, ids = said.vectors[known], [said.ids[at] for at in known]
    return Lately(ids, of, settled, said.days[known], raw, space.place(raw))


def regroup(held: Held, said: Said, fixed: set[int], most: int, space: Space) -> Found:
    """What is to unite among issues nobody touched, the largest survives; what is to leave them, at
    most so many contributions, none of issues that are `fixed`; what is to be proposed.
    """
    lately = _lately(held, said, space)
    links = themes.linked(lately.placed)
    labels = themes.communities(links)
    marks = _marks(held, lately, labels)
    touched = {at for at, one in enumerate(held.issues) if _is_theirs(one)}
    stay = touched | {at for at, one in enumerate(held.issues) if one.id in fixed}
    parts = astray.astray(
        links, labels, lately.of, lately.days, most=most, fixed=stay, settled=lately.settled
    )
    sizes = np.array([one.size for one in held.issues], dtype=np.int64)
    nodes = Nodes(held.raw, sizes, _spans(held.issues), marks)
    nodes = nodes.without(parts, lately.raw, lately.days)
    placed = space.place(nodes.means)
    labels = group.consolidate(
        placed,
        nodes.sizes,
        touched,
        spans=nodes.spans,
        themes=nodes.themes,
        stretch=float(np.ptp(lately.days)) if len(lately.days) else 0.0,
        threshold=space.join,
    )
    ids = [[lately.ids[at] for at in part.rows] for part in parts]
    found = _outcome(held, list(zip(parts, ids, strict=True)), _groups(labels), touched, placed)
    proposals = [*_touched_pairs(held, space.join), *found.proposals]
    return Found(found.merges, found.leaving, proposals, marks, found.apart)


def _marks(held: Held, lately: Lately, labels: IntArray) -> IntArray:
    """The theme of each issue: that of most of its contributions; where none is recent, the one
    whose middle is nearest.
    """
    if not len(labels):
        return themes.themes(held.placed)
    marks = themes.of_issues(lately.of, labels, len(held.issues))
    middles = np.stack(
        [lately.placed[labels == one].mean(axis=0) for one in range(labels.max() + 1)]
    )
    rest = np.flatnonzero(marks < 0)
    marks[rest] = np.argmax(held.placed[rest] @ middles.T, axis=1)
    return marks


def _outcome(
    held: Held,
    parts: Sequence[tuple[Part, Sequence[int]]],
    groups: Sequence[Sequence[int]],
    touched: set[int],
    placed: FloatArray,
) -> Found:
    """`parts` come with their contributions, their rows behind those of the issues. What would join
    an issue of staff's stays where it is.
    """
    count = len(held.issues)
    found = Found([], [], [], np.zeros(0, dtype=np.int64), [])
    for rows in groups:
        theirs = next((row for row in rows if row in touched), None)
        free = [row for row in rows if row < count and row != theirs]
        going = [row for row in rows if row >= count and parts[row - count][0].issue not in free]
        head = held.issues[free[0]].id if free else None
        found.merges.extend((held.issues[row].id, held.issues[free[0]].id) for row in free[1:])
        if theirs is not None and head is not None:
            alike = round(float(placed[free[0]] @ placed[theirs]), 4)
            found.proposals.append((head, held.issues[theirs].id, alike))
        if going and (theirs is None or head is not None):
            ids = [id_ for row in going for id_ in parts[row - count][1]]
            found.leaving.append(Leaving(ids, head))
            found.apart.append((parts[going[0] - count][0].theme, placed[going[0]]))
    return found


def _spans(issues: Sequence[Standing]) -> DayArray:
    """When each issue was first and last spoken of (n, 2), in days."""
    spans = [[one.first_seen.timestamp(), one.last_seen.timestamp()] for one in issues]
    return np.array(spans).reshape(-1, 2) / DAY


def _is_theirs(issue: Standing) -> bool:
    """Whether staff have decided about it, so that the machine only proposes."""
    return issue.touched or issue.state == "answered"


def _groups(labels: IntArray) -> list[list[int]]:
    """Rows of each label, in order."""
    found: dict[int, list[int]] = defaultdict(list)
    for row, mark in enumerate(labels.tolist()):
        found[mark].append(row)
    return list(found.values())


def _touched_pairs(held: Held, threshold: float) -> list[tuple[int, int, float]]:
    """Two issues that staff have touched may be one all the same."""
    rows = [row for row, one in enumerate(held.issues) if _is_theirs(one)]
    theirs, vectors = [held.issues[row] for row in rows], held.placed[rows]
    days = _spans(theirs)
    gaps = np.maximum(days[:, None, 0] - days[None, :, 1], days[None, :, 0] - days[:, None, 1])
    alike = vectors @ vectors.T - np.vectorize(group.fade, otypes=[float])(gaps)
    return [
        (theirs[two].id, theirs[one].id, round(float(alike[one, two]), 4))
        for one, two in zip(*np.nonzero(np.triu(alike >= threshold, k=1)), strict=True)
    ]
