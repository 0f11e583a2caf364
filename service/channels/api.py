"""How the channels stand, and messages that could not be read: seen, and read again once the cause
is mended.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from service.channels import inbox, presence
from service.channels.presence import Standing
from service.channels.schemas import SetAsideOut, StandingOut
from service.database import Session
from service.shell.requests import Reading, Writing
from service.staff.access import Staffer, require

router = APIRouter(tags=["channels"])

Overseer = Annotated[Staffer, Depends(require("comms", "moderator", "auditor"), scope="function")]
Mender = Annotated[Staffer, Depends(require("comms", "moderator"), scope="function")]


async def standings(request: Request, session: Session) -> list[Standing]:
    """How each channel that settings name stands."""
    channels = request.app.state.channels
    bots = [name for name, one in channels.items() if not one.capabilities.pull]
    return await presence.standings(session, list(channels), bots)


@router.get("/channels")
async def channels(request: Request, overseer: Overseer, session: Reading) -> list[StandingOut]:
    """How each channel stands, wherever it is run."""
    return [
        StandingOut(
            channel=one.channel, state=one.state, says=one.says, code=one.code, since=one.since
        )
        for one in await standings(request, session)
    ]


@router.get("/inbox/set-aside")
async def set_aside(overseer: Overseer, session: Reading) -> list[SetAsideOut]:
    """Messages that could not be read, oldest first; their words stay sealed."""
    return [SetAsideOut.model_validate(row) for row in await inbox.aside(session)]


@router.post("/inbox/{message_id}/retry", status_code=204)
async def retry(message_id: int, mender: Mender, session: Writing) -> None:
    """Let a message that was set aside be read again."""
    await inbox.retry(session, message_id, actor=mender.actor)
