"""Proposals over HTTP: the comms team screens them, all staff read them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from service.consultations import queries as consultations
from service.consultations.actions import UnknownConsultation
from service.consultations.api import Id, Limit, Offset, Running
from service.consultations.proposals import queries, schemas
from service.consultations.proposals.actions import UnknownProposal
from service.consultations.proposals.schemas import ProposalOut, ProposalPage, QueuePage
from service.consultations.proposals.screening import actions
from service.consultations.proposals.screening import queries as screening
from service.database import Session
from service.retrieval.retriever import Retriever
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker

router = APIRouter(tags=["consultations"])

Theme = Annotated[int | None, Query(ge=1, le=schemas.HIGHEST)]


async def _one(session: Session, proposal_id: int) -> ProposalOut:
    row = await queries.proposal(session, proposal_id)
    if row is None:
        raise UnknownProposal("There is no such proposal.")
    return schemas.line((await queries.lines(session, [row]))[0])


async def _known(session: Session, consultation_id: int) -> None:
    if await consultations.consultation(session, consultation_id) is None:
        raise UnknownConsultation("There is no such consultation.")


@router.get("/consultations/{consultation_id}/proposals")
async def page(
    session: Reading,
    asker: Asker,
    consultation_id: Id,
    state: Annotated[list[str] | None, Query()] = None,
    theme: Theme = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> ProposalPage:
    """Proposals of a consultation, oldest first."""
    await _known(session, consultation_id)
    rows, total = await queries.page(
        session, consultation_id, states=state or (), theme_id=theme, limit=limit, offset=offset
    )
    items = [schemas.line(one) for one in await queries.lines(session, rows)]
    return ProposalPage(items=items, total=total)


@router.get("/consultations/{consultation_id}/queue")
async def queue(
    request: Request,
    session: Reading,
    asker: Asker,
    consultation_id: Id,
    what: Literal["waiting", "review"] = "waiting",
    theme: Theme = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> QueuePage:
    """What waits for a decision, or for a review, near ones beside it, off-topic marked."""
    await _known(session, consultation_id)
    rows, total = await queries.page(
        session, consultation_id, states=("waiting",) if what == "waiting" else ("refused",),
        theme_id=theme, review=what == "review", limit=limit, offset=offset,
    )  # fmt: skip
    retriever: Retriever | None = getattr(request.app.state, "retriever", None)
    items = await screening.queue(session, consultation_id, rows, retriever)
    return QueuePage(items=[schemas.waiting(one) for one in items], total=total)


@router.post("/consultations/{consultation_id}/proposals", status_code=201)
async def seed(
    session: Writing, asker: Running, consultation_id: Id, body: schemas.SeedIn
) -> ProposalOut:
    """A proposal of staff to begin with, marked as such."""
    row = await actions.seed(
        session, consultation_id, body.theme_id, body.lang, body.text, by=asker
    )
    return await _one(session, row.id)


@router.get("/proposals/{proposal_id}")
async def one(session: Reading, asker: Asker, proposal_id: Id) -> ProposalOut:
    """One proposal."""
    return await _one(session, proposal_id)


@router.post("/proposals/{proposal_id}/admit")
async def admit(session: Writing, asker: Running, here: Here, proposal_id: Id) -> ProposalOut:
    """Everybody may read it; its author hears so."""
    await actions.admit(session, here, proposal_id, by=asker)
    return await _one(session, proposal_id)


@router.post("/proposals/{proposal_id}/refuse")
async def refuse(
    session: Writing, asker: Running, here: Here, proposal_id: Id, body: schemas.Refusal
) -> ProposalOut:
    """It is not shown; its author hears why and can ask, once, for somebody else to look at it."""
    await actions.refuse(session, here, proposal_id, by=asker, reason=body.reason)
    return await _one(session, proposal_id)


@router.put("/proposals/{proposal_id}/wording")
async def edit(
    session: Writing, asker: Running, here: Here, proposal_id: Id, body: schemas.WordingIn
) -> ProposalOut:
    """Show it in another wording; what its author wrote is kept beside it."""
    await actions.edit(session, here, proposal_id, body.text, by=asker)
    return await _one(session, proposal_id)


@router.put("/proposals/{proposal_id}/theme")
async def put_under(
    session: Writing, asker: Running, proposal_id: Id, body: schemas.ThemeIn
) -> ProposalOut:
    """Put it under another theme."""
    await actions.put_under(session, proposal_id, body.theme_id, by=asker)
    return await _one(session, proposal_id)


@router.post("/proposals/{proposal_id}/together")
async def show_together(
    session: Writing, asker: Running, proposal_id: Id, body: schemas.OtherIn
) -> ProposalOut:
    """List it with another; both keep their authors and their votes, so nobody need consent."""
    await actions.show_together(session, proposal_id, body.with_id, by=asker)
    return await _one(session, proposal_id)


@router.delete("/proposals/{proposal_id}/together")
async def show_alone(session: Writing, asker: Running, proposal_id: Id) -> ProposalOut:
    """List it by itself again."""
    await actions.show_alone(session, proposal_id, by=asker)
    return await _one(session, proposal_id)


@router.post("/proposals/{proposal_id}/ask-to-join")
async def ask_to_join(
    session: Writing, asker: Running, here: Here, proposal_id: Id, body: schemas.OtherIn
) -> ProposalOut:
    """Ask its author whether it may become part of another, with its supporters."""
    await actions.ask_to_join(session, here, proposal_id, body.with_id, by=asker)
    return await _one(session, proposal_id)


@router.post("/proposals/{proposal_id}/reply")
async def reply(
    session: Writing, asker: Running, here: Here, proposal_id: Id, body: schemas.ReplyIn
) -> ProposalOut:
    """What the government says to it; its author hears it."""
    await actions.reply(session, here, proposal_id, body.text, by=asker)
    return await _one(session, proposal_id)
