"""Drafts, answers from first word to delivery, and measures."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from service.answers import actions, previewing, queries, tasks
from service.answers.actions import UnknownAnswer, UnknownDraft, UnknownMeasure
from service.answers.measures import queries as board
from service.answers.models import Answer
from service.answers.schemas import (
    AnswerEdit,
    AnswerIn,
    AnswerOut,
    AnswerPage,
    AnswerWhole,
    Approval,
    CitationOut,
    Correction,
    DeliveryOut,
    DeliveryPage,
    DeliverySummary,
    DraftOut,
    MeasureIn,
    MeasureLine,
    MeasureMove,
    MeasureOut,
    PreviewIn,
    PreviewOut,
    Reason,
    Timing,
    Translation,
    VersionOut,
)
from service.channels import deliveries
from service.channels import queries as outgoing
from service.database import Session, now
from service.departments import queries as departments
from service.errors import Forbidden
from service.issues import queries as issues
from service.issues.actions import UnknownIssue
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker, Staffer, require

router = APIRouter(tags=["answers"])

Publisher = Annotated[Staffer, Depends(require("comms"), scope="function")]
Writer = Annotated[Staffer, Depends(require("official", "comms", "moderator"), scope="function")]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0)]


async def visible(session: Session, answer_id: int, asker: Staffer) -> Answer:
    """An answer the asker may see, or `UnknownAnswer`."""
    answer = await queries.answer(session, answer_id)
    bodies = await queries.bodies(session, [answer_id])
    body = await departments.by_id(session, bodies.get(answer_id))
    if answer is None or not asker.sees(body.key if body else None):
        raise UnknownAnswer("There is no such answer.")
    return answer


async def own_issue(session: Session, issue_id: int, asker: Staffer) -> int:
    """The survivor of an issue the asker may see; other departments' are refused."""
    context = (await issues.context(session, [issue_id])).get(issue_id)
    if context is None or not asker.sees(context.department_key):
        raise UnknownIssue("There is no such issue.")
    return context.root_id


async def lines(session: Session, rows: Sequence[Answer]) -> list[AnswerOut]:
    """Answers as a list shows them, each with the department it is of now."""
    bodies = await queries.bodies(session, [row.id for row in rows])
    told = [AnswerOut.model_validate(row) for row in rows]
    return [one.model_copy(update={"department_id": bodies[one.id]}) for one in told]


async def whole(session: Session, answer: Answer) -> AnswerWhole:
    """An answer with everything that belongs to it."""
    (line,) = await lines(session, [answer])
    base = line.model_dump()
    return AnswerWhole(
        **base,
        versions=[VersionOut.model_validate(v) for v in await queries.versions(session, answer.id)],
        citations=[
            CitationOut.model_validate(c) for c in await queries.citations(session, answer.id)
        ],
        measures=[MeasureOut.model_validate(m) for m in await queries.measures(session, answer.id)],
        deliveries=await queries.states(session, answer.id),
        feedback=await queries.verdicts(session, answer.id),
    )


@router.get("/issues/{issue_id}/drafts")
async def drafts(issue_id: int, asker: Asker, session: Reading) -> list[DraftOut]:
    """The machine's drafts for an issue."""
    root = await own_issue(session, issue_id, asker)
    return [DraftOut.model_validate(one) for one in await queries.drafts(session, root)]


@router.post("/issues/{issue_id}/drafts", status_code=201)
async def compose(issue_id: int, asker: Writer, here: Here, request: Request) -> list[DraftOut]:
    """Compose one to three drafts from passages and earlier answers, now."""
    async with here.database.read() as session:
        root = await own_issue(session, issue_id, asker)
    await request.app.state.running.loaded()
    await tasks.compose_drafts(here, request.app.state.retriever, root)
    async with here.database.read() as session:
        return [DraftOut.model_validate(one) for one in await queries.drafts(session, root)]


