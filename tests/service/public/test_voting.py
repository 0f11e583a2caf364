"""Voting on a page: without a log-in, without a script; every refusal says what was not counted."""

import re

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from service.consultations import actions
from service.consultations.proposals.models import Proposal
from service.installation import Installation
from tests.service.public import plebiscite
from tests.service.public.plebiscite import Poll
from tests.service.staff.desk_browser import blank

TOKEN = re.compile(r'name="pair" value="([^"]+)"')
PART = {"x-part": "booth"}


def pair(page: str) -> str:
    """The token of the pair that a page shows."""
    found = TOKEN.search(page)
    assert found, page
    return found.group(1)


@pytest.fixture
async def poll(installation: Installation) -> Poll:
    async with installation.database.write() as session:
        return await plebiscite.voted_on(session, installation)


async def begun(browser: AsyncClient, poll: Poll, **given: str) -> str:
    """A browser that began to vote; gives its first page."""
    answer = await browser.post(f"/consultations/{poll.id}/vote/begin", data=given)
    assert answer.status_code == 303
    return (await browser.get(f"/consultations/{poll.id}/vote")).text


async def press(browser: AsyncClient, poll: Poll, token: str, choice: str) -> str:
    """Press a button as a browser without a script does; gives the page it is led to."""
    where = f"/consultations/{poll.id}/vote"
    answer = await browser.post(where, data={"pair": token, "choice": choice})
    assert answer.status_code == 303
    return (await browser.get(answer.headers["location"])).text


async def test_nobody_logs_in_and_a_choice_is_counted_without_a_script(
    app: FastAPI, poll: Poll
) -> None:
    async with blank(app) as browser:
        first = await browser.get(f"/consultations/{poll.id}/vote")
        assert "Begin to vote" in first.text
        assert 'name="pair"' not in first.text
        page = await begun(browser, poll)
        seen = set()
        for n in range(6):
            seen.add(tuple(sorted(pair(page).split(".")[:2])))
            page = await press(browser, poll, pair(page), ("left", "right", "same")[n % 3])
            if n < 5:
                assert "Your choice was counted." in page
        assert len(seen) == 6, "six pairs of four proposals, each once"
        assert "You have compared every pair." in page
        assert "6 pairs compared." in page


async def test_a_script_gets_the_next_pair_alone(app: FastAPI, poll: Poll) -> None:
    async with blank(app) as browser:
        page = await begun(browser, poll)
        where = f"/consultations/{poll.id}/vote"
        told = {"pair": pair(page), "choice": "left"}
        answer = await browser.post(where, data=told, headers=PART)
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert pair(answer.text) != told["pair"]
        assert answer.headers["cache-control"] == "private, no-store"
        assert len(answer.content) < 4_000


async def test_a_pair_that_was_voted_on_counts_once_and_says_so(app: FastAPI, poll: Poll) -> None:
    async with blank(app) as browser:
        token = pair(await begun(browser, poll))
        await press(browser, poll, token, "left")
        again = await press(browser, poll, token, "right")
        assert "your first choice counts, A" in again
        assert "1 pair compared." in again


async def test_another_browsers_pair_and_one_that_changed_are_not_counted(
    app: FastAPI, installation: Installation, poll: Poll
) -> None:
    async with blank(app) as one, blank(app) as other:
        token = pair(await begun(one, poll))
        await begun(other, poll)
        assert "That choice was not counted" in await press(other, poll, token, "left")
        left = int(token.split(".")[0])
        async with installation.database.write() as session:
            row = await session.get_one(Proposal, left)
            row.state = "withdrawn"
        app.state.booth._grounds.clear()
        page = await press(one, poll, token, "left")
        assert "That choice was not counted" in page
        assert f'value="{left}.' not in page


async def test_after_the_voting_nothing_is_counted_and_the_page_says_so(
    app: FastAPI, installation: Installation, poll: Poll
) -> None:
    async with blank(app) as browser:
        token = pair(await begun(browser, poll))
        await plebiscite.ended(installation, poll)
        app.state.booth._grounds.clear()
        page = await press(browser, poll, token, "left")
        assert "is not being voted on now" in page
        told = {"pair": token, "choice": "left"}
        where = f"/consultations/{poll.id}/vote"
        part = await browser.post(where, data=told, headers=PART)
        assert "That choice was not counted." in part.text
    async with blank(app) as late:
        assert "is not being voted on now" in (await late.get(where)).text


