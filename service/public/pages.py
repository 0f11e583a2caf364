"""Public pages: start, published answers, and status by receipt code (throttled)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from service.answers import queries as answers
from service.errors import GabineteError, NotFound
from service.issues import queries as issues
from service.messages import queries as messages
from service.messages import receipts
from service.shell.pages import page
from service.shell.requests import Here, Reading

router = APIRouter(include_in_schema=False)

TRIES = RateLimitItemPerMinute(10)
SHOWN = 20


class TooManyTries(GabineteError):
    """Too many receipt codes were tried from one address."""

    code = "too_many_tries"
    status = 429


@router.get("/")
async def start(request: Request) -> Response:
    """Where to write, and where to read."""
    return page(request, "start.html")


@router.get("/healthz")
async def health(request: Request) -> dict[str, bool]:
    """Whether the service answers, and whether its encoder and index are ready."""
    return {"ok": True, "ready": request.app.state.running.ready.is_set()}


@router.get("/answers")
async def answer_list(request: Request, session: Reading, at: int = 1) -> Response:
    """Published answers, newest first."""
    first = (max(at, 1) - 1) * SHOWN
    rows, total = await answers.page(session, state=answers.PUBLIC, limit=SHOWN, offset=first)
    return page(request, "public_answers.html", rows=rows, at=at, pages=-(-total // SHOWN))


@router.get("/answers/{answer_id}")
async def answer(request: Request, session: Reading, answer_id: int) -> Response:
    """One published answer, with what it announced."""
    ready = (await answers.published(session, [answer_id])).get(answer_id)
    if ready is None:
        raise NotFound("There is no such published answer.")
    measures = await answers.measures(session, answer_id)
    return page(request, "public_answer.html", answer=ready, measures=measures)


@router.get("/receipt")
async def receipt_form(request: Request) -> Response:
    """Ask for a receipt code."""
    return page(request, "receipt.html", found=None, unknown=False)


@router.post("/receipt")
async def receipt(
    request: Request, here: Here, session: Reading, code: Annotated[str, Form(max_length=60)]
) -> Response:
    """What became of a contribution, and its answer, on any device."""
    address = request.client.host if request.client else ""
    if not _limiter(request).hit(TRIES, "receipt", address):
        raise TooManyTries("Too many codes were tried; wait a minute.")
    read = receipts.read(code)
    digest = here.vault.digest("receipt", read) if read else ""
    found = await messages.by_receipt(session, digest) if read else None
    if found is None:
        return page(request, "receipt.html", status=404, found=None, unknown=True)
    where = await issues.issues_of(session, [found.id])
    context = await issues.context(session, list(where.values()))
    issue = context[where[found.id]]
    settled = await answers.for_contribution(session, found.id, issue.root_id)
    ready: Sequence[answers.Published] = list((await answers.published(session, settled)).values())
    return page(
        request, "receipt.html", found=found, unknown=False, issue=issue, answers=ready, code=read
    )


def _limiter(request: Request) -> MovingWindowRateLimiter:
    """One for each running application."""
    state = request.app.state
    if not hasattr(state, "receipt_limiter"):
        state.receipt_limiter = MovingWindowRateLimiter(MemoryStorage())
    found: MovingWindowRateLimiter = state.receipt_limiter
    return found
