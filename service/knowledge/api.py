"""Documents and passages over HTTP. All staff read; comms and administrators bring and withdraw."""

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile

from service.knowledge import actions, queries, schemas, tasks
from service.knowledge.actions import UnknownDocument, UnknownPassage
from service.knowledge.schemas import (
    CitedOut,
    DocumentOut,
    DocumentPage,
    FoundOut,
    PassageOut,
    PassagePage,
    UploadOut,
)
from service.retrieval.retriever import Retriever
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker, Staffer, require

router = APIRouter(tags=["knowledge"])
Librarian = Annotated[Staffer, Depends(require("comms"), scope="function")]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0)]


@router.get("/documents")
async def list_documents(
    session: Reading,
    asker: Asker,
    q: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> DocumentPage:
    """Documents by title; `q` looks in titles."""
    rows, total = await queries.page(session, words=q, limit=limit, offset=offset)
    return DocumentPage(items=[schemas.line(*row) for row in rows], total=total)


@router.post("/documents", status_code=201)
async def upload(
    request: Request,
    here: Here,
    asker: Librarian,
    file: Annotated[UploadFile, File(description="A .md, .html, .pdf, .txt or .jsonl file")],
    title: Annotated[str | None, Form(max_length=200)] = None,
    lang: Annotated[str | None, Form(pattern="^[a-z]{2}$")] = None,
    url: Annotated[str | None, Form(max_length=500, pattern=r"^https?://\S+$")] = None,
    department: Annotated[str | None, Form(max_length=60)] = None,
) -> UploadOut:
    """Import a file; the same again changes nothing, a changed one replaces what changed."""
    retriever = await _retriever(request)
    name = PurePath(file.filename or "unnamed").name
    taken = await tasks.take(
        here, retriever.encode, retriever.embedder.name, await file.read(), name, actor=asker.actor,
        title=title, lang=lang, url=url, department=department,
    )  # fmt: skip
    return UploadOut.model_validate(taken)


async def _retriever(request: Request) -> Retriever:
    """The index of this process, once its encoder is loaded."""
    await request.app.state.running.loaded()
    found: Retriever = request.app.state.retriever
    return found


@router.get("/documents/{document_id}")
async def show_document(session: Reading, asker: Asker, document_id: int) -> DocumentOut:
    """One document."""
    document = await queries.document(session, document_id)
    if document is None:
        raise UnknownDocument("There is no such document.")
    _, total = await queries.passages(session, document_id, limit=1, offset=0)
    return schemas.line(document, total)


@router.get("/documents/{document_id}/passages")
async def list_passages(
    session: Reading, asker: Asker, document_id: int, limit: Limit = 50, offset: Offset = 0
) -> PassagePage:
    """A document's passages, in its order."""
    if await queries.document(session, document_id) is None:
        raise UnknownDocument("There is no such document.")
    rows, total = await queries.passages(session, document_id, limit=limit, offset=offset)
    return PassagePage(items=[PassageOut.model_validate(row) for row in rows], total=total)


@router.delete("/documents/{document_id}", status_code=204)
async def withdraw(session: Writing, asker: Librarian, document_id: int) -> None:
    """Take a document out of what is found; answers that cited it keep what they cite."""
    await actions.withdraw(session, document_id, actor=asker.actor)


@router.get("/passages/{passage_id}")
async def show_passage(session: Reading, asker: Asker, passage_id: int) -> CitedOut:
    """What a citation rests on, also when it has left its document since."""
    passage = (await queries.cited(session, [passage_id])).get(passage_id)
    if passage is None:
        raise UnknownPassage("There is no such passage.")
    return schemas.cited(passage)


@router.get("/knowledge/search")
async def search(
    request: Request,
    here: Here,
    asker: Asker,
    q: Annotated[str, Query(min_length=1, max_length=1000)],
    lang: Annotated[str | None, Query(pattern="^[a-z]{2}$")] = None,
    k: Annotated[int, Query(ge=1, le=50)] = 10,
) -> list[FoundOut]:
    """Passages that bear most on a question, by words and meaning."""
    retriever = await _retriever(request)
    vectors = await retriever.encode([q])
    async with here.database.read() as session:
        await retriever.refresh(session)
        spoken = lang or here.settings.default_language
        hits = retriever.find(actions.KIND, [q], [spoken], vectors, k)[0]
        held = await queries.cited(session, [hit.id for hit in hits])
    return [schemas.found(held[hit.id], hit.score) for hit in hits if hit.id in held]
