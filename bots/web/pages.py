"""The chat's pages and files: one page, the same in a frame, and the loader for other sites."""

import hashlib
import html
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from service.channels.contract import ChannelConfig

STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
LANGS = ("pt", "es", "en")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


def routes(config: ChannelConfig, longest: int) -> Sequence[BaseRoute]:
    """The routes of the pages."""
    origins = " ".join(["'self'", *config.options.get("origins", ())])

    async def whole(request: Request) -> Response:
        return _page(request, config, longest, ancestors="'none'", framed=False)

    async def framed(request: Request) -> Response:
        return _page(request, config, longest, ancestors=origins, framed=True)

    return [
        Route("/chat", whole),
        Route("/chat/embed", framed),
        Route("/chat/widget.js", _widget),
        Route("/chat/static/{name}", _file),
    ]


def language(request: Request, config: ChannelConfig) -> str:
    """The reader's: in the address, else the browser's, else the installation's."""
    wanted = [request.query_params.get("lang", "")]
    wanted += request.headers.get("accept-language", "").split(",")
    wanted.append(config.lang)
    return next((code for one in wanted if (code := one.strip()[:2].lower()) in LANGS), "en")


def _page(
    request: Request, config: ChannelConfig, longest: int, *, ancestors: str, framed: bool
) -> Response:
    lang = language(request, config)
    facts = {
        "government": config.government,
        "lang": lang,
        "longest": longest,
        "sample": bool(config.options.get("sample")),
        "framed": framed,
    }
    places = {
        "{{lang}}": lang,
        "{{government}}": html.escape(config.government),
        "{{facts}}": html.escape(json.dumps(facts)),
        "{{css}}": _hashed("chat.css"),
        "{{js}}": _hashed("chat.js"),
    }
    text = (STATIC / "chat.html").read_text(encoding="utf-8")
    for place, value in places.items():
        text = text.replace(place, value)
    headers = {
        "content-security-policy": CSP.format(ancestors=ancestors),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cache-control": "no-cache",
        "vary": "accept-language",
    }
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


async def _widget(request: Request) -> Response:
    return _static("widget.js", "public, max-age=300")


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in {path.name for path in STATIC.iterdir()} or name.endswith(".html"):
        return Response(status_code=404)
    return _static(name, "public, max-age=31536000, immutable")


def _static(name: str, cache_control: str) -> Response:
    path = STATIC / name
    headers = {
        "cache-control": cache_control,
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "cross-origin",
        "content-security-policy": "default-src 'none'",
    }
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=headers)


@cache
def _hashed(name: str) -> str:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/chat/static/{name}?v={digest}"
