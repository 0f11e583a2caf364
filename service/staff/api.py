"""Log in and out, tokens, and who is staff."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from service.shell.requests import Here, Reading, Writing
from service.staff import actions, queries
from service.staff.access import Asker, Staffer, cookie_name, require
from service.staff.schemas import LogIn, StaffChange, StaffIn, StaffOut, TokenIn, TokenOut

router = APIRouter(tags=["staff"])

Admin = Annotated[Staffer, Depends(require("admin"), scope="function")]


@router.post("/login", status_code=204)
async def log_in(body: LogIn, request: Request, here: Here) -> Response:
    """Log a browser in: sets the session cookie."""
    address = request.client.host if request.client else ""
    cookie = await actions.log_in(here.database, body.email, body.password, address)
    response = Response(status_code=204)
    keep(response, cookie, here.settings.url)
    return response


def keep(response: Response, cookie: str, url: str) -> None:
    """Set the session cookie."""
    response.set_cookie(
        cookie_name(url),
        cookie,
        max_age=int(actions.SESSION.total_seconds()),
        httponly=True,
        secure=url.startswith("https://"),
        samesite="lax",
        path="/",
    )


@router.post("/logout", status_code=204)
async def log_out(request: Request, here: Here, session: Writing) -> Response:
    """Log this browser out."""
    name = cookie_name(here.settings.url)
    if cookie := request.cookies.get(name):
        await actions.log_out(session, cookie)
    response = Response(status_code=204)
    response.delete_cookie(name)
    return response


@router.get("/me")
async def me(asker: Asker) -> StaffOut:
    """Who is asking."""
    return StaffOut(
        id=asker.id,
        name=asker.name,
        email=asker.email,
        roles=sorted(asker.roles),
        departments=sorted(asker.departments),
        lang=asker.lang,
    )


@router.get("/tokens")
async def tokens(asker: Asker, session: Reading) -> list[TokenOut]:
    """My tokens."""
    return [TokenOut.model_validate(row) for row in await queries.tokens(session, asker.id)]


@router.post("/tokens", status_code=201)
async def issue_token(body: TokenIn, asker: Asker, session: Writing) -> TokenOut:
    """A token for my programs; its secret is shown this once."""
    row, secret = await actions.issue_token(session, asker.id, body.name, days=body.days)
    return TokenOut.model_validate(row).model_copy(update={"secret": secret})


@router.delete("/tokens/{token_id}", status_code=204)
async def withdraw_token(token_id: int, asker: Asker, session: Writing) -> None:
    """A token of mine stops working at once."""
    await actions.withdraw_token(session, asker.id, token_id)


@router.get("/officials")
async def staff(asker: Asker, session: Reading) -> list[StaffOut]:
    """Members of staff who are active."""
    return [StaffOut.model_validate(row) for row in await queries.everyone(session) if row.active]


@router.post("/officials", status_code=201)
async def add(body: StaffIn, admin: Admin, here: Here) -> StaffOut:
    """Add a member of staff."""
    password = await actions.hash_password(body.password) if body.password else None
    async with here.database.write() as session:
        row = await actions.add(
            session,
            email=body.email,
            name=body.name,
            roles=body.roles,
            departments=body.departments,
            password=password,
            actor=admin.actor,
        )
    return StaffOut.model_validate(row)


@router.put("/officials/{staff_id}")
async def change(staff_id: int, body: StaffChange, admin: Admin, session: Writing) -> StaffOut:
    """Change what a member of staff may do."""
    row = await actions.change(
        session,
        staff_id,
        roles=body.roles,
        departments=body.departments,
        active=body.active,
        actor=admin.actor,
    )
    return StaffOut.model_validate(row)
