"""What every response and request passes: headers, cross-site checks, and a limit on size."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.settings import Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
SAFE = ("GET", "HEAD", "OPTIONS")
LARGEST = 1_000_000
LARGEST_UPLOAD = 50_000_000
UPLOADS = ("/api/v1/documents", "/console/knowledge")


def install(app: FastAPI, settings: Settings) -> None:
    """Put the guards around the application, the outermost last."""
    app.add_middleware(SameSite, url=settings.url)
    app.add_middleware(SizeLimit)
    app.add_middleware(SecurityHeaders)


class SecurityHeaders:
    """Headers on every response; the chat's pages set their own policy, and keep it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add what a response does not set itself."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, guarded)


class SameSite:
    """A request that changes something and carries a cookie must come from our own pages."""

    def __init__(self, app: ASGIApp, url: str) -> None:
        self.app, self.url = app, url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what another site sends in a browser's name."""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            headers = Headers(scope=scope)
            if "cookie" in headers and not self._ours(headers):
                body = {"error": "cross_site", "message": "This request came from another site."}
                await JSONResponse(body, 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _ours(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return True
        hosts: Iterable[str] = (headers.get("host", ""), urlsplit(self.url).netloc)
        return urlsplit(origin).netloc in hosts


class SizeLimit:
    """Refuse bodies beyond a size before they are read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in; say 413 when it is too much."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        largest = LARGEST_UPLOAD if scope["path"].startswith(UPLOADS) else LARGEST
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdigit() or int(declared) > largest:
            await self._refuse(largest)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > largest:
                return {"type": "http.disconnect"}
            return message

        await self.app(scope, counted, send)

    def _refuse(self, largest: int) -> JSONResponse:
        message = f"At most {largest // 1000} kB can be sent at once."
        return JSONResponse({"error": "too_large", "message": message}, 413)
