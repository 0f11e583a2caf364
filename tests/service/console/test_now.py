"""The start page and the list: what waits, views in the address, acts on marked issues."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from service.answers import actions as answers
from service.console import live, queries
from service.database import Database, now
from service.installation import Installation
from service.issues import actions
from service.issues.models import Issue
from service.vault import Vault
from tests.conftest import serving
from tests.service.console.test_forms import sent
from tests.service.issues import town
from tests.service.public import printing
from tests.service.staff.desk_browser import logged_in


@asynccontextmanager
async def desk(here: Installation, *names: str) -> AsyncIterator[tuple[AsyncClient, list[int]]]:
    """A moderator's browser, and an issue of two people for each name; no worker changes them."""
    async with here.database.write() as session:
        made = [
            (await town.asked(session, here.vault, 2, name=name, text=name))[0] for name in names
        ]
        await town.body(session, "water")
    async with serving(here, worker=False) as app, logged_in(app, here, "moderator") as browser:
        yield browser, made


async def test_the_start_page_says_what_is_with_me_what_is_due_and_what_emerges(
    installation: Installation,
) -> None:
    async with desk(installation, "no water", "loud bar", "dark street") as (browser, made):
        async with installation.database.write() as session:
            await session.execute(
                update(Issue).where(Issue.id == made[0]).values(due_at=town.START)
            )
            await session.execute(update(Issue).where(Issue.id == made[1]).values(emerging=True))
        await sent(browser, f"/console/issues/{made[2]}/assign", department="water")
        await sent(browser, f"/console/issues/{made[2]}/claim")
        page = (await browser.get("/console")).text
    mine, due, emerging = (page.index(f'id="part-{key}"') for key in ("mine", "due", "emerging"))
    assert mine < page.index(f'href="/console/issues/{made[2]}"') < due
    assert due < page.index(f'href="/console/issues/{made[0]}"') < emerging
    assert emerging < page.index(f'href="/console/issues/{made[1]}"')
    assert page.count(f'href="/console/issues/{made[1]}"') == 1, "each issue stands once"


async def test_a_view_is_in_its_address(installation: Installation) -> None:
    async with desk(installation, "no water", "loud bar") as (browser, made):
        await browser.post(
            "/console/issues/assign", data={"issue": [made[0]], "department": "water"}
        )
        for query, shown in (
            ("", {0, 1}),
            ("?q=w%C3%A1ter", {0}),
            ("?department=water", {0}),
            ("?department=triage", {1}),
            ("?state=assigned", set()),
            ("?spoken=pt", set()),
            ("?spoken=en&sort=due_at&due=&theme=&official=", {0, 1}),
            ("?emerging=true", set()),
            ("?due=late", set()),
        ):
            page = (await browser.get(f"/console/issues{query}")).text
            found = {n for n, id_ in enumerate(made) if f'href="/console/issues/{id_}"' in page}
            assert found == shown, query


async def test_no_marked_issue_is_said_in_words(installation: Installation) -> None:
    async with desk(installation, "no water") as (browser, _):
        came = {"referer": "http://testserver/console/issues?due=late"}
        form = {"department": "water"}
        answer = await browser.post("/console/issues/assign", data=form, headers=came)
        assert answer.headers["location"] == "/console/issues?due=late"
        assert "Nothing was marked." in (await browser.get(answer.headers["location"])).text


async def test_marked_issues_are_assigned_at_once_and_merged_after_a_comparison(
    installation: Installation,
) -> None:
    names = ("no water", "dry taps", "loud bar")
    async with desk(installation, *names) as (browser, made):
        came = {"referer": "http://testserver/console/issues?q=a"}
        form: dict[str, Any] = {"issue": made, "department": "water"}
        answer = await browser.post("/console/issues/assign", data=form, headers=came)
        assert answer.headers["location"] == "/console/issues?q=a"
        assert "Assigned." in (await browser.get("/console/issues")).text
        assert "Assigned." not in (await browser.get("/console/issues")).text, "it is said once"
        page = (await browser.get("/console/merge", params={"issue": made[:2]})).text
        assert "no water" in page
        assert "dry taps" in page
        assert "Together, 4 people speak of this." in page
        form = {"issue": made[:2], "into": made[0], "why": "the same pipe"}
        assert (await browser.post("/console/merge", data=form)).status_code == 303
        page = (await browser.get(f"/console/issues/{made[0]}")).text
        undo = f"/console/issues/{made[1]}/unmerge"
        assert f'action="{undo}"' in page
        await sent(browser, undo)
        async with installation.database.read() as session:
            roots = (await session.scalars(select(Issue.root_id).order_by(Issue.id))).all()
    assert list(roots) == made, "each stands for itself again"


