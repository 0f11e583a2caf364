"""An issue's chart as a picture, over HTTP."""

from typing import Literal

from fastapi import APIRouter, Response

from service.issues.api import IdPath, seen
from service.issues.charting import queries
from service.shell import pages, pictures
from service.shell.requests import Here, Reading
from service.staff.access import Asker

router = APIRouter(tags=["issues"])


@router.get("/issues/{issue_id}/chart.png", response_class=pictures.PngResponse)
async def picture(
    session: Reading,
    asker: Asker,
    here: Here,
    issue_id: IdPath,
    lang: Literal["pt", "es", "en"] | None = None,
) -> Response:
    """When it was spoken of, as a picture to send in a chat; `x-alt-text` says in words what it
    shows, percent-encoded.
    """
    own = await seen(session, asker, issue_id)
    made = await queries.chart(session, own.issue.root_id, here.settings.zone)
    spoken = lang or pages.spoken(asker.lang)
    caption = pages.word("people_per_week" if made.weekly else "people_per_day", spoken)
    caption = f"{caption} · {here.settings.government}"
    columns = [(one.day, one.people) for one in made.buckets]
    return pictures.answer(pictures.timeline(own.issue.name, caption, columns, spoken))
