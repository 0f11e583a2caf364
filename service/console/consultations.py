"""Consultations: all of them, and one: planned, worded, opened, moved, put off, cancelled."""

from datetime import datetime
from itertools import zip_longest
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from service.console.forms import (
    LANGS,
    SHOWN,
    At,
    Field,
    Id,
    Language,
    Line,
    Link,
    Moment,
    Publisher,
    Why,
    local,
    pages_of,
    skipped,
)
from service.console.live import Since
from service.console.screening import known
from service.consultations import actions, queries
from service.consultations.actions import Plan, WrongThemes
from service.consultations.proposals import queries as proposals
from service.consultations.queries import Whole
from service.consultations.standing.actions import DATED, MOVES
from service.consultations.voting import queries as voting
from service.database import now
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff import queries as staff
from service.staff.access import Asker
from service.trail import queries as trail

router = APIRouter(prefix="/console", include_in_schema=False)

STATES = tuple(MOVES)
BY_HAND = ("screening", "voting", "shortlisted", "met", "reported")


class PlanForm:
    """What staff decide of a consultation, as its form sends it."""

    def __init__(
        self,
        here: Here,
        proposing_from: Moment,
        proposing_until: Moment,
        screening_until: Moment,
        voting_until: Moment,
        lang: Language,
        open_to: Annotated[Literal["all", "place", "code"], Form()] = "all",
        place: Line = "",
        entry_code: Annotated[str, Form(max_length=60)] = "",
        picture_url: Link = None,
        video_url: Link = None,
        scores_shown: Annotated[Literal["after", "live"], Form()] = "after",
        shortlist_size: Annotated[int, Form(ge=1, le=100)] = 10,
    ) -> None:
        """Times are of the installation's zone."""
        zone = here.settings.zone
        self.plan = Plan(
            lang=lang,
            proposing_from=local(proposing_from, zone),
            proposing_until=local(proposing_until, zone),
            screening_until=local(screening_until, zone),
            voting_until=local(voting_until, zone),
            open_to=open_to,
            place=place or None,
            entry_code=entry_code or None,
            picture_url=picture_url or None,
            video_url=video_url or None,
            scores_shown=scores_shown,
            shortlist_size=shortlist_size,
        )


@router.get("/consultations")
async def consultations(
    request: Request,
    asker: Asker,
    session: Reading,
    state: Annotated[str, Query(max_length=20)] = "",
    at: At = 1,
) -> Response:
    """All of them, the newest first, those that are being written too."""
    states = (state,) if state in STATES else ()
    rows, total = await queries.page(session, states=states, limit=SHOWN, offset=skipped(at))
    ids = [row.id for row in rows]
    return page(
        request, "asked.html", asker=asker, state=state, states=STATES, at=at,
        rows=await queries.wholes(session, rows), pages=pages_of(total), total=total,
        counts=await proposals.counts(session, ids), ends=_next_date,
        votes=await voting.readings(session, ids),
    )  # fmt: skip


def _next_date(whole: Whole) -> datetime | None:
    """When the phase that runs ends."""
    name, _ = DATED.get(whole.row.state, ("", ""))
    return getattr(whole.row, name) if name else None


@router.get("/consultations/new")
async def new(request: Request, asker: Publisher, here: Here) -> Response:
    """The form of a new one."""
    return page(
        request, "asked_new.html", asker=asker, langs=LANGS, zone=here.settings.zone, now=now(),
    )  # fmt: skip


@router.post("/consultations")
async def draft(
    asker: Publisher,
    here: Here,
    session: Writing,
    form: Annotated[PlanForm, Depends()],
    title: Line,
    question: Line,
    themes: Field,
    text: Field = "",
) -> Response:
    """Begin one, with its question and themes in its own language."""
    row = await actions.draft(session, here.vault, form.plan, by=asker)
    lang = form.plan.lang
    await actions.word(session, row.id, lang, title=title, question=question, text=text, by=asker)
    await actions.divide(session, row.id, _named({lang: themes}), by=asker)
    return back(f"/console/consultations/{row.id}", "drafted")


