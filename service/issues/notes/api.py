"""Notes over HTTP."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.issues.api import Acting, IdPath, seen
from service.issues.notes import actions, queries
from service.issues.notes.actions import UnknownNote
from service.shell.requests import Reading, Writing
from service.staff.access import Asker

router = APIRouter(tags=["issues"])


class NoteIn(BaseModel):
    """A note to colleagues."""

    text: str = Field(min_length=1, max_length=4000, examples=["The works begin on Tuesday."])


class NoteOut(BaseModel):
    """A note, with who wrote it."""

    id: int
    issue_id: int
    author: str = Field(examples=["Ana Prado"])
    text: str = Field(examples=["The works begin on Tuesday."])
    at: datetime


@router.get("/issues/{issue_id}/notes")
async def show(session: Reading, asker: Asker, issue_id: IdPath) -> list[NoteOut]:
    """What colleagues noted, newest first; citizens never read it."""
    own = await seen(session, asker, issue_id)
    return [
        NoteOut(
            id=one.note.id, issue_id=one.note.issue_id, author=one.author, text=one.note.text,
            at=one.note.at,
        )
        for one in await queries.of(session, own.issue.root_id)
    ]  # fmt: skip


@router.post("/issues/{issue_id}/notes", status_code=201)
async def add(session: Writing, asker: Acting, issue_id: IdPath, body: NoteIn) -> NoteOut:
    """Note something for colleagues."""
    await seen(session, asker, issue_id)
    note = await actions.add(session, issue_id, body.text, by=asker)
    return NoteOut(id=note.id, issue_id=issue_id, author=asker.name, text=note.text, at=note.at)


@router.delete("/notes/{note_id}", status_code=204)
async def remove(session: Writing, asker: Acting, note_id: IdPath) -> None:
    """Take a note of one's own away."""
    note = await queries.one(session, note_id)
    if note is None:
        raise UnknownNote("There is no such note.")
    await seen(session, asker, note.issue_id)
    await actions.remove(session, note_id, by=asker)
