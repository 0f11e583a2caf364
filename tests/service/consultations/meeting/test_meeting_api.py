"""Meetings over HTTP: who may do what, what the public reads, and how a consultation ends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from icalendar import Calendar
from sqlalchemy import select, update

from service.channels.models import Delivery
from service.consultations.meeting import calendar, tasks
from service.consultations.meeting.answering import actions as answering
from service.consultations.meeting.models import Meeting
from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal
from service.database import now
from service.installation import Installation
from service.people.models import Person
from service.settings import Settings
from tests.conftest import make_settings
from tests.journeys.colleague import Colleague, hire
from tests.service.consultations.meeting.gathering import DAY, Gathering, gather

PUBLIC = "https://vale.example"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Citizens reach it."""
    return make_settings(tmp_path, database_url, public_url=PUBLIC)


@pytest.fixture
async def told(client: AsyncClient, installation: Installation) -> Gathering:
    return await gather(installation, authors=2, others=12)


@pytest.fixture
async def comms(client: AsyncClient, installation: Installation) -> Colleague:
    return await hire(client, installation, "comms")


def body(**more: Any) -> dict[str, Any]:
    """A meeting in ten days."""
    starts = now() + 10 * DAY
    return {
        "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "answer_until": (now() + 5 * DAY).isoformat(), "author_seats": 2, "lottery_seats": 3,
        "address": "Rua da Praia 100", **more,
    }  # fmt: skip


async def test_comms_run_it_officials_and_auditors_read_it(
    client: AsyncClient, installation: Installation, told: Gathering, comms: Colleague
) -> None:
    path = f"/consultations/{told.id}"
    official = await hire(client, installation, "official", departments=("water",))
    auditor = await hire(client, installation, "auditor")
    assert await comms.refused(f"{path}/meeting/invite") == "unknown_meeting"
    made = await comms.put(f"{path}/meeting", body())
    assert (made["draw"], made["address"]) == (None, "Rua da Praia 100")
    for who in (official, auditor):
        assert await who.refused(f"{path}/meeting/invite") == "forbidden"
        assert await who.refused(f"{path}/meeting/call-off", {"reason": "x"}) == "forbidden"
        assert await who.refused(f"{path}/closing/leave-out", {"reason": "x"}) == "forbidden"
        assert (await who.get(f"{path}/meeting"))["id"] == made["id"]
    invited = await comms.post(f"{path}/meeting/invite")
    assert invited["invitations"] == {
        "author": {"invited": 2}, "lottery": {"invited": 3, "waiting": 9},
    }  # fmt: skip
    assert (await comms.post(f"{path}/meeting/invite"))["draw"] == invited["draw"]
    page = await auditor.get(f"{path}/meeting/invitations", state="invited")
    assert (page["total"], {one["kind"] for one in page["items"]}) == (5, {"author", "lottery"})
    assert all(one["person"].startswith("P-") for one in page["items"])
    assert await comms.refused(f"{path}/meeting/call-off", {"reason": " "}) == "no_public_reason"
    off = await comms.post(f"{path}/meeting/call-off", {"reason": "Floods."})
    assert off["called_off_at"] is not None
    assert len(await told.told("meeting-called-off:")) == 5


async def test_the_public_reads_how_seats_were_given_but_neither_names_nor_small_numbers(
    client: AsyncClient, told: Gathering, comms: Colleague
) -> None:
    path = f"/consultations/{told.id}"
    assert (await client.get(f"/v1{path}/ending")).json()["meeting"] is None
    await comms.put(f"{path}/meeting", body())
    made = await comms.post(f"{path}/meeting/invite")
    shown = (await client.get(f"/v1{path}/ending")).json()
    assert shown["outcomes"] == []
    assert shown["meeting"]["draw"] == made["draw"]
    assert [one["size"] for one in made["draw"]["strata"]] == [12], "no place has ten people"
    assert shown["meeting"]["accepted"] is None
    assert "Rua da Praia" not in str(shown)
    assert "P-" not in str(shown)
    assert (await client.get("/v1/consultations/99/ending")).status_code == 404
    await told.poll.change(Consultation, told.id, state="cancelled", ready_at=None)
    assert (await client.get(f"/v1{path}/ending")).status_code == 404, "it was never opened"


