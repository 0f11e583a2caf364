"""The board of what was promised: by state, department and date; late ones stand out."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from service.answers import queries
from service.answers.api import bodies_of, visible
from service.answers.measures import actions
from service.answers.measures import queries as board
from service.answers.measures.actions import UnknownMeasure
from service.console.forms import HIGHEST, Line, Writer
from service.database import now
from service.departments import queries as departments
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker

router = APIRouter(prefix="/console", include_in_schema=False)

STATES = ("planned", "under_way", "done", "dropped")
MOST = 300


@router.get("/measures")
async def measures(
    request: Request,
    asker: Asker,
    here: Here,
    session: Reading,
    department: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """Measures in four columns."""
    wanted, scope = department or None, bodies_of(asker)
    rows = [
        *await board.board(session, scope, department=wanted, states=board.OPEN, limit=MOST),
        *await board.board(session, scope, department=wanted, states=STATES[2:], limit=MOST),
    ]
    return page(
        request, "measures.html", asker=asker, department=department, moves=actions.MEASURES,
        columns={state: [one for one in rows if one.measure.state == state] for state in STATES},
        today=now().astimezone(here.settings.zone).date(),
        bodies=await departments.everyone(session),
    )  # fmt: skip


@router.post("/measures/{measure_id}/move")
async def move(
    asker: Writer,
    here: Here,
    session: Writing,
    measure_id: Annotated[int, Path(ge=1, le=HIGHEST)],
    became: Line,
) -> Response:
    """Move a measure on; those who received its answer are told."""
    held = await queries.measure(session, measure_id)
    if held is None:
        raise UnknownMeasure("There is no such measure.")
    await visible(session, held.answer_id, asker)
    await actions.change_measure(session, here, measure_id, by=asker, became=became)
    return back("/console/measures", "measure_moved")
