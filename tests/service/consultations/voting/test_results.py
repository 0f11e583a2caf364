"""Results over HTTP: shown when they may be, scores within seconds, shortlists, the audit."""

import asyncio
import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import func, select, update

from service.consultations.models import Consultation
from service.consultations.voting import actions, queries, tasks
from service.consultations.voting.actions import Ballot, Elector
from service.consultations.voting.models import Score, Vote
from service.database import now
from service.installation import Installation
from service.jobs import Job
from service.tasks import do
from service.trail.models import Event
from tests.journeys.colleague import Colleague, hire
from tests.service.consultations.voting.polling import SLOW, Browser, Poll, open_poll

PATIENCE = 60.0


@pytest.fixture
async def poll(installation: Installation, client: AsyncClient) -> Poll:
    """Two themes of which each shortlists two."""
    return await open_poll(installation, (4, 3), shortlist_size=2)


@pytest.fixture
async def comms(client: AsyncClient, installation: Installation) -> Colleague:
    """Who runs consultations."""
    return await hire(client, installation, "comms")


async def voted(client: AsyncClient, poll: Poll, people: int = 3) -> None:
    """People compare everything, and prefer smaller numbers."""
    strength = {id_: -float(id_) for theme in poll.proposals for id_ in theme}
    for _ in range(people):
        one = Browser(client, poll)
        await one.enter()
        while one.said["next"] is not None:
            assert (await one.prefer(strength)).status_code == 200
    async with poll.here.database.write() as session:
        for vote in (await session.scalars(select(Vote))).all():
            vote.flags, vote.seconds = "", SLOW.total_seconds()


async def public(client: AsyncClient, poll: Poll) -> tuple[int, dict[str, object]]:
    """What the public reads."""
    response = await client.get(f"/v1/consultations/{poll.id}/results")
    return response.status_code, response.json()


async def test_scores_come_by_themselves_after_votes(client: AsyncClient, poll: Poll) -> None:
    one = Browser(client, poll)
    await one.enter()
    await one.vote("left")
    await scored(poll, 1)


async def test_a_vote_that_came_while_scores_were_made_is_in_the_next(
    client: AsyncClient, poll: Poll
) -> None:
    one = Browser(client, poll)
    await one.enter()
    await one.vote("left")
    async with poll.here.database.write() as session:
        await session.execute(
            update(Job).where(Job.kind == "reckon_votes").values(state="done", leased_until=None)
        )
    await one.vote("right")
    await scored(poll, 2)


async def test_a_vote_that_nobody_asked_scores_for_is_found_by_the_round(
    app: FastAPI, poll: Poll
) -> None:
    """A kill within a second of the last vote leaves nobody to ask."""
    one = Elector(poll.id, "somebody", "web")
    left, right = poll.proposals[0][:2]
    ballot = Ballot(one, poll.themes[0], left, right, "left", None, 5.0)
    async with poll.here.database.write() as session:
        (cast,) = await actions.cast_all(session, [ballot], asked=[poll.id])
    assert isinstance(cast, actions.Cast)
    turn = Job(kind="move_consultations", args={})
    await do(turn, poll.here, app.state.retriever)
    await scored(poll, 1)


async def test_scores_that_hold_every_vote_are_asked_for_once_more_at_most(
    client: AsyncClient, poll: Poll
) -> None:
    one = Browser(client, poll)
    await one.enter()
    await one.vote("left")
    await tasks.reckon(poll.here, poll.id)
    async with poll.here.database.read() as session:
        assert await queries.behind(session, timedelta(seconds=20)) == [poll.id]
        assert await queries.behind(session, timedelta()) == []