async def test_what_the_service_would_merge_is_decided_by_staff(
    installation: Installation,
) -> None:
    async with desk(installation, "no water", "dry taps", "loud bar") as (browser, made):
        async with installation.database.write() as session:
            pairs = [(made[1], made[0], 0.8), (made[2], made[0], 0.7)]
            assert await actions.propose(session, pairs) == 2
        assert "would merge 2 pairs" in (await browser.get("/console")).text
        page = (await browser.get("/console/proposals")).text
        assert page.index("dry taps") < page.index("loud bar"), "the most alike first"
        await sent(browser, "/console/proposals/2/refuse")
        await sent(browser, "/console/proposals/1/accept")
        page = (await browser.get("/console/proposals")).text
        assert "Nothing to decide" in page
        assert f'action="/console/issues/{made[1]}/unmerge"' in page
        async with installation.database.read() as session:
            roots = (await session.scalars(select(Issue.root_id).order_by(Issue.id))).all()
    assert list(roots) == [made[0], made[0], made[2]]


async def test_a_forged_undo_or_word_is_not_shown(installation: Installation) -> None:
    async with desk(installation, "no water") as (browser, _):
        for told, shown in (
            ("merged //evil.example/x", "Merged."),
            ("merged javascript:x", "Merged."),
            ("<b>evil</b>", ""),
        ):
            browser.cookies.set("done", told)
            page = (await browser.get("/console")).text
            assert "evil" not in page, told
            assert "javascript:x" not in page
            assert ('class="flash"' in page) == bool(shown)


async def test_figures_count_what_an_official_may_see(database: Database, vault: Vault) -> None:
    async with database.write() as session:
        water = await town.body(session, "water")
        roads = await town.body(session, "roads")
        await town.asked(session, vault, 3, name="no water", department_id=water)
        await town.asked(session, vault, 2, name="hole", department_id=roads)
        await town.asked(session, vault, 1, name="noise")
        await session.execute(
            update(Issue).where(Issue.department_id == water).values(due_at=now())
        )
    async with database.read() as session:
        moment = town.START + queries.DAY
        everything = await queries.figures(session, None, now())
        water_only = await queries.figures(session, frozenset({"water"}), moment)
    assert (everything.waiting, everything.late, everything.unrouted) == (3, 1, 1)
    assert (water_only.waiting, water_only.unrouted) == (2, 1)
    assert everything.said == 0, "what is older than a day is not counted"


async def test_pages_are_told_that_something_changed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_AGAIN", 0.01)
    ending = [False]
    async with installation.database.read() as session:
        read = await live._stamp(session, None)
    told = live._changes(installation.database, None, read, lambda: ending[0])
    assert await anext(told) == "retry: 3000\n\n"
    assert await anext(told) == ": still here\n\n"
    async with installation.database.write() as session:
        await town.asked(session, installation.vault, 1)
    assert "changed" in await anext(told)
    ending[0] = True
    assert [one async for one in told] == [], "a server that ends is not held up"
    late = live._changes(installation.database, None, read, lambda: True)
    assert "changed" in [one async for one in late][1], "what came before the stream is told too"


async def test_what_was_sent_back_and_what_corrects_an_answer_wait_for_whose_step_it_is(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        water = await town.body(session, "water")
        issue, _, _ = await town.asked(session, installation.vault, 2, department_id=water)
        author, second = await town.official(session), await town.official(session, role="comms")
        told = await printing.published(session, installation, issue, title="Buses")
        await answers.correct(session, told.id, by=author, texts={"en": "x"}, reason="r")
        whole = await printing.published(session, installation, issue, title="Trams")
        back = await answers.begin(session, issue, by=author, lang="en", title="Taxis", text="x")
        await answers.submit(session, back.id, by=author)
        await answers.send_back(session, back.id, by=second, reason="Say on which day.")
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "comms") as comms,
        logged_in(app, installation, "official", "water") as official,
    ):
        waits = (await comms.get("/console")).text
        assert f'id="answer-{told.id}"' in waits
        assert "new text waits for approval" in waits
        assert f'id="answer-{whole.id}"' not in waits
        assert f'id="answer-{back.id}"' not in waits
        mine = (await official.get("/console")).text
        assert f'id="answer-{back.id}"' in mine
        assert "Say on which day." in mine
        assert f'id="answer-{told.id}"' not in mine
