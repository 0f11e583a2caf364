"""Departments, people, keys, measures, the trail and health: what administrators set and see."""

import re
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from service.channels.models import InboxRow
from service.database import now
from service.departments import queries as departments
from service.installation import Installation, note_backup
from tests.service.console.test_forms import sent
from tests.service.console.test_screens import furnished
from tests.service.issues import town
from tests.service.staff.desk_browser import blank, logged_in

FIELDS = {"name": "Water and Sewers", "remit": "Taps, leaks, meters.", "norm_days": "7"}


async def test_a_department_is_set_up_changed_and_put_away(
    app: FastAPI, installation: Installation
) -> None:
    async with logged_in(app, installation, "admin") as browser:
        examples = "My tap is dry.\n\nThe meter runs.\n"
        where = await sent(
            browser, "/console/departments", key="water", examples=examples, **FIELDS
        )
        page = (await browser.get(where)).text
        assert "My tap is dry." in page
        assert "7 days" in page
        changed = {**FIELDS, "name": "Water", "norm_days": "3"}
        await sent(browser, where, active="true", **changed)
        assert "3 days" in (await browser.get(where)).text
        await sent(browser, where, **changed)
        assert "put away" in (await browser.get("/console/departments")).text
        for bad in ({"key": "Água"}, {"name": " " * 3 + "x" * 200}):
            answer = await browser.post(
                "/console/departments", data={"key": "other", **FIELDS, **bad}
            )
            assert answer.status_code == 400, bad
    async with installation.database.read() as session:
        body = await departments.by_key(session, "water")
        assert body is not None
        taught = await departments.examples(session, body.id)
    assert [one.text for one in taught if one.origin == "example"] == [
        "The meter runs.",
        "My tap is dry.",
    ]


async def test_a_new_colleague_gets_in_by_a_link_that_is_shown_once(
    app: FastAPI, installation: Installation
) -> None:
    async with logged_in(app, installation, "admin") as browser:
        where = await sent(
            browser, "/console/people", email="rui@desk.example", name="Rui", role="official"
        )
        shown = (await browser.post(f"{where}/link")).text
        found = re.search(r"/login/once/[\w-]+", shown)
        assert found is not None
        assert found.group() not in (await browser.get(where)).text
        async with blank(app) as rui:
            assert (await rui.post(found.group())).status_code == 303
            assert "Rui" in (await rui.get("/console")).text
            await sent(browser, where, role="official")
            assert (await rui.get("/console")).status_code == 303, "put away: logged out at once"
        page = (await browser.get("/console/trail?thing=staff")).text
        assert "Log-in link issued" in page
        assert "command line</td>" in page
        assert ">linha de comando</td>" in (await browser.get("/console/trail?lang=pt")).text


async def test_everybody_reads_departments_by_their_names(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        await town.body(session, "water")
    async with logged_in(app, installation, "official", "water") as browser:
        mine = (await browser.get("/console/people")).text.partition('id="mine"')[2]
    assert "<dd>Water" in mine


async def test_a_key_for_programs_is_shown_once_and_withdrawn(
    app: FastAPI, installation: Installation, client: AsyncClient
) -> None:
    async with logged_in(app, installation, "official", "water") as browser:
        shown = (await browser.post("/console/tokens", data={"name": "nightly", "days": "30"})).text
        found = re.search(r"gab_[\w-]{20,}", shown)
        assert found is not None
        headers = {"authorization": f"Bearer {found.group()}"}
        assert (await client.get("/api/v1/me", headers=headers)).status_code == 200
        page = (await browser.get("/console/people")).text
        assert "nightly" in page
        assert found.group() not in page
        act = re.search(r"/console/tokens/\d+/withdraw", page)
        assert act is not None
        await sent(browser, act.group())
        assert (await client.get("/api/v1/me", headers=headers)).status_code == 401
        assert (await browser.post(act.group())).status_code == 404


async def test_a_measure_moves_on_the_board_and_a_late_one_stands_out(
    installation: Installation,
) -> None:
    async with furnished(installation) as app, logged_in(app, installation, "comms") as browser:
        page = (await browser.get("/console/measures?department=water")).text
        assert page.count("late-card") == 2
        assert "late-card" not in (await browser.get("/console/measures?department=none")).text
        (first, *_) = (await browser.get("/api/v1/measures")).json()
        assert (first["late"], first["department"]) == (True, "Water")
        await sent(browser, f"/console/measures/{first['id']}/move", became="done")
        page = (await browser.get("/console/measures")).text
        assert page.count("late-card") == 1, "what is done is not late"
        again = await browser.post(f"/console/measures/{first['id']}/move", data={"became": "done"})
        assert again.status_code == 409
        async with logged_in(app, installation, "official", "roads") as stranger:
            assert (await stranger.get("/api/v1/measures")).json() == []


async def test_health_says_what_waits_and_what_is_known_of_backups(
    app: FastAPI, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with logged_in(app, installation, "auditor") as browser:
        page = (await browser.get("/console/health")).text
        assert "the service knows of none" in page
        assert "hash" in page, "the encoder's name"
        assert "knows: English, Spanish, Portuguese" in page
        assert "GABINETE_EMBEDDING_MODEL" not in page
        monkeypatch.setattr(app.state.retriever.embedder, "languages", frozenset({"en"}))
        page = (await browser.get("/console/health?lang=pt")).text
        assert "conhece: inglês" in page
        assert "mais pelas palavras do que pelo sentido: espanhol, português" in page
        assert "<code>GABINETE_EMBEDDING_MODEL</code>" in page
        async with installation.database.write() as session:
            await note_backup(session, datetime(2026, 3, 1, 2, tzinfo=UTC))
            session.add(
                InboxRow(
                    key="k", channel="web", conversation="c", received_at=now(), state="set_aside",
                    error="broken", attempts=1,
                )
            )  # fmt: skip
        told = (await browser.get("/api/v1/health")).json()
        assert (told["backup"], told["queues"]["aside"]) == ("2026-03-01T02:00:00Z", 1)
        assert 'class="bad"' in (await browser.get("/console/health")).text


@pytest.mark.parametrize("query", ["?thing=issue", "?actor=machine", "?before=3"])
async def test_the_trail_is_narrowed(installation: Installation, query: str) -> None:
    async with furnished(installation) as app, logged_in(app, installation, "auditor") as browser:
        whole = (await browser.get("/console/trail")).text
        part = (await browser.get(f"/console/trail{query}")).text
    assert 0 < part.count("<tr>") < whole.count("<tr>")
