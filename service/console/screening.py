"""Proposals of a consultation: the queue of what waits, with what is like it; all of them; one."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from service.console.forms import HIGHEST, LANGS, Id, Language, Number, Publisher, pages_of, skipped
from service.console.forms import Field as Text
from service.consultations import queries as consultations
from service.consultations.actions import UnknownConsultation
from service.consultations.proposals import queries
from service.consultations.proposals.models import Proposal
from service.consultations.proposals.screening import actions
from service.consultations.proposals.screening import queries as screening
from service.consultations.proposals.standing.actions import UnknownProposal
from service.consultations.queries import Whole
from service.database import Session
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff import queries as staff
from service.staff.access import Asker
from service.trail import queries as trail

router = APIRouter(prefix="/console/consultations", include_in_schema=False)

QUEUED, LISTED = 20, 50
STATES = ("waiting", "admitted", "refused", "joined", "withdrawn")


def _chosen(value: Any) -> Any:
    """A field of a form that was left empty chooses nothing."""
    return None if value == "" else value


class View(BaseModel):
    """What the address says of a list of proposals."""

    what: Literal["waiting", "review"] = "waiting"
    state: Annotated[str, Field(max_length=20)] = ""
    theme: Annotated[int | None, Field(ge=1, le=HIGHEST), BeforeValidator(_chosen)] = None
    at: Annotated[int, Field(ge=1, le=100_000)] = 1

    def address(self) -> str:
        """The view without its page, to go on from."""
        told = self.model_dump(exclude_defaults=True, exclude={"at"})
        return urlencode(told) + "&" if told else ""


Viewed = Annotated[View, Query()]


async def known(session: Session, consultation_id: int) -> Whole:
    """A consultation with all that belongs to it. Raises `UnknownConsultation`."""
    whole = await consultations.whole(session, consultation_id)
    if whole is None:
        raise UnknownConsultation("There is no such consultation.")
    return whole


@router.get("/{consultation_id}/queue")
async def queue(
    request: Request, asker: Asker, session: Reading, consultation_id: Id, view: Viewed
) -> Response:
    """What waits for a decision, or for a review, the nearest others beside it."""
    whole = await known(session, consultation_id)
    review = view.what == "review"
    rows, total = await queries.page(
        session, consultation_id, states=("refused",) if review else ("waiting",),
        theme_id=view.theme, review=review, limit=QUEUED, offset=skipped(view.at, QUEUED),
    )  # fmt: skip
    retriever = getattr(request.app.state, "retriever", None)
    return page(
        request, "screening.html", asker=asker, whole=whole, view=view, total=total,
        pages=pages_of(total, QUEUED), theme_name=consultations.theme_name,
        rows=await screening.queue(session, consultation_id, rows, retriever),
        names=await staff.names(session), ready=retriever is not None,
    )  # fmt: skip


@router.get("/{consultation_id}/proposals")
async def proposals(
    request: Request, asker: Asker, session: Reading, consultation_id: Id, view: Viewed
) -> Response:
    """All proposals, whatever became of them, and the form for one of staff."""
    whole = await known(session, consultation_id)
    states = (view.state,) if view.state in STATES else STATES
    rows, total = await queries.page(
        session, consultation_id, states=states, theme_id=view.theme, limit=LISTED,
        offset=skipped(view.at, LISTED),
    )  # fmt: skip
    return page(
        request, "asked_proposals.html", asker=asker, whole=whole, view=view, total=total,
        pages=pages_of(total, LISTED), states=STATES, langs=LANGS, seeds=actions.SEEDED,
        rows=await queries.lines(session, rows), theme_name=consultations.theme_name,
    )  # fmt: skip


@router.post("/{consultation_id}/proposals")
async def seed(
    asker: Publisher,
    session: Writing,
    consultation_id: Id,
    theme: Number,
    lang: Language,
    text: Text,
) -> Response:
    """A proposal of staff to begin with, marked as such."""
    await actions.seed(session, consultation_id, theme, lang, text, by=asker)
    return back(f"/console/consultations/{consultation_id}/proposals", "seeded")


@router.get("/{consultation_id}/proposals/{proposal_id}")
async def proposal(
    request: Request, asker: Asker, session: Reading, consultation_id: Id, proposal_id: Id
) -> Response:
    """One proposal: whose, what is like it, what was done, and what can be."""
    whole = await known(session, consultation_id)
    row = await queries.proposal(session, proposal_id)
    if row is None or row.consultation_id != consultation_id or row.state == "erased":
        raise UnknownProposal("There is no such proposal.")
    retriever = getattr(request.app.state, "retriever", None)
    (shown,) = await screening.queue(session, consultation_id, [row], retriever)
    return page(
        request, "asked_proposal.html", asker=asker, whole=whole, one=shown, langs=LANGS,
        theme_name=consultations.theme_name, names=await staff.names(session),
        together=await queries.listed_with(session, proposal_id),
        joined=await queries.joined_to(session, proposal_id),
        events=await trail.of(session, "proposal", proposal_id),
    )  # fmt: skip


async def _held(session: Writing, consultation_id: Id, proposal_id: Id) -> Proposal:
    """The proposal that a form is about. Raises `UnknownProposal`."""
    row = await queries.proposal(session, proposal_id)
    if row is None or row.consultation_id != consultation_id:
        raise UnknownProposal("There is no such proposal.")
    return row


Held = Annotated[Proposal, Depends(_held, scope="function")]
ONE = "/{consultation_id}/proposals/{proposal_id}"


def _back(request: Request, row: Proposal, done: str) -> Response:
    """To the list that a form was sent from, with its view; else to the proposal."""
    came = urlsplit(request.headers.get("referer", ""))
    base = f"/console/consultations/{row.consultation_id}"
    if came.path in (f"{base}/queue", f"{base}/proposals"):
        return back(f"{came.path}?{came.query}" if came.query else came.path, done)
    return back(f"{base}/proposals/{row.id}", done)


@router.post(ONE + "/admit")
async def admit(
    request: Request, asker: Publisher, here: Here, session: Writing, row: Held
) -> Response:
    """Everybody may read it; its author hears so."""
    await actions.admit(session, here, row.id, by=asker)
    return _back(request, row, "admitted")


@router.post(ONE + "/refuse")
async def refuse(
    request: Request, asker: Publisher, here: Here, session: Writing, row: Held, reason: Text
) -> Response:
    """It is not shown; its author reads why."""
    await actions.refuse(session, here, row.id, by=asker, reason=reason)
    return _back(request, row, "refused_proposal")


@router.post(ONE + "/wording")
async def wording(
    request: Request, asker: Publisher, here: Here, session: Writing, row: Held, text: Text = ""
) -> Response:
    """Show it in another wording, its author's own beside it."""
    await actions.edit(session, here, row.id, text.replace("\r\n", "\n"), by=asker)
    return _back(request, row, "worded")


