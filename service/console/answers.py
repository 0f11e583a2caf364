"""Answers: written in each language beside a preview, reviewed, published, and what came of it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from service.answers import actions as answers
from service.answers import previewing, queries
from service.answers.api import visible
from service.answers.commenting import actions as commenting
from service.answers.commenting import queries as comments
from service.answers.measures import actions as measures
from service.answers.models import Answer
from service.channels import queries as outgoing
from service.console.forms import (
    LANGS,
    SHOWN,
    At,
    Day,
    Field,
    Id,
    Language,
    Line,
    Link,
    Publisher,
    Writer,
    pages_of,
    skipped,
)
from service.console.live import SinceOf
from service.console.now import departments_of
from service.console.sayings import in_words
from service.database import Session, now
from service.departments import queries as departments
from service.departments.models import Department
from service.issues import queries as issues
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff import queries as staff
from service.staff.access import Asker, Staffer
from service.trail import queries as trail

router = APIRouter(prefix="/console", include_in_schema=False)

STATES = ("drafted", "in_review", "approved", "scheduled", "published", "retracted")
Moment = Annotated[datetime, Form()]


@router.get("/answers")
async def answer_list(
    request: Request, asker: Asker, session: Reading, state: str = "", at: At = 1
) -> Response:
    """Answers, newest first."""
    rows, total = await queries.page(
        session,
        state=state or None,
        department_ids=await departments_of(session, asker),
        limit=SHOWN,
        offset=skipped(at),
    )
    return page(
        request, "answers.html", asker=asker, rows=rows, total=total, state=state, at=at,
        states=STATES, pages=pages_of(total),
    )  # fmt: skip


@router.get("/answers/{answer_id}")
async def answer(
    request: Request,
    asker: Asker,
    since: SinceOf,
    here: Here,
    session: Reading,
    answer_id: Id,
) -> Response:
    """One answer: its texts, what it rests on, review, and where its deliveries are."""
    row = await visible(session, answer_id, asker)
    body = await _body_of(session, answer_id)
    versions = await queries.versions(session, answer_id)
    versions = sorted(versions, key=lambda one: one.lang != row.lang)
    own = next((one for one in versions if one.lang == row.lang), None)
    shown = previewing.Wording(row.lang, own.text if own else "", row.video_url)
    return page(
        request, "answer.html", asker=asker, since=since, answer=row, body=body, versions=versions,
        langs=LANGS, steps=_steps(row), now=now(), zone=here.settings.time_zone,
        previews=previewing.preview(row, shown, body, here, request.app.state.channels),
        **await _around(session, row, asker),
    )  # fmt: skip


def _steps(answer: Answer) -> list[str]:
    """The states it passes until it is published; few are scheduled."""
    skipped_over = answer.state != "scheduled" and answer.scheduled_at is None
    return [state for state in STATES[:5] if state != "scheduled" or not skipped_over]


async def _body_of(session: Session, answer_id: int) -> Department | None:
    bodies = await queries.bodies(session, [answer_id])
    return await departments.by_id(session, bodies.get(answer_id))


async def _around(session: Session, answer: Answer, asker: Staffer) -> dict[str, Any]:
    """What an answer rests on, what it announces, whom it reached and what they said."""
    cited = await queries.citations(session, answer.id)
    wanted = [one.passage_id for one in cited if one.passage_id]
    return {
        "cited": cited,
        "passages": await queries.passages(session, wanted),
        "measures": await queries.measures(session, answer.id),
        "tally": await outgoing.tally(session, "answer", answer.id),
        "failures": await outgoing.reasons(session, answer_id=answer.id),
        "in_words": in_words,
        "verdicts": await queries.verdicts(session, answer.id),
        "comments": await comments.of(session, answer.id),
        "wrote": asker.actor in await queries.writers(session, answer.id, None),
        "events": await trail.of(session, "answer", answer.id, limit=40),
        "names": await staff.names(session),
        "asked": await _asked(session, answer),
    }


async def _asked(session: Session, answer: Answer) -> str | None:
    """What it answers: its question, or the name of its issue, for staff also the machine's."""
    if answer.question or answer.issue_id is None:
        return answer.question
    context = await issues.context(session, [answer.issue_id])
    return next((one.name for one in context.values()), None)


def _to(answer_id: int, fragment: str = "") -> str:
    return f"/console/answers/{answer_id}{fragment}"


