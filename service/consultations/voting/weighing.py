"""What looks suspicious, and what a campaign weighs. Suspicion removes nothing: results are shown
with and without what it is about.

A voter is suspicious who always takes the same side, answers too quickly to have read, or shares
a device with a crowd. A campaign is people who came by one link; where they favour a proposal far
more than everybody else does, their votes on it weigh together as much as everybody else's.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import bdtr

from nlp.rank import Floats, Ints, rank
from service.consultations.voting.tally import HIGH, LOW, Columns, Tally

QUICK = 0.8
"""Seconds below which two proposals cannot have been read."""
MOSTLY_FAST, ONE_SIDE, DEVICE = 0.5, 1e-4, 30
FAVOUR, CROWD, OTHERS = 0.2, 20, 10

DEVICE_CROWD, SAME_SIDE, TOO_FAST = "device", "same_side", "fast"


@dataclass(frozen=True)
class Campaign:
    """People who came by one link and favour a proposal: their votes on it, how often it won with
    them, how often it would have won by what everybody else prefers, and what each of their votes
    on it weighs.
    """

    name: str
    proposal_id: int
    voters: int
    votes: int
    won: float
    expected: float
    weight: float


def suspects(tally: Tally) -> dict[int, str]:
    """Voters with what looks suspicious of them, in words with commas."""
    found: dict[int, list[str]] = {}
    columns = tally.columns
    crowded = _crowded(tally.devices, columns)
    voters, at = np.unique(columns.voter, return_inverse=True)
    given = np.bincount(at, minlength=len(voters))
    fast = np.bincount(at, columns.fast, len(voters)) > MOSTLY_FAST * given
    chose = (columns.outcome == LOW) | (columns.outcome == HIGH)
    sided = np.bincount(at, chose, len(voters)).astype(int)
    first = np.bincount(at, columns.first & chose, len(voters)).astype(int)
    for row, voter in enumerate(voters.tolist()):
        words = [DEVICE_CROWD] if voter in crowded else []
        words += [SAME_SIDE] if _always_one_side(int(first[row]), int(sided[row])) else []
        words += [TOO_FAST] if fast[row] and given[row] > 1 else []
        if words:
            found[voter] = words
    return {voter: ",".join(words) for voter, words in found.items()}


def _crowded(devices: Mapping[int, str | None], columns: Columns) -> set[int]:
    """Voters on a device that more people voted from than share one."""
    voting = set(columns.voter.tolist())
    held = {voter: one for voter, one in devices.items() if one is not None and voter in voting}
    crowds = {one for one, count in Counter(held.values()).items() if count > DEVICE}
    return {voter for voter, one in held.items() if one in crowds}


def _always_one_side(first: int, sided: int) -> bool:
    """Whether sides were taken as no reader's would be: sides change by chance."""
    fewer = min(first, sided - first)
    if sided < 14 or fewer > 0.15 * sided:
        return False
    return 2 * float(bdtr(fewer, sided, 0.5)) < ONE_SIDE


def trusted(tally: Tally, flags: Mapping[int, str]) -> NDArray[np.bool_]:
    """Which votes (n,) are not suspicious, by themselves or by who gave them."""
    columns = tally.columns
    bad = np.array(sorted(flags), dtype=np.int64)
    return ~columns.fast & ~np.isin(columns.voter, bad)


def campaigns(tally: Tally, fit: NDArray[np.bool_]) -> tuple[list[Campaign], Floats]:
    """Campaigns that favour a proposal, and what each vote (n,) weighs; only `fit` votes count."""
    columns, weights = tally.columns, np.ones(len(tally.rows))
    found: list[Campaign] = []
    for name, people in _crowds(tally, columns):
        came = np.isin(columns.voter, people)
        for campaign, votes in _favoured(name, columns, came, fit):
            found.append(campaign)
            weights[votes] = np.minimum(weights[votes], campaign.weight)
    return found, weights


def _crowds(tally: Tally, columns: Columns) -> list[tuple[str, Ints]]:
    """Links, and who came by each, that brought votes enough to be a campaign: anybody can make up
    thousands of links.
    """
    voters, given = np.unique(columns.voter, return_counts=True)
    votes: Counter[str] = Counter()
    people: dict[str, list[int]] = {}
    for voter, count in zip(voters.tolist(), given.tolist(), strict=True):
        if name := tally.campaigns.get(voter):
            votes[name] += count
            people.setdefault(name, []).append(voter)
    return [
        (name, np.array(people[name], dtype=np.int64))
        for name in sorted(people)
        if votes[name] >= CROWD
    ]


def _favoured(
    name: str, columns: Columns, came: NDArray[np.bool_], fit: NDArray[np.bool_]
) -> list[tuple[Campaign, NDArray[np.bool_]]]:
    """What they favour beyond what was to be expected of the pairs that they were shown."""
    chose = fit & ((columns.outcome == LOW) | (columns.outcome == HIGH))
    theirs, others = _record(columns, came & chose), _record(columns, ~came & chose)
    crowded = [id_ for id_, (_, votes) in theirs.items() if _outweighs(votes, others.get(id_))]
    if not crowded:
        return []
    chances = _expected(columns, ~came & chose)
    found = []
    for proposal in crowded:
        won, votes = theirs[proposal]
        on_it = came & ((columns.low == proposal) | (columns.high == proposal))
        for_low = chances[on_it & chose]
        hoped = np.where(columns.low[on_it & chose] == proposal, for_low, 1 - for_low).mean()
        if won / votes - hoped >= FAVOUR:
            voters = len(np.unique(columns.voter[on_it]))
            weight = others[proposal][1] / votes
            one = Campaign(name, proposal, voters, votes, won / votes, float(hoped), weight)
            found.append((one, on_it))
    return found


def _outweighs(votes: int, others: tuple[int, int] | None) -> bool:
    return votes >= CROWD and others is not None and OTHERS <= others[1] < votes


def _expected(columns: Columns, chosen: NDArray[np.bool_]) -> Floats:
    """The chance that low wins in each vote (n,), by what the chosen votes prefer."""
    ids, at = np.unique(np.concatenate([columns.low, columns.high]), return_inverse=True)
    low, high = at[: len(columns)], at[len(columns) :]
    ahead = columns.outcome[chosen] == LOW
    won = np.where(ahead, low[chosen], high[chosen])
    lost = np.where(ahead, high[chosen], low[chosen])
    shape = (len(ids), len(ids))
    strength = rank(csr_matrix((np.ones(len(won)), (won, lost)), shape=shape), exact=0).strength
    return np.asarray(1 / (1 + np.exp(strength[high] - strength[low])))


def _record(columns: Columns, chosen: NDArray[np.bool_]) -> dict[int, tuple[int, int]]:
    """Of each proposal: won, and voted on."""
    low, high = columns.low[chosen], columns.high[chosen]
    winners = np.where(columns.outcome[chosen] == LOW, low, high)
    ids, at = np.unique(np.concatenate([low, high]), return_inverse=True)
    votes = np.bincount(at, minlength=len(ids))
    won = np.bincount(np.searchsorted(ids, winners), minlength=len(ids)) if len(ids) else votes
    return {int(id_): (int(w), int(v)) for id_, w, v in zip(ids, won, votes, strict=True)}
