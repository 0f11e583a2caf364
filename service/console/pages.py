"""The console's screens, each in its own file."""

from fastapi import APIRouter

from service.console import answers, deliveries, issue, issues, knowledge, live, now

router = APIRouter()
for screen in (now, issues, live, issue, answers, deliveries, knowledge):
    router.include_router(screen.router)
