"""Choices between two things into strengths, and into a score that can be read: the chance to beat
another one.

Strengths are those of Bradley and Terry (1952), with a normal prior, so that what was compared
little, or has always won, stays near the middle (Caron and Doucet 2012 give the Bayesian reading).
The score is that of wiki surveys (Salganik and Levy 2015).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR = 1.5
SURE = 1.96
TURNS = 200
CLOSE = 1e-5
EXACT = 3_000
GRID = 512


@dataclass(frozen=True)
class Ranking:
    """Of n things, in their order: `strength` in logits with its standard deviation `spread`, and
    the mean chance `score` to beat a random other one, with 95 % of belief from `low` to `high`.
    """

    strength: Floats
    spread: Floats
    score: Floats
    low: Floats
    high: Floats


def rank(
    wins: csr_matrix, start: Floats | None = None, *, prior: float = PRIOR, exact: int = EXACT
) -> Ranking:
    """Rank n things by `wins` (n, n): how often, or with what weight, the row beat the column.

    `start` (n,) are strengths to begin with, as those of an earlier ranking. `prior` is the
    standard deviation expected of strengths. Spreads of more than `exact` things are approximate.
    """
    count = wins.shape[0]
    if count < 2:
        none = np.zeros(count)
        return Ranking(none, none + prior, none + 0.5, none, none + 1)
    one, other, won, lost = _matches(wins)
    strength = _likeliest(one, other, won, lost, _begun(start, count), prior)
    spread = _spread(one, other, won + lost, strength, prior, exact)
    away = SURE * spread
    return Ranking(
        strength, spread, chance(strength, strength, moved=np.zeros(count)),
        chance(strength - away, strength, moved=-away),
        chance(strength + away, strength, moved=away),
    )  # fmt: skip


def _matches(wins: csr_matrix) -> tuple[Ints, Ints, Floats, Floats]:
    """Each pair that met once, the smaller first, with what each of the two won."""
    held = coo_matrix(wins)
    low, high = np.minimum(held.row, held.col), np.maximum(held.row, held.col)
    keys, at = np.unique(low.astype(np.int64) * wins.shape[0] + high, return_inverse=True)
    first = held.row == low
    won = np.bincount(at, held.data * first, len(keys))
    lost = np.bincount(at, held.data * ~first, len(keys))
    one, other = np.divmod(keys, wins.shape[0])
    return one, other, won.astype(float), lost.astype(float)


def _begun(start: Floats | None, count: int) -> Floats:
    """Where to begin: things that came since an earlier ranking begin in the middle."""
    begun = np.zeros(count)
    if start is not None:
        known = min(count, len(start))
        begun[:known] = start[:known]
    return begun


def _likeliest(
    one: Ints, other: Ints, won: Floats, lost: Floats, start: Floats, prior: float
) -> Floats:
    """The most probable strengths, by L-BFGS: the posterior has one summit."""
    from scipy.optimize import minimize

    count = len(start)

    def cost(strength: Floats) -> tuple[float, Floats]:
        ahead = strength[one] - strength[other]
        miss = float(won @ np.logaddexp(0, -ahead) + lost @ np.logaddexp(0, ahead))
        pull = (won + lost) * _sigmoid(ahead) - won
        slope = np.bincount(one, pull, count) - np.bincount(other, pull, count)
        held = strength / prior**2
        return miss + 0.5 * float(strength @ held), slope + held

    options = {"maxiter": TURNS, "gtol": CLOSE, "ftol": 1e-12}
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x)


def _spread(
    one: Ints, other: Ints, met: Floats, strength: Floats, prior: float, exact: int
) -> Floats:
    """Standard deviations by Laplace's approximation: the curvature at the summit, inverted. Above
    `exact` things only its diagonal, which is a little too sure.
    """
    count = len(strength)
    chances = _sigmoid(strength[one] - strength[other])
    told = met * chances * (1 - chances)
    diagonal = np.bincount(one, told, count) + np.bincount(other, told, count) + prior**-2
    if count > exact:
        return np.asarray(diagonal**-0.5)
    from scipy.linalg import cho_factor, cho_solve

    curve = np.diag(diagonal)
    curve[one, other] = curve[other, one] = -told
    turned = cho_solve(cho_factor(curve, overwrite_a=True), np.eye(count), overwrite_b=True)
    return np.asarray(np.sqrt(np.diag(turned)))


def chance(strength: Floats, others: Floats, *, moved: Floats | None = None) -> Floats:
    """The mean chance of each `strength` (n,) to beat `others` (m,). `moved` (n,): each is one of
    the others, so far from where it stands there, and does not meet itself.

    Above a few hundred others they are read from a fine grid, whose error is below 0.0001.
    """
    if len(others) * len(strength) > GRID * GRID:
        reach = np.linspace(strength.min(), strength.max(), GRID)
        told = np.interp(strength, reach, _mean_chance(reach, others))
    else:
        told = _mean_chance(strength, others)
    if moved is not None:
        told = (told * len(others) - _sigmoid(moved)) / (len(others) - 1)
    return np.asarray(told)


def _mean_chance(strength: Floats, others: Floats) -> Floats:
    return np.asarray(_sigmoid(strength[:, None] - others[None]).mean(axis=1))


def _sigmoid(ahead: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * ahead)))