@router.get("/answers")
async def page(
    asker: Asker,
    session: Reading,
    state: str | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> AnswerPage:
    """Answers, newest first; officials see their departments'."""
    mine = None
    if not asker.sees(""):
        bodies = await departments.by_keys(session)
        mine = [bodies[key].id for key in asker.departments if key in bodies]
    rows, total = await queries.page(
        session, state=state, department_ids=mine, limit=limit, offset=offset
    )
    return AnswerPage(items=await lines(session, [row for row, _ in rows]), total=total)


@router.post("/answers", status_code=201)
async def begin(body: AnswerIn, asker: Writer, session: Writing) -> AnswerWhole:
    """Begin an answer to an issue, from a draft or from nothing."""
    await own_issue(session, body.issue_id, asker)
    draft = await queries.draft(session, body.draft_id) if body.draft_id is not None else None
    if draft is None and body.draft_id is not None:
        raise UnknownDraft("There is no such draft for this issue.")
    answer = await actions.begin(
        session,
        body.issue_id,
        by=asker,
        lang=body.lang,
        title=body.title,
        text=body.text,
        draft=draft,
    )
    return await whole(session, answer)


@router.get("/answers/{answer_id}")
async def show(answer_id: int, asker: Asker, session: Reading) -> AnswerWhole:
    """One answer."""
    return await whole(session, await visible(session, answer_id, asker))


@router.patch("/answers/{answer_id}")
async def edit(answer_id: int, body: AnswerEdit, asker: Writer, session: Writing) -> AnswerWhole:
    """Change an answer that is not published; a changed text needs approval anew."""
    await visible(session, answer_id, asker)
    answer = await actions.edit(session, answer_id, by=asker, **body.model_dump())
    return await whole(session, answer)


@router.post("/answers/{answer_id}/preview")
async def preview(
    answer_id: int, body: PreviewIn, asker: Writer, here: Here, request: Request, session: Reading
) -> list[PreviewOut]:
    """How a text would reach those who asked, on each channel that is open."""
    answer = await visible(session, answer_id, asker)
    bodies = await queries.bodies(session, [answer_id])
    body_of = await departments.by_id(session, bodies.get(answer_id))
    shown = previewing.Wording(body.lang, body.text, body.video_url)
    made = previewing.preview(answer, shown, body_of, here, request.app.state.channels)
    return [PreviewOut.model_validate(one) for one in made]


@router.post("/answers/{answer_id}/submit")
async def submit(answer_id: int, asker: Writer, session: Writing) -> AnswerOut:
    """Ask for review."""
    await visible(session, answer_id, asker)
    answer = await actions.submit(session, answer_id, by=asker)
    return (await lines(session, [answer]))[0]


@router.post("/answers/{answer_id}/send-back")
async def send_back(answer_id: int, body: Reason, asker: Publisher, session: Writing) -> AnswerOut:
    """Ask for changes."""
    answer = await actions.send_back(session, answer_id, by=asker, reason=body.reason)
    return (await lines(session, [answer]))[0]


@router.post("/answers/{answer_id}/approve")
async def approve(
    answer_id: int, body: Approval, asker: Publisher, session: Writing
) -> AnswerWhole:
    """Approve language versions, as somebody else than the author. Sends a correction out."""
    answer = await actions.approve(session, answer_id, by=asker, langs=body.langs)
    return await whole(session, answer)


@router.post("/answers/{answer_id}/schedule")
async def schedule(answer_id: int, body: Timing, asker: Publisher, session: Writing) -> AnswerOut:
    """Publish later."""
    answer = await actions.schedule(session, answer_id, by=asker, at=body.at)
    return (await lines(session, [answer]))[0]


@router.post("/answers/{answer_id}/publish")
async def publish(answer_id: int, asker: Publisher, here: Here, session: Writing) -> AnswerWhole:
    """Publish, and write a delivery for everybody who asked."""
    answer = await actions.publish(session, here, answer_id, actor=asker.actor)
    return await whole(session, answer)


@router.post("/answers/{answer_id}/correct")
async def correct(answer_id: int, body: Correction, asker: Writer, session: Writing) -> AnswerWhole:
    """Write a correction; it goes out when somebody else approves it."""
    await visible(session, answer_id, asker)
    answer = await actions.correct(
        session, answer_id, by=asker, texts=body.texts, reason=body.reason
    )
    return await whole(session, answer)


@router.post("/answers/{answer_id}/translate")
async def translate(
    answer_id: int, body: Translation, asker: Writer, session: Writing
) -> AnswerWhole:
    """Add a language to a published answer; it is used once somebody else approved it."""
    await visible(session, answer_id, asker)
    answer = await actions.translate(session, answer_id, by=asker, lang=body.lang, text=body.text)
    return await whole(session, answer)


@router.post("/answers/{answer_id}/retract")
async def retract(
    answer_id: int, body: Reason, asker: Publisher, here: Here, session: Writing
) -> AnswerOut:
    """Take a published answer back; everyone who received it hears why."""
    answer = await actions.retract(session, here, answer_id, by=asker, reason=body.reason)
    return (await lines(session, [answer]))[0]


@router.post("/answers/{answer_id}/measures", status_code=201)
async def add_measure(
    answer_id: int, body: MeasureIn, asker: Writer, session: Writing
) -> MeasureOut:
    """Note something the answer announces."""
    await visible(session, answer_id, asker)
    measure = await actions.add_measure(
        session, answer_id, by=asker, text=body.text, due_on=body.due_on
    )
    return MeasureOut.model_validate(measure)


@router.get("/measures")
async def list_measures(
    asker: Asker, here: Here, session: Reading, department: str | None = None, limit: Limit = 200
) -> list[MeasureLine]:
    """What was announced and how far it is, what is due first; officials see their departments'."""
    today = now().astimezone(here.settings.zone).date()
    rows = await board.board(session, bodies_of(asker), department=department, limit=limit)
    return [
        MeasureLine(
            **MeasureOut.model_validate(one.measure).model_dump(), answer_id=one.measure.answer_id,
            answer=one.answer, department=one.department, late=one.late(today),
        )
        for one in rows
    ]  # fmt: skip


def bodies_of(asker: Staffer) -> frozenset[str] | None:
    """The departments whose answers an asker is bound to; None when they see all."""
    return None if asker.sees("") else asker.departments


@router.post("/measures/{measure_id}/move")
async def move_measure(
    measure_id: int, body: MeasureMove, asker: Writer, here: Here, session: Writing
) -> MeasureOut:
    """Move a measure on; those who received its answer are told."""
    held = await queries.measure(session, measure_id)
    if held is None:
        raise UnknownMeasure("There is no such measure.")
    await visible(session, held.answer_id, asker)
    measure = await actions.change_measure(session, here, measure_id, by=asker, became=body.state)
    return MeasureOut.model_validate(measure)


@router.get("/answers/{answer_id}/deliveries")
async def answer_deliveries(
    answer_id: int, asker: Asker, session: Reading, limit: Limit = 50, offset: Offset = 0
) -> DeliverySummary:
    """Where an answer's deliveries are, and why some did not arrive."""
    await visible(session, answer_id, asker)
    rows, total = await outgoing.page(
        session, state=None, answer_id=answer_id, limit=limit, offset=offset
    )
    return DeliverySummary(
        states=await queries.states(session, answer_id),
        failures=await queries.failures(session, answer_id),
        page=DeliveryPage(items=[DeliveryOut.model_validate(row) for row in rows], total=total),
    )


@router.get("/deliveries")
async def delivery_page(
    asker: Asker,
    session: Reading,
    state: str | None = None,
    answer_id: int | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> DeliveryPage:
    """Outgoing messages, newest first: states and reasons, never words."""
    if not asker.may("comms", "moderator", "auditor") and answer_id is None:
        raise Forbidden("Officials see the deliveries of one answer: name answer_id.")
    if answer_id is not None:
        await visible(session, answer_id, asker)
    rows, total = await outgoing.page(
        session, state=state, answer_id=answer_id, limit=limit, offset=offset
    )
    return DeliveryPage(items=[DeliveryOut.model_validate(row) for row in rows], total=total)


@router.post("/deliveries/{delivery_id}/resend", status_code=204)
async def resend(delivery_id: int, asker: Publisher, session: Writing) -> None:
    """Send a failed or uncertain delivery again."""
    await deliveries.resend(session, delivery_id, actor=asker.actor)