@router.post("/answers/{answer_id}/preview")
async def preview(
    request: Request,
    asker: Writer,
    here: Here,
    session: Reading,
    answer_id: Id,
    lang: Language,
    text: Annotated[str, Form(max_length=20_000)] = "",
    video_url: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """How what is in the editor will look."""
    row = await visible(session, answer_id, asker)
    shown = previewing.Wording(lang, text, video_url)
    body = await _body_of(session, answer_id)
    made = previewing.preview(row, shown, body, here, request.app.state.channels)
    return page(request, "preview.html", asker=asker, previews=made, spoken=lang)


@router.post("/answers/{answer_id}/edit")
async def edit(
    asker: Writer,
    session: Writing,
    answer_id: Id,
    lang: Language,
    text: Field,
    title: Line = "",
    video_url: Link = None,
    review_by: Day = None,
) -> Response:
    """Save a text; saved under another language it is a new version."""
    await visible(session, answer_id, asker)
    await answers.edit(
        session, answer_id, by=asker, lang=lang, text=text, title=title or None,
        video_url=video_url, review_by=review_by,
    )  # fmt: skip
    return back(_to(answer_id), "saved")


@router.post("/answers/{answer_id}/translate")
async def translate(
    asker: Writer, session: Writing, answer_id: Id, lang: Language, text: Field
) -> Response:
    """Add a language to a published answer."""
    await visible(session, answer_id, asker)
    await answers.translate(session, answer_id, by=asker, lang=lang, text=text)
    return back(_to(answer_id), "saved")


@router.post("/answers/{answer_id}/submit")
async def submit(asker: Writer, session: Writing, answer_id: Id) -> Response:
    """Ask for review."""
    await visible(session, answer_id, asker)
    await answers.submit(session, answer_id, by=asker)
    return back(_to(answer_id), "submitted")


@router.post("/answers/{answer_id}/approve")
async def approve(
    asker: Publisher,
    session: Writing,
    answer_id: Id,
    version: Annotated[list[Language] | None, Form()] = None,
) -> Response:
    """Approve the ticked versions, or every one."""
    await answers.approve(session, answer_id, by=asker, langs=version)
    return back(_to(answer_id), "approved")


@router.post("/answers/{answer_id}/send-back")
async def send_back(asker: Publisher, session: Writing, answer_id: Id, reason: Field) -> Response:
    """Ask for changes."""
    await answers.send_back(session, answer_id, by=asker, reason=reason)
    return back(_to(answer_id), "sent_back")


@router.post("/answers/{answer_id}/comments")
async def comment(asker: Writer, session: Writing, answer_id: Id, text: Field) -> Response:
    """Say something of it to colleagues."""
    await visible(session, answer_id, asker)
    await commenting.comment(session, answer_id, text, by=asker)
    return back(_to(answer_id, "#review"), "commented")


@router.post("/answers/{answer_id}/schedule")
async def schedule(
    asker: Publisher, here: Here, session: Writing, answer_id: Id, at: Moment
) -> Response:
    """Publish later, at a moment in the installation's time zone."""
    moment = at if at.tzinfo else at.replace(tzinfo=here.settings.zone)
    await answers.schedule(session, answer_id, by=asker, at=moment)
    return back(_to(answer_id), "scheduled")


@router.post("/answers/{answer_id}/unschedule")
async def unschedule(asker: Publisher, session: Writing, answer_id: Id) -> Response:
    """Do not publish it by itself."""
    await answers.unschedule(session, answer_id, actor=asker.actor, why="taken off the schedule")
    return back(_to(answer_id), "unscheduled")


@router.post("/answers/{answer_id}/publish")
async def publish(asker: Publisher, here: Here, session: Writing, answer_id: Id) -> Response:
    """Publish to everybody who asked."""
    await answers.publish(session, here, answer_id, actor=asker.actor)
    return back(_to(answer_id, "#deliveries"), "published")


@router.post("/answers/{answer_id}/correct")
async def correct(
    asker: Writer, session: Writing, answer_id: Id, lang: Language, text: Field, reason: Field
) -> Response:
    """Write a correction; a second person sends it out."""
    await visible(session, answer_id, asker)
    await answers.correct(session, answer_id, by=asker, texts={lang: text}, reason=reason)
    return back(_to(answer_id), "corrected")


@router.post("/answers/{answer_id}/retract")
async def retract(
    asker: Publisher, here: Here, session: Writing, answer_id: Id, reason: Field
) -> Response:
    """Take it back; everyone who received it hears why."""
    await answers.retract(session, here, answer_id, by=asker, reason=reason)
    return back(_to(answer_id), "retracted")


@router.post("/answers/{answer_id}/measures")
async def add_measure(
    asker: Writer, session: Writing, answer_id: Id, text: Field, due_on: Day = None
) -> Response:
    """Note something the answer announces."""
    await visible(session, answer_id, asker)
    await measures.add_measure(session, answer_id, by=asker, text=text, due_on=due_on)
    return back(_to(answer_id, "#measures"), "saved")