async def scored(poll: Poll, votes: int) -> None:
    """Wait until the scores hold so many votes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with poll.here.database.read() as session:
                shown = await session.scalar(
                    select(func.sum(Score.shown)).where(Score.counting == "all")
                )
            if shown == 2 * votes:
                return
            await asyncio.sleep(0.1)


async def test_results_wait_for_the_end_and_then_rank_each_theme(
    client: AsyncClient, poll: Poll, comms: Colleague
) -> None:
    assert (await comms.get(f"/consultations/{poll.id}"))["state"] == "voting"
    await voted(client, poll)
    await tasks.reckon(poll.here, poll.id)
    status, told = await public(client, poll)
    assert (status, told["error"]) == (409, "scores_not_shown")
    assert (await comms.get(f"/consultations/{poll.id}/results"))["closed"] is False
    await poll.ends()
    status, told = await public(client, poll)
    assert status == 200
    assert (told["votes"], told["voters"], told["closed"]) == (27, 3, True)
    themes = told["themes"]
    assert isinstance(themes, list)
    for theme, ids in zip(themes, poll.proposals, strict=True):
        ranked = theme["proposals"]
        assert [one["proposal_id"] for one in ranked] == ids
        assert [one["rank"] for one in ranked] == [one["rank_all"] for one in ranked]
        best = ranked[0]["trusted"]
        assert best["low"] < best["score"] < best["high"]
        assert [one["proposal_id"] for one in theme["shortlist"]] == ids[:2]


async def test_live_scores_are_shown_while_it_is_voted(client: AsyncClient, poll: Poll) -> None:
    await poll.change(Consultation, poll.id, scores_shown="live")
    assert (await public(client, poll))[1]["error"] == "scores_not_shown"
    await voted(client, poll, 1)
    await tasks.reckon(poll.here, poll.id)
    status, told = await public(client, poll)
    assert (status, told["closed"]) == (200, False)


async def test_the_shortlist_is_made_once_and_adjusted_with_public_reasons(
    client: AsyncClient, poll: Poll, comms: Colleague
) -> None:
    await voted(client, poll, 1)
    await poll.ends()
    await tasks.close(poll.here)
    first, second, third, _ = poll.proposals[0]
    path = f"/consultations/{poll.id}/shortlist"
    await comms.put(f"{path}/{second}", {"listed": False, "reason": "Pede o mesmo que a primeira."})
    await comms.put(f"{path}/{third}", {"listed": True, "reason": "É a seguinte."})
    _, told = await public(client, poll)
    themes = told["themes"]
    assert isinstance(themes, list)
    listed = {one["proposal_id"]: (one["listed"], one["reason"]) for one in themes[0]["shortlist"]}
    assert listed == {
        first: (True, None),
        second: (False, "Pede o mesmo que a primeira."),
        third: (True, "É a seguinte."),
    }
    async with poll.here.database.read() as session:
        events = (
            await session.scalars(
                select(Event)
                .where(Event.act == "shortlist", Event.thing == "proposal")
                .order_by(Event.id)
            )
        ).all()
    assert [(one.was, one.became) for one in events] == [
        ("listed", "unlisted"), ("unlisted", "listed"),
    ]  # fmt: skip


async def test_changes_of_the_shortlist_are_refused_truthfully(
    client: AsyncClient, installation: Installation, poll: Poll, comms: Colleague
) -> None:
    official = await hire(client, installation, "official")
    path = f"/api/v1/consultations/{poll.id}/shortlist/{poll.proposals[0][0]}"

    async def refused(who: Colleague, body: object, at: str = path) -> str:
        answer = await client.put(at, json=body, headers=who.headers)
        return str(answer.json()["error"])

    body = {"listed": False, "reason": "Não."}
    assert await refused(comms, body) == "not_shortlisted"
    await voted(client, poll, 1)
    await poll.ends()
    assert await refused(official, body) == "forbidden"
    assert await refused(comms, {"listed": False, "reason": "  "}) == "no_public_reason"
    assert await refused(comms, body, f"{path.rpartition('/')[0]}/999") == "no_such_proposal"


async def test_the_audit_has_every_vote_and_nobody(
    client: AsyncClient, installation: Installation, poll: Poll, comms: Colleague
) -> None:
    await voted(client, poll, 2)
    auditor = await hire(client, installation, "auditor")
    url = f"/api/v1/consultations/{poll.id}/votes"
    lines = (await client.get(url, headers=auditor.headers)).text.splitlines()
    told = [json.loads(line) for line in lines]
    assert len(told) == 18
    assert {"device", "digest", "person_id", "consultation_id"}.isdisjoint(told[0])
    assert told[0]["at"].endswith(":00:00+00:00")
    whole = await client.get(url, params={"form": "csv"}, headers=comms.headers)
    rows = list(csv.DictReader(io.StringIO(whole.text)))
    assert [int(row["id"]) for row in rows] == [one["id"] for one in told]
    assert (await client.get(url)).status_code == 401
    async with installation.database.read() as session:
        acts = (await session.scalars(select(Event.act).where(Event.act == "audit"))).all()
    assert len(acts) == 2


async def test_a_vote_that_was_numbered_first_and_committed_last_is_read(
    client: AsyncClient, poll: Poll
) -> None:
    await voted(client, poll, 1)
    async with poll.here.database.write() as session:
        first = await session.get_one(Vote, 1)
        values = {c.name: getattr(first, c.name) for c in Vote.__table__.columns}
        await session.delete(first)
    await tasks.reckon(poll.here, poll.id)
    async with poll.here.database.write() as session:
        session.add(Vote(**{**values, "at": now() - timedelta(seconds=1)}))
    await tasks.reckon(poll.here, poll.id)
    async with poll.here.database.read() as session:
        shown = await session.scalar(select(func.sum(Score.shown)).where(Score.counting == "all"))
    assert shown == 18


async def test_what_was_read_before_the_end_is_not_put_over_what_was_read_after(
    installation: Installation, poll: Poll
) -> None:
    empty: dict[str, Any] = {
        "consultation_id": poll.id, "votes": 0, "voters": 0, "suspicious": {}, "campaigns": [],
        "groups": [], "apart": None, "at": now(),
    }  # fmt: skip
    async with installation.database.write() as session:
        await actions.keep_reckoning(session, {**empty, "closed": True}, [], {})
        await actions.keep_reckoning(session, {**empty, "closed": False}, [], {})
    async with installation.database.read() as session:
        held = await queries.reading(session, poll.id)
    assert held is not None
    assert held.closed