async def test_who_accepted_has_a_calendar_file_at_an_address_nobody_guesses(
    client: AsyncClient, installation: Installation, told: Gathering, comms: Colleague
) -> None:
    path = f"/consultations/{told.id}/meeting"
    starts = datetime(2030, 5, 6, 17, 0, tzinfo=UTC)
    link = "https://meet.example/saude"
    plan = body(
        starts_at=starts.isoformat(), ends_at=(starts + timedelta(hours=2)).isoformat(), link=link,
        address="Rua da Praia 100; sala 2, “térreo”",
    )  # fmt: skip
    await comms.put(path, plan)
    await comms.post(f"{path}/invite")
    one = (await told.rows())[0]
    async with installation.database.write() as session:
        person = await session.get_one(Person, told.authors[0])
        accepted, *_ = await answering.accept(session, installation, one.id, person)
    assert accepted.calendar is not None
    assert len(accepted.calendar) == 32
    where = f"/meetings/{accepted.calendar}.ics"
    answer = await client.get(where)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["x-robots-tag"] == "noindex"
    event = _event(answer.content)
    assert (event.decoded("dtstart"), event["sequence"]) == (starts, 0)
    assert event["location"] == "Rua da Praia 100; sala 2, “térreo”"
    assert (event["url"], event["status"]) == (link, "CONFIRMED")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    later = {**plan, "starts_at": (starts + timedelta(hours=1)).isoformat()}
    await comms.put(path, later)
    moved = _event((await client.get(where)).content)
    assert (moved["uid"], moved["sequence"]) == (event["uid"], 1)
    assert moved.decoded("dtstart") == starts + timedelta(hours=1)
    await comms.post(f"{path}/call-off", {"reason": "Floods."})
    off = await client.get(where)
    assert off.headers["content-type"].endswith("method=CANCEL")
    assert _event(off.content)["status"] == "CANCELLED"
    assert _event(off.content)["sequence"] == 2
    assert Calendar.from_ical(off.content)["method"] == "CANCEL"
    async with installation.database.write() as session:
        person = await session.get_one(Person, told.authors[0])
        await answering.forget(session, installation, person)
    for gone in (where, f"/meetings/{'x' * 32}.ics"):
        assert (await client.get(gone)).json()["error"] == "unknown_calendar"


def _event(content: bytes) -> Any:
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return event


async def test_it_is_reported_only_with_a_decision_and_a_reply_to_each(
    client: AsyncClient, installation: Installation, told: Gathering, comms: Colleague
) -> None:
    path = f"/consultations/{told.id}"
    report = {"to": "reported", "why": "Done."}
    first, second, third = told.poll.proposals[0][:3]
    assert await comms.refused(f"{path}/move", report) == "no_outcome"
    assert await comms.refused(f"{path}/closing/leave-out", {"reason": " "}) == "no_public_reason"
    decided = {"decision": "Os postos abrem até as 20 horas.", "notes": "Vieram muitos."}
    await comms.put(f"{path}/outcome/pt", {**decided, "video_url": "https://video.example/1"})
    await comms.put(f"{path}/outcome/en", {"decision": "Health posts open until eight."})
    assert await comms.refused(f"{path}/move", report) == "proposals_not_replied"
    await comms.post(f"/proposals/{first}/reply", {"text": "Vamos fazer."})
    waiting = await comms.get(f"{path}/closing")
    assert [one["id"] for one in waiting["lacking"]] == [second]
    wrong = {"reason": "A seed.", "proposals": [third]}
    assert await comms.refused(f"{path}/closing/leave-out", wrong) == "no_such_proposal"
    left = await comms.post(f"{path}/closing/leave-out", {"reason": "Igual à primeira."})
    assert left["without_reply"] == 0
    assert (await client.get(f"/v1{path}/ending")).json()["outcomes"] == []
    await comms.post(f"{path}/move", report)
    shown = (await client.get(f"/v1{path}/ending")).json()["outcomes"]
    assert [one["lang"] for one in shown] == ["pt", "en"]
    assert await comms.refused(f"{path}/closing/leave-out", {"reason": "x"}) == (
        "consultation_wrong_state"
    )


async def test_what_others_joined_needs_a_reply_and_the_erased_need_none(
    client: AsyncClient, installation: Installation, told: Gathering, comms: Colleague
) -> None:
    first, second, third, fourth = told.poll.proposals[0][:4]
    await told.poll.change(Proposal, second, state="joined", joins_id=third)
    await told.poll.change(Proposal, first, state="erased", identity_id=None)
    closing = await comms.get(f"/consultations/{told.id}/closing")
    assert [one["id"] for one in closing["lacking"]] == [third], "a seed that somebody joined"
    await told.poll.change(Proposal, fourth, state="refused", person_id=told.others[0])
    await told.poll.change(Proposal, third, reply="Sim.", replied_at=now())
    assert (await comms.get(f"/consultations/{told.id}/closing"))["without_reply"] == 0


