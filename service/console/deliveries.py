"""What leaves, and what came in and could not be read: states and reasons, never words."""

from fastapi import APIRouter, Request, Response

from service.channels import api as channels
from service.channels import deliveries, inbox, queries
from service.console.forms import SHOWN, At, Mender, Overseer, Publisher, pages_of, skipped
from service.console.live import Since
from service.console.sayings import in_words
from service.shell.pages import back, page
from service.shell.requests import Reading, Writing

router = APIRouter(prefix="/console", include_in_schema=False)

STATES = ("waiting", "sending", "sent", "failed", "uncertain", "cancelled")


@router.get("/deliveries")
async def delivery_list(
    request: Request,
    asker: Overseer,
    since: Since,
    session: Reading,
    state: str = "",
    at: At = 1,
) -> Response:
    """Deliveries, newest first, and messages that were set aside."""
    rows, total = await queries.page(
        session, state=state or None, answer_id=None, limit=SHOWN, offset=skipped(at)
    )
    return page(
        request, "deliveries.html", asker=asker, since=since, rows=rows, total=total, state=state,
        at=at, states=STATES, pages=pages_of(total), aside=await inbox.aside(session),
        standings=await channels.standings(request, session), in_words=in_words,
        failures=await queries.reasons(session),
    )  # fmt: skip


@router.post("/inbox/{message_id}/retry")
async def retry(asker: Mender, session: Writing, message_id: int) -> Response:
    """Let a message that was set aside be read again."""
    await inbox.retry(session, message_id, actor=asker.actor)
    return back("/console/deliveries", "retried")


@router.post("/deliveries/{delivery_id}/resend")
async def resend(asker: Publisher, session: Writing, delivery_id: int) -> Response:
    """Send a failed or uncertain delivery again."""
    await deliveries.resend(session, delivery_id, actor=asker.actor)
    return back("/console/deliveries", "resent")
