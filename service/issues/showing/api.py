"""Showing issues to the public, over HTTP: for who publishes answers too."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.database import Session, now
from service.issues import schemas
from service.issues.api import IdPath, seen
from service.issues.listing import queries as listing
from service.issues.models import Issue
from service.issues.showing import actions
from service.shell.requests import Writing
from service.staff.access import Staffer, require

router = APIRouter(tags=["issues"])
Publisher = Annotated[Staffer, Depends(require("comms"), scope="function")]


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