async def test_too_many_in_a_minute_are_not_counted(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation, count=10)
    async with blank(app) as browser:
        page = await begun(browser, poll)
        for _ in range(40):
            await press(browser, poll, pair(page), "left")
            page = (await browser.get(f"/consultations/{poll.id}/vote")).text
        waiting = pair(page)
        page = await press(browser, poll, waiting, "left")
        assert "there were too many in one minute" in page
        assert "40 pairs compared." in page
        assert pair(page).split(".")[:2] == waiting.split(".")[:2], "the pair waits"


async def test_who_has_their_voice_erased_votes_no_more(app: FastAPI, poll: Poll) -> None:
    async with blank(app) as browser:
        token = pair(await begun(browser, poll))
        await press(browser, poll, token, "left")
        left = await browser.post(f"/consultations/{poll.id}/vote/leave")
        assert left.status_code == 303
        page = await press(browser, poll, token, "left")
        assert "Your data was erased." in page
        assert 'name="pair"' not in page


async def test_a_browser_without_a_voice_is_led_to_begin(app: FastAPI, poll: Poll) -> None:
    async with blank(app) as browser:
        page = await press(browser, poll, "1.2.3.00000000." + "0" * 32, "left")
        assert "has not begun to vote" in page
        assert "Begin to vote" in page


async def test_a_code_and_a_place_are_asked_for(app: FastAPI, installation: Installation) -> None:
    async with installation.database.write() as session:
        coded = await plebiscite.voted_on(
            session, installation, open_to="code", entry_code="FEIRA-2026"
        )
        local = await plebiscite.voted_on(
            session, installation, open_to="place", place="Cedar Hill"
        )
    async with blank(app) as browser:
        where = f"/consultations/{coded.id}/vote/begin"
        wrong = await browser.post(where, data={"code": "FEIRA-2025", "campaign": "poster"})
        assert wrong.status_code == 403
        assert "This is not the code" in wrong.text
        assert 'value="poster"' in wrong.text
        assert pair(await begun(browser, coded, code="feira 2026"))
        where = f"/consultations/{local.id}/vote/begin"
        assert (await browser.post(where)).status_code == 403
        assert "I live here: Cedar Hill" in (await browser.get(where.removesuffix("/begin"))).text
        assert pair(await begun(browser, local, lives_there="true"))


async def test_codes_are_not_guessed(app: FastAPI, installation: Installation) -> None:
    async with installation.database.write() as session:
        coded = await plebiscite.voted_on(
            session, installation, open_to="code", entry_code="FEIRA-2026"
        )
    async with blank(app) as browser:
        where = f"/consultations/{coded.id}/vote/begin"
        found = [
            (await browser.post(where, data={"code": f"FEIRA{n}"})).status_code for n in range(12)
        ]
    assert found == [403] * 10 + [429] * 2


async def test_every_twenty_choices_there_is_a_pause(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation, count=8)
    async with blank(app) as browser:
        page = await begun(browser, poll)
        for n in range(20):
            assert "A good moment for a pause" not in page, n
            page = await press(browser, poll, pair(page), "left")
        assert "A good moment for a pause" in page
        assert "20 pairs compared." in page
        assert "Your choice was counted" not in page
        on = await browser.get(f"/consultations/{poll.id}/vote")
        assert pair(on.text)


async def test_a_drafted_one_is_not_there(app: FastAPI, installation: Installation) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.proposed(session, installation)
        row = await actions.find(session, poll.id)
        row.state, row.ready_at = "drafted", None
    async with blank(app) as browser:
        for path in ("", "/vote", "/results"):
            assert (await browser.get(f"/consultations/{poll.id}{path}")).status_code == 404
        where = f"/consultations/{poll.id}/vote/begin"
        assert (await browser.post(where)).status_code == 404
