"""The meeting of a consultation and its end: planned, drawn, called off; what came of it, and
proposals that still lack a reply.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.console.forms import (
    LANGS,
    SHOWN,
    At,
    Field,
    Id,
    Language,
    Line,
    Link,
    Moment,
    Publisher,
    Why,
    local,
    pages_of,
    skipped,
)
from service.console.screening import known
from service.consultations import queries as consultations
from service.consultations.meeting import actions, queries
from service.consultations.meeting.actions import Plan
from service.consultations.meeting.reporting import actions as reporting
from service.consultations.meeting.schemas import MOST_SEATS
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker

router = APIRouter(prefix="/console/consultations", include_in_schema=False)

Seats = Annotated[int, Form(ge=0, le=MOST_SEATS)]
LACKING = 50
STATES = ("invited", "accepted", "declined", "lapsed", "waiting", "erased")


class MeetingForm:
    """What staff decide of a meeting, as its form sends it."""

    def __init__(
        self,
        here: Here,
        starts_at: Moment,
        ends_at: Moment,
        answer_until: Moment,
        author_seats: Seats,
        lottery_seats: Seats,
        address: Line = "",
        link: Link = None,
    ) -> None:
        """Times are of the installation's zone."""
        zone = here.settings.zone
        self.plan = Plan(
            starts_at=local(starts_at, zone),
            ends_at=local(ends_at, zone),
            answer_until=local(answer_until, zone),
            author_seats=author_seats,
            lottery_seats=lottery_seats,
            address=address.strip() or None,
            link=link or None,
        )


@router.get("/{consultation_id}/meeting")
async def meeting(
    request: Request, asker: Asker, here: Here, session: Reading, consultation_id: Id, at: At = 1
) -> Response:
    """How the meeting stands, who is invited, and what is there for the end."""
    whole = await known(session, consultation_id)
    row = await queries.of_consultation(session, consultation_id)
    rows, total = (
        await queries.page(session, row.id, limit=SHOWN, offset=skipped(at)) if row else ([], 0)
    )
    return page(
        request, "asked_meeting.html", asker=asker, whole=whole, row=row, rows=rows, at=at,
        total=total, pages=pages_of(total), langs=LANGS, zone=here.settings.zone, states=STATES,
        counts=await queries.counts(session, row.id) if row else {},
        outcomes=await queries.outcomes(session, consultation_id), written=reporting.WRITTEN,
        lacking=await queries.without_reply(session, consultation_id, limit=LACKING),
        without_reply=await queries.count_without_reply(session, consultation_id),
        theme_name=consultations.theme_name,
    )  # fmt: skip


@router.post("/{consultation_id}/meeting")
async def plan(
    asker: Publisher,
    here: Here,
    session: Writing,
    consultation_id: Id,
    form: Annotated[MeetingForm, Depends()],
) -> Response:
    """Plan it, or change it; those who hold a seat hear of another time or place."""
    await actions.plan(session, here, consultation_id, form.plan, by=asker)
    return _back(consultation_id, "saved")


def _back(consultation_id: int, done: str) -> Response:
    return back(f"/console/consultations/{consultation_id}/meeting", done)


@router.post("/{consultation_id}/meeting/invite")
async def invite(asker: Publisher, here: Here, session: Writing, consultation_id: Id) -> Response:
    """Draw the lots, once, and offer the seats."""
    await actions.invite(session, here, consultation_id, by=asker)
    return _back(consultation_id, "invited")


@router.post("/{consultation_id}/meeting/call-off")
async def call_off(
    asker: Publisher, here: Here, session: Writing, consultation_id: Id, reason: Why
) -> Response:
    """It does not take place; those invited hear why."""
    await actions.call_off(session, here, consultation_id, by=asker, reason=reason)
    return _back(consultation_id, "called_off")


@router.post("/{consultation_id}/outcome")
async def word(
    asker: Publisher,
    session: Writing,
    consultation_id: Id,
    lang: Language,
    decision: Field,
    notes: Field = "",
    video_url: Link = None,
) -> Response:
    """What came of it, in one language."""
    await reporting.word(
        session, consultation_id, lang, decision=decision, notes=notes, video_url=video_url or None,
        by=asker,
    )  # fmt: skip
    return _back(consultation_id, "saved")


@router.post("/{consultation_id}/leave-out")
async def leave_out(
    asker: Publisher, session: Writing, consultation_id: Id, reason: Why
) -> Response:
    """Why all that still lack a reply get none; their authors read it with the outcome."""
    await reporting.leave_out(session, consultation_id, reason=reason, by=asker)
    return _back(consultation_id, "left_out")
