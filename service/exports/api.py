"""Exports over HTTP, streamed as they are read; who took one is on the trail."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from service.consultations.actions import UnknownConsultation
from service.consultations.api import Id
from service.consultations.queries import consultation
from service.database import Session
from service.exports.lines import Form, What, lines, votes
from service.shell.requests import Here
from service.staff.access import Staffer, require
from service.trail.actions import record

router = APIRouter(tags=["export"])

MEDIA: dict[Form, str] = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
CHUNK = 64 * 1024

Everywhere = Annotated[Staffer, Depends(require("comms", "moderator", "auditor"), scope="function")]


@router.get("/export/{what}", response_class=StreamingResponse)
async def export(
    what: What, asker: Everywhere, here: Here, form: Form = "jsonl"
) -> StreamingResponse:
    """All messages or proposals (masked), issues or answers, as `gabinete export` writes them."""
    async with here.database.write() as session:
        await record(session, "export", 0, what, actor=asker.actor, details={"form": form})
    name = f'attachment; filename="{what}.{form}"'
    return StreamingResponse(
        _chunks(here, lambda session: lines(session, what, form)),
        media_type=MEDIA[form],
        headers={"content-disposition": name},
    )


@router.get("/consultations/{consultation_id}/votes", response_class=StreamingResponse)
async def audit(
    asker: Everywhere, here: Here, consultation_id: Id, form: Form = "jsonl"
) -> StreamingResponse:
    """Every vote of a consultation for an audit: who voted is a number, when is an hour."""
    async with here.database.write() as session:
        if await consultation(session, consultation_id) is None:
            raise UnknownConsultation("There is no such consultation.")
        await record(
            session, "consultation", consultation_id, "audit", actor=asker.actor,
            details={"form": form},
        )  # fmt: skip
    return StreamingResponse(
        _chunks(here, lambda session: votes(session, consultation_id, form)),
        media_type=MEDIA[form],
        headers={"content-disposition": f'attachment; filename="votes-{consultation_id}.{form}"'},
    )


async def _chunks(here: Here, lines: Callable[[Session], AsyncIterator[str]]) -> AsyncIterator[str]:
    waiting: list[str] = []
    size = 0
    async with here.database.read() as session:
        async for line in lines(session):
            waiting.append(line)
            size += len(line)
            if size >= CHUNK:
                yield "".join(waiting)
                waiting, size = [], 0
    yield "".join(waiting)
