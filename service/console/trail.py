"""The trail: who changed what, when and why."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from service.console.forms import HIGHEST, Auditor
from service.shell.pages import page
from service.shell.requests import Reading
from service.staff import queries as staff
from service.trail import queries

router = APIRouter(prefix="/console", include_in_schema=False)

SHOWN = 100
THINGS = (
    "issue", "answer", "measure", "contribution", "delivery", "inbox", "document", "department",
    "staff", "person", "consultation", "proposal", "meeting", "invitation", "voter", "round",
    "export",
)  # fmt: skip
PLACES = {
    "issue": "/console/issues/", "answer": "/console/answers/", "document": "/console/knowledge/",
    "staff": "/console/people/", "consultation": "/console/consultations/",
    "round": "/console/rounds/",
}  # fmt: skip


@router.get("/trail")
async def trail(
    request: Request,
    asker: Auditor,
    session: Reading,
    thing: Annotated[str, Query(pattern="^[a-z_]{0,30}$")] = "",
    actor: Annotated[str, Query(max_length=60)] = "",
    before: Annotated[int | None, Query(ge=1, le=HIGHEST)] = None,
) -> Response:
    """The newest events, a page at a time."""
    rows = await queries.page(
        session, before=before, thing=thing or None, actor=actor.replace("\0", "") or None,
        limit=SHOWN,
    )  # fmt: skip
    kept = {key: value for key, value in (("thing", thing), ("actor", actor)) if value}
    older = urlencode({**kept, "before": rows[-1].id}) if len(rows) == SHOWN else ""
    return page(
        request, "trail.html", asker=asker, rows=rows, thing=thing, actor=actor, things=THINGS,
        places=PLACES, older=older, names=await staff.names(session),
    )  # fmt: skip
