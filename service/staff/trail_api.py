"""The trail, for auditors: who changed what, when and why."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service.shell.requests import Reading
from service.staff.access import Staffer, require
from service.trail import queries
from service.trail.schemas import EventOut

router = APIRouter(tags=["trail"])

Auditor = Annotated[Staffer, Depends(require("auditor"), scope="function")]


@router.get("/trail")
async def page(
    auditor: Auditor,
    session: Reading,
    thing: str | None = None,
    thing_id: int | None = None,
    before: int | None = None,
    actor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[EventOut]:
    """The newest events; of one thing or kind of thing where it is named, by one actor, or those
    before the event `before`.
    """
    if thing is not None and thing_id is not None:
        rows = await queries.of(session, thing, thing_id, limit=limit)
    else:
        rows = await queries.page(session, before=before, thing=thing, actor=actor, limit=limit)
    return [EventOut.model_validate(row) for row in rows]
