"""Every error as its reader expects it: JSON for programs, a page for people.

Nothing internal shows.
"""

from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from service.errors import GabineteError
from service.shell.headers import HEADERS
from service.shell.pages import known, language, page, refusal, word

log = structlog.get_logger()

CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def install(app: FastAPI) -> None:
    """Render expected errors, malformed input, unknown addresses and surprises."""
    app.add_exception_handler(GabineteError, _expected)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OverflowError, _unstorable)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(Exception, _surprise)


async def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, GabineteError), "registered for this type"
    if error.status == 401 and not wants_json(request):
        return Response(status_code=303, headers={"location": f"/login?next={_back(request)}"})
    return answer(request, error.status, error.code, error.message)


def _back(request: Request) -> str:
    """Where to go after the log-in: the page that was asked for; a form has to be sent anew."""
    if request.method != "GET":
        return "/console"
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path + query)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for this type"
    inside = {one["loc"][0] for one in error.errors()}
    if not wants_json(request) and (request.method == "GET" or "path" in inside):
        return answer(request, 404, "not_found", "There is no such page.")
    fields = [
        {"field": ".".join(str(part) for part in one["loc"][1:]), "message": one["msg"]}
        for one in error.errors()
    ]
    told = "; ".join(f"{one['field'] or 'body'}: {one['message']}" for one in fields)
    return answer(request, 422, "malformed", told, fields=fields)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for this type"
    if error.status_code == 404:
        return answer(request, 404, "not_found", "What you are looking for is not here.")
    if error.status_code == 400:  # the framework's word for a body it cannot parse
        return answer(request, 422, "malformed", str(error.detail))
    code = CODES.get(error.status_code, "refused")
    return answer(request, error.status_code, code, str(error.detail))


async def _unstorable(request: Request, error: Exception) -> Response:
    """SQLite raises `OverflowError` for a number it cannot hold, PostgreSQL a `DataError`."""
    log.warning("unstorable", path=request.url.path, kind=type(error).__name__)
    if not wants_json(request) and request.method == "GET":
        return answer(request, 404, "not_found", "There is no such page.")
    return answer(request, 422, "malformed", "A number or a sign in it cannot be stored.")


async def _surprise(request: Request, error: Exception) -> Response:
    """Comes from outside all other layers, so that it brings the headers along."""
    log.error("request_failed", path=request.url.path, kind=type(error).__name__)
    told = answer(request, 500, "internal", "Something went wrong on our side; it is recorded.")
    told.headers.update(HEADERS)
    return told


def answer(request: Request, status: int, code: str, message: str, **more: object) -> Response:
    """An error in the reader's form."""
    if wants_json(request):
        return JSONResponse({"error": code, "message": message, **more}, status)
    asker = getattr(request.state, "asker", None)
    lang = language(request, asker.lang if asker else None)
    return page(
        request, "error.html", status=status, asker=asker, title=_title(status, lang),
        message=refusal(code, message, lang), again=_form(request),
        home="/console" if request.url.path.startswith("/console") else "/",
    )  # fmt: skip


def _title(status: int, lang: str) -> str:
    return word(f"error.{status}" if known(f"error.{status}", lang) else "error.other", lang)


def _form(request: Request) -> str | None:
    """The page whose form was refused, where the browser says so and it is ours."""
    came = urlsplit(request.headers.get("referer", ""))
    ours = came.netloc == request.headers.get("host") and came.path.startswith("/")
    if request.method == "GET" or not ours or came.path.startswith("//"):
        return None
    return came.path + (f"?{came.query}" if came.query else "")


def wants_json(request: Request) -> bool:
    """Programs ask for JSON; browsers ask for pages."""
    path = request.url.path
    return path.startswith(("/api/", "/chat/v1/")) or "text/html" not in request.headers.get(
        "accept", ""
    )
