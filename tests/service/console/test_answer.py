"""One answer's page: previews, the schedule, four eyes, citations, and where deliveries are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI
from sqlalchemy import update

from service.answers import actions as answers
from service.answers.models import Answer, Citation
from service.channels.models import Delivery
from service.database import now
from service.installation import Installation
from service.knowledge.models import Document, Passage
from tests.conftest import serving
from tests.service.console.test_forms import sent
from tests.service.issues import town
from tests.service.staff.desk_browser import logged_in

WHERE = "/console/answers/1"


@asynccontextmanager
async def begun(here: Installation) -> AsyncIterator[FastAPI]:
    """An answer that an official began to an issue of three people; no worker sends anything."""
    async with here.database.write() as session:
        water = await town.body(session, "water")
        who = await town.official(session, "water")
        issue, _, _ = await town.asked(session, here.vault, 3, department_id=water)
        await answers.begin(session, issue, by=who, lang="pt", title="Água", text="Volta logo.")
    async with serving(here, worker=False) as app:
        yield app


async def test_a_preview_is_the_letter_as_each_channel_sends_it(
    installation: Installation,
) -> None:
    async with begun(installation) as app, logged_in(app, installation, "comms") as browser:
        page = (await browser.get(WHERE)).text
        told = page.split('id="preview"', 1)[1]
        assert "Web chat" in told
        assert "Volta logo." in told
        assert "Ajudou" in told, "with its buttons"
        form = {"lang": "es", "text": "El agua vuelve. " * 400, "video_url": "https://v.example/1"}
        told = (await browser.post(f"{WHERE}/preview", data=form)).text
        assert "2 messages" in told, "what is too long comes in parts"
        assert "https://v.example/1" in told
        assert told.count("bubble-buttons") == 1
        assert "<html" not in told
        token = {"lang": "es", "text": "El agua vuelve."}
        (made,) = (await browser.post("/api/v1/answers/1/preview", json=token)).json()
        assert (made["channel"], len(made["parts"])) == ("web", 1)
        assert "El agua vuelve." in made["parts"][0]["text"]
        async with installation.database.read() as session:
            row = await session.get_one(Answer, 1)
    assert row.video_url is None, "nothing is saved"


async def test_who_wrote_a_text_is_not_offered_to_approve_it(installation: Installation) -> None:
    async with (
        begun(installation) as app,
        logged_in(app, installation, "comms", name="Ana") as ana,
        logged_in(app, installation, "admin", name="Bruno") as bruno,
    ):
        await sent(ana, f"{WHERE}/edit", lang="es", text="Vuelve pronto.")
        await sent(ana, f"{WHERE}/submit")
        for browser, offered in ((ana, False), (bruno, True)):
            page = (await browser.get(WHERE)).text
            assert (f'action="{WHERE}/approve"' in page) == offered
            assert ("somebody else approves it" in page) == (not offered)
        await sent(bruno, f"{WHERE}/approve", version="pt")
        page = (await ana.get(WHERE)).text
        assert page.count("badge good") == 1, "only the ticked version is approved"


async def test_a_schedule_is_meant_in_the_installations_time_zone(
    installation: Installation,
) -> None:
    async with begun(installation) as app, logged_in(app, installation, "comms") as browser:
        await sent(browser, f"{WHERE}/submit")
        await sent(browser, f"{WHERE}/approve")
        await sent(browser, f"{WHERE}/schedule", at="2031-05-02T09:00")
        page = (await browser.get(WHERE)).text
        assert "It leaves at 02/05/2031, 09:00." in page
        async with installation.database.read() as session:
            row = await session.get_one(Answer, 1)
        assert row.scheduled_at == datetime(2031, 5, 2, 12, tzinfo=UTC)
        await sent(browser, f"{WHERE}/unschedule")
        async with installation.database.read() as session:
            assert (await session.get_one(Answer, 1)).state == "approved"


async def test_a_citation_opens_its_passage_also_when_it_has_left_its_document(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        paper = Document(source="plan", title="Plan", lang="pt", digest="x", imported_at=now())
        session.add(paper)
        await session.flush()
        for position in (60, -1):
            text = f"Passage {position}."
            row = Passage(document_id=paper.id, position=position, heading="Plan", text=text)
            session.add(row)
    async with begun(installation) as app, logged_in(app, installation, "comms") as browser:
        async with installation.database.write() as session:
            for id_ in (1, 2):
                session.add(
                    Citation(answer_id=1, position=id_, sentence="Volta logo.", passage_id=id_)
                )
        page = (await browser.get(WHERE)).text
        assert 'href="/console/passages/1"' in page
        opened = await browser.get("/console/passages/1")
        assert opened.headers["location"] == "/console/knowledge/1?at=2#p1"
        left = await browser.get("/console/passages/2")
        assert "Passage -1." in left.text
        assert "has left its document" in left.text
        assert (await browser.get("/console/passages/3")).status_code == 404


async def test_failures_are_told_by_reason(installation: Installation) -> None:
    async with begun(installation) as app, logged_in(app, installation, "admin") as browser:
        async with installation.database.write() as session:
            await session.execute(update(Answer).values(state="approved"))
            await session.execute(
                update(Answer.metadata.tables["answer_version"]).values(approved_at=now())
            )
        await sent(browser, f"{WHERE}/publish")
        async with installation.database.write() as session:
            await session.execute(
                update(Delivery)
                .where(Delivery.id < 3)
                .values(state="failed", failure="recipient_gone")
            )
            await session.execute(update(Delivery).where(Delivery.id == 3).values(state="sent"))
        page = (await browser.get(WHERE)).text
    assert "1 of 3 arrived" in page
    assert "2 × the person cannot be reached any more" in page
