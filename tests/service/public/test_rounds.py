"""Rounds as everybody reads them: what can be supported, until when, and what is owed."""

import csv
import io
import re

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from service.database import now
from service.installation import Installation
from service.rounds import actions
from service.rounds.models import Nomination, Round
from service.rounds.support import actions as support
from tests.service.issues import town
from tests.service.public import printing
from tests.service.rounds import polls
from tests.service.staff.desk_browser import blank

EVIL = "<img src=x onerror=alert(1)>"


async def furnished(here: Installation, **more: str) -> tuple[int, list[int]]:
    """An open round with three questions of 3, 2 and 1 supporters."""
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms, counts_shown=more.get("counts", "live"))
        asked = [
            await polls.question(session, here, told, n, name=f"Why {n}? {EVIL}") for n in (3, 2, 1)
        ]
    return told.id, asked


async def test_an_open_round_shows_its_clock_and_its_questions_and_leads_into_the_chat(
    app: FastAPI, installation: Installation
) -> None:
    round_id, asked = await furnished(installation)
    async with installation.database.write() as session:
        told = await actions.find(session, round_id)
        await polls.question(session, installation, told, 9, name="Ana of Elm Street", named=False)
        gone = await polls.question(session, installation, told, 5, name="About a private person")
        comms = await town.official(session, role="comms")
        await support.set_aside(session, installation, round_id, gone, by=comms, reason="Private.")
    async with blank(app) as reader:
        for path in ("/", "/rounds"):
            assert f'href="/rounds/{round_id}"' in (await reader.get(path)).text, path
        text = (await reader.get(f"/rounds/{round_id}")).text
    assert "30 days left" in text
    assert all(f"Why {n}? &lt;img" in text for n in (3, 2, 1))
    assert EVIL not in text
    assert "3 people support it" in text
    assert f"start=issue-{asked[0]}" in text
    assert f"start=round-{round_id}" in text
    assert "Ana of Elm Street" not in text
    assert "1 more question waits for a title" in text
    assert "private person" not in text


async def test_counts_are_hidden_until_the_end_where_staff_choose_so(
    app: FastAPI, installation: Installation
) -> None:
    round_id, _ = await furnished(installation, counts="after")
    async with blank(app) as reader:
        text = (await reader.get(f"/rounds/{round_id}")).text
        assert not re.search(r"\d (?:people|person) supports? it", text)
        items = (await reader.get("/data/rounds.json")).json()["items"]
        assert [one["supporters"] for one in items] == [None] * 3
        async with installation.database.write() as session:
            await polls.ended(session, installation, round_id)
        assert "3 people support it" in (await reader.get(f"/rounds/{round_id}")).text


async def test_the_order_is_drawn_for_a_visit_and_stays_for_it(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        for n in range(8):
            await polls.question(session, installation, told, 1, name=f"Question {n}")
    orders, pages = set(), []
    for _ in range(6):
        async with blank(app) as reader:
            first, second = [await reader.get(f"/rounds/{told.id}") for _ in range(2)]
        assert "private" in first.headers["cache-control"]
        found = [re.findall(r"<h3>(Question \d)", page.text) for page in (first, second)]
        assert found[0] == found[1], "stable for one reader"
        pages.append(found[0])
        orders.add(tuple(found[0]))
    assert len(orders) > 1, "drawn anew for another"
    assert all(sorted(one) == sorted(pages[0]) for one in pages)


async def test_what_won_is_shown_with_its_clock_then_late_then_its_answer(
    app: FastAPI, installation: Installation
) -> None:
    round_id, asked = await furnished(installation)
    here = installation
    async with here.database.write() as session:
        await polls.ended(session, here, round_id)
    async with blank(app) as reader:
        text = (await reader.get(f"/rounds/{round_id}")).text
        assert "6 people took part" in text
        assert "answer due by" in text
        assert "10 days left for the answer" in text
        assert text.index("Why 3?") < text.index("The other questions") < text.index("Why 2?")
        assert "Waiting for an answer" in (await reader.get("/rounds")).text
        async with here.database.write() as session:
            late = update(Nomination).where(Nomination.due_at.is_not(None)).values(due_at=now())
            await session.execute(late)
        assert "late: the answer was due by" in (await reader.get(f"/rounds/{round_id}")).text
        async with here.database.write() as session:
            answer = await printing.published(session, here, asked[0])
            await actions.fulfil(session, round_id)
        text = (await reader.get(f"/rounds/{round_id}")).text
        assert f'href="/answers/{answer.id}"' in text
        assert "Earlier rounds" in (await reader.get("/rounds")).text
        items = csv.DictReader(io.StringIO((await reader.get("/data/rounds.csv")).text))
        told = {one["question"][:6]: (one["supporters"], one["answer"]) for one in items}
    assert told == {"Why 3?": ("3", str(answer.id)), "Why 2?": ("2", ""), "Why 1?": ("1", "")}


async def test_a_round_closed_without_an_answer_says_so_and_why(
    app: FastAPI, installation: Installation
) -> None:
    round_id, _ = await furnished(installation)
    async with installation.database.write() as session:
        await polls.ended(session, installation, round_id)
        comms = await town.official(session, role="comms")
        await actions.end(
            session, installation.settings, round_id, actor=comms.actor, reason=f"No money {EVIL}"
        )
    async with blank(app) as reader:
        text = (await reader.get(f"/rounds/{round_id}")).text
    assert "closed without an answer" in text
    assert "No money &lt;img" in text


@pytest.mark.parametrize("path", ["/rounds/99", "/rounds/1?at=2"])
async def test_what_is_not_there_is_said(
    app: FastAPI, installation: Installation, path: str
) -> None:
    await furnished(installation)
    async with blank(app) as reader:
        assert (await reader.get(path)).status_code == 404


async def test_the_minute_between_end_and_count_is_no_time_to_support(
    app: FastAPI, installation: Installation
) -> None:
    round_id, _ = await furnished(installation)
    async with installation.database.write() as session:
        await session.execute(update(Round).values(closes_at=now()))
    async with blank(app) as reader:
        text = (await reader.get(f"/rounds/{round_id}")).text
        assert "support is being counted" in text
        assert "start=" not in text
        assert "Earlier rounds" in (await reader.get("/rounds")).text
