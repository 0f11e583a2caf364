"""The console's screens, each in its own file."""

from fastapi import APIRouter

from service.console import (
    answers,
    consultations,
    deliveries,
    departments,
    health,
    issue,
    issues,
    knowledge,
    live,
    measures,
    meeting,
    now,
    people,
    report,
    rounds,
    screening,
    trail,
    voting,
)
from service.errors import NotFound
from service.staff.access import Asker

router = APIRouter()
for screen in (
    now, issues, live, issue, answers, measures, deliveries, knowledge, departments, people, trail,
    health, report, consultations, screening, voting, meeting,
    rounds,
):  # fmt: skip
    router.routes.extend(screen.router.routes)


@router.get("/console/{rest:path}", include_in_schema=False)
async def nowhere(asker: Asker, rest: str) -> None:
    """An address of the console that leads nowhere is told with the console around it."""
    raise NotFound("There is no such page.")
