"""The API's reference as a page: Swagger UI, served from this host alone."""

from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from service.shell.pages import page

PATH = "/api/docs"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def install(app: FastAPI) -> None:
    """Serve the page and Swagger UI's own files."""
    bundled = str(files("fastapi_offline") / "static")
    app.mount(f"{PATH}/ui", StaticFiles(directory=bundled), name="docs-ui")
    app.add_api_route(PATH, reference, include_in_schema=False)


async def reference(request: Request) -> HTMLResponse:
    """Every endpoint, with examples, to read and to try."""
    response = page(request, "docs.html", openapi=request.app.openapi_url, ui=f"{PATH}/ui")
    response.headers["content-security-policy"] = CSP
    return response
