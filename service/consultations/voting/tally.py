"""The votes of one consultation as columns, read once and then only what came since."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.rank import Ints
from service.consultations.voting import queries
from service.database import Session, now

LOW, HIGH, TIE, NOTHING = range(4)
SETTLED = timedelta(seconds=20)
COLUMNS = 8


@dataclass(frozen=True)
class Columns:
    """Votes, one place each: ids of `voter`, `theme`, `low` and `high`; `outcome` LOW, HIGH, TIE
    (about the same) or NOTHING (not known); whether the `first` shown won; whether it was `fast`.
    """

    voter: Ints
    theme: Ints
    low: Ints
    high: Ints
    outcome: Ints
    first: NDArray[np.bool_]
    fast: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.voter)


@dataclass
class Tally:
    """What was read of a consultation so far. Votes are numbered before they are committed, so
    the last seconds are read again: one with a smaller number may have come after.
    """

    consultation_id: int
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, COLUMNS), np.int64))
    devices: dict[int, str | None] = field(default_factory=dict)
    campaigns: dict[int, str | None] = field(default_factory=dict)
    flags: dict[int, str] = field(default_factory=dict)
    _settled: int = 0
    _voters: int = 0

    async def read(self, session: Session) -> None:
        """Read what came since the last time."""
        await self._read_voters(session)
        kept = self.rows[: int(np.searchsorted(self.rows[:, 0], self._settled, side="right"))]
        parts, last, before = [kept], self._settled, now() - SETTLED
        while True:
            rows = await queries.votes_after(session, self.consultation_id, last)
            if rows:
                parts.append(np.array([_row(*row) for row in rows], dtype=np.int64))
                last = rows[-1][0]
                old = [row[0] for row in rows if row[9] < before]
                self._settled = max([self._settled, *old[-1:]])
            if len(rows) < queries.PAGE:
                break
        self.rows = np.concatenate(parts)

    async def _read_voters(self, session: Session) -> None:
        last = self._voters
        while True:
            found = await queries.traits(session, self.consultation_id, last)
            for id_, device, campaign, flags in found:
                self.devices[id_], self.campaigns[id_], self.flags[id_] = device, campaign, flags
            if found:
                last = found[-1][0]
            if len(found) < queries.PAGE:
                break
        self._voters = max(0, last - queries.PAGE)

    @property
    def columns(self) -> Columns:
        """The votes as columns."""
        rows = self.rows
        return Columns(
            rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4], rows[:, 5],
            rows[:, 6].astype(bool), rows[:, 7].astype(bool),
        )  # fmt: skip


def _row(
    id_: int, voter: int, theme: int, low: int, high: int, choice: str, why: str | None,
    first: int, flags: str, at: datetime,
) -> tuple[Any, ...]:  # fmt: skip
    if choice == "neither":
        outcome = TIE if why == "same" else NOTHING
    else:
        outcome = LOW if choice == "low" else HIGH
    chosen = {LOW: low, HIGH: high}.get(outcome)
    return id_, voter, theme, low, high, outcome, chosen == first, flags != ""
