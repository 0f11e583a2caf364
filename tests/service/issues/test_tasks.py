"""What comes round by itself: names, growth, regrouping, themes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from nlp.embed import Space
from nlp.index import ExactIndex
from service.database import Database
from service.installation import Installation
from service.issues import actions, tasks
from service.issues.models import Issue, Proposal, Theme
from service.retrieval.retriever import Retriever
from service.trail import queries as trail
from service.vault import Vault
from tests.service.issues import town

LEAK = "water pipe leaking on flower street"
NOISE = "bar noise every night near the school"


@pytest.fixture
async def retriever() -> AsyncIterator[Retriever]:
    embedder = town.EMBEDDER
    space = Space.shipped(embedder)
    made = Retriever(embedder, space, ExactIndex())
    yield made
    made.close()


async def test_refresh_names_issues_and_leaves_names_that_staff_gave(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        one, _, said = await town.asked(session, vault, 3, name="x", text=LEAK)
        other, _, _ = await town.asked(session, vault, 2, name="y", text=NOISE)
        await actions.rename(session, other, "Bars", by=ana)
    await tasks.refresh(installation, retriever)
    async with database.read() as session:
        named, kept = await town.at(session, one), await town.at(session, other)
    assert "water pipe" in named.name.lower()
    assert named.phrases
    assert set(named.representatives) <= set(said)
    assert named.labelled_size == 3
    assert kept.name == "Bars"
    assert kept.phrases


async def test_issue_is_named_anew_only_when_it_changed(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        one, _, _ = await town.asked(session, vault, 2, text=LEAK)
    await tasks.refresh(installation, retriever)
    async with database.write() as session:
        (await town.at(session, one)).phrases = ["kept"]
    await tasks.refresh(installation, retriever)
    async with database.write() as session:
        assert (await town.at(session, one)).phrases == ["kept"]
        who = await town.person(session)
        more = await town.contribution(session, vault, who, NOISE)
        await town.join(session, one, [more], [who[0]])
    await tasks.refresh(installation, retriever)
    async with database.read() as session:
        assert (await town.at(session, one)).phrases != ["kept"]


async def test_many_people_at_once_emerge_and_a_copied_text_does_not(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    moment = town.START + timedelta(hours=1)
    async with database.write() as session:
        people = [await town.person(session) for _ in range(8)]
        own = [
            await town.contribution(session, vault, who, f"{LEAK} number {n}")
            for n, who in enumerate(people)
        ]
        grown = await town.issue(session, own, [who for who, _ in people])
        copied, _, _ = await town.asked(session, vault, 8, text=NOISE)
    await tasks.refresh(installation, retriever, moment=moment)
    async with database.read() as session:
        assert (await town.at(session, grown)).emerging
        assert not (await town.at(session, copied)).emerging
    await tasks.refresh(installation, retriever, moment=moment + timedelta(days=30))
    async with database.read() as session:
        later = await town.at(session, grown)
    assert (later.growth, later.emerging) == (0.0, False)


async def test_three_people_over_weeks_raise_an_issue_once_with_the_evidence(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    days = [timedelta(days=days) for days in (0, 16, 32)]
    async with database.write() as session:
        issues = []
        for texts in ([f"{LEAK} {n}" for n in range(3)], [LEAK] * 3):
            people = [await town.person(session) for _ in texts]
            said = [
                await town.contribution(session, vault, who, text, at=town.START + later)
                for who, text, later in zip(people, texts, days, strict=True)
            ]
            issues.append(await town.issue(session, said, [who for who, _ in people], name=LEAK))
        raised, copied = issues
        for id_ in issues:
            (await town.at(session, id_)).last_seen = town.START + days[-1]
    moment = town.START + days[-1] + timedelta(hours=1)
    for _ in range(2):
        await tasks.refresh(installation, retriever, moment=moment)
    async with database.read() as session:
        assert (await town.at(session, raised)).emerging
        assert not (await town.at(session, copied)).emerging
        told = [one for one in await trail.of(session, "issue", raised) if one.act == "emerge"]
        assert [one.details and one.details["people"] for one in told] == [3]
        assert not [one for one in await trail.of(session, "issue", copied) if one.act == "emerge"]


async def test_consolidating_merges_what_nobody_touched_and_proposes_the_rest(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        small, _, _ = await town.asked(session, vault, 1, name=LEAK, text=LEAK)
        large, _, _ = await town.asked(session, vault, 3, name=LEAK, text=LEAK)
        theirs, _, _ = await town.asked(session, vault, 2, name=LEAK, text=LEAK)
        far, _, _ = await town.asked(session, vault, 1, name=NOISE, text=NOISE)
        await actions.rename(session, theirs, "Pipes", by=ana)
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        assert (await town.at(session, small)).root_id == large
        assert (await town.at(session, large)).people == 4
        assert (await town.at(session, theirs)).root_id == theirs
        assert (await town.at(session, far)).root_id == far
        (proposal,) = (await session.scalars(select(Proposal))).all()
        assert (proposal.issue_id, proposal.into_id) == (large, theirs)
        event = (await trail.of(session, "issue", small))[0]
        assert (event.act, event.actor, event.became) == ("merge", "machine", str(large))
        assert await town.told(session, vault) == []
    async with database.write() as session:
        await actions.unmerge(session, small, by=ana)
        await actions.refuse(session, proposal.id, by=ana)
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        assert (await town.at(session, small)).root_id == small, "staff took it apart"
        states = (await session.scalars(select(Proposal.state).order_by(Proposal.id))).all()
    assert (states[0], states.count("refused")) == ("refused", 1)


async def test_themes_keep_their_identity_from_round_to_round(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        await town.asked(session, vault, 2, name=LEAK, text=LEAK)
        await town.asked(session, vault, 2, name=NOISE, text=NOISE)
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        first = dict((await session.execute(select(Issue.id, Issue.theme_id))).all())
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        second = dict((await session.execute(select(Issue.id, Issue.theme_id))).all())
        themes = (await session.scalars(select(Theme))).all()
    assert first == second
    assert len(themes) == 2
    assert all(theme.name for theme in themes)


async def test_consolidating_an_empty_town_does_nothing(
    installation: Installation, retriever: Retriever, database: Database
) -> None:
    await tasks.consolidate(installation, retriever)
    await tasks.refresh(installation, retriever)
    async with database.read() as session:
        assert (await session.scalars(select(Theme))).all() == []
