"""Messages one after another, as the service takes them: placed on arrival in small batches,
brought together in rounds, in a space that is learnt each time twice as much was heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlp import group, themes
from nlp.embed import JOIN, FloatArray, Space
from nlp.index import Hit
from nlp.neighbours import IntArray
from service.conversations.centring import COMPARED, FIRST, SAMPLE
from service.conversations.placing import NEAR

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
        n = len(vectors)
        self.issue = np.full(n, -1, dtype=np.int64)
        self.first, self.last = np.zeros(n), np.zeros(n)
        self.sums, self.sizes = np.zeros_like(vectors), np.zeros(n, dtype=np.int64)
        self.places = np.zeros_like(vectors)
        self.count, self.due = 0, FIRST
        self.space = Space.of("stream", vectors[:FIRST].mean(axis=0, keepdims=True), JOIN)
        self.alerts: dict[int, Alert] = {}
        self.joined = self.issue.copy()
        self.themes = np.full(n, -1, dtype=np.int64)

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
            self.issue[row] = self.joined[row] = issue
            self.sums[issue] += self.vectors[row]
            self.sizes[issue] += 1
            self.first[issue] = min(self.first[issue], self.days[row])
            self.last[issue] = max(self.last[issue], self.days[row])
            self._settle(np.array([issue]))
            self._raise([issue], row)

    def _near(self, row: int, vector: FloatArray) -> list[Hit]:
        scores = self.places[: self.count] @ vector
        best = np.argsort(-scores)[:NEAR].tolist()
        gaps = [group.silence(self.days[row], self.first[i], self.last[i]) for i in best]
        return [Hit(i, float(scores[i]) - group.fade(g)) for i, g in zip(best, gaps, strict=True)]

    def _settle(self, issues: IntArray) -> None:
        sizes = np.maximum(self.sizes[issues], 1)[:, None]
        self.places[issues] = self.space.place((self.sums[issues] / sizes).astype(np.float32))
        self.places[issues[self.sizes[issues] == 0]] = 0.0

    def _bring_together(self, heard: int) -> None:
        live = np.flatnonzero(self.sizes[: self.count])
        at = np.searchsorted(live, self.issue[:heard])
        marks = themes.of_issues(
            at, themes.themes(self.space.place(self.vectors[:heard])), len(live)
        )
        self.themes[live] = marks
        labels = group.consolidate(
            self.places[live],
            self.sizes[live],
            spans=np.stack([self.first[live], self.last[live]], axis=1),
            themes=marks,
            threshold=self.space.join,
        )
        for label in np.unique(labels):
            members = live[labels == label]
            if len(members) > 1:
                self._merge(members, heard)
        self._raise(np.flatnonzero(self.sizes[: self.count]).tolist(), heard - 1)

    def _merge(self, issues: IntArray, heard: int) -> None:
        """The largest survives."""
        head = issues[np.argmax(self.sizes[issues])]
        rest = issues[issues != head]
        self.issue[:heard][np.isin(self.issue[:heard], rest)] = head
        self.sums[head] = self.sums[issues].sum(axis=0)
        self.sizes[head] = self.sizes[issues].sum()
        self.first[head], self.last[head] = self.first[issues].min(), self.last[issues].max()
        self.sizes[rest] = 0
        self._settle(issues)
        for issue in rest.tolist():
            if issue in self.alerts:
                self.alerts.setdefault(int(head), self.alerts[issue])

    def _raise(self, issues: Sequence[int], row: int) -> None:
        for issue in issues:
            size, days = int(self.sizes[issue]), float(self.days[row] - self.first[issue])
            alike = group.cohesion(self.places[issue], size)
            if issue not in self.alerts and group.raised(size, days, alike):
                members = np.flatnonzero(self.issue == issue)
                self.alerts[issue] = Alert(row, tuple(members.tolist()))
