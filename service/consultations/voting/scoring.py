"""From the votes of a consultation to scores, weights and opinion groups; pure, for a thread."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nlp import opinions, rank
from nlp.opinions import NO_GROUP, Ballots, Groups
from nlp.rank import Floats, Ints, Ranking
from service.consultations.voting import weighing
from service.consultations.voting.queries import ALL, COUNTINGS, TRUSTED, Candidate
from service.consultations.voting.tally import HIGH, LOW, TIE, Columns, Tally

HALF = 0.5
FAVOURITES = 5


@dataclass(frozen=True)
class Reckoned:
    """Rows of scores (without their moment), voters' flags that changed, and the reading."""

    scores: list[dict[str, Any]]
    flags: dict[int, str]
    reading: dict[str, Any]


@dataclass(frozen=True)
class Voices:
    """Opinion groups, and how far all of them prefer each proposal, by id."""

    groups: list[dict[str, Any]]
    apart: float | None
    consensus: dict[int, float]


NO_VOICES = Voices([], None, {})


def reckon(tally: Tally, candidates: Sequence[Candidate], *, least: int, grouped: bool) -> Reckoned:
    """Score every candidate among those of its theme. Opinion groups, of `least` people or more,
    are found where asked for. Votes on what is no candidate any more say nothing of anything else.
    """
    columns = tally.columns
    flags = weighing.suspects(tally)
    fit = weighing.trusted(tally, flags)
    standing, _, _ = _rows(columns, np.array([one.id for one in candidates], dtype=np.int64))
    found, weights = weighing.campaigns(tally, fit & standing)
    voices = _voices(columns, fit & standing, least) if grouped else NO_VOICES
    scores = []
    for theme in sorted({one.theme_id for one in candidates}):
        of_theme = [one for one in candidates if one.theme_id == theme]
        scores += _theme(columns, of_theme, weights * fit, voices.consensus)
    assert {row["counting"] for row in scores} <= set(COUNTINGS)
    changed = {
        voter: flags.get(voter, "")
        for voter in set(np.unique(columns.voter).tolist())
        if flags.get(voter, "") != tally.flags.get(voter, "")
    }
    reading = {
        "consultation_id": tally.consultation_id, "votes": len(columns),
        "voters": len(np.unique(columns.voter)), "suspicious": _suspicious(columns, flags, fit),
        "campaigns": [asdict(one) for one in found], "groups": voices.groups,
        "apart": voices.apart,
    }  # fmt: skip
    return Reckoned(scores, changed, reading)


def _suspicious(
    columns: Columns, flags: Mapping[int, str], fit: NDArray[np.bool_]
) -> dict[str, int]:
    """How many votes were left out, and for what: a vote may be counted under several words."""
    told = {"votes": int((~fit).sum()), "voters": len(flags)}
    for word in (weighing.DEVICE_CROWD, weighing.SAME_SIDE, weighing.TOO_FAST):
        people = [voter for voter, words in flags.items() if word in words.split(",")]
        on = np.isin(columns.voter, np.array(people, dtype=np.int64))
        told[word] = int((on | columns.fast if word == weighing.TOO_FAST else on).sum())
    return told


def _theme(
    columns: Columns, of_theme: Sequence[Candidate], weight: Floats, consensus: Mapping[int, float]
) -> list[dict[str, Any]]:
    """Rows of one theme in both countings, each begun from strengths that are near its own."""
    ids = np.array([one.id for one in of_theme])
    at, low, high = _rows(columns, ids)
    strength, scores = np.array([one.strength for one in of_theme]), []
    for counting, heavy in ((TRUSTED, weight[at]), (ALL, np.ones(len(low)))):
        found, rows = _counted(ids, (low, high), columns.outcome[at], heavy, strength)
        strength = found.strength
        scores += [
            {**row, "counting": counting, "consensus": consensus.get(row["proposal_id"])}
            for row in rows
        ]
    return scores


