"""Public pages: start, statements, and status by receipt code (throttled); the others in files of
their own.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from service.answers import queries as answers
from service.consultations import queries as asking
from service.consultations.queries import Whole
from service.database import Session, now
from service.errors import GabineteError
from service.issues import queries as issues
from service.issues.showing import queries as showing
from service.limiting import per_minute
from service.messages import queries as messages
from service.messages import receipts
from service.public import answers as answer_pages
from service.public import consultations, consulting, data, heard, queries, rounds, voting
from service.public.keeping import kept
from service.public.queries import Wanted
from service.public.searching import limiter
from service.rounds import queries as round_queries
from service.shell.pages import page
from service.shell.requests import Here, Reading

own = APIRouter(include_in_schema=False)

TRIES = per_minute(10)
LATEST, LOUDEST = 5, 4


class TooManyTries(GabineteError):
    """Too many receipt codes were tried from one address."""

    code = "too_many_tries"
    status = 429


@own.get("/")
async def start(request: Request, here: Here, session: Reading) -> Response:
    """Where to write, what was answered lately, and what is being heard."""
    least, zone = here.settings.public_minimum, here.settings.zone
    ids, total = await queries.newest(session, Wanted(), zone, limit=LATEST)
    loud = await showing.heard(session, least, zone)
    shown = page(
        request, "start.html", rows=await queries.shown(session, ids, least), total=total,
        heard=loud[:LOUDEST], more=len(loud) > LOUDEST, brief=answer_pages.brief,
        running=await round_queries.running(session, now()), asked=await _asked(session),
    )  # fmt: skip
    return kept(request, shown)


async def _asked(session: Session) -> list[Whole]:
    """What the government asks everybody now."""
    rows, _ = await asking.page(session, states=("proposing", "voting"), limit=LOUDEST)
    return await asking.wholes(session, rows)


@own.get("/accessibility")
async def accessibility(request: Request) -> Response:
    """How far the pages can be used by everybody, and whom to tell where not."""
    return kept(request, page(request, "accessibility.html"))


@own.get("/privacy")
async def privacy(request: Request) -> Response:
    """What is stored of whom, and how it is seen, taken away and erased."""
    return kept(request, page(request, "privacy.html"))


@own.get("/healthz")
async def health(request: Request) -> dict[str, bool]:
    """Whether the service answers, and whether its encoder and index are ready."""
    return {"ok": True, "ready": request.app.state.running.ready.is_set()}


@own.get("/receipt")
async def receipt_form(request: Request) -> Response:
    """Ask for a receipt code."""
    return page(request, "receipt.html", found=None, unknown=False)


@own.post("/receipt")
async def receipt(
    request: Request, here: Here, session: Reading, code: Annotated[str, Form(max_length=60)]
) -> Response:
    """What became of a contribution, and its answer, on any device."""
    address = request.client.host if request.client else ""
    if not limiter(request).hit(TRIES, "receipt", address):
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


router = APIRouter()
screens = (
    own, answer_pages.router, heard.router, consulting.router, voting.router,
    consultations.router, rounds.router, data.router,
)  # fmt: skip
for one in screens:
    router.routes.extend(one.routes)
