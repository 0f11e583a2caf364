"""Showing issues to the public, over HTTP: for who publishes answers too."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from service.database import Session, now
from service.issues import schemas
from service.issues.api import IdPath, seen
from service.issues.listing import queries as listing
from service.issues.models import Issue
from service.issues.showing import actions, queries
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker, Staffer, require

router = APIRouter(tags=["issues"])
Publisher = Annotated[Staffer, Depends(require("comms"), scope="function")]


class HeardOut(BaseModel):
    """An issue in the public's words: at least so many people, since a month."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["No water on Flower Street"])
    state: str = Field(examples=["open"])
    department: str | None = Field(examples=["Water and Sewers"])
    people: int = Field(examples=[40])
    since: date


class StandingOut(BaseModel):
    """What the public reads of an issue, or would read; null in `lacks` says that it does.

    `lacks`: a `name` by staff, as many `people` as `least`, or that staff `show` it.
    """

    model_config = ConfigDict(from_attributes=True)

    reads: HeardOut
    least: int = Field(examples=[10])
    lacks: Literal["name", "people", "show"] | None


@router.get("/issues/{issue_id}/shown")
async def standing(session: Reading, asker: Asker, here: Here, issue_id: IdPath) -> StandingOut:
    """What the public reads of it, or would read, and what is lacking for it."""
    own = await seen(session, asker, issue_id)
    found = queries.standing(own, here.settings.public_minimum, here.settings.zone)
    return StandingOut.model_validate(found)


@router.post("/issues/{issue_id}/show")
async def show(session: Writing, asker: Publisher, issue_id: IdPath) -> schemas.IssueLine:
    """The public may read of it, by the name staff gave it, once enough people speak of it."""
    await seen(session, asker, issue_id)
    return await _line(session, await actions.show(session, issue_id, by=asker))


@router.post("/issues/{issue_id}/hide")
async def hide(
    session: Writing, asker: Publisher, issue_id: IdPath, body: schemas.Why
) -> schemas.IssueLine:
    """The public reads of it no more."""
    await seen(session, asker, issue_id)
    return await _line(session, await actions.hide(session, issue_id, by=asker, why=body.why))


async def _line(session: Session, issue: Issue) -> schemas.IssueLine:
    return schemas.line((await listing.listed(session, [issue.id]))[issue.id], now())