async def test_everybody_who_took_part_hears_once_in_their_language_on_their_channel(
    client: AsyncClient, installation: Installation, told: Gathering, comms: Colleague
) -> None:
    path = f"/consultations/{told.id}"
    gone = told.others[5]
    async with installation.database.write() as session:
        await session.execute(update(Person).where(Person.id == gone).values(erased_at=now()))
    await comms.put(f"{path}/outcome/pt", {"decision": "Os postos abrem até as 20 horas."})
    await comms.put(f"{path}/outcome/en", {"decision": "Health posts open until eight."})
    await comms.post(f"{path}/closing/leave-out", {"reason": "Igual à primeira."})
    await tasks.tell_outcome(installation, told.id)
    assert await told.told("consultation-outcome:") == [], "it is not reported yet"
    await comms.post(f"{path}/move", {"to": "reported", "why": "Done."})
    await tasks.tell_outcome(installation, told.id)
    await tasks.tell_outcome(installation, told.id)
    async with installation.database.read() as session:
        found = await session.scalars(
            select(Delivery).where(Delivery.key.like("consultation-outcome:%"))
        )
        sent = {int(one.key.rsplit(":", 1)[1]): one for one in found.all()}
    assert set(sent) == {*told.authors, *told.others} - {gone}
    said = {id_: installation.vault.open(one.sealed or b"") for id_, one in sent.items()}
    assert "Igual à primeira." in said[told.authors[0]]
    assert "Health posts open" in said[told.others[2]]
    assert "Os postos abrem" in said[told.others[1]]
    assert "Igual à primeira" not in said[told.others[1]]
    assert {one.channel for one in sent.values()} == {"web", "telegram", "discord"}
    assert {one.picture for one in sent.values()} == {f"ranking:{told.id}"}
    assert f"{PUBLIC}/consultations/{told.id}" in said[told.others[0]]


async def test_who_was_invited_hears_that_the_whole_consultation_is_cancelled(
    client: AsyncClient, installation: Installation, told: Gathering, comms: Colleague
) -> None:
    path = f"/consultations/{told.id}"
    await comms.put(f"{path}/meeting", body())
    await comms.post(f"{path}/meeting/invite")
    await comms.post(f"{path}/cancel", {"reason": "A court stopped it."})
    await tasks.tell_cancelled(installation, told.id)
    heard = await told.told("consultation-cancelled:")
    assert len(heard) == 5
    assert all("A court stopped it." in one for one in heard)


async def test_a_cancelled_consultation_takes_its_meeting_along_once(
    client: AsyncClient, installation: Installation, told: Gathering, comms: Colleague
) -> None:
    path = f"/consultations/{told.id}"
    await comms.put(f"{path}/meeting", body())
    await comms.post(f"{path}/meeting/invite")
    one = (await told.rows())[0]
    async with installation.database.write() as session:
        person = await session.get_one(Person, told.authors[0])
        accepted, *_ = await answering.accept(session, installation, one.id, person)
    where = f"/meetings/{accepted.calendar}.ics"
    await comms.post(f"{path}/cancel", {"reason": "A court stopped it."})
    for _ in range(2):
        await tasks.tell_cancelled(installation, told.id)
    event = _event((await client.get(where)).content)
    assert (event["status"], event["sequence"]) == ("CANCELLED", 1)
    meeting = await comms.get(f"{path}/meeting")
    assert meeting["reason"] == "A court stopped it."
    assert await told.told("meeting-called-off:") == [], "one letter says it all"


def test_a_calendar_file_is_read_as_the_standard_says(installation: Installation) -> None:
    starts = datetime(2030, 3, 31, 0, 30, tzinfo=UTC)
    row = Meeting(
        id=7, starts_at=starts, ends_at=starts + timedelta(hours=2), changed_at=starts - DAY,
        edition=3, address="Praça 1; sala 2, fundos\\ala\nsegundo andar", link=None,
        called_off_at=None,
    )  # fmt: skip
    title = "Saúde, perto; de “todos” " + "ção " * 40
    written = calendar.file(row, title, installation.settings)
    lines = written.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-2:] == [b"END:VCALENDAR", b""]
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()
    unfolded = written.replace(b"\r\n ", b"").decode().split("\r\n")
    told = dict(line.split(":", 1) for line in unfolded if ":" in line)
    assert told["DTSTART"] == "20300331T003000Z"
    assert told["DTEND"] == "20300331T023000Z"
    assert told["LOCATION"] == r"Praça 1\; sala 2\, fundos\\ala\nsegundo andar"
    (organizer,) = [line for line in unfolded if line.startswith("ORGANIZER")]
    assert organizer == 'ORGANIZER;CN="Vale Claro":mailto:gabinete@localhost'
    assert told["UID"] == "meeting-7@vale.example"
    names = {line.split(":")[0].split(";")[0] for line in unfolded}
    assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE", "ORGANIZER"} <= names
