"""Opinion groups among voters, what they agree on across groups, and what somebody would vote.

The groups are those of Polis (Small et al. 2021): what somebody did not vote on is taken to be what
most think, people are laid out on the two main axes, further out the fewer votes they gave, and
k-means finds groups among them, as many as stand apart most clearly.

scikit-learn, slow to load, is loaded when groups are looked for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nlp.rank import Floats, Ints

LEAST = 7
FEWEST = 8
MOST_GROUPS = 5
CAMPS = 100
NO_GROUP = -1
ANSWERS = np.array([-1, 0, 1])
AXES, HOLD, PULL, ROUNDS = 4, 4.0, 8.0, 8


@dataclass(frozen=True)
class Ballots:
    """What people said of statements: `value` +1 agree, -1 disagree, 0 neither, once for each pair
    of a row in `person` (below `people`) and in `statement` (below `statements`). The rest is
    missing.
    """

    person: Ints
    statement: Ints
    value: Ints
    people: int
    statements: int


@dataclass(frozen=True)
class Groups:
    """Where each person stands, `at` (people, 2), and in which group (people,), numbered from 0,
    the largest first; `NO_GROUP` for who voted too little. `apart` is the silhouette, up to 1.
    """

    at: Floats
    group: Ints
    count: int
    apart: float


def groups(ballots: Ballots, *, least: int = LEAST, seed: int = 0) -> Groups:
    """Opinion groups among those who gave `least` votes, or one on every statement."""
    given = np.bincount(ballots.person, minlength=ballots.people)
    taking = given >= max(1, min(least, ballots.statements))
    group = np.full(ballots.people, NO_GROUP)
    at = _laid_out(ballots, taking, seed)
    if taking.sum() < FEWEST or len(np.unique(at[taking], axis=0)) < FEWEST:
        return Groups(at, group, 0, 0.0)
    found, apart = _apart(at[taking], seed)
    group[taking] = _by_size(found)
    return Groups(at, group, int(group.max()) + 1, apart)


def _laid_out(ballots: Ballots, taking: NDArray[np.bool_], seed: int) -> Floats:
    """Everybody on the two main axes of those who take part.

    What is missing is the statement's mean, and so nothing once that is taken away: the table stays
    sparse. Somebody with few votes stands as far out as with many.
    """
    from sklearn.utils.extmath import randomized_svd

    counted = taking[ballots.person]
    seen = np.bincount(ballots.statement[counted], minlength=ballots.statements)
    total = np.bincount(ballots.statement, ballots.value * counted, ballots.statements)
    usual = total / np.maximum(seen, 1)
    away = (ballots.value - usual[ballots.statement]) * (seen[ballots.statement] > 0)
    shape = (ballots.people, ballots.statements)
    table = csr_matrix((away, (ballots.person, ballots.statement)), shape=shape)
    if min(int(taking.sum()), ballots.statements) < 2:
        return np.zeros((ballots.people, 2))
    _, _, axes = randomized_svd(table[taking], 2, n_iter=7, random_state=seed)
    given = np.bincount(ballots.person, minlength=ballots.people)
    reach = np.sqrt(ballots.statements / np.maximum(given, 1))
    return np.asarray(table @ axes.T) * reach[:, None]


def _apart(at: Floats, seed: int) -> tuple[Ints, float]:
    """A group for each place, and how far apart the groups are; of many places, first a hundred
    camps are found, and groups among their middles.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    middles, camp = at, np.arange(len(at))
    if len(at) > CAMPS:
        camps = KMeans(CAMPS, n_init=1, random_state=seed).fit(at)
        middles, camp = camps.cluster_centers_, camps.labels_
    size = np.bincount(camp, minlength=len(middles)).astype(float)
    best, apart = np.zeros(len(middles), dtype=np.int64), -1.0
    for count in range(2, min(MOST_GROUPS, len(middles) - 1) + 1):
        means = KMeans(count, n_init=10, random_state=seed).fit(middles, sample_weight=size)
        told = float(silhouette_score(middles, means.labels_))
        if told > apart:
            best, apart = means.labels_, told
    return np.asarray(best[camp], dtype=np.int64), apart


def _by_size(group: Ints) -> Ints:
    """Numbered anew, the largest first."""
    order = np.argsort(-np.bincount(group), kind="stable")
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[group]


