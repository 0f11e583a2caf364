"""From votes to scores: what counts, what looks suspicious, what a campaign weighs, and groups."""

from typing import Any

import numpy as np
import pytest

from nlp.rank import Floats
from service.consultations.voting import scoring, weighing
from service.consultations.voting.queries import ALL, TRUSTED, Candidate
from service.consultations.voting.tally import HIGH, LOW, NOTHING, TIE, Tally

STRONG, MIDDLE, WEAK = 11, 12, 13
IDS = (STRONG, MIDDLE, WEAK)


def candidates(ids: tuple[int, ...] = IDS) -> list[Candidate]:
    """Proposals of one theme."""
    return [Candidate(id_, 1, f"Proposta {id_}", "pt", "", id_, 0, 0.0, None) for id_ in ids]


class Votes:
    """A tally that is written down vote by vote."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, ...]] = []
        self.tally = Tally(1)

    def add(
        self, voter: int, low: int, high: int, outcome: int = LOW, *, first: bool = True,
        fast: bool = False, device: str | None = None, campaign: str | None = None,
    ) -> None:  # fmt: skip
        """One vote."""
        self._rows.append((len(self._rows), voter, 1, low, high, outcome, first, fast))
        self.tally.devices[voter], self.tally.campaigns[voter] = device, campaign
        self.tally.rows = np.array(self._rows, dtype=np.int64)

    def scores(self, *, grouped: bool = False, least: int = 5) -> dict[tuple[str, int], float]:
        """The score of each, by counting and proposal."""
        found = scoring.reckon(self.tally, candidates(), least=least, grouped=grouped)
        return {(row["counting"], row["proposal_id"]): row["score"] for row in found.scores}


@pytest.fixture
def votes() -> Votes:
    """Twenty people who prefer the lower number, on every pair."""
    made = Votes()
    for voter in range(20):
        for low, high in ((STRONG, MIDDLE), (STRONG, WEAK), (MIDDLE, WEAK)):
            made.add(voter, low, high, first=(voter + low) % 2 == 0)
    return made


def test_who_wins_is_first_in_both_countings(votes: Votes) -> None:
    scores = votes.scores()
    for counting in (TRUSTED, ALL):
        assert scores[counting, STRONG] > scores[counting, MIDDLE] > scores[counting, WEAK]
    assert scores[TRUSTED, STRONG] == pytest.approx(scores[ALL, STRONG], abs=1e-4)


def test_ties_are_half_a_win_and_what_is_not_known_is_nothing() -> None:
    votes = Votes()
    votes.add(1, STRONG, MIDDLE, TIE)
    votes.add(2, STRONG, MIDDLE, NOTHING)
    votes.add(3, STRONG, WEAK, HIGH)
    found = scoring.reckon(votes.tally, candidates(), least=5, grouped=False)
    rows = {row["proposal_id"]: row for row in found.scores if row["counting"] == ALL}
    told = [(rows[id_]["wins"], rows[id_]["losses"], rows[id_]["ties"]) for id_ in IDS]
    assert told == [(0, 1, 1), (0, 0, 1), (1, 0, 0)]
    assert [rows[id_]["shown"] for id_ in IDS] == [3, 2, 1]


def test_no_votes_leave_everybody_in_the_middle() -> None:
    found = scoring.reckon(Tally(1), candidates(), least=5, grouped=True)
    assert {row["score"] for row in found.scores} == {0.5}
    assert (found.reading["votes"], found.reading["groups"]) == (0, [])


def test_who_always_takes_the_same_side_counts_only_where_everybody_does(votes: Votes) -> None:
    for voter in range(100, 103):
        for n in range(40):
            votes.add(voter, *((MIDDLE, WEAK) if n % 2 else (STRONG, WEAK)), HIGH)
    flags = weighing.suspects(votes.tally)
    assert flags == dict.fromkeys(range(100, 103), weighing.SAME_SIDE)
    scores = votes.scores()
    assert scores[TRUSTED, WEAK] < scores[TRUSTED, MIDDLE]
    assert scores[ALL, WEAK] > scores[ALL, MIDDLE]


def test_a_reader_whose_sides_change_is_not_suspicious() -> None:
    votes, random = Votes(), np.random.default_rng(1)
    for voter in range(200):
        for _ in range(30):
            votes.add(voter, STRONG, MIDDLE, first=bool(random.random() < 0.5))
    assert len(weighing.suspects(votes.tally)) <= 1


def test_answers_that_nobody_can_have_read_are_left_out(votes: Votes) -> None:
    for _ in range(4):
        votes.add(300, STRONG, WEAK, HIGH, fast=True)
    votes.add(301, STRONG, WEAK, HIGH, fast=True)
    assert weighing.suspects(votes.tally) == {300: weighing.TOO_FAST}
    reading = scoring.reckon(votes.tally, candidates(), least=5, grouped=False).reading
    assert reading["suspicious"]["votes"] == 5
    assert reading["suspicious"][weighing.TOO_FAST] == 5
    assert votes.scores()[TRUSTED, WEAK] < votes.scores()[ALL, WEAK]


def test_a_household_shares_a_device_and_a_crowd_does_not(votes: Votes) -> None:
    for voter in range(400, 404):
        votes.add(voter, STRONG, WEAK, HIGH, device="home")
    for voter in range(500, 500 + weighing.DEVICE + 1):
        votes.add(voter, STRONG, WEAK, HIGH, device="farm")
    flags = weighing.suspects(votes.tally)
    assert set(flags) == set(range(500, 500 + weighing.DEVICE + 1))
    assert set(flags.values()) == {weighing.DEVICE_CROWD}


def campaign(votes: Votes, people: int, outcome: int = HIGH) -> None:
    """So many who came by one link vote for the weak one."""
    for voter in range(1000, 1000 + people):
        votes.add(voter, STRONG, WEAK, outcome, campaign="north")
        votes.add(voter, MIDDLE, WEAK, outcome, campaign="north")


def test_a_campaign_weighs_as_much_as_everybody_else_and_is_named(votes: Votes) -> None:
    campaign(votes, 100)
    found, weights = weighing.campaigns(votes.tally, np.ones(len(votes.tally.rows), dtype=bool))
    (one,) = [each for each in found if each.proposal_id == WEAK]
    assert (one.name, one.voters, one.votes) == ("north", 100, 200)
    assert one.won == 1
    assert one.expected < 0.15
    heavy: Floats = weights[votes.tally.rows[:, 1] >= 1000]
    assert heavy.sum() == pytest.approx(40)
    assert weights[votes.tally.rows[:, 1] < 1000].tolist() == [1.0] * 60
    scores = votes.scores()
    assert scores[TRUSTED, WEAK] < scores[ALL, WEAK]
    reading = scoring.reckon(votes.tally, candidates(), least=5, grouped=False).reading
    assert [each["name"] for each in reading["campaigns"]] == ["north"]


def test_a_link_whose_people_think_as_others_is_no_campaign(votes: Votes) -> None:
    campaign(votes, 100, LOW)
    found, weights = weighing.campaigns(votes.tally, np.ones(len(votes.tally.rows), dtype=bool))
    assert found == []
    assert (weights == 1).all()


def test_opinion_groups_are_told_by_what_they_prefer_and_small_ones_only_counted() -> None:
    ids = tuple(range(20, 32))
    votes, random = Votes(), np.random.default_rng(2)
    for voter in range(60):
        for low in ids:
            for high in ids:
                if low < high:
                    lower = (voter < 45) == (random.random() < 0.9)
                    votes.add(voter, low, high, LOW if lower else HIGH, first=low % 2 == 0)
    found = scoring.reckon(votes.tally, candidates(ids), least=20, grouped=True)
    large, small = found.reading["groups"]
    assert large["people"] == 45
    assert {one["proposal_id"] for one in large["prefers"]} <= set(ids[:6])
    assert small == {"people": None, "prefers": []}
    assert found.reading["apart"] > 0.3
    assert all(row["consensus"] is not None for row in found.scores)


def test_what_was_refused_meanwhile_describes_no_group_and_no_campaign(votes: Votes) -> None:
    ids, random = tuple(range(20, 32)), np.random.default_rng(2)
    for voter in range(60):
        for low in ids:
            for high in ids:
                if low < high:
                    lower = (voter < 30) == (random.random() < 0.9)
                    votes.add(voter, low, high, LOW if lower else HIGH, first=low % 2 == 0)
    campaign(votes, 100)
    left = candidates(tuple(id_ for id_ in (STRONG, MIDDLE, *ids) if id_ not in (20, 31)))
    found = scoring.reckon(votes.tally, left, least=5, grouped=True)
    named = {one["proposal_id"] for group in found.reading["groups"] for one in group["prefers"]}
    assert named
    assert named <= {one.id for one in left}
    assert found.reading["campaigns"] == []
    assert found.reading["votes"] == len(votes.tally.rows)


def test_links_by_which_few_came_are_not_looked_at(
    votes: Votes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for voter in range(2000, 2050):
        votes.add(voter, STRONG, WEAK, HIGH, campaign=f"link-{voter}")
    campaign(votes, 100)
    asked: list[str] = []
    favoured = weighing._favoured

    def noted(name: str, *rest: Any) -> Any:
        asked.append(name)
        return favoured(name, *rest)

    monkeypatch.setattr(weighing, "_favoured", noted)
    weighing.campaigns(votes.tally, np.ones(len(votes.tally.rows), dtype=bool))
    assert asked == ["north"]
