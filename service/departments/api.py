"""Departments over HTTP. Everybody on the staff may look; administrators set them up."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from service.database import Session, now
from service.departments import actions, queries, schemas
from service.departments.actions import Teaching
from service.departments.models import Department
from service.departments.schemas import DepartmentDetail, DepartmentLine
from service.installation import Installation
from service.retrieval.retriever import Retriever
from service.shell.requests import Here, Reading
from service.staff.access import Asker, Staffer, require

router = APIRouter(prefix="/departments", tags=["departments"])
Admin = Annotated[Staffer, Depends(require("admin"))]


@router.get("")
async def list_departments(
    session: Reading, asker: Asker, inactive: bool = False
) -> list[DepartmentLine]:
    """Departments by name, with what waits for them; `inactive=true` shows those put away too."""
    loads = await queries.loads(session, now())
    found = await queries.everyone(session, active=not inactive)
    return [schemas.line(department, loads.get(department.id)) for department in found]


@router.get("/{key}")
async def show_department(session: Reading, asker: Asker, key: str) -> DepartmentDetail:
    """One department: its remit, norm, officials, and how much is open and overdue."""
    return await _detail(session, await actions.known(session, key))


async def _detail(session: Session, department: Department) -> DepartmentDetail:
    load = (await queries.loads(session, now())).get(department.id)
    people = await queries.officials(session, department.key)
    own = schemas.line(department, load).model_dump()
    return DepartmentDetail(**own, officials=[schemas.official(who) for who in people])


@router.get("/{key}/officials")
async def list_officials(session: Reading, asker: Asker, key: str) -> list[schemas.OfficialLine]:
    """Who works there."""
    department = await actions.known(session, key)
    return [schemas.official(who) for who in await queries.officials(session, department.key)]


@router.post("", status_code=201)
async def create_department(
    request: Request, asker: Admin, here: Here, body: schemas.NewDepartment
) -> DepartmentDetail:
    """Set one up; the same key again makes it what is described now."""
    return await _put(request, asker, here, body)


async def _put(
    request: Request, asker: Staffer, here: Here, body: schemas.NewDepartment
) -> DepartmentDetail:
    """Encode what is taught outside the transaction, then write."""
    retriever: Retriever = request.app.state.retriever
    told = actions.texts_of(body.name, body.remit, body.examples)
    vectors = await retriever.encode([text for _, text in told])
    taught = [Teaching(*one, vector) for one, vector in zip(told, vectors, strict=True)]
    async with here.database.write() as session:
        await actions.put(
            session,
            key=body.key,
            name=body.name,
            remit=body.remit,
            norm_days=body.norm_days,
            taught=taught,
            model=retriever.embedder.name,
            actor=asker.actor,
        )
        return await _detail(session, await actions.known(session, body.key))


@router.patch("/{key}")
async def change_department(
    request: Request, asker: Admin, here: Here, key: str, body: schemas.DepartmentChange
) -> DepartmentDetail:
    """Change what is given; a new remit counts for routing at once."""
    if body.remit is not None:
        await _put(request, asker, here, await _restated(here, key, body))
    async with here.database.write() as session:
        department = await actions.change(
            session,
            key,
            actor=asker.actor,
            name=body.name,
            norm_days=body.norm_days,
            active=body.active,
        )
        return await _detail(session, department)


async def _restated(
    here: Installation, key: str, change: schemas.DepartmentChange
) -> schemas.NewDepartment:
    """A department described anew, with the examples it has."""
    async with here.database.read() as session:
        held = await actions.known(session, key)
        examples = await queries.examples(session, held.id, limit=schemas.MOST_EXAMPLES)
    return schemas.NewDepartment(
        key=key,
        name=change.name or held.name,
        remit=change.remit or held.remit,
        norm_days=change.norm_days or held.norm_days,
        examples=[e.text for e in reversed(examples) if e.origin == "example"],
    )
