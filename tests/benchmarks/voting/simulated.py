"""Votes simulated by true strengths: the ranking against a reference fit, and how many of the best
are found, by pairs that are chosen and by pairs drawn by chance.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import kendalltau

from nlp import rank
from nlp.pairs import Field
from nlp.rank import Floats, Ints, Ranking

PROPOSALS, VOTES, BEST = 1388, 122_000, 50
FIT, SHARE, LEAST = 0.98, 0.8, 0.5
BATCHES = 100
LATE = 0.1


@dataclass(frozen=True)
class Recall:
    """The share of the best that was `found`, and the `least` shown as a share of the average."""

    found: float
    least: float


def agreement(seed: int, proposals: int = PROPOSALS, votes: int = VOTES) -> float:
    """Kendall's tau of our scores with the maximum-likelihood strengths on the same votes."""
    random = np.random.default_rng(seed)
    true = random.normal(0, 1, proposals)
    wins = _table([_voted(true, _by_chance(proposals, votes, random), random)], proposals)
    found = kendalltau(rank.rank(wins).score, reference(wins))
    return float(found.statistic)


def reference(wins: csr_matrix) -> Floats:
    """Bradley–Terry by Hunter's minorise-maximise (2004), to convergence: strengths in logits."""
    met = (wins + wins.T).tocoo()
    count = wins.shape[0]
    won = np.maximum(np.asarray(wins.sum(axis=1)).ravel(), 1e-3)
    worth = np.ones(count)
    for _ in range(10_000):
        shares = met.data / (worth[met.row] + worth[met.col])
        against = np.bincount(met.row, shares, count)
        found = np.where(against > 0, won / np.maximum(against, 1e-12), worth)
        found /= np.exp(np.log(found).mean())
        if np.abs(np.log(found / worth)).max() < 1e-8:
            break
        worth = found
    return np.log(worth)


def recall(
    seed: int, proposals: int, votes: int, best: int, *, adaptive: bool, late: float = 0.0
) -> Recall:
    """The best proposals found with so many votes. The ranking that pairs are chosen by is made
    anew a hundred times; a share of the proposals comes `late`, after a third of the votes.
    """
    random = np.random.default_rng(seed)
    true = random.normal(0, 1, proposals)
    early = proposals - int(late * proposals)
    told: list[tuple[Ints, Ints]] = []
    shown, found = np.zeros(proposals, dtype=np.int64), rank.rank(_table([], proposals))
    for batch in range(BATCHES):
        there = early if batch < BATCHES / 3 else proposals
        many = votes // BATCHES
        if adaptive:
            drawn = _chosen(found, shown, there, many, best, random)
        else:
            drawn = _by_chance(there, many, random)
        told.append(_voted(true, drawn, random))
        np.add.at(shown, drawn, 1)
        if adaptive or batch == BATCHES - 1:
            found = rank.rank(_table(told, proposals), found.strength, exact=0)
    top = set(np.argsort(-true)[:best].tolist())
    hit = len(top & set(np.argsort(-found.score, kind="stable")[:best].tolist()))
    return Recall(hit / best, float(shown.min() / shown.mean()))


def _chosen(
    found: Ranking, shown: Ints, there: int, many: int, best: int, random: np.random.Generator
) -> Ints:
    parts = (found.strength, found.spread, found.score, found.low, found.high)
    field = Field(Ranking(*(part[:there] for part in parts)), shown[:there], best, random)
    return np.array([field.pair() for _ in range(many)])


def _by_chance(proposals: int, many: int, random: np.random.Generator) -> Ints:
    one = random.integers(0, proposals, many)
    other = (one + random.integers(1, proposals, many)) % proposals
    return np.stack([one, other], axis=1)


def _voted(true: Floats, drawn: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Winners and losers of pairs (m, 2), by the true strengths."""
    one, other = drawn.T
    first = random.random(len(drawn)) < 1 / (1 + np.exp(true[other] - true[one]))
    return np.where(first, one, other), np.where(first, other, one)


def _table(told: list[tuple[Ints, Ints]], count: int) -> csr_matrix:
    if not told:
        return csr_matrix((count, count))
    won = np.concatenate([winners for winners, _ in told])
    lost = np.concatenate([losers for _, losers in told])
    return csr_matrix((np.ones(len(won)), (won, lost)), shape=(count, count))