def _named(told: dict[str, str]) -> list[dict[str, str]]:
    """Themes by their names in languages, from one text for each with a theme on each line."""
    lines = {
        lang: [line.strip() for line in text.splitlines() if line.strip()]
        for lang, text in told.items()
    }
    if any(len(name) > 120 for names in lines.values() for name in names):
        raise WrongThemes("A theme's name has 120 characters at most.")
    rows = zip_longest(*lines.values())
    return [{lang: name for lang, name in zip(lines, names, strict=True) if name} for names in rows]


@router.get("/consultations/{consultation_id}")
async def consultation(
    request: Request, asker: Asker, since: Since, here: Here, session: Reading, consultation_id: Id
) -> Response:
    """One consultation: how it stands, and what can be done with it."""
    whole = await known(session, consultation_id)
    counts = (await proposals.counts(session, [consultation_id]))[consultation_id]
    following = [one for one in BY_HAND if one in MOVES[whole.row.state]]
    return page(
        request, "asked_one.html", asker=asker, since=since, whole=whole, counts=counts,
        langs=LANGS, zone=here.settings.zone, theme_name=queries.theme_name, following=following,
        reading=await voting.reading(session, consultation_id), now=now(), states=STATES[:-1],
        extensible=[
            phase for phase, states in actions.EXTENSIBLE.items() if whole.row.state in states
        ],
        events=await trail.of(session, "consultation", consultation_id),
        names=await staff.names(session),
    )  # fmt: skip


@router.post("/consultations/{consultation_id}/plan")
async def change(
    asker: Publisher,
    here: Here,
    session: Writing,
    consultation_id: Id,
    form: Annotated[PlanForm, Depends()],
) -> Response:
    """Plan a drafted one anew."""
    await actions.change(session, here.vault, consultation_id, form.plan, by=asker)
    return _back(consultation_id, "saved")


def _back(consultation_id: int, done: str) -> Response:
    return back(f"/console/consultations/{consultation_id}", done)


@router.post("/consultations/{consultation_id}/texts")
async def word(
    asker: Publisher,
    session: Writing,
    consultation_id: Id,
    lang: Language,
    title: Line,
    question: Line,
    text: Field = "",
) -> Response:
    """What is asked in one language."""
    await actions.word(
        session, consultation_id, lang, title=title, question=question, text=text, by=asker
    )
    return _back(consultation_id, "saved")


@router.post("/consultations/{consultation_id}/themes")
async def divide(
    asker: Publisher,
    session: Writing,
    consultation_id: Id,
    pt: Field = "",
    es: Field = "",
    en: Field = "",
) -> Response:
    """Its themes, one on each line, in each language."""
    themes = _named({"pt": pt, "es": es, "en": en})
    await actions.divide(session, consultation_id, themes, by=asker)
    return _back(consultation_id, "saved")


@router.post("/consultations/{consultation_id}/open")
async def open_(asker: Publisher, session: Writing, consultation_id: Id) -> Response:
    """It may be answered: now, or from its first date on."""
    await actions.open_(session, consultation_id, by=asker)
    return _back(consultation_id, "opened")


@router.post("/consultations/{consultation_id}/move")
async def move(
    asker: Publisher,
    session: Writing,
    consultation_id: Id,
    to: Annotated[Literal["screening", "voting", "shortlisted", "met", "reported"], Form()],
    why: Why,
) -> Response:
    """Move it before its date, or where no date does."""
    await actions.move(session, consultation_id, to, by=asker, why=why)
    return _back(consultation_id, "moved_on")


@router.post("/consultations/{consultation_id}/extend")
async def extend(
    asker: Publisher,
    here: Here,
    session: Writing,
    consultation_id: Id,
    phase: Annotated[Literal["proposing", "screening", "voting"], Form()],
    until: Moment,
    reason: Why,
) -> Response:
    """Put the end of a phase off, with a reason that the public reads."""
    ends = local(until, here.settings.zone)
    await actions.extend(session, consultation_id, phase, ends, by=asker, reason=reason)
    return _back(consultation_id, "put_off")


@router.post("/consultations/{consultation_id}/cancel")
async def cancel(
    asker: Publisher,
    session: Writing,
    consultation_id: Id,
    reason: Why,
) -> Response:
    """End it for good, with a reason that the public reads."""
    await actions.cancel(session, consultation_id, by=asker, reason=reason)
    return _back(consultation_id, "cancelled")
