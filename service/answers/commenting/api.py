"""Comments on answers over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from service.answers.api import Writer, visible
from service.answers.commenting import actions, queries
from service.answers.commenting.queries import Commented
from service.shell.requests import Reading, Writing
from service.staff.access import Asker

router = APIRouter(tags=["answers"])
Id = Annotated[int, Path(ge=1, le=2**53)]


class CommentIn(BaseModel):
    """Something to say of an answer, to colleagues."""

    text: str = Field(min_length=1, max_length=4000, examples=["Say at what time."])


class CommentOut(BaseModel):
    """A comment: who wrote it, and in which state the answer was."""

    id: int
    author: str = Field(examples=["Ana Prado"])
    state: str = Field(examples=["in_review"])
    text: str = Field(examples=["Say at what time."])
    at: datetime


@router.get("/answers/{answer_id}/comments")
async def comments(session: Reading, asker: Asker, answer_id: Id) -> list[CommentOut]:
    """What staff said of it to each other, the oldest first; it stays when it is approved."""
    await visible(session, answer_id, asker)
    return [_out(one) for one in await queries.of(session, answer_id)]


@router.post("/answers/{answer_id}/comments", status_code=201)
async def comment(session: Writing, asker: Writer, answer_id: Id, body: CommentIn) -> CommentOut:
    """Say something of it to colleagues; citizens never read it."""
    await visible(session, answer_id, asker)
    made = await actions.comment(session, answer_id, body.text, by=asker)
    return _out(Commented(made, asker.name))


def _out(one: Commented) -> CommentOut:
    said = one.comment
    return CommentOut(id=said.id, author=one.author, state=said.state, text=said.text, at=said.at)
