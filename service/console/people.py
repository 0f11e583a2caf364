"""Members of staff and what they may do; each one's own keys for programs."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from service.console.forms import Admin, Id, Line
from service.departments import queries as departments
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff import actions, queries
from service.staff.access import ROLES, Asker
from service.staff.actions import UnknownStaff

router = APIRouter(prefix="/console", include_in_schema=False)

Words = Annotated[list[str], Form(max_length=200)]
Email = Annotated[str, Form(max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")]
Days = Annotated[str, Form(pattern=r"^\d{0,4}$")]


@router.get("/people")
async def people(request: Request, asker: Asker, session: Reading) -> Response:
    """My own access; for administrators, everybody's."""
    admin = asker.may("admin")
    return page(
        request, "people.html", asker=asker, roles=ROLES, secret=None,
        tokens=await queries.tokens(session, asker.id),
        rows=await queries.everyone(session) if admin else [],
        bodies=await departments.everyone(session),
    )  # fmt: skip


@router.post("/people")
async def add(
    asker: Admin,
    session: Writing,
    email: Email,
    name: Line,
    role: Words,
    department: Words | None = None,
    lang: Annotated[str, Form(pattern="^(pt|es|en)$")] = "pt",
) -> Response:
    """Add a member of staff; they get in by a log-in link."""
    row = await actions.add(
        session, email=email, name=name, roles=role, departments=department or [], lang=lang,
        actor=asker.actor,
    )  # fmt: skip
    return back(f"/console/people/{row.id}", "staff_added")


@router.get("/people/{staff_id}")
async def person(request: Request, asker: Admin, session: Reading, staff_id: Id) -> Response:
    """One member of staff."""
    row = await queries.by_id(session, staff_id)
    if row is None:
        raise UnknownStaff("There is no such member of staff.")
    return page(
        request, "staffer.html", asker=asker, row=row, roles=ROLES, link=None,
        bodies=await departments.everyone(session),
    )  # fmt: skip


@router.post("/people/{staff_id}")
async def change(
    asker: Admin,
    session: Writing,
    staff_id: Id,
    role: Words,
    department: Words | None = None,
    active: Annotated[bool, Form()] = False,
) -> Response:
    """Change what they may do; who is put away is logged out at once."""
    await actions.change(
        session, staff_id, roles=role, departments=department or [], active=active,
        actor=asker.actor,
    )  # fmt: skip
    return back(f"/console/people/{staff_id}", "saved")


@router.post("/people/{staff_id}/link")
async def link(
    request: Request, asker: Admin, here: Here, session: Writing, staff_id: Id
) -> Response:
    """A log-in link to hand over; it is shown this once."""
    row = await queries.by_id(session, staff_id)
    if row is None:
        raise UnknownStaff("There is no such member of staff.")
    secret = await actions.issue_link(session, staff_id, actor=asker.actor)
    return page(
        request, "staffer.html", asker=asker, row=row, roles=ROLES,
        link=f"{here.settings.url}/login/once/{secret}",
        bodies=await departments.everyone(session),
    )  # fmt: skip


@router.post("/tokens")
async def issue_token(
    request: Request, asker: Asker, session: Writing, name: Line, days: Days = ""
) -> Response:
    """A key for my programs; it is shown this once."""
    lasts = int(days) if days and int(days) else None
    _, secret = await actions.issue_token(session, asker.id, name or "API", days=lasts)
    admin = asker.may("admin")
    return page(
        request, "people.html", asker=asker, roles=ROLES, secret=secret,
        tokens=await queries.tokens(session, asker.id),
        rows=await queries.everyone(session) if admin else [],
        bodies=await departments.everyone(session),
    )  # fmt: skip


@router.post("/tokens/{token_id}/withdraw")
async def withdraw_token(asker: Asker, session: Writing, token_id: Id) -> Response:
    """A key of mine stops working at once."""
    await actions.withdraw_token(session, asker.id, token_id)
    return back("/console/people", "token_withdrawn")
