"""The listening report for programs."""

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from service.database import now
from service.errors import GabineteError
from service.issues.api import scope_of
from service.report import queries
from service.report.queries import Period
from service.shell import pages, pictures
from service.shell.requests import Here, Reading
from service.staff.access import Asker

router = APIRouter(tags=["overview"])

USUAL = timedelta(days=29)
LONGEST = timedelta(days=3700)


class WrongPeriod(GabineteError):
    """A period begins before it ends, and lasts ten years at most."""

    code = "wrong_period"


def period(here: Here, first: date | None = None, last: date | None = None) -> Period:
    """The days that were named; the last thirty where none were. Raises `WrongPeriod`."""
    end = last or now().astimezone(here.settings.zone).date()
    start = first or end - USUAL
    if not timedelta() <= end - start <= LONGEST:
        raise WrongPeriod("A period begins before it ends, and lasts ten years at most.")
    return Period(start, end, here.settings.zone)


Chosen = Annotated[Period, Depends(period)]


class LoudOut(BaseModel):
    """A theme or an issue, and how much was said of it in the period."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str = Field(examples=["Water supply"])
    contributions: int
    people: int
    department: str | None = Field(examples=["Water and Sewers"])
    state: str | None = Field(examples=["open"])


class ServedOut(BaseModel):
    """A department in the report; without a name it is the triage desk."""

    model_config = ConfigDict(from_attributes=True)

    name: str | None = Field(examples=["Water and Sewers"])
    contributions: int
    people: int
    waiting: int
    answered: int


class ReportOut(BaseModel):
    """What a period held. It counts who wrote to us, and is not a poll."""

    first: date
    last: date
    contributions: int
    people: int
    issues: int
    answers: int
    told: int
    days_to_answer: float | None
    columns: list[tuple[date, int]]
    themes: list[LoudOut]
    loudest: list[LoudOut]
    departments: list[ServedOut]
    channels: dict[str, int]
    languages: dict[str, int]
    kinds: dict[str, int]
    places: dict[str, int]
    unplaced: int


@router.get("/report")
async def show(asker: Asker, session: Reading, chosen: Chosen) -> ReportOut:
    """What was said, answered and told from the day `first` to the day `last`."""
    found = await queries.report(session, scope_of(asker), chosen)
    return ReportOut(
        first=chosen.first,
        last=chosen.last,
        contributions=found.contributions,
        people=found.people,
        issues=found.issues,
        answers=found.answers,
        told=found.told,
        days_to_answer=found.days,
        columns=found.columns,
        themes=[LoudOut.model_validate(one) for one in found.themes],
        loudest=[LoudOut.model_validate(one) for one in found.loudest],
        departments=[ServedOut.model_validate(one) for one in found.departments],
        channels=found.channels,
        languages=found.languages,
        kinds=found.kinds,
        places=found.places,
        unplaced=found.unplaced,
    )


@router.get("/report/chart.png", response_class=pictures.PngResponse)
async def picture(
    asker: Asker,
    session: Reading,
    here: Here,
    chosen: Chosen,
    lang: Literal["pt", "es", "en"] | None = None,
) -> Response:
    """How much was said in the period, as a picture to send in a chat; `x-alt-text` says in words
    what it shows, percent-encoded.
    """
    spoken = lang or pages.spoken(asker.lang)
    columns = await queries.columns(session, scope_of(asker), chosen)
    caption = f"{pages.word('contributions', spoken)} · {here.settings.government}"
    title = pages.word("nav.report", spoken)
    drawn = pictures.timeline(title, caption, columns, spoken)
    return pictures.answer(drawn)
