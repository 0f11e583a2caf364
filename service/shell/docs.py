"""The API's reference: what it says of itself, and a page to read and try it, served from this
host alone.
"""

from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from starlette.staticfiles import StaticFiles

from service.shell.pages import page

PATH = "/api/docs"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


class Refusal(BaseModel):
    """Why a request was refused: a name for programs, a sentence for people."""

    error: str = Field(examples=["answer_already_published"])
    message: str = Field(examples=["This answer is published; correct or retract it instead."])


class FieldFault(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["reason"])
    message: str = Field(examples=["Field required"])


class Malformed(Refusal):
    """The request could not be read; every field at fault is named."""

    error: str = Field(examples=["malformed"])
    message: str = Field(examples=["reason: Field required"])
    fields: list[FieldFault]


REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Refusal, "description": "Refused; `error` names the reason."},
    422: {"model": Malformed, "description": "Malformed."},
}


def install(app: FastAPI) -> None:
    """Serve the page and Swagger UI's own files; endpoints are named by their docstrings."""
    app.openapi = lambda: _named(FastAPI.openapi(app))  # type: ignore[method-assign]
    bundled = str(files("fastapi_offline") / "static")
    app.mount(f"{PATH}/ui", StaticFiles(directory=bundled), name="docs-ui")
    app.add_api_route(PATH, reference, include_in_schema=False)


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    for operations in schema["paths"].values():
        for operation in operations.values():
            if told := operation.pop("description", ""):
                summary, _, more = told.partition("\n\n")
                operation["summary"] = " ".join(summary.split())
                operation |= {"description": more} if more else {}
    return schema


async def reference(request: Request) -> HTMLResponse:
    """Every endpoint, with examples, to read and to try."""
    response = page(request, "docs.html", openapi=request.app.openapi_url, ui=f"{PATH}/ui")
    response.headers["content-security-policy"] = CSP
    return response
