"""Tells open pages that something has changed since they were read; they fetch themselves anew."""

import asyncio
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import StreamingResponse

from service.console import queries
from service.console.forms import HIGHEST
from service.database import Database, Session
from service.shell.requests import Here, Reading
from service.staff.access import Asker

router = APIRouter(prefix="/console", include_in_schema=False)

LOOK_AGAIN = 2.0
HEARTBEAT = 10
LONGEST = 900
ConsultationId = Annotated[int, Path(ge=1, le=HIGHEST)]
AnswerId = Annotated[int, Path(ge=1, le=HIGHEST)]


async def _since(session: Reading) -> str:
    """What a page asks its stream for: what changed after the moment at which it was read."""
    return f"seen={await _stamp(session, None)}"


async def _since_of(session: Reading, answer_id: AnswerId) -> str:
    return f"answer={answer_id}&seen={await _stamp(session, answer_id)}"


async def _since_votes(session: Reading, consultation_id: ConsultationId) -> str:
    return f"votes={consultation_id}&seen={await _stamp(session, None, consultation_id)}"


# Taken before a page reads anything else: what changes while it is on its way is told too.
Since = Annotated[str, Depends(_since)]
SinceOf = Annotated[str, Depends(_since_of)]
SinceVotes = Annotated[str, Depends(_since_votes)]


@router.get("/live")
async def live(
    request: Request,
    asker: Asker,
    here: Here,
    answer: Annotated[int | None, Query(ge=1, le=HIGHEST)] = None,
    votes: Annotated[int | None, Query(ge=1, le=HIGHEST)] = None,
    seen: Annotated[str, Query(max_length=64)] = "",
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> StreamingResponse:
    """A stream of `changed`, without words: who may see what is decided when the page is read."""
    ending: Callable[[], bool] = getattr(request.app.state, "ending", lambda: False)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    changes = _changes(here.database, answer, last_event_id or seen, ending, votes)
    return StreamingResponse(changes, media_type="text/event-stream", headers=headers)


async def _changes(
    database: Database,
    answer_id: int | None,
    held: str,
    ending: Callable[[], bool],
    consultation_id: int | None = None,
) -> AsyncIterator[str]:
    """Ends with the server, and after a quarter of an hour, when the browser asks anew from where
    it was and shows that it is still logged in.
    """
    yield "retry: 3000\n\n"
    for look in range(int(LONGEST / LOOK_AGAIN)):
        async with database.read() as session:
            seen = await _stamp(session, answer_id, consultation_id)
        if seen != held:
            held = seen
            yield f"id: {seen}\nevent: changed\ndata: now\n\n"
        elif look % HEARTBEAT == 0:
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_AGAIN)
        if ending():
            return


async def _stamp(
    session: Session, answer_id: int | None, consultation_id: int | None = None
) -> str:
    """Short, and another one after every change."""
    stamp = await queries.stamp(session, answer_id, consultation_id)
    return sha256(repr(stamp).encode()).hexdigest()[:16]
