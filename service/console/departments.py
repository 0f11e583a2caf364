"""Departments: what they are for, what waits for them, and who works there."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from service.console.forms import Admin, Field, Line
from service.database import now
from service.departments import actions, api, queries
from service.departments.schemas import DepartmentChange, NewDepartment
from service.errors import GabineteError
from service.shell.pages import back, page
from service.shell.requests import Here, Reading
from service.staff.access import Asker

router = APIRouter(prefix="/console", include_in_schema=False)

Days = Annotated[int, Form(ge=1, le=250)]


class UnreadableDepartment(GabineteError):
    """A field of the form cannot be taken as it is."""

    code = "unreadable_department"


@router.get("/departments")
async def departments(request: Request, asker: Asker, session: Reading) -> Response:
    """Every department, those put away last."""
    found = await queries.everyone(session, active=False)
    return page(
        request, "departments.html", asker=asker, loads=await queries.loads(session, now()),
        rows=sorted(found, key=lambda body: (not body.active, body.name)),
    )  # fmt: skip


@router.post("/departments")
async def create(
    request: Request,
    asker: Admin,
    here: Here,
    key: Line,
    name: Line,
    remit: Field,
    norm_days: Days,
    examples: Field = "",
) -> Response:
    """Set one up; each line of `examples` is something people would write to it."""
    told = [line.strip() for line in examples.splitlines() if line.strip()]
    body = _read(NewDepartment, key=key, name=name, remit=remit, norm_days=norm_days, examples=told)
    await request.app.state.running.loaded()
    await api.create_department(request, asker, here, body)
    return back(f"/console/departments/{key}", "saved")


def _read(shape: type[Any], **values: Any) -> Any:
    try:
        return shape(**values)
    except ValidationError as error:
        fields = ", ".join(str(one["loc"][0]) for one in error.errors())
        raise UnreadableDepartment(f"This cannot be taken as it is: {fields}.") from error


@router.get("/departments/{key}")
async def department(request: Request, asker: Asker, session: Reading, key: str) -> Response:
    """One department, its officials and what teaches us to route to it."""
    body = await actions.known(session, key)
    return page(
        request, "department.html", asker=asker, body=body,
        load=(await queries.loads(session, now())).get(body.id),
        officials=await queries.officials(session, key),
        examples=await queries.examples(session, body.id),
    )  # fmt: skip


@router.post("/departments/{key}")
async def change(
    request: Request,
    asker: Admin,
    here: Here,
    key: str,
    name: Line,
    remit: Field,
    norm_days: Days,
    active: Annotated[bool, Form()] = False,
) -> Response:
    """Change it; a new remit counts for routing at once."""
    async with here.database.read() as session:
        held = await actions.known(session, key)
    body = _read(
        DepartmentChange, name=name, norm_days=norm_days, active=active,
        remit=remit if remit.strip() != held.remit else None,
    )  # fmt: skip
    await request.app.state.running.loaded()
    await api.change_department(request, asker, here, key, body)
    return back(f"/console/departments/{key}", "saved")
