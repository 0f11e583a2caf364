"""Documents that drafts rest on, and the passages that are cited."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, UploadFile

from service.console.forms import SHOWN, At, Line, Link, Publisher, pages_of, skipped
from service.departments import queries as departments
from service.knowledge import actions, queries, tasks
from service.knowledge.actions import UnknownDocument, UnknownPassage
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker

router = APIRouter(prefix="/console", include_in_schema=False)


@router.get("/knowledge")
async def documents(
    request: Request,
    asker: Asker,
    session: Reading,
    q: Annotated[str, Query(max_length=200)] = "",
    at: At = 1,
) -> Response:
    """Documents by title."""
    words = q.replace("\0", "").strip()
    rows, total = await queries.page(session, words=words or None, limit=SHOWN, offset=skipped(at))
    return page(
        request, "knowledge.html", asker=asker, rows=rows, total=total, q=q, at=at,
        pages=pages_of(total), bodies=await departments.everyone(session),
    )  # fmt: skip


@router.post("/knowledge")
async def upload(
    request: Request,
    asker: Publisher,
    here: Here,
    file: UploadFile,
    department: Line = "",
    url: Link = None,
) -> Response:
    """Upload a document."""
    await request.app.state.running.loaded()
    retriever = request.app.state.retriever
    await tasks.take(
        here,
        retriever.encode,
        retriever.embedder.name,
        await file.read(),
        file.filename or "document.txt",
        actor=asker.actor,
        url=url or None,
        department=department or None,
    )
    return back("/console/knowledge", "uploaded")


@router.get("/knowledge/{document_id}")
async def document(
    request: Request, asker: Asker, session: Reading, document_id: int, at: At = 1
) -> Response:
    """A document's passages."""
    found = await queries.document(session, document_id)
    if found is None:
        raise UnknownDocument("There is no such document.")
    passages, total = await queries.passages(session, document_id, limit=SHOWN, offset=skipped(at))
    return page(
        request, "document.html", asker=asker, document=found, passages=passages, total=total,
        at=at, pages=pages_of(total),
    )  # fmt: skip


@router.post("/knowledge/{document_id}/withdraw")
async def withdraw(asker: Publisher, session: Writing, document_id: int) -> Response:
    """No draft rests on it any more; what was cited stays readable."""
    await actions.withdraw(session, document_id, actor=asker.actor)
    return back("/console/knowledge", "withdrawn")


@router.get("/passages/{passage_id}")
async def passage(request: Request, asker: Asker, session: Reading, passage_id: int) -> Response:
    """What a citation rests on: its place in the document, or itself where it has left it."""
    found = (await queries.cited(session, [passage_id])).get(passage_id)
    if found is None:
        raise UnknownPassage("There is no such passage.")
    if found.current:
        at = found.position // SHOWN + 1
        return back(f"/console/knowledge/{found.document_id}?at={at}#p{found.id}")
    return page(request, "passage.html", asker=asker, passage=found)
