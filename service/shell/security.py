"""What every response and request passes: headers, cross-site checks, and a limit on size."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.settings import Settings
from service.shell.errors import answer
from service.shell.headers import HEADERS

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
    """A request that changes something and carries a cookie, or begins a session, must come from
    our own pages.
    """

    def __init__(self, app: ASGIApp, url: str) -> None:
        self.app, self.url = app, url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what another site sends in a browser's name."""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            headers = Headers(scope=scope)
            known = "cookie" in headers or scope["path"].startswith("/login")
            if known and not self._ours(headers):
                told = "This request came from another site."
                await answer(Request(scope), 403, "cross_site", told)(scope, receive, send)
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
    """Refuse bodies beyond a size, at the latest when that much has come in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say 413 by the declared length, else count what comes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        largest = LARGEST_UPLOAD if scope["path"].startswith(UPLOADS) else LARGEST
        declared = Headers(scope=scope).get("content-length", "0")
        fits = declared.isdecimal() and int(declared) <= largest
        if not fits or not await self._counted(scope, receive, send, largest):
            told = f"At most {largest // 1000} kB can be sent at once."
            await answer(Request(scope), 413, "too_large", told)(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, largest: int) -> bool:
        """Pass a request on while its body fits; False where it did not and nothing was said."""
        read, begun = 0, False

        async def counting() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return message if read <= largest else {"type": "http.disconnect"}

        async def speaking(message: Message) -> None:
            nonlocal begun
            if begun or read <= largest:
                begun = True
                await send(message)

        try:
            await self.app(scope, counting, speaking)
        except ClientDisconnect:
            if read <= largest:
                raise
        return begun or read <= largest
