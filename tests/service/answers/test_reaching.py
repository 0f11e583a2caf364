"""Whom an answer reaches and what it settles, when issues merge, wait, reopen or are forgotten."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import event, insert, select

from service.answers import actions
from service.channels.models import Delivery
from service.database import Database, now
from service.installation import Installation
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.regrouping import actions as regrouping
from service.messages import actions as messages
from service.messages.models import Contribution
from service.settings import Settings
from tests.conftest import make_settings
from tests.journeys.citizen import Citizen
from tests.journeys.test_whole_loop import ANSWER, ASKED, Cabinet, open_cabinet
from tests.service.answers import desk
from tests.service.issues import town

PUMP = "a bomba do bairro queimou e ficamos sem nada nas torneiras"
MOST = 10_000


@pytest.fixture
def settings(tmp_path: Any, database_url: str) -> Settings:
    return make_settings(tmp_path, database_url)


@pytest.fixture
async def cabinet(client: AsyncClient, installation: Installation) -> Cabinet:
    return await open_cabinet(client, installation)


async def answered(cabinet: Cabinet, words: str) -> tuple[int, int]:
    """The issue of these words and the answer it got."""
    issue = await cabinet.issue_of(words)
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    return issue, await cabinet.publish(issue, {"pt": ANSWER})


async def states(here: Installation) -> list[str]:
    """Of all contributions, the oldest first."""
    async with here.database.read() as session:
        found = await session.scalars(select(Contribution.state).order_by(Contribution.id))
        return list(found.all())


async def test_who_is_merged_while_a_correction_waits_gets_the_corrected_answer(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    first, late = Citizen(client), Citizen(client)
    await first.say(ASKED)
    await late.say(PUMP)
    other = await cabinet.issue_of(PUMP)
    issue, answer = await answered(cabinet, ASKED)
    await first.waits()
    body = {"texts": {"pt": "A água volta na quarta-feira."}, "reason": "a obra atrasou"}
    await cabinet.official.post(f"/answers/{answer}/correct", body)
    await cabinet.admin.post(f"/issues/{other}/merge", {"into": issue})
    await cabinet.rests()
    assert await states(installation) == ["answered", "received"]
    await cabinet.comms.post(f"/answers/{answer}/approve", {})
    for citizen in (first, late):
        assert "quarta-feira" in await citizen.waits()
    await cabinet.rests()
    assert await states(installation) == ["answered", "answered"]


async def test_who_is_merged_into_an_answered_issue_is_answered(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    first, late = Citizen(client), Citizen(client)
    await first.say(ASKED)
    await late.say(PUMP)
    other = await cabinet.issue_of(PUMP)
    issue, _ = await answered(cabinet, ASKED)
    await cabinet.admin.post(f"/issues/{other}/merge", {"into": issue})
    assert ANSWER in await late.waits()
    await cabinet.rests()
    assert await states(installation) == ["answered", "answered"]


async def test_who_erased_everything_hears_no_more_of_what_was_erased(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say(ASKED)
    _, answer = await answered(cabinet, ASKED)
    await citizen.waits()
    await citizen.say("/apagar")
    await citizen.forge("erase:yes")
    await cabinet.comms.post(f"/answers/{answer}/retract", {"reason": "estava errada"})
    await cabinet.rests()
    async with installation.database.read() as session:
        told = await session.scalars(select(Delivery.key).where(Delivery.key.like("retraction%")))
        assert told.all() == []


async def test_an_answer_at_once_settles_no_issue_whose_merged_askers_wait(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        other, _, _ = await town.asked(session, installation.vault, 1, name="old")
        answer = await desk.published(installation, session, other, author, editor)
        issue, _, said = await town.asked(session, installation.vault, 1, name="water back")
        merged, _, waiting = await town.asked(session, installation.vault, 1, name="pump burnt")
        assert await regrouping.merge_untouched(session, [(merged, issue)]) == 1
        await messages.move_state(session, said, "erased", actor="person:x")
        who = await town.person(session)
        again = await town.contribution(session, installation.vault, who, "is the water back")
        await town.join(session, issue, [again], [who[0]])
        await actions.answer_at_once(session, [(again, issue, answer.id)])
        assert (await town.at(session, issue)).state == "open"
        assert await issue_queries.with_state(session, waiting, ["received"]) == waiting


async def test_a_retraction_after_one_reopened_lets_everybody_wait_again(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue, _, said = await town.asked(session, installation.vault, 3)
        answer = await desk.published(installation, session, issue, author, editor)
        await messages.move_state(session, said[:1], "received", actor="person:x")
        await issues.reopen(
            session, installation.settings, issue, actor="person:x", why="not settled"
        )
        await actions.retract(session, installation, answer.id, by=editor, reason="wrong")
        waiting = await issue_queries.with_state(session, said, ["received"])
        assert sorted(waiting) == sorted(said)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_taking_back_what_many_were_sent_asks_for_no_more_at_once_than_a_database_takes(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        old, _, _ = await town.asked(session, installation.vault, 1, name="old")
        answer = await desk.published(installation, session, old, author, editor)
        issue = await desk.crowd(session, installation, MOST + 100)
        said = await issue_queries.members(session, issue)
        who, moment = await town.person(session), now()
        letters = [
            {"key": f"instant:{one}:{one}", "identity_id": who[1], "channel": "web",
             "cause": "instant", "cause_id": answer.id, "priority": 0, "sealed": b"x",
             "buttons": [], "state": "sent", "created_at": moment, "next_at": moment,
             "attempts": 0}
            for one in said
        ]  # fmt: skip
        await session.execute(insert(Delivery), letters)
        await issues.answer(session, issue, actor="machine", answer_id=answer.id)
    most = 0

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def count(*args: Any) -> None:
        nonlocal most
        most = max(most, 0 if args[5] else len(args[3]))

    async with database.write() as session:
        await actions.retract(session, installation, answer.id, by=editor, reason="wrong")
        assert (await town.at(session, issue)).state == "open"
        assert set(await states_of(session)) == {"received"}
    assert most < MOST


async def states_of(session: Any) -> list[str]:
    """Of all contributions, within a transaction."""
    return list((await session.scalars(select(Contribution.state))).all())
