"""Rounds: what citizens ask and support, what is due an answer, and how a round is run."""

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response

from service.console.forms import LANGS, Day, Field, Id, Line, Publisher
from service.database import now
from service.errors import GabineteError
from service.installation import Installation
from service.issues import actions as issues
from service.issues.api import seen
from service.rounds import actions, clock, queries
from service.rounds.actions import UnknownRound
from service.rounds.api import LASTS
from service.rounds.support import actions as support
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff import queries as staff
from service.staff.access import Asker
from service.trail import queries as trail

router = APIRouter(prefix="/console", include_in_schema=False)

Tongue = Annotated[Literal["pt", "es", "en"], Form()]
Days = Annotated[int, Form(ge=1, le=365)]
PerTheme = Annotated[int, Form(ge=0, le=50)]
Counts = Annotated[Literal["live", "after"], Form()]
LAST_MINUTE = time(23, 59)


class NoDate(GabineteError):
    """This needs a date."""

    code = "no_date"


@router.get("/rounds")
async def rounds(request: Request, asker: Asker, here: Here, session: Reading) -> Response:
    """Every round, the newest first, and the questions that are due an answer."""
    found = await queries.page(session)
    return page(
        request, "rounds.html", asker=asker, rows=found, langs=LANGS, **_clock(here),
        people=await queries.people(session, [one.round for one in found]),
        due=[(t, q) for t, q in await queries.due(session) if asker.sees(q.department_key)],
        today=now().astimezone(here.settings.zone).date(),
        last=(now() + LASTS).astimezone(here.settings.zone).date(),
    )  # fmt: skip


def _clock(here: Installation) -> dict[str, Any]:
    moment, zone = now(), here.settings.zone
    return {"left": lambda at: clock.days_until(at, moment, zone), "now": moment}


async def _texts(request: Request) -> dict[str, tuple[str, str]]:
    """Title and text by language, as the form has them."""
    form = await request.form()
    return {
        lang: (str(form.get(f"title_{lang}", ""))[:200], str(form.get(f"text_{lang}", ""))[:4000])
        for lang in LANGS
        if f"title_{lang}" in form
    }


@router.post("/rounds")
async def create(
    request: Request,
    asker: Publisher,
    here: Here,
    session: Writing,
    lang: Tongue,
    closes_on: Day = None,
    opens_on: Day = None,
    answer_days: Days = 10,
    per_theme: PerTheme = 0,
    counts_shown: Counts = "live",
) -> Response:
    """Plan a round, or open it at once."""
    if closes_on is None:
        raise NoDate("Say until when questions can be supported.")
    told = await actions.create(
        session, by=asker, lang=lang, texts=await _texts(request),
        opens_at=_opens(here, opens_on), closes_at=_ends(here, closes_on),
        answer_days=answer_days, per_theme=per_theme, counts_shown=counts_shown,
    )  # fmt: skip
    return back(f"/console/rounds/{told.id}", "saved")


def _opens(here: Installation, on: date | None) -> datetime:
    """The beginning of a day; a day that has begun, or none, is now."""
    moment = now()
    return max(datetime.combine(on, time(), here.settings.zone), moment) if on else moment


def _ends(here: Installation, on: date) -> datetime:
    return datetime.combine(on, LAST_MINUTE, here.settings.zone)


@router.get("/rounds/{round_id}")
async def one_round(
    request: Request, asker: Asker, here: Here, session: Reading, round_id: Id
) -> Response:
    """One round: its questions with who supports them, and how it is run."""
    told = await queries.told(session, round_id)
    if told is None:
        raise UnknownRound("There is no such round.")
    found = await queries.questions(session, told.round)
    return page(
        request, "round.html", asker=asker, told=told, langs=LANGS, **_clock(here),
        rows=[one for one in found if one.open or asker.sees(one.department_key)],
        people=(await queries.people(session, [told.round]))[round_id],
        over=told.round.state in queries.OVER, zone=here.settings.zone,
        events=await trail.of(session, "round", round_id, limit=60),
        names=await staff.names(session),
    )  # fmt: skip


@router.post("/rounds/{round_id}")
async def change(
    request: Request,
    asker: Publisher,
    here: Here,
    session: Writing,
    round_id: Id,
    counts_shown: Counts = "live",
    opens_on: Day = None,
    closes_on: Day = None,
    answer_days: Annotated[int | None, Form(ge=1, le=365)] = None,
    per_theme: Annotated[int | None, Form(ge=0, le=50)] = None,
) -> Response:
    """Change what it says and shows; its rules too while it is planned."""
    await actions.change(
        session, round_id, by=asker, texts=await _texts(request), counts_shown=counts_shown,
        opens_at=_opens(here, opens_on) if opens_on else None,
        closes_at=_ends(here, closes_on) if closes_on else None,
        answer_days=answer_days, per_theme=per_theme,
    )  # fmt: skip
    return back(_to(round_id), "saved")


def _to(round_id: int, fragment: str = "") -> str:
    return f"/console/rounds/{round_id}{fragment}"


@router.post("/rounds/{round_id}/begin")
async def begin(asker: Publisher, session: Writing, round_id: Id) -> Response:
    """Open it now."""
    await actions.begin(session, round_id, actor=asker.actor)
    return back(_to(round_id), "round_begun")


@router.post("/rounds/{round_id}/extend")
async def extend(
    asker: Publisher, here: Here, session: Writing, round_id: Id, reason: Field, until: Day = None
) -> Response:
    """Let it end later, for a reason that everybody reads."""
    if until is None:
        raise NoDate("Say until when questions can be supported.")
    ends = _ends(here, until)
    await actions.extend(session, round_id, by=asker, until=ends, reason=reason)
    return back(_to(round_id), "round_extended")


@router.post("/rounds/{round_id}/end")
async def end(
    asker: Publisher, here: Here, session: Writing, round_id: Id, reason: Field
) -> Response:
    """End it before its time, or close it unanswered; everybody reads why."""
    await actions.end(session, here.settings, round_id, actor=asker.actor, reason=reason)
    return back(_to(round_id), "round_ended")


@router.post("/rounds/{round_id}/questions/{issue_id}/name")
async def name(
    asker: Publisher, session: Writing, round_id: Id, issue_id: Id, name: Line
) -> Response:
    """Give a question the title under which everybody reads it."""
    await seen(session, asker, issue_id)
    if not name.strip():
        raise actions.NoRoundText("A question needs a title.")
    await issues.rename(session, issue_id, name, by=asker)
    return back(_to(round_id, f"#q{issue_id}"), "renamed")


@router.post("/rounds/{round_id}/questions/{issue_id}/aside")
async def set_aside(
    asker: Publisher, here: Here, session: Writing, round_id: Id, issue_id: Id, reason: Field
) -> Response:
    """Do not put a question to the vote; who supports it reads why."""
    await support.set_aside(session, here, round_id, issue_id, by=asker, reason=reason)
    undo = f"/console/rounds/{round_id}/questions/{issue_id}/in"
    return back(_to(round_id, f"#q{issue_id}"), "set_aside", undo=undo)


@router.post("/rounds/{round_id}/questions/{issue_id}/in")
async def let_in(asker: Publisher, session: Writing, round_id: Id, issue_id: Id) -> Response:
    """Put it to the vote again."""
    await support.let_in(session, round_id, issue_id, by=asker)
    return back(_to(round_id, f"#q{issue_id}"), "let_in")
