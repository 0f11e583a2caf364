"""Messages one after another, as the service takes them: placed on arrival in small batches,
brought together in rounds, in a space that is learnt each time twice as much was heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlp import astray, group, themes
from nlp.astray import Nodes
from nlp.embed import JOIN, FloatArray, Space
from nlp.index import Hit
from nlp.neighbours import IntArray
from service.conversations.centring import COMPARED, FIRST, SAMPLE
from service.conversations.placing import NEAR
from service.issues.labelling.threes import AROUND

BATCH = 16
ROUND = 200


@dataclass(frozen=True)
class Alert:
    """An issue was raised after message `at`; `members` are the messages it had then."""

    at: int
    members: tuple[int, ...]


def learn(vectors: FloatArray) -> Space:
    """The space after these texts of one language (n, size), newest last."""
    newest = vectors[-SAMPLE:]
    means = newest.mean(axis=0, keepdims=True)
    space = Space.of("stream", means)
    among = newest[:: -(-len(newest) // COMPARED)]
    return Space.of("stream", means, group.learn_join(space.place(among)))


class Stream:
    """A town that hears `vectors` (n, size) at `days` (n)."""

    def __init__(self, vectors: FloatArray, days: Sequence[float]) -> None:
        self.vectors, self.days = vectors, np.asarray(days, dtype=np.float64)
        n, most = len(vectors), 2 * len(vectors)
        self.issue = np.full(n, -1, dtype=np.int64)
        self.first, self.last = np.zeros(most), np.zeros(most)
        self.sums = np.zeros((most, vectors.shape[1]), dtype=np.float32)
        self.places, self.sizes = self.sums.copy(), np.zeros(most, dtype=np.int64)
        self.count, self.due = 0, FIRST
        self.space = Space.of("stream", vectors[:FIRST].mean(axis=0, keepdims=True), JOIN)
        self.alerts: dict[int, Alert] = {}
        self.told: set[int] = set()
        self.moves: list[tuple[int, int]] = []
        self.themes = np.full(most, -1, dtype=np.int64)

    def run(self, until: int | None = None) -> None:
        """Hear all of them, or those before `until`."""
        end, heard = until or len(self.vectors), 0
        while heard < end:
            rows = np.arange(heard, min(heard + BATCH, end))
            self._hear(rows)
            heard = int(rows[-1]) + 1
            if heard >= self.due:
                self.space, self.due = learn(self.vectors[:heard]), 2 * heard
                self._settle(np.arange(self.count))
            if heard // ROUND > (heard - len(rows)) // ROUND or heard == end:
                self._bring_together(heard)

    def shown(self) -> IntArray:
        """The theme each message's issue is shown under since the last round (n)."""
        return self.themes[self.issue]

    def moved(self, heard: int) -> set[int]:
        """Messages that were taken out of their issue while the last half of `heard` came."""
        return {row for when, row in self.moves if 2 * when > heard}

    def _hear(self, rows: IntArray) -> None:
        placed = self.space.place(self.vectors[rows])
        near = [self._near(row, vector) for row, vector in zip(rows.tolist(), placed, strict=True)]
        found = group.place(placed, near, threshold=self.space.join, said=self.days[rows].tolist())
        for row, one in zip(rows.tolist(), found, strict=True):
            led = self.issue[rows[one.leader]] if one.leader is not None else -1
            issue = one.issue if one.issue is not None else int(led)
            if issue < 0:
                issue, self.count = self.count, self.count + 1
                self.first[issue] = self.last[issue] = self.days[row]
            self.issue[row] = issue
            self.sums[issue] += self.vectors[row]
            self.sizes[issue] += 1
            self.first[issue] = min(self.first[issue], self.days[row])
            self.last[issue] = max(self.last[issue], self.days[row])
            self._settle(np.array([issue]))
            self._raise([issue], row)
            self._echo(row, placed[row - rows[0]])

    def _near(self, row: int, vector: FloatArray) -> list[Hit]:
        scores = self.places[: self.count] @ vector
        best = np.argsort(-scores)[:NEAR]
        best = best[scores[best] >= self.space.join].tolist()
        near = [group.Near(i, float(scores[i]), self._theme(i), int(self.sizes[i])) for i in best]
        gaps = [group.silence(self.days[row], self.first[i], self.last[i]) for i in best]
        alike = group.held_back(near)
        return [Hit(i, a - group.fade(g)) for i, a, g in zip(best, alike, gaps, strict=True)]

    def _theme(self, issue: int) -> int | None:
        return int(self.themes[issue]) if self.themes[issue] >= 0 else None

    def _settle(self, issues: IntArray) -> None:
        sizes = np.maximum(self.sizes[issues], 1)[:, None]
        self.places[issues] = self.space.place((self.sums[issues] / sizes).astype(np.float32))
        self.places[issues[self.sizes[issues] == 0]] = 0.0

    def _bring_together(self, heard: int) -> None:
        placed = self.space.place(self.vectors[:heard])
        links = themes.linked(placed)
        found = themes.communities(links)
        live, at = np.unique(self.issue[:heard], return_inverse=True)
        days, most = self.days[:heard], astray.allowed(heard, len(self.moved(heard)))
        parts = astray.astray(links, found, at, days, most=most)
        spans = np.stack([self.first[live], self.last[live]], axis=1)
        means = self.sums[live] / self.sizes[live].astype(np.float32)[:, None]
        marks = themes.of_issues(at, found, len(live))
        nodes = Nodes(means, self.sizes[live], spans, marks)
        nodes = nodes.without(parts, self.vectors[:heard], days)
        labels = group.consolidate(
            self.space.place(nodes.means),
            nodes.sizes,
            spans=nodes.spans,
            themes=nodes.themes,
            stretch=float(np.ptp(days)),
            threshold=self.space.join,
        )
        into = self._survivors(live, nodes.sizes, labels)
        self._move(heard, into[: len(live)][at], into[len(live) :], parts)
        self._count(heard)
        live, at = np.unique(self.issue[:heard], return_inverse=True)
        self.themes[live] = themes.of_issues(at, found, len(live))
        self._raise(live.tolist(), heard - 1)

    def _survivors(self, live: IntArray, sizes: IntArray, labels: IntArray) -> IntArray:
        """The issue that each node is in from now on: the largest survives, parts alone are new."""
        into = np.zeros(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            nodes = np.flatnonzero(labels == label)
            issues = nodes[nodes < len(live)]
            if len(issues):
                head = int(live[issues[np.argmax(sizes[issues])]])
            else:
                head, self.count = self.count, self.count + 1
            into[nodes] = head
            for gone in set(live[issues].tolist()) & self.alerts.keys():
                self.alerts.setdefault(head, self.alerts[gone])
        return into

    def _move(
        self, heard: int, merged: IntArray, into: IntArray, parts: Sequence[astray.Part]
    ) -> None:
        self.issue[:heard] = merged
        for part, target in zip(parts, into.tolist(), strict=True):
            self.moves += [(heard, row) for row in part.rows[merged[part.rows] != target].tolist()]
            self.issue[part.rows] = target

    def _count(self, heard: int) -> None:
        issue, days = self.issue[:heard], self.days[:heard]
        self.sizes = np.bincount(issue, minlength=len(self.sizes))
        self.sums[:] = 0
        np.add.at(self.sums, issue, self.vectors[:heard])
        self.first[:], self.last[:] = np.inf, -np.inf
        np.minimum.at(self.first, issue, days)
        np.maximum.at(self.last, issue, days)
        self._settle(np.arange(self.count))

    def _raise(self, issues: Sequence[int], row: int) -> None:
        for issue in issues:
            size, days = int(self.sizes[issue]), float(self.days[row] - self.first[issue])
            alike = group.cohesion(self.places[issue], size)
            if issue not in self.alerts and group.raised(size, days, alike):
                members = np.flatnonzero(self.issue == issue)
                self.alerts[issue] = Alert(row, tuple(members.tolist()))

    def _echo(self, row: int, vector: FloatArray) -> None:
        """Three who say the same raise the issue of the latest, wherever the others are filed."""
        issue, now = int(self.issue[row]), self.days[row]
        young = int(np.searchsorted(self.days[:row], now - group.YOUNG))
        lately = np.bincount(self.issue[young : row + 1], minlength=self.count)
        near = np.argsort(-(self.places[: self.count] @ vector))[:AROUND].tolist()
        known = [
            one
            for one in (issue, *near)
            if one not in self.alerts.keys() | self.told
            and group.news(now - self.first[one], lately[one])
        ]
        rows = young + np.flatnonzero(np.isin(self.issue[young:row], known))
        found = group.three(vector, self.space.place(self.vectors[rows]), now - self.days[rows])
        if found is None or issue not in known:
            return
        if group.raised(group.FEW, found.days, found.alike, picked=True):
            others = sorted(rows[list(found.others)].tolist())
            self.alerts[issue] = Alert(row, (*others, row))
            self.told |= set(self.issue[others].tolist())
