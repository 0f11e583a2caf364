"""The console: issues, one issue with its drafts, answers to review and publish, deliveries,
knowledge.
"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from service.answers import actions as answers
from service.answers import api as answer_api
from service.answers import queries as answer_queries
from service.answers import tasks as answer_tasks
from service.answers.measures import actions as measures
from service.channels import api as channels
from service.channels import deliveries, inbox
from service.database import now
from service.departments import queries as departments
from service.issues import actions as issues
from service.issues.api import scope_of, seen, similar
from service.issues.listing import queries as listing
from service.issues.listing.queries import Filter
from service.knowledge import queries as knowledge
from service.knowledge import tasks as knowledge_tasks
from service.knowledge.actions import UnknownDocument
from service.shell.pages import page
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker, Staffer, require
from service.trail import queries as trail

router = APIRouter(prefix="/console", include_in_schema=False)

SHOWN = 50
LANGS = ("pt", "es", "en")
Field = Annotated[str, Form(max_length=20_000)]
Language = Annotated[str, Form(pattern="^[a-z]{2}$")]
Link = Annotated[str | None, Form(max_length=500, pattern=r"^https://\S+$")]
Day = Annotated[date | None, Form()]
Writer = Annotated[Staffer, Depends(require("official", "comms", "moderator"), scope="function")]
Publisher = Annotated[Staffer, Depends(require("comms"), scope="function")]
Mender = Annotated[Staffer, Depends(require("comms", "moderator"), scope="function")]
Overseer = Annotated[Staffer, Depends(require("comms", "moderator", "auditor"), scope="function")]


def _back(address: str) -> Response:
    return RedirectResponse(address, 303)


@router.get("")
async def issue_list(
    request: Request,
    asker: Asker,
    here: Here,
    session: Reading,
    q: str = "",
    state: str = "",
    department: str = "",
    singles: bool = False,
    at: int = 1,
) -> Response:
    """What people ask: what grows first."""
    chosen = Filter(
        state=(state,) if state else (), department=department or None, q=q, singles=singles
    )
    moment = now()
    rows, total = await listing.page(
        session, chosen, scope_of(asker), moment, limit=SHOWN, offset=(max(at, 1) - 1) * SHOWN
    )
    return page(
        request, "issues.html", asker=asker, rows=rows, total=total, now=moment, chosen=chosen,
        state=state, department=department, singles=singles, at=at, pages=-(-total // SHOWN),
        bodies=await departments.everyone(session),
        pulses=await listing.pulses(
            session, [row.issue.id for row in rows], here.settings.zone, moment
        ),
    )  # fmt: skip


@router.get("/issues/{issue_id}")
async def issue(
    request: Request, asker: Asker, here: Here, session: Reading, issue_id: int
) -> Response:
    """One issue: what was said, who has it, drafts and answers."""
    own = await seen(session, asker, issue_id)
    root = own.issue.root_id
    said, total = await listing.contributions(session, root, limit=SHOWN, folded=True)
    days = await listing.timeline(session, root, here.settings.zone)
    retriever = getattr(request.app.state, "retriever", None)
    return page(
        request, "issue.html", asker=asker, row=own, issue=own.issue, said=said, total=total,
        similar=await similar(session, asker, own.issue, retriever),
        days=days, most=max((day.people for day in days), default=1),
        drafts=await answer_queries.drafts(session, root),
        written=await answer_queries.of_issue(session, root),
        bodies=await departments.everyone(session),
        events=await trail.of(session, "issue", issue_id, limit=30), now=now(), langs=LANGS,
    )  # fmt: skip


@router.post("/issues/{issue_id}/rename")
async def rename(asker: Writer, session: Writing, issue_id: int, name: Field) -> Response:
    """Give it a name."""
    await seen(session, asker, issue_id)
    await issues.rename(session, issue_id, name, by=asker)
    return _back(f"/console/issues/{issue_id}")


@router.post("/issues/{issue_id}/assign")
async def assign(
    asker: Writer, here: Here, session: Writing, issue_id: int, department: Field
) -> Response:
    """Route it to a department."""
    await seen(session, asker, issue_id)
    await issues.assign(session, here.settings, issue_id, department_key=department, by=asker)
    return _back(f"/console/issues/{issue_id}")


@router.post("/issues/{issue_id}/claim")
async def claim(asker: Writer, here: Here, session: Writing, issue_id: int) -> Response:
    """Take it oneself."""
    await seen(session, asker, issue_id)
    await issues.claim(session, issue_id, by=asker)
    return _back(f"/console/issues/{issue_id}")


@router.post("/issues/{issue_id}/merge")
async def merge(
    asker: Writer, here: Here, session: Writing, issue_id: int, into: Annotated[int, Form()]
) -> Response:
    """Merge it into another."""
    await seen(session, asker, issue_id)
    await seen(session, asker, into)
    await issues.merge(session, here.vault, here.settings, issue_id, into, by=asker)
    return _back(f"/console/issues/{into}")


@router.post("/issues/{issue_id}/unmerge")
async def unmerge(asker: Writer, session: Writing, issue_id: int) -> Response:
    """Take a merge back."""
    await seen(session, asker, issue_id)
    await issues.unmerge(session, issue_id, by=asker)
    return _back(f"/console/issues/{issue_id}")


@router.post("/issues/{issue_id}/split")
async def split(
    asker: Writer, session: Writing, issue_id: int, contribution: Annotated[list[int], Form()]
) -> Response:
    """Take contributions out into an issue of their own."""
    await seen(session, asker, issue_id)
    fresh = await issues.split(session, issue_id, contribution, by=asker)
    return _back(f"/console/issues/{fresh.id}")


@router.post("/issues/{issue_id}/end")
async def end(
    asker: Writer, here: Here, session: Writing, issue_id: int, how: Field, reason: Field
) -> Response:
    """Decline or close it; everybody who asked is told why."""
    await seen(session, asker, issue_id)
    act = issues.decline if how == "decline" else issues.close
    await act(session, here.vault, here.settings, issue_id, by=asker, reason=reason)
    return _back(f"/console/issues/{issue_id}")


@router.post("/issues/{issue_id}/reopen")
async def reopen(
    asker: Writer, here: Here, session: Writing, issue_id: int, why: Field
) -> Response:
    """Let it wait again."""
    await seen(session, asker, issue_id)
    await issues.reopen(session, here.settings, issue_id, actor=asker.actor, why=why)
    return _back(f"/console/issues/{issue_id}")


@router.post("/issues/{issue_id}/drafts")
async def compose(request: Request, asker: Writer, here: Here, issue_id: int) -> Response:
    """Compose drafts now."""
    async with here.database.read() as session:
        await seen(session, asker, issue_id)
    await request.app.state.running.ready.wait()
    await answer_tasks.compose_drafts(here, request.app.state.retriever, issue_id)
    return _back(f"/console/issues/{issue_id}#drafts")


@router.post("/issues/{issue_id}/answers")
async def begin(
    asker: Writer,
    session: Writing,
    issue_id: int,
    draft: Annotated[int, Form()] = 0,
    text: Field = "",
    title: Field = "",
) -> Response:
    """Begin an answer, from a draft or from nothing."""
    own = await seen(session, asker, issue_id)
    chosen = await answer_queries.draft(session, draft) if draft else None
    lang = chosen.lang if chosen else asker.lang
    answer = await answers.begin(
        session, own.issue.root_id, by=asker, lang=lang, title=title, text=text, draft=chosen
    )
    return _back(f"/console/answers/{answer.id}")


@router.get("/answers")
async def answer_list(
    request: Request, asker: Asker, session: Reading, state: str = "", at: int = 1
) -> Response:
    """Answers, those in work first."""
    mine = None
    if not asker.may("comms", "moderator", "auditor"):
        bodies = await departments.by_keys(session)
        mine = [bodies[key].id for key in asker.departments if key in bodies]
    rows, total = await answer_queries.page(
        session,
        state=state or None,
        department_ids=mine,
        limit=SHOWN,
        offset=(max(at, 1) - 1) * SHOWN,
    )
    return page(
        request, "answers.html", asker=asker, rows=rows, total=total, state=state, at=at,
        pages=-(-total // SHOWN),
    )  # fmt: skip


@router.get("/answers/{answer_id}")
async def answer(request: Request, asker: Asker, session: Reading, answer_id: int) -> Response:
    """One answer: its texts, what it rests on, review, and where its deliveries are."""
    row = await answer_api.visible(session, answer_id, asker)
    cited = await answer_queries.citations(session, answer_id)
    return page(
        request, "answer.html", asker=asker, answer=row, langs=LANGS,
        versions=await answer_queries.versions(session, answer_id), cited=cited,
        passages=await answer_queries.passages(
            session, [one.passage_id for one in cited if one.passage_id]
        ),
        measures=await answer_queries.measures(session, answer_id),
        tally=await deliveries.tally(session, "answer", answer_id),
        failures=await deliveries.failures(session, "answer", answer_id),
        verdicts=await answer_queries.verdicts(session, answer_id),
        events=await trail.of(session, "answer", answer_id, limit=30),
    )  # fmt: skip


@router.post("/answers/{answer_id}/edit")
async def edit(
    asker: Writer,
    session: Writing,
    answer_id: int,
    lang: Language,
    text: Field,
    title: Field = "",
    video_url: Link = None,
    review_by: Day = None,
) -> Response:
    """Save a text; saved under another language it is a new version."""
    await answer_api.visible(session, answer_id, asker)
    await answers.edit(
        session, answer_id, by=asker, lang=lang, text=text, title=title or None,
        video_url=video_url, review_by=review_by,
    )  # fmt: skip
    return _back(f"/console/answers/{answer_id}")


@router.post("/answers/{answer_id}/submit")
async def submit(asker: Writer, session: Writing, answer_id: int) -> Response:
    """Ask for review."""
    await answer_api.visible(session, answer_id, asker)
    await answers.submit(session, answer_id, by=asker)
    return _back(f"/console/answers/{answer_id}")


@router.post("/answers/{answer_id}/approve")
async def approve(asker: Publisher, session: Writing, answer_id: int) -> Response:
    """Approve every version."""
    await answers.approve(session, answer_id, by=asker)
    return _back(f"/console/answers/{answer_id}")


@router.post("/answers/{answer_id}/send-back")
async def send_back(asker: Publisher, session: Writing, answer_id: int, reason: Field) -> Response:
    """Ask for changes."""
    await answers.send_back(session, answer_id, by=asker, reason=reason)
    return _back(f"/console/answers/{answer_id}")


@router.post("/answers/{answer_id}/publish")
async def publish(asker: Publisher, here: Here, session: Writing, answer_id: int) -> Response:
    """Publish to everybody who asked."""
    await answers.publish(session, here, answer_id, actor=asker.actor)
    return _back(f"/console/answers/{answer_id}#deliveries")


@router.post("/answers/{answer_id}/correct")
async def correct(
    asker: Writer, session: Writing, answer_id: int, lang: Language, text: Field, reason: Field
) -> Response:
    """Write a correction; a second person sends it out."""
    await answer_api.visible(session, answer_id, asker)
    await answers.correct(session, answer_id, by=asker, texts={lang: text}, reason=reason)
    return _back(f"/console/answers/{answer_id}")


@router.post("/answers/{answer_id}/retract")
async def retract(
    asker: Publisher, here: Here, session: Writing, answer_id: int, reason: Field
) -> Response:
    """Take it back; everyone who received it hears why."""
    await answers.retract(session, here, answer_id, by=asker, reason=reason)
    return _back(f"/console/answers/{answer_id}")


@router.post("/answers/{answer_id}/measures")
async def add_measure(
    asker: Writer, session: Writing, answer_id: int, text: Field, due_on: Day = None
) -> Response:
    """Note something the answer announces."""
    await answer_api.visible(session, answer_id, asker)
    await measures.add_measure(session, answer_id, by=asker, text=text, due_on=due_on)
    return _back(f"/console/answers/{answer_id}")


@router.get("/deliveries")
async def delivery_list(
    request: Request, asker: Overseer, here: Here, session: Reading, state: str = "", at: int = 1
) -> Response:
    """What leaves, and what came in and could not be read: states and reasons, never words."""
    rows, total = await deliveries.page(
        session, state=state or None, answer_id=None, limit=SHOWN, offset=(max(at, 1) - 1) * SHOWN
    )
    return page(
        request, "deliveries.html", asker=asker, rows=rows, total=total, state=state, at=at,
        pages=-(-total // SHOWN), aside=await inbox.aside(session),
        standings=await channels.standings(request, here, session),
    )  # fmt: skip


@router.post("/inbox/{message_id}/retry")
async def retry(asker: Mender, session: Writing, message_id: int) -> Response:
    """Let a message that was set aside be read again."""
    await inbox.retry(session, message_id, actor=asker.actor)
    return _back("/console/deliveries")


@router.post("/deliveries/{delivery_id}/resend")
async def resend(asker: Publisher, session: Writing, delivery_id: int) -> Response:
    """Send a failed or uncertain delivery again."""
    await deliveries.resend(session, delivery_id, actor=asker.actor)
    return _back("/console/deliveries")


@router.get("/knowledge")
async def documents(request: Request, asker: Asker, session: Reading) -> Response:
    """Documents that drafts rest on."""
    rows, _ = await knowledge.page(session, words=None, limit=SHOWN * 4, offset=0)
    return page(
        request,
        "knowledge.html",
        asker=asker,
        rows=rows,
        bodies=await departments.everyone(session),
    )


@router.post("/knowledge")
async def upload(
    request: Request,
    asker: Publisher,
    here: Here,
    file: UploadFile,
    department: Field = "",
    url: Link = None,
) -> Response:
    """Upload a document."""
    await request.app.state.running.ready.wait()
    retriever = request.app.state.retriever
    await knowledge_tasks.take(
        here,
        retriever.encode,
        retriever.embedder.name,
        await file.read(),
        file.filename or "document.txt",
        actor=asker.actor,
        url=url,
        department=department or None,
    )
    return _back("/console/knowledge")


@router.get("/knowledge/{document_id}")
async def document(request: Request, asker: Asker, session: Reading, document_id: int) -> Response:
    """A document's passages."""
    found = await knowledge.document(session, document_id)
    if found is None:
        raise UnknownDocument("There is no such document.")
    passages, _ = await knowledge.passages(session, document_id, limit=SHOWN * 10, offset=0)
    return page(request, "document.html", asker=asker, document=found, passages=passages)
