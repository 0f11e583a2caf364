"""The web chat: messages over HTTP, replies live over server-sent events, confirmed when shown.

A conversation is known by an unguessable token that only the browser keeps; nothing is stored here.
"""

import asyncio
import json
import math
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from bots.web import pages
from service.channels.contract import (
    Address,
    Button,
    Capabilities,
    ChannelConfig,
    Failure,
    Inbound,
    Outbound,
    Outcome,
    Picture,
    Said,
    SendError,
    Sink,
    State,
    saying,
)

TOKEN = re.compile(r"^[A-Za-z0-9_-]{32,64}$")
LIMIT = re.compile(r"[0-9]{1,6}")
HEARTBEAT = 15.0
LONGEST_ID = 64
TELLING, LONGEST_HEADER = ("user-agent", "accept-language"), 500
MOST_SEEN = 500
HIGHEST = 2**53
MOST_LINES = 10_000

STATUS = {"unauthorized": 401, "malformed": 422, "too_long": 413, "too_many": 429, "failed": 503}


class Refused(Exception):
    """A request that is answered with a sentence and one of `STATUS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class WebChannel:
    """The chat's HTTP routes. Browsers fetch what waits for them: nothing is pushed by `send`."""

    name = "web"
    capabilities = Capabilities(buttons=True, pull=True, repeat_seconds=math.inf)

    def __init__(self, config: ChannelConfig) -> None:
        self.account = config.account
        self._config = config
        self._longest = int(config.options.get("max_text", self.capabilities.max_text))
        self._sink: Sink | None = None
        self._stopping = asyncio.Event()

    async def start(self, sink: Sink) -> None:
        """Begin to take messages."""
        self._sink = sink
        self._stopping.clear()

    async def stop(self) -> None:
        """End open streams."""
        self._stopping.set()

    async def check(self) -> str:
        """Our own pages have nobody to ask."""
        return "is there"

    def health(self) -> tuple[State, str]:
        """Whether messages are taken."""
        return "up", saying("here")

    async def send(self, outbound: Outbound) -> tuple[str, ...]:
        """Browsers fetch; sending to them is a mistake of the set-up."""
        raise SendError(Failure.configuration, saying("fetched"))

    def routes(self) -> Sequence[BaseRoute]:
        """The chat's pages and its HTTP interface."""
        return [
            Route("/chat/v1/conversations", self._begin, methods=["POST"]),
            Route("/chat/v1/messages", self._guard(self._take), methods=["POST"]),
            Route("/chat/v1/messages", self._guard(self._history), methods=["GET"]),
            Route("/chat/v1/stream", self._guard(self._stream), methods=["GET"]),
            Route("/chat/v1/seen", self._guard(self._seen), methods=["POST"]),
            *pages.routes(self._config, self._longest),
        ]

    def _guard(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Turn refusals into answers in the reader's language."""

        async def guarded(request: Request) -> Response:
            try:
                return await answer(request)
            except Refused as refused:
                return self._refuse(request, refused.code)

        return guarded

    def _refuse(self, request: Request, code: str) -> Response:
        lang = pages.language(request, self._config)
        text = self._config.say(f"channel.{code}", lang, max=self._longest)
        headers = {"retry-after": "60"} if code == "too_many" else None
        return JSONResponse({"error": code, "message": text}, STATUS[code], headers)

    async def _begin(self, request: Request) -> Response:
        return JSONResponse({"token": secrets.token_urlsafe(32)}, 201)

    async def _take(self, request: Request) -> Response:
        address = self._address(request)
        inbound = self._inbound(address, await _body(request), _device(request))
        (outcome,) = await self._door().accept([inbound])
        if outcome in (Outcome.stored, Outcome.duplicate, Outcome.ignored):
            return JSONResponse({"outcome": outcome.value}, 202)
        raise Refused(outcome.value)

    def _inbound(self, address: Address, body: dict[str, Any], device: tuple[str, ...]) -> Inbound:
        id_, text, action = (body.get(name) for name in ("id", "text", "action"))
        lang = body.get("lang")
        said = _whole(text) if isinstance(text, str) and text.strip() else None
        pressed = action if _is_code(action) else None
        if not _is_code(id_) or bool(said) == bool(pressed):
            raise Refused("malformed")
        kind = "button" if pressed else "command" if said and said.startswith("/") else "text"
        return Inbound(
            kind=kind,  # type: ignore[arg-type]
            external_id=id_,
            address=address,
            sender=address.conversation,
            text=said or "",
            payload=pressed,
            occurred_at=datetime.now(UTC),
            lang=lang if _is_code(lang) and len(lang) <= 10 else None,
            device=device,
        )

    async def _history(self, request: Request) -> Response:
        limit = request.query_params.get("limit", "200")
        most = min(int(limit), MOST_LINES) if LIMIT.fullmatch(limit) else 200
        said = await self._door().history(self._address(request), limit=most)
        return JSONResponse({"messages": [_line(one) for one in said]})

    async def _seen(self, request: Request) -> Response:
        address = self._address(request)
        ids = (await _body(request)).get("ids")
        if (
            not isinstance(ids, list)
            or len(ids) > MOST_SEEN
            or not all(type(i) is int and 0 < i < HIGHEST for i in ids)
        ):
            raise Refused("malformed")
        await self._door().fetched(address, ids)
        return Response(status_code=204)

    async def _stream(self, request: Request) -> Response:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        events = self._events(self._address(request))
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def _events(self, address: Address) -> AsyncIterator[str]:
        """What waits, then what comes, each once on this stream; a comment when nothing does."""
        given: set[int] = set()
        yield ": hello\n\n"
        news = self._door().news(address)
        stop = asyncio.create_task(self._stopping.wait())
        try:
            while not stop.done():
                turn = asyncio.ensure_future(anext(news))
                while not turn.done():
                    done, _ = await asyncio.wait(
                        {turn, stop}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED
                    )
                    if stop in done:
                        turn.cancel()
                        return
                    if not done:
                        yield ": still here\n\n"
                for one in await self._door().waiting(address):
                    if one.id not in given:
                        given.add(one.id)
                        yield f"id: {one.id}\ndata: {json.dumps(_outgoing(one))}\n\n"
        finally:
            stop.cancel()

    def _door(self) -> Sink:
        if self._sink is None:
            raise Refused("failed")
        return self._sink

    def _address(self, request: Request) -> Address:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not TOKEN.match(token):
            raise Refused("unauthorized")
        return Address(self.name, self.account, token)


def make(config: ChannelConfig) -> WebChannel:
    """The channel, for the registry."""
    return WebChannel(config)


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (ValueError, RecursionError) as error:
        raise Refused("malformed") from error
    if not isinstance(body, dict):
        raise Refused("malformed")
    return body


def _device(request: Request) -> tuple[str, ...]:
    """What a browser tells of itself: anybody makes up as many conversations as they like."""
    address = request.client.host if request.client else ""
    told = [request.headers.get(name, "")[:LONGEST_HEADER] for name in TELLING]
    return (address, *told)


def _is_code(value: Any) -> TypeGuard[str]:
    """Whether it is a short text of visible signs; half a sign cannot be kept."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def _whole(text: str) -> str:
    """The text with what was cut in the middle of a sign replaced: a message is never lost."""
    return text.encode("utf-8", "replace").decode()


def _line(one: Said) -> dict[str, Any]:
    return {
        "direction": one.direction,
        "id": one.id,
        "external_id": one.external_id,
        "text": one.text,
        "at": one.at.isoformat(),
        "buttons": [_button(button) for button in one.buttons],
        "pictures": [_picture(picture) for picture in one.pictures],
    }


def _outgoing(one: Outbound) -> dict[str, Any]:
    at = (one.created_at or datetime.now(UTC)).isoformat()
    buttons = [_button(button) for button in one.buttons]
    return {
        "direction": "out",
        "id": one.id,
        "external_id": str(one.id),
        "text": one.text,
        "at": at,
        "buttons": buttons,
        "pictures": [_picture(picture) for picture in one.pictures],
    }


def _button(button: Button) -> dict[str, str | None]:
    return {"label": button.label, "action": button.action, "url": button.url}


def _picture(picture: Picture) -> dict[str, str | int]:
    """Where a picture is, what it shows, and how large it is, as PNG says in its first bytes."""
    wide, tall = (int.from_bytes(picture.data[at : at + 4]) for at in (16, 20))
    return {"url": picture.url, "alt": picture.alt, "width": wide, "height": tall}
