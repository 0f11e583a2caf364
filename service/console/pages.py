"""The console's screens, each in its own file."""

from fastapi import APIRouter

from service.console import (
    answers,
    deliveries,
    departments,
    health,
    issue,
    issues,
    knowledge,
    live,
    measures,
    now,
    people,
    report,
    trail,
)

router = APIRouter()
for screen in (
    now, issues, live, issue, answers, measures, deliveries, knowledge, departments, people, trail,
    health, report,
):  # fmt: skip
    router.include_router(screen.router)
