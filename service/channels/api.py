"""Messages that could not be read, for staff: seen, and read again once the cause is mended."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.channels import inbox
from service.channels.schemas import SetAsideOut
from service.shell.requests import Reading, Writing
from service.staff.access import Staffer, require

router = APIRouter(tags=["channels"])

Overseer = Annotated[Staffer, Depends(require("comms", "moderator", "auditor"), scope="function")]
Mender = Annotated[Staffer, Depends(require("comms", "moderator"), scope="function")]


@router.get("/inbox/set-aside")
async def set_aside(overseer: Overseer, session: Reading) -> list[SetAsideOut]:
    """Messages that could not be read, oldest first; their words stay sealed."""
    return [SetAsideOut.model_validate(row) for row in await inbox.aside(session)]


@router.post("/inbox/{message_id}/retry", status_code=204)
async def retry(message_id: int, mender: Mender, session: Writing) -> None:
    """Let a message that was set aside be read again."""
    await inbox.retry(session, message_id, actor=mender.actor)
