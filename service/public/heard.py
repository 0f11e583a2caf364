"""What we are hearing: issues that staff show, as far as nobody can be recognised in them."""

from fastapi import APIRouter, Request, Response

from service.database import now
from service.departments import queries as departments
from service.errors import NotFound
from service.issues.showing import queries as showing
from service.public import queries
from service.public.answers import At, Id, Key
from service.public.keeping import kept
from service.shell import pictures
from service.shell.pages import language, page, word
from service.shell.requests import Here, Reading

router = APIRouter(include_in_schema=False)

SHOWN = 30


@router.get("/heard")
async def heard(
    request: Request, here: Here, session: Reading, department: Key = "", at: At = 1
) -> Response:
    """The issues shown, those of the most people first."""
    least, zone = here.settings.public_minimum, here.settings.zone
    everything = await showing.heard(session, least, zone)
    mine = [one for one in everything if department in ("", one.department_key)]
    named = {one.department_key for one in everything}
    bodies = [one for one in await departments.everyone(session) if one.key in named]
    first = (at - 1) * SHOWN
    if at > 1 and first >= len(mine):
        raise NotFound("There is no such page.")
    shown = page(
        request, "public_heard.html", rows=mine[first : first + SHOWN], at=at, bodies=bodies,
        pages=-(-len(mine) // SHOWN), department=department, total=len(mine), least=least,
        most=mine[0].people if mine else 0,
    )  # fmt: skip
    return kept(request, shown)


@router.get("/heard/{issue_id}")
async def issue(request: Request, here: Here, session: Reading, issue_id: Id) -> Response:
    """One of them: when and where it is spoken of, and what was answered."""
    least, zone = here.settings.public_minimum, here.settings.zone
    found = await showing.one(session, issue_id, least, zone)
    if found is None:
        raise NotFound("There is no such issue that the public may read of.")
    shown = page(
        request, "public_issue.html", issue=found, least=least,
        weeks=await showing.weeks(session, issue_id, least, zone, now()),
        places=await showing.places(session, issue_id, least),
        answers=await queries.of_issue(session, issue_id, least),
    )  # fmt: skip
    return kept(request, shown)


@router.get("/heard/{issue_id}/chart.png")
async def picture(request: Request, here: Here, session: Reading, issue_id: Id) -> Response:
    """Its weeks as a picture, for where its address is shared; weeks of few are silent."""
    least, zone = here.settings.public_minimum, here.settings.zone
    found = await showing.one(session, issue_id, least, zone)
    if found is None:
        raise NotFound("There is no such issue that the public may read of.")
    weeks = await showing.weeks(session, issue_id, least, zone, now())
    lang = language(request)
    caption = f"{word('heard.weeks', lang)} · {here.settings.government}"
    columns = [(one.first, one.people or 0) for one in weeks]
    drawn = pictures.timeline(found.name, caption, columns, lang)
    return kept(request, pictures.PngResponse(drawn.png))