def support(ballots: Ballots, found: Groups) -> Floats:
    """The share of each group that agrees with each statement (groups, statements), by Laplace's
    rule: one half where nobody of a group has voted.
    """
    group = found.group[ballots.person]
    known = group != NO_GROUP
    cell = group[known] * ballots.statements + ballots.statement[known]
    size = found.count * ballots.statements
    agrees = np.bincount(cell, ballots.value[known] > 0, size)
    share = (agrees + 1) / (np.bincount(cell, minlength=size) + 2)
    return np.asarray(share.reshape(found.count, ballots.statements))


def consensus(ballots: Ballots, found: Groups) -> Floats:
    """How far every group agrees with each statement (statements,): the product of their shares,
    which is high only where no group is against it.
    """
    return np.asarray(support(ballots, found).prod(axis=0))


@dataclass(frozen=True)
class Foresight:
    """What somebody would probably vote: what most do, turned by how this person votes in general
    and by tastes that statements and people share. Shapes: `usual` (statements, 3), `habit`
    (people, 3), `taste` (people, AXES), `appeal` (statements, 3, AXES); answers as in `ANSWERS`.
    """

    usual: Floats
    habit: Floats
    taste: Floats
    appeal: Floats

    def guess(self, person: Ints, statement: Ints) -> Ints:
        """The likeliest vote of each person on the statement beside, as ballots have them."""
        turned = np.einsum("mca,ma->mc", self.appeal[statement], self.taste[person])
        told = self.usual[statement] + self.habit[person] + turned
        return np.asarray(ANSWERS[told.argmax(axis=1)])


def learn(ballots: Ballots, *, seed: int = 0) -> Foresight:
    """Learn from votes by alternating ridge regressions (Hu et al. 2008), on each of the three
    answers at once, so that those who often pass are known as well as those who agree.
    """
    person, statement = ballots.person, ballots.statement
    given = (ballots.value[:, None] == ANSWERS).astype(float)
    middle = given.mean(axis=0) if len(given) else np.full(3, 1 / 3)
    usual = middle + _usual(given - middle, statement, ballots.statements)
    rest = given - usual[statement]
    habit = _usual(rest, person, ballots.people)
    rest -= habit[person]
    appeal = np.random.default_rng(seed).normal(0, 0.1, (ballots.statements, 3, AXES))
    by_person = _gatherer(person, ballots.people)
    by_statement = _gatherer(statement, ballots.statements)
    for _ in range(ROUNDS):
        told = appeal[statement]
        taste = _tastes(by_person, told, rest)
        taste /= np.sqrt((taste**2).mean(axis=0)) + 1e-9
        appeal = _appeals(by_statement, taste[person], rest)
    return Foresight(usual, habit, taste, appeal)


def _usual(rest: Floats, of: Ints, count: int) -> Floats:
    """The mean of what belongs to each, held to zero where there is little."""
    seen = np.bincount(of, minlength=count)[:, None] + HOLD
    return np.asarray((_gatherer(of, count) @ rest) / seen)


def _gatherer(of: Ints, count: int) -> csr_matrix:
    """A table (count, m) that adds up what belongs to each."""
    return csr_matrix((np.ones(len(of)), (of, np.arange(len(of)))), shape=(count, len(of)))


def _tastes(by_person: csr_matrix, appeal: Floats, rest: Floats) -> Floats:
    """Each person's (people, AXES), from the appeal (m, 3, AXES) of what they voted on."""
    told = by_person @ np.einsum("mca,mcb->mab", appeal, appeal).reshape(-1, AXES * AXES)
    wanted = by_person @ np.einsum("mca,mc->ma", appeal, rest)
    grams = told.reshape(-1, AXES, AXES) + PULL * np.eye(AXES)
    return np.linalg.solve(grams, wanted[..., None])[..., 0]


def _appeals(by_statement: csr_matrix, taste: Floats, rest: Floats) -> Floats:
    """Each statement's (statements, 3, AXES), from the tastes (m, AXES) of who voted on it."""
    told = by_statement @ np.einsum("ma,mb->mab", taste, taste).reshape(-1, AXES * AXES)
    wanted = by_statement @ np.einsum("ma,mc->mac", taste, rest).reshape(-1, AXES * 3)
    grams = told.reshape(-1, AXES, AXES) + PULL * np.eye(AXES)
    return np.linalg.solve(grams, wanted.reshape(-1, AXES, 3)).transpose(0, 2, 1)
