"""Consultations over HTTP: the comms team runs them, all staff read them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from service.consultations import actions, queries, schemas
from service.consultations.actions import UnknownConsultation
from service.consultations.models import Consultation
from service.consultations.proposals import queries as proposals
from service.consultations.schemas import ConsultationOut, ConsultationPage
from service.database import Session
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker, Staffer, require

router = APIRouter(tags=["consultations"])

Running = Annotated[Staffer, Depends(require("comms"), scope="function")]
Id = Annotated[int, Path(ge=1, le=schemas.HIGHEST)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
LangPath = Annotated[str, Path(pattern="^[a-z]{2}$")]


async def told(session: Session, rows: list[Consultation]) -> list[ConsultationOut]:
    """Consultations with all that belongs to them."""
    counts = await proposals.counts(session, [row.id for row in rows])
    wholes = await queries.wholes(session, rows)
    return [schemas.out(one, counts[one.row.id]) for one in wholes]


async def _one(session: Session, consultation_id: int) -> ConsultationOut:
    row = await queries.consultation(session, consultation_id)
    if row is None:
        raise UnknownConsultation("There is no such consultation.")
    (found,) = await told(session, [row])
    return found


@router.get("/consultations")
async def page(
    session: Reading,
    asker: Asker,
    state: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> ConsultationPage:
    """Consultations, the newest first, drafted ones included."""
    rows, total = await queries.page(session, states=state or (), limit=limit, offset=offset)
    return ConsultationPage(items=await told(session, rows), total=total)


@router.post("/consultations", status_code=201)
async def draft(
    session: Writing, asker: Running, here: Here, body: schemas.PlanIn
) -> ConsultationOut:
    """Begin a consultation; nobody reads it until it is opened."""
    row = await actions.draft(session, here.vault, body.plan(), by=asker)
    return await _one(session, row.id)


@router.get("/consultations/{consultation_id}")
async def one(session: Reading, asker: Asker, consultation_id: Id) -> ConsultationOut:
    """A consultation with all that belongs to it."""
    return await _one(session, consultation_id)


@router.put("/consultations/{consultation_id}")
async def change(
    session: Writing, asker: Running, here: Here, consultation_id: Id, body: schemas.PlanIn
) -> ConsultationOut:
    """Plan a drafted one anew; it must be opened again then."""
    await actions.change(session, here.vault, consultation_id, body.plan(), by=asker)
    return await _one(session, consultation_id)


@router.put("/consultations/{consultation_id}/texts/{lang}")
async def word(
    session: Writing, asker: Running, consultation_id: Id, lang: LangPath, body: schemas.TextIn
) -> ConsultationOut:
    """What is asked in one language; its original stays as it is once it is open."""
    await actions.word(
        session, consultation_id, lang, title=body.title, question=body.question, text=body.text,
        by=asker,
    )  # fmt: skip
    return await _one(session, consultation_id)


@router.put("/consultations/{consultation_id}/themes")
async def divide(
    session: Writing, asker: Running, consultation_id: Id, body: schemas.ThemesIn
) -> ConsultationOut:
    """Put the themes of a drafted one, in their order."""
    await actions.divide(session, consultation_id, body.themes, by=asker)
    return await _one(session, consultation_id)


@router.post("/consultations/{consultation_id}/open")
async def open_(session: Writing, asker: Running, consultation_id: Id) -> ConsultationOut:
    """It may be answered: now, or from its first date on."""
    await actions.open_(session, consultation_id, by=asker)
    return await _one(session, consultation_id)


@router.post("/consultations/{consultation_id}/move")
async def move(
    session: Writing, asker: Running, consultation_id: Id, body: schemas.MoveIn
) -> ConsultationOut:
    """Move it before its date, or where no date does."""
    await actions.move(session, consultation_id, body.to, by=asker, why=body.why)
    return await _one(session, consultation_id)


@router.post("/consultations/{consultation_id}/extend")
async def extend(
    session: Writing, asker: Running, consultation_id: Id, body: schemas.ExtensionIn
) -> ConsultationOut:
    """Put the end of a phase off, with a reason that the public reads."""
    await actions.extend(
        session, consultation_id, body.phase, body.until, by=asker, reason=body.reason
    )
    return await _one(session, consultation_id)


@router.post("/consultations/{consultation_id}/cancel")
async def cancel(
    session: Writing, asker: Running, consultation_id: Id, body: schemas.Why
) -> ConsultationOut:
    """End it for good; who proposed something hears why."""
    await actions.cancel(session, consultation_id, by=asker, reason=body.reason)
    return await _one(session, consultation_id)
