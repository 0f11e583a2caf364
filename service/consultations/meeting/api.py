"""Meetings over HTTP: the comms team runs them and all staff read them (`router`); everybody reads
how seats were given and what came of it, and who accepted has a calendar file (`everybody`).
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from service.consultations import queries as consultations
from service.consultations.api import Id, LangPath, Limit, Offset, Running
from service.consultations.meeting import actions, calendar, queries, schemas
from service.consultations.meeting.actions import UnknownMeeting
from service.consultations.meeting.reporting import actions as reporting
from service.consultations.meeting.schemas import (
    ClosingOut,
    EndingOut,
    InvitationPage,
    MeetingOut,
    OutcomeOut,
)
from service.consultations.standing.actions import UnknownConsultation
from service.database import Session
from service.errors import NotFound
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker

router = APIRouter(tags=["consultations"])
everybody = APIRouter(tags=["open data"])

PATH = "/consultations/{consultation_id}"
SHOWN = ("shortlisted", "met", "reported")
LACKING = 200
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{32}$")]


class UnknownCalendar(NotFound):
    """There is no such calendar file, or whose it was does not come."""

    code = "unknown_calendar"


async def _meeting(session: Session, consultation_id: int) -> MeetingOut:
    row = await queries.of_consultation(session, consultation_id)
    if row is None:
        raise UnknownMeeting("No meeting is planned for this consultation.")
    return schemas.meeting(row, await queries.counts(session, row.id))


async def _closing(session: Session, consultation_id: int) -> ClosingOut:
    if await consultations.consultation(session, consultation_id) is None:
        raise UnknownConsultation("There is no such consultation.")
    return schemas.closing(
        await queries.outcomes(session, consultation_id),
        await queries.count_without_reply(session, consultation_id),
        await queries.without_reply(session, consultation_id, limit=LACKING),
    )


@router.get(f"{PATH}/meeting")
async def meeting(session: Reading, asker: Asker, consultation_id: Id) -> MeetingOut:
    """The meeting of a consultation, how the seats were drawn, and how invitations stand."""
    return await _meeting(session, consultation_id)


@router.put(f"{PATH}/meeting")
async def plan(
    session: Writing, asker: Running, here: Here, consultation_id: Id, body: schemas.MeetingIn
) -> MeetingOut:
    """Plan the meeting, or change it; those who hold a seat hear of another time or place. One
    that was called off is planned again: they are asked anew.
    """
    await actions.plan(session, here, consultation_id, body.plan(), by=asker)
    return await _meeting(session, consultation_id)


@router.post(f"{PATH}/meeting/invite")
async def invite(session: Writing, asker: Running, here: Here, consultation_id: Id) -> MeetingOut:
    """Draw the lots, once, and offer the seats; again, it takes in authors listed since."""
    await actions.invite(session, here, consultation_id, by=asker)
    return await _meeting(session, consultation_id)


@router.post(f"{PATH}/meeting/call-off")
async def call_off(
    session: Writing, asker: Running, here: Here, consultation_id: Id, body: schemas.CallOffIn
) -> MeetingOut:
    """It does not take place; who holds a seat or was offered one hears why."""
    await actions.call_off(session, here, consultation_id, by=asker, reason=body.reason)
    return await _meeting(session, consultation_id)


@router.get(f"{PATH}/meeting/invitations")
async def invitations(
    session: Reading,
    asker: Asker,
    consultation_id: Id,
    state: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> InvitationPage:
    """Who is invited and who waits, by pseudonym, authors first, in the order of the seats."""
    row = await queries.of_consultation(session, consultation_id)
    if row is None:
        raise UnknownMeeting("No meeting is planned for this consultation.")
    items, total = await queries.page(
        session, row.id, states=state or (), limit=limit, offset=offset
    )
    return InvitationPage(items=[schemas.invitation(one) for one in items], total=total)


@router.get(f"{PATH}/closing")
async def closing(session: Reading, asker: Asker, consultation_id: Id) -> ClosingOut:
    """What is there for the end of a consultation, and which proposals still lack a reply."""
    return await _closing(session, consultation_id)


@router.put(f"{PATH}/outcome/{{lang}}")
async def word(
    session: Writing, asker: Running, consultation_id: Id, lang: LangPath, body: schemas.OutcomeIn
) -> OutcomeOut:
    """What came of it in one language: decision, notes of the meeting, a video."""
    video = str(body.video_url) if body.video_url else None
    made = await reporting.word(
        session, consultation_id, lang, decision=body.decision, notes=body.notes, video_url=video,
        by=asker,
    )  # fmt: skip
    return OutcomeOut.model_validate(made)


@router.post(f"{PATH}/closing/leave-out")
async def leave_out(
    session: Writing, asker: Running, consultation_id: Id, body: schemas.LeaveOutIn
) -> ClosingOut:
    """Say why proposals get no reply of their own; their authors read it with the outcome."""
    await reporting.leave_out(
        session, consultation_id, reason=body.reason, proposals=body.proposals, by=asker
    )
    return await _closing(session, consultation_id)


@everybody.get(f"/v1{PATH}/ending")
async def ending(session: Reading, here: Here, consultation_id: Id) -> EndingOut:
    """How the seats of the meeting were given, and, once it is reported, what came of it."""
    row = await consultations.consultation(session, consultation_id)
    if row is None or not consultations.opened(row):
        raise UnknownConsultation("There is no such consultation.")
    held = await queries.of_consultation(session, row.id) if row.state in SHOWN else None
    said: Sequence[object] = ()
    if row.state == "reported":
        said = list((await queries.outcomes(session, row.id)).values())
    told = None
    if held is not None:
        counts = await queries.counts(session, held.id)
        told = schemas.public(held, counts, here.settings.public_minimum)
    return EndingOut(
        licence=here.settings.open_data_licence,
        meeting=told,
        outcomes=[OutcomeOut.model_validate(one) for one in said],
    )


@everybody.get("/meetings/{token}.ics", response_class=Response)
async def calendar_file(session: Reading, here: Here, token: Token) -> Response:
    """The meeting for the calendar of who accepted; nobody else knows the address."""
    found = await queries.by_calendar(session, token)
    if found is None:
        raise UnknownCalendar("There is no such calendar file.")
    one, row = found
    whole = await consultations.whole(session, row.consultation_id)
    assert whole is not None, "consultations are not deleted"
    title = whole.text(one.lang or whole.row.lang).title
    return Response(
        calendar.file(row, title, here.settings),
        media_type=f"text/calendar; charset=utf-8; method={calendar.method(row)}",
        headers={
            "cache-control": "private, no-store",
            "content-disposition": 'inline; filename="meeting.ics"',
            "x-robots-tag": "noindex",
        },
    )
