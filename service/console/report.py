"""The listening report as a page that prints well."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from service.database import now
from service.issues.api import scope_of
from service.report import queries
from service.report.api import Chosen
from service.shell.pages import page
from service.shell.requests import Here, Reading
from service.staff.access import Asker

router = APIRouter(prefix="/console", include_in_schema=False)

USUAL = (7, 30, 90, 365)


@router.get("/report")
async def report(
    request: Request, asker: Asker, here: Here, session: Reading, chosen: Chosen
) -> Response:
    """What was heard in a period, and who was not."""
    today = now().astimezone(here.settings.zone).date()
    return page(
        request, "report.html", asker=asker, period=chosen, now=now(),
        found=await queries.report(session, scope_of(asker), chosen),
        usual=[(days, today - timedelta(days=days - 1), today) for days in USUAL],
    )  # fmt: skip
