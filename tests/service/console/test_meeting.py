"""The meeting in the console and on the public page: planned, drawn, called off, reported."""

from datetime import timedelta

from fastapi import FastAPI
from httpx2 import AsyncClient

from service.consultations.meeting import queries
from service.consultations.models import Consultation
from service.database import now
from service.installation import Installation
from tests.service.consultations.meeting.gathering import DAY, gather
from tests.service.staff.desk_browser import blank, logged_in

EVIL = "<script>alert(1)</script>"


def form(**more: str) -> dict[str, str]:
    """A meeting in ten days, as a form sends it."""
    starts = now() + 10 * DAY
    dates = {
        "starts_at": starts, "ends_at": starts + timedelta(hours=2),
        "answer_until": now() + 5 * DAY,
    }  # fmt: skip
    told = {name: at.strftime("%Y-%m-%dT%H:%M") for name, at in dates.items()}
    seats = {"author_seats": "1", "lottery_seats": "3"}
    return {**told, **seats, "address": f"Hall {EVIL}", "link": "", **more}


async def post(browser: AsyncClient, path: str, **data: str) -> None:
    """What must succeed."""
    answer = await browser.post(path, data=data)
    assert answer.status_code == 303, answer.text


async def test_it_is_planned_drawn_and_called_off_and_others_only_read(
    app: FastAPI, installation: Installation
) -> None:
    told = await gather(installation, authors=2, others=12)
    where = f"/console/consultations/{told.id}"
    async with logged_in(app, installation, "comms") as browser:
        assert "Plan the meeting" in (await browser.get(f"{where}/meeting")).text
        await post(browser, f"{where}/meeting", **form())
        await post(browser, f"{where}/meeting/invite")
        page = (await browser.get(f"{where}/meeting")).text
        assert EVIL not in page
        assert "Author 1" in page
        assert "Invited" in page
        assert (await told.states())["invited"] == 4
        async with blank(app) as reader:
            public = (await reader.get(f"/consultations/{told.id}")).text
        assert "The meeting with the government" in public
        async with installation.database.read() as session:
            row = await queries.of_consultation(session, told.id)
        assert row is not None
        assert f"<code>{row.seed}</code>" in public
        assert "Hall" not in public
        await post(browser, f"{where}/meeting/call-off", reason=f"Floods {EVIL}")
        assert "Floods" in (await browser.get(f"{where}/meeting")).text
        await post(browser, f"{where}/meeting", **form(address="Town hall"))
        page = (await browser.get(f"{where}/meeting")).text
        assert "Floods" not in page.split("<aside")[0].split("<dl>")[0]
        assert "Town hall" in page
        assert len(await told.told("meeting-again:")) == 4
    async with logged_in(app, installation, "auditor") as browser:
        page = (await browser.get(f"{where}/meeting")).text
        assert "<form method" not in page.split("<main", 1)[1]
        for path in ("meeting", "meeting/invite", "meeting/call-off", "outcome", "leave-out"):
            sent = {**form(), "reason": "x", "lang": "pt", "decision": "x"}
            assert (await browser.post(f"{where}/{path}", data=sent)).status_code == 403, path


async def test_what_came_of_it_is_written_and_read_once_it_is_reported(
    app: FastAPI, installation: Installation
) -> None:
    told = await gather(installation, authors=2, others=1)
    where = f"/console/consultations/{told.id}"
    async with logged_in(app, installation, "comms") as browser, blank(app) as reader:
        decided = {"decision": f"Open until eight. {EVIL}", "notes": "Forty came.", "video_url": ""}
        await post(browser, f"{where}/outcome", lang="pt", **decided)
        assert "2 proposals wait for a reply" in (await browser.get(f"{where}/meeting")).text
        await post(browser, f"{where}/leave-out", reason="Much the same.")
        assert "Open until eight" not in (await reader.get(f"/consultations/{told.id}")).text
        await post(browser, f"{where}/move", to="reported", why="Done.")
        public = (await reader.get(f"/consultations/{told.id}")).text
    assert "Open until eight." in public
    assert "Forty came." in public
    assert EVIL not in public


async def test_a_consultation_without_a_meeting_has_its_screen(
    app: FastAPI, installation: Installation
) -> None:
    told = await gather(installation, authors=1, others=1)
    await told.poll.change(Consultation, told.id, state="voting")
    async with logged_in(app, installation, "official", "water") as browser:
        page = await browser.get(f"/console/consultations/{told.id}/meeting")
        assert "No meeting is planned." in page.text
        assert (await browser.get("/console/consultations/99/meeting")).status_code == 404