@router.post(ONE + "/theme")
async def put_under(
    request: Request, asker: Publisher, session: Writing, row: Held, theme: Number
) -> Response:
    """Put it under another theme."""
    await actions.put_under(session, row.id, theme, by=asker)
    return _back(request, row, "themed")


@router.post(ONE + "/together")
async def together(
    request: Request, asker: Publisher, session: Writing, row: Held, other: Number
) -> Response:
    """List it with another; each keeps its author and its votes."""
    await actions.show_together(session, row.id, other, by=asker)
    return _back(request, row, "together")


@router.post(ONE + "/alone")
async def alone(request: Request, asker: Publisher, session: Writing, row: Held) -> Response:
    """List it by itself again."""
    await actions.show_alone(session, row.id, by=asker)
    return _back(request, row, "alone")


@router.post(ONE + "/join")
async def join(
    request: Request, asker: Publisher, here: Here, session: Writing, row: Held, other: Number
) -> Response:
    """Ask its author whether it may become part of another."""
    await actions.ask_to_join(session, here, row.id, other, by=asker)
    return _back(request, row, "join_asked")


@router.post(ONE + "/reply")
async def reply(
    request: Request, asker: Publisher, here: Here, session: Writing, row: Held, text: Text
) -> Response:
    """What the government says to it; its author hears it."""
    await actions.reply(session, here, row.id, text, by=asker)
    return _back(request, row, "replied")
