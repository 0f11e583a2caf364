"""Log-in pages."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from service.errors import GabineteError
from service.shell.pages import language, page, refusal
from service.shell.requests import Here, Writing
from service.staff import actions
from service.staff.access import cookie_name
from service.staff.api import keep

router = APIRouter(include_in_schema=False)


@router.get("/login")
async def form(request: Request, next: str = "/console") -> Response:
    """Ask for e-mail and password."""
    return page(request, "login.html", next=_inside(next), error=None)


@router.post("/login")
async def log_in(
    request: Request,
    here: Here,
    email: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form()] = "/console",
) -> Response:
    """Log in, and go where one wanted to."""
    address = request.client.host if request.client else ""
    try:
        cookie = await actions.log_in(here.database, email, password, address)
    except GabineteError as error:
        told = refusal(error.code, error.message, language(request))
        return page(request, "login.html", status=error.status, next=_inside(next), error=told)
    response = RedirectResponse(_inside(next), 303)
    keep(response, cookie, here.settings.url)
    return response


@router.get("/login/once/{secret}")
async def once(request: Request, secret: str) -> Response:
    """Ask before a one-time link is used, so that a preview of it does not use it up."""
    return page(request, "once.html", secret=secret)


@router.post("/login/once/{secret}")
async def use_once(secret: str, here: Here, session: Writing) -> Response:
    """Log in by a one-time link."""
    cookie = await actions.use_link(session, secret)
    response = RedirectResponse("/console", 303)
    keep(response, cookie, here.settings.url)
    return response


@router.post("/logout")
async def log_out(request: Request, here: Here, session: Writing) -> Response:
    """Log this browser out."""
    name = cookie_name(here.settings.url)
    if cookie := request.cookies.get(name):
        await actions.log_out(session, cookie)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(name)
    return response


def _inside(address: str) -> str:
    """Only addresses of this site are gone to."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside else "/console"
