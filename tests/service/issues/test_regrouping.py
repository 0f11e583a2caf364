"""Rounds: what belongs to another theme than its issue leaves it, where nobody has decided."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from nlp.embed import Space
from nlp.index import ExactIndex
from service import tasks as wiring
from service.database import Database, Session
from service.installation import Installation
from service.issues import actions, queries, tasks
from service.issues.models import Issue, Move
from service.messages import actions as messages
from service.retrieval.retriever import Retriever
from service.rounds.support import actions as support
from service.trail import queries as trail
from service.vault import Vault
from tests.service.issues import town
from tests.service.rounds import polls

LEAK = "water pipe leaking on flower street"
NOISE = "bar noise every night near the school"
BUS = "bus fourteen never comes before eight"
EACH = 20


@pytest.fixture
async def retriever() -> AsyncIterator[Retriever]:
    made = Retriever(town.EMBEDDER, Space.shipped(town.EMBEDDER), ExactIndex())
    yield made
    made.close()


@dataclass
class Place:
    """Two issues of twenty, `stray` of each matter in the first one, said day by day in turns."""

    leak: int = 0
    noise: int = 0
    strays: list[int] = field(default_factory=list)
    people: list[int] = field(default_factory=list)


async def settle(session: Session, vault: Vault, *strays: str) -> Place:
    """People speak of leaks and noise; what strays from among the leaks was said early on."""
    place, said = Place(), dict[str, list[tuple[int, int]]]({LEAK: [], NOISE: [], "": []})
    texts = [*strays, *[text for _ in range(EACH) for text in (LEAK, NOISE)]]
    for day, text in enumerate(texts):
        who = await town.person(session)
        at = town.START + timedelta(days=day % 9)
        id_ = await town.contribution(session, vault, who, f"{text} {day % 5}", at=at)
        said[text if day >= len(strays) else ""].append((id_, who[0]))
    place.strays = [id_ for id_, _ in said[""]]
    place.people = [who for _, who in said[""]]
    place.leak = await _issue(session, [*said[""], *said[LEAK]], LEAK)
    place.noise = await _issue(session, said[NOISE], NOISE)
    return place


async def _issue(session: Session, said: list[tuple[int, int]], name: str) -> int:
    due = town.START + timedelta(days=5 if name == LEAK else 9)
    people = [who for _, who in said]
    id_ = await town.issue(session, [one for one, _ in said], people, name=name, due_at=due)
    await actions.recentre(session, [id_])
    issue = await town.at(session, id_)
    issue.first_seen, issue.last_seen = town.START, town.START + timedelta(days=8)
    return id_


async def test_what_strayed_goes_where_its_theme_is_and_can_be_put_back(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        place = await settle(session, vault, NOISE, NOISE)
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        where = await queries.roots_of(session, place.strays)
        leak, noise = await town.at(session, place.leak), await town.at(session, place.noise)
        asking = {one.person_id for one in await queries.askers(session, place.noise)}
        told = (await trail.of(session, "issue", place.leak))[0]
        batch = (await session.scalars(select(Move.batch))).first()
        assert await town.told(session, vault) == []
    assert set(where.values()) == {place.noise}
    assert (leak.people, noise.people) == (EACH, EACH + 2)
    assert (leak.touched_at, noise.touched_at) == (None, None)
    assert noise.due_at == leak.due_at, "what is due in one issue is due no later in another"
    assert leak.theme_id != noise.theme_id
    assert set(place.people) <= asking, "the answer reaches them there"
    assert (told.act, told.actor, told.details) == (
        "shift", "machine", {"batch": batch, "contributions": 2}
    )  # fmt: skip
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        await actions.undo(session, str(batch), by=ana)
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        where = await queries.roots_of(session, place.strays)
    assert set(where.values()) == {place.leak}, "staff put them back"


async def test_what_has_no_issue_of_its_theme_opens_one(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        ways = await town.body(session, "ways")
        place = await settle(session, vault, BUS, BUS)
        (await town.at(session, place.leak)).department_id = ways
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        (into,) = set((await queries.roots_of(session, place.strays)).values())
        opened, leak = await town.at(session, into), await town.at(session, place.leak)
        themes = (await session.scalars(select(Issue.theme_id))).all()
    assert into not in {place.leak, place.noise}
    assert (opened.people, leak.people) == (2, EACH)
    assert (opened.state, opened.department_id, opened.due_at) == ("open", ways, leak.due_at)
    assert opened.name.startswith(BUS)
    assert len(set(themes)) == 3
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        assert set((await queries.roots_of(session, place.strays)).values()) == {into}


async def test_nothing_leaves_an_issue_that_staff_touched_or_somebody_follows(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        place = await settle(session, vault, NOISE, NOISE)
        reader = await town.person(session)
        await actions.follow(session, *reader, place.leak)
    await tasks.consolidate(installation, retriever)
    async with database.write() as session:
        assert set((await queries.roots_of(session, place.strays)).values()) == {place.leak}
        await actions.unfollow(session, *reader, place.leak)
        ana = await town.official(session, role="moderator")
        await actions.rename(session, place.leak, "Pipes", by=ana)
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        assert set((await queries.roots_of(session, place.strays)).values()) == {place.leak}


async def test_nothing_leaves_a_question_of_a_round(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        place = await settle(session, vault, NOISE, NOISE)
        told = await polls.opened(session, by=await town.official(session, role="comms"))
        (asker,) = [
            one
            for one in await queries.askers(session, place.leak)
            if one.contribution_id == place.strays[0]
        ]
        await support.support(
            session, told.id, place.leak, person_id=asker.person_id,
            identity_id=asker.identity_id, contribution_id=asker.contribution_id,
        )  # fmt: skip
    await wiring.after_drain(installation, retriever)
    async with database.read() as session:
        assert set((await queries.roots_of(session, place.strays)).values()) == {place.leak}
        assert asker in await queries.askers(session, place.leak), "its answer reaches them"


async def test_nothing_joins_an_issue_that_staff_touched(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        place = await settle(session, vault, NOISE, NOISE)
        ana = await town.official(session, role="moderator")
        await actions.rename(session, place.noise, "Bars", by=ana)
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        assert set((await queries.roots_of(session, place.strays)).values()) == {place.leak}
        assert (await town.at(session, place.noise)).people == EACH


async def test_what_was_answered_stays_and_takes_nobodys_turn(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        place = await settle(session, vault, NOISE, NOISE, BUS)
        await messages.move_state(session, place.strays[:2], "answered", actor="machine")
    await tasks.consolidate(installation, retriever)
    async with database.read() as session:
        where = await queries.roots_of(session, place.strays)
    assert [where[id_] == place.leak for id_ in place.strays] == [True, True, False]


async def test_one_in_twenty_leaves_until_twice_as_much_was_heard(
    installation: Installation, retriever: Retriever, database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        place = await settle(session, vault, NOISE, BUS, BUS, BUS)
    for _ in range(3):
        await tasks.consolidate(installation, retriever)
        async with database.read() as session:
            where = await queries.roots_of(session, place.strays)
        left = [id_ for id_ in place.strays if where[id_] != place.leak]
        assert len(left) <= (2 * EACH + 4) / 20
    assert left
