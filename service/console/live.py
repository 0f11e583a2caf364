"""Tells open pages that something has changed; they fetch themselves anew."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from service.console import queries
from service.console.forms import HIGHEST
from service.database import Database
from service.shell.requests import Here
from service.staff.access import Asker

router = APIRouter(prefix="/console", include_in_schema=False)

LOOK_AGAIN = 2.0
HEARTBEAT = 10
LONGEST = 900


@router.get("/live")
async def live(
    request: Request,
    asker: Asker,
    here: Here,
    answer: Annotated[int | None, Query(ge=1, le=HIGHEST)] = None,
) -> StreamingResponse:
    """A stream of `changed`, without words: who may see what is decided when the page is read."""
    ending: Callable[[], bool] = getattr(request.app.state, "ending", lambda: False)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _changes(here.database, answer, ending), media_type="text/event-stream", headers=headers
    )


async def _changes(
    database: Database, answer_id: int | None, ending: Callable[[], bool]
) -> AsyncIterator[str]:
    """Ends with the server, and after a quarter of an hour, when the browser asks anew and shows
    that it is still logged in.
    """
    yield "retry: 3000\n\n"
    held = await _stamp(database, answer_id)
    for look in range(int(LONGEST / LOOK_AGAIN)):
        await asyncio.sleep(LOOK_AGAIN)
        if ending():
            return
        seen = await _stamp(database, answer_id)
        if seen != held:
            held = seen
            yield "event: changed\ndata: now\n\n"
        elif look % HEARTBEAT == 0:
            yield ": still here\n\n"


async def _stamp(database: Database, answer_id: int | None) -> tuple[object, ...]:
    async with database.read() as session:
        return await queries.stamp(session, answer_id)
