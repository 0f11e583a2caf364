"""Consultations in the console: planned, opened, put off; screened; their voting followed."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from service.consultations import actions, queries
from service.consultations.proposals import queries as proposals
from service.consultations.proposals.models import Proposal
from service.consultations.proposals.screening import actions as screening
from service.database import now
from service.installation import Installation
from tests.conftest import serving
from tests.service.console.test_screens import counted
from tests.service.consultations import assembly
from tests.service.public import plebiscite
from tests.service.public.plebiscite import Poll
from tests.service.staff.desk_browser import logged_in

EVIL = "<script>alert(1)</script>"
READERS = ("official", "moderator", "auditor")


@pytest.fixture
async def poll(installation: Installation) -> Poll:
    async with installation.database.write() as session:
        return await plebiscite.proposed(session, installation, words=EVIL)


@pytest.fixture
async def comms(app: FastAPI, installation: Installation) -> AsyncIterator[AsyncClient]:
    """The browser of somebody of the comms team."""
    async with logged_in(app, installation, "comms") as browser:
        yield browser


async def waiting(here: Installation, poll: Poll, text: str = "") -> int:
    """A proposal that nobody decided on."""
    async with here.database.write() as session:
        who = await assembly.citizen(session)
        row = await assembly.proposed(session, poll.id, who, text or f"{assembly.text(50)} {EVIL}")
        return row.id


async def at(here: Installation, proposal_id: int) -> Proposal:
    """A proposal as it is stored now."""
    async with here.database.read() as session:
        found = await proposals.proposal(session, proposal_id)
        assert found is not None
        return found


def plan(**more: str) -> dict[str, str]:
    """A form's dates, in the installation's zone, and what else it needs."""
    names = ("proposing_from", "proposing_until", "screening_until", "voting_until")
    start = now() + timedelta(hours=30)
    dates = {
        name: (start + timedelta(days=7 * n)).strftime("%Y-%m-%dT%H:%M")
        for n, name in enumerate(names)
    }
    return {"lang": "pt", **dates, **more}


async def test_one_is_drafted_worded_and_opened(
    comms: AsyncClient, installation: Installation
) -> None:
    form = plan(title="Saúde perto", question="O que vem primeiro?", themes="Postos\n\nRemédios\n")
    made = await comms.post("/console/consultations", data=form)
    assert made.status_code == 303, made.text
    where = made.headers["location"]
    page = (await comms.get(where)).text
    assert "Draft kept." in page
    assert "Saúde perto" in page
    other = {"lang": "en", "title": "Health nearby", "question": "What first?", "text": EVIL}
    assert (await comms.post(f"{where}/texts", data=other)).status_code == 303
    names = {"pt": "Postos\nRemédios\nVagas", "en": "Posts\nMedicines\nPlaces"}
    assert (await comms.post(f"{where}/themes", data=names)).status_code == 303
    changed = plan(open_to="place", place="Cedar Hill", shortlist_size="3")
    assert (await comms.post(f"{where}/plan", data=changed)).status_code == 303
    assert (await comms.post(f"{where}/open")).status_code == 303
    page = (await comms.get(where)).text
    assert "It is ready: it opens by itself on" in page
    assert EVIL not in page
    id_ = int(where.rsplit("/", 1)[1])
    async with installation.database.read() as session:
        whole = await queries.whole(session, id_)
    assert whole is not None
    assert [theme.names for theme in whole.themes][2] == {"pt": "Vagas", "en": "Places"}
    assert (whole.row.place, whole.row.shortlist_size) == ("Cedar Hill", 3)
    zone = installation.settings.zone
    local = whole.row.proposing_from.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    assert local == changed["proposing_from"]


async def test_a_plan_that_cannot_be_is_refused_in_words(comms: AsyncClient) -> None:
    form = plan(title="T", question="Q?", themes="A")
    form["voting_until"] = form["proposing_from"]
    told = await comms.post("/console/consultations", data=form)
    assert told.status_code == 400
    assert "end one after the other" in told.text
    assert (await comms.post("/console/consultations", data=plan())).status_code == 422


async def test_it_is_moved_put_off_and_cancelled_with_public_reasons(
    comms: AsyncClient, installation: Installation, poll: Poll
) -> None:
    where = f"/console/consultations/{poll.id}"
    later = (now() + timedelta(days=15)).strftime("%Y-%m-%dT%H:%M")
    given = {"phase": "proposing", "until": later, "reason": f"No internet. {EVIL}"}
    assert (await comms.post(f"{where}/extend", data=given)).status_code == 303
    for to in ("screening", "voting"):
        moved = await comms.post(f"{where}/move", data={"to": to, "why": "It is time."})
        assert moved.status_code == 303
    page = (await comms.get(where)).text
    assert "No internet." in page
    assert EVIL not in page
    assert "Extended" in page
    told = await comms.post(f"{where}/cancel", data={"reason": " "})
    assert told.status_code == 400
    assert (await comms.post(f"{where}/cancel", data={"reason": "A law."})).status_code == 303
    assert "A law." in (await comms.get(where)).text


async def test_the_queue_shows_what_is_like_it_and_takes_decisions(
    comms: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one = await waiting(installation, poll, f"{assembly.text(1)} {EVIL} again")
    two = await waiting(installation, poll)
    where = f"/console/consultations/{poll.id}"
    queue = f"{where}/queue?what=waiting"
    page = (await comms.get(queue)).text
    assert page.index(f"Proposal {one}") < page.index(f"Proposal {two}")
    assert re.search(r"\d+% alike", page)
    assert EVIL not in page
    sent = {"referer": f"http://testserver{queue}"}
    base = f"{where}/proposals"
    together = await comms.post(
        f"{base}/{one}/together", data={"other": str(poll.proposals[1])}, headers=sent
    )
    assert together.headers["location"] == queue
    mended = "Keep every health post of the neighbourhood open until ten at night."
    await comms.post(f"{base}/{one}/wording", data={"text": mended}, headers=sent)
    await comms.post(f"{base}/{one}/admit", headers=sent)
    row = await at(installation, one)
    assert (row.state, row.shown_with, row.shown) == ("admitted", poll.proposals[1], mended)
    asked = {"other": str(poll.proposals[1])}
    assert (await comms.post(f"{base}/{two}/join", data=asked)).status_code == 303
    assert (await at(installation, two)).joins_id == poll.proposals[1]
    assert (await comms.post(f"{base}/{two}/refuse", data={"reason": ""})).status_code in (400, 422)
    told = await comms.post(f"{base}/{two}/refuse", data={"reason": f"Off the topic. {EVIL}"})
    assert told.headers["location"] == f"{base}/{two}"
    page = (await comms.get(f"{base}/{two}")).text
    assert "Off the topic." in page
    assert EVIL not in page
    assert "Nothing waits here." in (await comms.get(queue)).text


async def test_a_review_is_somebody_elses(
    app: FastAPI, comms: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one = await waiting(installation, poll)
    base = f"/console/consultations/{poll.id}"
    await comms.post(f"{base}/proposals/{one}/refuse", data={"reason": "Off the topic."})
    async with installation.database.write() as session:
        (await session.get_one(Proposal, one)).review_asked_at = now()
    mine = (await comms.get(f"{base}/queue?what=review")).text
    assert "somebody else makes the review" in mine
    assert f"/proposals/{one}/admit" not in mine
    async with logged_in(app, installation, "admin") as other:
        assert f"/proposals/{one}/admit" in (await other.get(f"{base}/queue?what=review")).text
        assert (await other.post(f"{base}/proposals/{one}/admit")).status_code == 303
    assert (await at(installation, one)).state == "admitted"


async def test_seeds_and_replies(
    comms: AsyncClient, installation: Installation, poll: Poll
) -> None:
    base = f"/console/consultations/{poll.id}/proposals"
    async with installation.database.read() as session:
        themes = (await queries.themes_of(session, [poll.id]))[poll.id]
    seed = {"theme": str(themes[1].id), "lang": "en", "text": assembly.text(70)}
    assert (await comms.post(base, data=seed)).status_code == 303
    page = (await comms.get(f"{base}?theme={themes[1].id}")).text
    assert assembly.text(70) in page
    assert "by the team" in page
    one = poll.proposals[1]
    told = await comms.post(f"{base}/{one}/reply", data={"text": f"From March on. {EVIL}"})
    assert told.status_code == 303
    page = (await comms.get(f"{base}/{one}")).text
    assert "Reply sent." in page
    assert "From March on." in page
    assert EVIL not in page
    moved = await comms.post(f"{base}/{one}/theme", data={"theme": str(themes[1].id)})
    assert moved.status_code == 303
    assert (await at(installation, one)).theme_id == themes[1].id


async def test_the_voting_is_followed_and_the_shortlist_changed(
    comms: AsyncClient, installation: Installation
) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation, shortlist_size=1)
    where = f"/console/consultations/{poll.id}/voting"
    assert "No votes have been counted yet." in (await comms.get(where)).text
    async with installation.database.write() as session:
        await plebiscite.cast(session, poll, 4, seconds=0.2)
    await plebiscite.ended(installation, poll)
    page = (await comms.get(where)).text
    assert "24 votes too quick to have read" in page
    assert f"/api/v1/consultations/{poll.id}/votes?form=csv" in page
    last = poll.proposals[3]
    given = {"listed": "true", "reason": f"It asks more. {EVIL}"}
    base = f"/console/consultations/{poll.id}/shortlist"
    assert (await comms.post(f"{base}/{last}", data=given)).status_code == 303
    page = (await comms.get(where)).text
    assert "On the shortlist." in page
    assert "It asks more." in page
    assert EVIL not in page
    assert (await comms.post(f"{base}/{last}", data={**given, "reason": " "})).status_code == 400


@pytest.mark.parametrize("role", READERS)
async def test_who_may_not_run_one_reads_it_without_forms(
    role: str, app: FastAPI, installation: Installation, poll: Poll
) -> None:
    one = await waiting(installation, poll)
    base = f"/console/consultations/{poll.id}"
    async with logged_in(app, installation, role) as browser:
        for path in ("", "/queue", "/proposals", f"/proposals/{one}", "/voting"):
            page = await browser.get(f"{base}{path}")
            assert page.status_code == 200, path
            posts = set(re.findall(r'method="post"(?: action="([^"]*)")?', page.text))
            assert posts == {"/logout"}, path
        assert (await browser.get("/console/consultations/new")).status_code == 403
        assert (await browser.post(f"{base}/proposals/{one}/admit")).status_code == 403
        assert (await browser.post(f"{base}/open")).status_code == 403


async def test_a_proposal_of_another_consultation_is_not_found(
    comms: AsyncClient, installation: Installation, poll: Poll
) -> None:
    async with installation.database.write() as session:
        other = await plebiscite.proposed(session, installation)
    wrong = f"/console/consultations/{other.id}/proposals/{poll.proposals[1]}"
    assert (await comms.get(wrong)).status_code == 404
    assert (await comms.post(f"{wrong}/reply", data={"text": "Yes."})).status_code == 404
    assert (await comms.get("/console/consultations/999/queue")).status_code == 404


async def test_no_screen_asks_once_for_each_row(installation: Installation) -> None:
    async def costs(browser: AsyncClient, poll: Poll) -> dict[str, int]:
        found = {}
        for path in ("", f"/{poll.id}", f"/{poll.id}/queue", f"/{poll.id}/proposals"):
            with counted(installation.database) as sent:
                assert (await browser.get(f"/console/consultations{path}")).status_code == 200
            found[path] = len(sent)
        return found

    async with serving(installation, worker=False) as app:
        async with installation.database.write() as session:
            poll = await plebiscite.proposed(session, installation, count=3)
        for number in (60, 61):
            await waiting(installation, poll, assembly.text(number))
        async with logged_in(app, installation, "comms") as browser:
            few = await costs(browser, poll)
            for number in range(80, 86):
                await waiting(installation, poll, assembly.text(number))
            async with installation.database.write() as session:
                await plebiscite.proposed(session, installation, count=2)
                await screening.seed(
                    session, poll.id, (await at(installation, poll.proposals[0])).theme_id, "en",
                    assembly.text(99), by=poll.by,
                )  # fmt: skip
            assert await costs(browser, poll) == few
    assert max(few.values()) <= 20, few


@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_screens_speak_the_readers_language(
    lang: str, comms: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one = await waiting(installation, poll)
    async with installation.database.write() as session:
        row = await actions.find(session, poll.id)
        row.state = "voting"
        await plebiscite.cast(session, poll, 2)
    await plebiscite.ended(installation, poll)
    base = f"/console/consultations/{poll.id}"
    for path in ("", "/queue", "/proposals", f"/proposals/{one}", "/voting"):
        page = await comms.get(f"{base}{path}?lang={lang}")
        assert page.status_code == 200, path
        assert f'<html lang="{lang}">' in page.text
    for path in ("/console/consultations", "/console/consultations/new"):
        assert (await comms.get(f"{path}?lang={lang}")).status_code == 200