def _counted(
    ids: Ints, met: tuple[Ints, Ints], outcome: Ints, heavy: Floats, start: Floats
) -> tuple[Ranking, list[dict[str, Any]]]:
    """What votes of these weights say of each proposal."""
    low, high = met
    wins = _wins(low, high, outcome, heavy, len(ids))
    found: Ranking = rank.rank(wins, start)
    tied = (outcome == TIE) * heavy
    ties = np.bincount(low, tied, len(ids)) + np.bincount(high, tied, len(ids))
    won = np.asarray(wins.sum(axis=1)).ravel() - HALF * ties
    lost = np.asarray(wins.sum(axis=0)).ravel() - HALF * ties
    shown = np.bincount(low, minlength=len(ids)) + np.bincount(high, minlength=len(ids))
    return found, [
        {
            "proposal_id": int(id_), "wins": float(won[row]), "losses": float(lost[row]),
            "ties": float(ties[row]), "shown": int(shown[row]),
            "strength": float(found.strength[row]), "spread": float(found.spread[row]),
            "score": float(found.score[row]), "low": float(found.low[row]),
            "high": float(found.high[row]),
        }
        for row, id_ in enumerate(ids)
    ]  # fmt: skip


def _rows(columns: Columns, ids: Ints) -> tuple[NDArray[np.bool_], Ints, Ints]:
    """The votes between these, and the rows of both."""
    at = np.isin(columns.low, ids) & np.isin(columns.high, ids)
    return at, np.searchsorted(ids, columns.low[at]), np.searchsorted(ids, columns.high[at])


def _wins(low: Ints, high: Ints, outcome: Ints, heavy: Floats, count: int) -> csr_matrix:
    """What each beat each by: one for a choice, half for each of those that seemed the same."""
    share = np.select([outcome == LOW, outcome == HIGH, outcome == TIE], [1.0, 0.0, HALF], 0.0)
    counts = (outcome == LOW) | (outcome == HIGH) | (outcome == TIE)
    for_low, for_high = share * heavy * counts, (1 - share) * heavy * counts
    data = np.concatenate([for_low, for_high])
    cells = (np.concatenate([low, high]), np.concatenate([high, low]))
    wins = csr_matrix((data, cells), shape=(count, count))
    wins.eliminate_zeros()
    return wins


def _voices(columns: Columns, fit: NDArray[np.bool_], least: int) -> Voices:
    """Opinion groups: who preferred a proposal more often than not agrees with it."""
    chose = fit & ((columns.outcome == LOW) | (columns.outcome == HIGH))
    voters, voter = np.unique(columns.voter[chose], return_inverse=True)
    both = np.concatenate([columns.low[chose], columns.high[chose]])
    ids, at = np.unique(both, return_inverse=True)
    if not len(voters):
        return NO_VOICES
    won = np.where(columns.outcome[chose] == LOW, 1, -1)
    sums = csr_matrix(
        (np.concatenate([won, -won]), (np.concatenate([voter, voter]), at)),
        shape=(len(voters), len(ids)),
    ).tocoo()
    ballots = Ballots(
        sums.row.astype(np.int64), sums.col.astype(np.int64), np.sign(sums.data).astype(np.int64),
        len(voters), len(ids),
    )  # fmt: skip
    found = opinions.groups(ballots)
    if not found.count:
        return NO_VOICES
    shared = opinions.consensus(ballots, found)
    consensus = {int(id_): float(value) for id_, value in zip(ids, shared, strict=True)}
    return Voices(_told(ballots, found, ids, least), found.apart, consensus)


def _told(ballots: Ballots, found: Groups, ids: Ints, least: int) -> list[dict[str, Any]]:
    """Each group by its size and by what it prefers more than the others do; of a small one only
    that there is one.
    """
    support = opinions.support(ballots, found)
    sizes = np.bincount(found.group[found.group != NO_GROUP], minlength=found.count)
    groups: list[dict[str, Any]] = []
    for group in range(found.count):
        others = np.delete(support, group, axis=0).mean(axis=0)
        order = np.argsort(others - support[group], kind="stable")[:FAVOURITES]
        small = sizes[group] < least
        groups.append({
            "people": None if small else int(sizes[group]),
            "prefers": [] if small else [
                {"proposal_id": int(ids[one]), "share": round(float(support[group][one]), 3)}
                for one in order
            ],
        })  # fmt: skip
    return groups
