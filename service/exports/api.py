"""Exports over HTTP, streamed as they are read; who took one is on the trail."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from service.exports.lines import Form, What, lines
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
        _chunks(here, what, form),
        media_type=MEDIA[form],
        headers={"content-disposition": name},
    )


async def _chunks(here: Here, what: What, form: Form) -> AsyncIterator[str]:
    waiting: list[str] = []
    size = 0
    async with here.database.read() as session:
        async for line in lines(session, what, form):
            waiting.append(line)
            size += len(line)
            if size >= CHUNK:
                yield "".join(waiting)
                waiting, size = [], 0
    yield "".join(waiting)
