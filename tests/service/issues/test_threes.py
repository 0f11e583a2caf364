"""Three people who say the same are noticed before their issues are brought together."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest

from nlp.embed import Space
from nlp.index import ExactIndex
from service.database import Database
from service.installation import Installation
from service.issues import tasks
from service.issues.labelling import threes
from service.issues.regrouping import actions as regrouping
from service.retrieval.retriever import Retriever
from service.trail import queries as trail
from service.vault import Vault
from tests.service.issues import town

LEAK = "water pipe leaking on flower street"
LEAKS = [LEAK, f"{LEAK} again", f"the {LEAK}"]
NOISE = "bar noise every night near the school"
SOON = town.START + timedelta(hours=1)


@pytest.fixture
async def retriever() -> AsyncIterator[Retriever]:
    made = Retriever(town.EMBEDDER, Space.shipped(town.EMBEDDER), ExactIndex())
    yield made
    made.close()


class Says:
    """Lets people speak, each in an issue of their own."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self.database, self.vault = database, vault

    async def apart(
        self, texts: Sequence[str], at: datetime = SOON, people: int | None = None
    ) -> list[int]:
        """The issues that these texts open, a minute after one another, by so many people."""
        async with self.database.write() as session:
            who = [await town.person(session) for _ in range(people or len(texts))]
            issues = []
            for n, text in enumerate(texts):
                by, said_at = who[n % len(who)], at + timedelta(minutes=n)
                said = await town.contribution(session, self.vault, by, text, at=said_at)
                issues.append(await town.issue(session, [said], [by[0]], name=text))
                opened = await town.at(session, issues[-1])
                opened.first_seen = opened.last_seen = said_at
        return issues


@pytest.fixture
async def says(database: Database, vault: Vault) -> Says:
    return Says(database, vault)


async def emerging(
    installation: Installation, retriever: Retriever, issues: Sequence[int], moment: datetime
) -> list[bool]:
    """Whether staff see each as emerging after a refresh."""
    async with installation.database.read() as session:
        await retriever.refresh(session)
    await tasks.refresh(installation, retriever, moment=moment)
    async with installation.database.read() as session:
        return [(await town.at(session, one)).emerging for one in issues]


async def test_three_in_three_issues_raise_that_of_the_latest_once_with_the_others_named(
    installation: Installation, retriever: Retriever, database: Database, says: Says
) -> None:
    issues = await says.apart([LEAKS[0], NOISE, LEAKS[1], LEAKS[2]])
    for minutes in (5, 60, 600):
        moment = SOON + timedelta(minutes=minutes)
        seen = await emerging(installation, retriever, issues, moment)
        assert seen == [False, False, False, True]
    async with database.read() as session:
        events = [one for one in await trail.of(session, "issue", issues[3]) if one.act == "emerge"]
    (why,) = [one.details for one in events]
    assert why is not None
    assert (why["people"], why["issues"]) == (3, [issues[0], issues[2]])
    assert why["alike"] > 0.54
    later = SOON + timedelta(days=8)
    assert not any(await emerging(installation, retriever, issues, later))


async def test_two_people_and_copies_of_one_text_are_not_three(
    installation: Installation, retriever: Retriever, says: Says
) -> None:
    issues = await says.apart(LEAKS, people=2) + await says.apart([NOISE] * 3)
    seen = await emerging(installation, retriever, issues, SOON + timedelta(minutes=5))
    assert not any(seen)


async def test_what_staff_were_told_of_is_not_told_again_by_what_comes_near_it(
    installation: Installation, retriever: Retriever, says: Says
) -> None:
    issues = await says.apart(LEAKS)
    assert (await emerging(installation, retriever, issues, SOON + timedelta(minutes=5)))[2]
    issues += await says.apart([f"{LEAK} still"], at=SOON + timedelta(minutes=6))
    seen = await emerging(installation, retriever, issues, SOON + timedelta(minutes=8))
    assert seen == [False, False, True, False]


async def test_what_was_told_stands_however_much_comes_after_it(
    installation: Installation, retriever: Retriever, says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threes, "LATEST", 3)
    *_, raised = await says.apart(LEAKS)
    assert await emerging(installation, retriever, [raised], SOON + timedelta(minutes=2)) == [True]
    much = [f"{NOISE} {n}" for n in range(3)]
    await says.apart(much, at=SOON + timedelta(minutes=3), people=2)
    assert await emerging(installation, retriever, [raised], SOON + timedelta(minutes=6)) == [True]


async def test_each_of_two_that_were_told_stands_and_is_told_once(
    installation: Installation, retriever: Retriever, database: Database, says: Says
) -> None:
    *_, leak = await says.apart(LEAKS)
    *_, noise = await says.apart([NOISE, f"{NOISE} again", f"the {NOISE}"])
    for minutes in (5, 60, 600):
        moment = SOON + timedelta(minutes=minutes)
        assert await emerging(installation, retriever, [leak, noise], moment) == [True, True]
    async with database.read() as session:
        acts = [one.act for id_ in (leak, noise) for one in await trail.of(session, "issue", id_)]
    assert acts.count("emerge") == 2


async def test_what_was_told_is_not_told_again_of_the_issue_it_is_merged_into(
    installation: Installation, retriever: Retriever, database: Database, says: Says
) -> None:
    *others, raised = await says.apart(LEAKS)
    moment = SOON + timedelta(minutes=5)
    assert await emerging(installation, retriever, [raised], moment) == [True]
    (older,) = await says.apart([f"{LEAK} still"], at=SOON - timedelta(hours=1))
    async with database.write() as session:
        assert await regrouping.merge_untouched(session, [(raised, older)]) == 1
    for _ in range(2):
        seen = await emerging(installation, retriever, [older, raised, *others], moment)
        assert seen == [True, False, False, False]
    async with database.read() as session:
        acts = [one.act for one in await trail.of(session, "issue", older)]
    assert "absorb" in acts
    assert "emerge" not in acts


async def test_an_old_issue_that_people_always_speak_of_is_no_news(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        old, ids = [], []
        for n in range(9):
            who, at = await town.person(session), SOON - timedelta(days=8 - n)
            ids.append(await town.contribution(session, vault, who, f"{LEAK} {n}", at=at))
            old.append(who[0])
        steady = await town.issue(session, ids, old, name=LEAK)
        (await town.at(session, steady)).first_seen = SOON - timedelta(days=400)
        (await town.at(session, steady)).last_seen = SOON
    assert await emerging(installation, retriever, [steady], SOON) == [False]
