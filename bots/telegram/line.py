"""The line to Telegram's Bot API: one bot, its connections, and the name of who answers there."""

import asyncio
import functools
import json
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from telegram import Bot
from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.request import HTTPXRequest

API = "https://api.telegram.org"
WANTED = ["message", "edited_message", "callback_query", "my_chat_member"]
CONNECTIONS = 64
PATIENCE = 20.0
CONNECTING = 10.0
KNOWN = (400, 401, 403, 404, 409)
TALKATIVE = ("httpx", "telegram.Bot")

Raw = dict[str, Any]


class Busy(TelegramError):
    """Telegram asks for patience: so many seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"too many requests: retry after {after:g} seconds")
        self.after = after


class Unavailable(NetworkError):
    """Telegram's own trouble, with its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Telegram answers with HTTP {status}")
        self.status = status


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are trusted: read once, where each set of connections would read them."""
    return httpx.create_ssl_context()


class Line:
    """A bot whose connections are opened when somebody needs them, and closed after the last one
    who does has gone; `bot` shows the token in its repr, so it is not handed to logs.
    """

    def __init__(self, token: str, api_url: str, *, secrets: tuple[str, ...] = ()) -> None:
        for name in TALKATIVE:
            logging.getLogger(name).addFilter(_without_addresses)
        self._secrets = [one for one in (token, token.partition(":")[2], *secrets) if one]
        self._requests = [
            _Request(
                connection_pool_size=size,
                read_timeout=PATIENCE,
                write_timeout=PATIENCE,
                media_write_timeout=PATIENCE,
                connect_timeout=CONNECTING,
                pool_timeout=CONNECTING,
                httpx_kwargs={"verify": _trusted()},
            )
            for size in (2, CONNECTIONS)
        ]
        asking, sending = self._requests
        base = f"{(api_url or API).rstrip('/')}/bot"
        self.bot = RawBot(token, base, request=sending, get_updates_request=asking)
        self._users = 0
        self._stays = True
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def held(self, *, briefly: bool = False) -> AsyncIterator["RawBot"]:
        """The bot with its connections open. Who needs it `briefly` leaves none open."""
        self._users += 1
        self._stays = self._stays and not briefly
        try:
            async with self._turn:
                for request in self._requests:
                    await request.initialize()
            yield self.bot
        finally:
            self._users -= 1
            await self._close_unused()

    def keep(self) -> None:
        """From now on connections stay open between uses."""
        self._stays = True

    async def let_go(self) -> None:
        """Close when nobody uses it any more."""
        self._stays = False
        await self._close_unused()

    async def _close_unused(self) -> None:
        async with self._turn:
            if not self._users and not self._stays:
                for request in self._requests:
                    await request.shutdown()

    def hide(self, text: str) -> str:
        """The text without our secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


class RawBot(Bot):
    """The library's bot, which also gives updates as they came: one that it cannot read does not
    hide the others.
    """

    async def updates(self, offset: int | None, wait: int, *, limit: int = 100) -> list[Raw]:
        """What waits from `offset` on; nothing when nothing came for `wait` seconds."""
        asked = {"offset": offset, "timeout": wait, "limit": limit, "allowed_updates": WANTED}
        found = await self._post("getUpdates", asked, read_timeout=wait + CONNECTING)
        return list(found)


class _Request(HTTPXRequest):
    """Requests that tell the statuses apart which the library throws together."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """One request; other answers than Telegram's documented ones are raised here."""
        status, payload = await super().do_request(*args, **kwargs)
        if status == 429:
            raise Busy(_seconds(payload))
        if status >= 500:
            raise Unavailable(status)
        if status >= 300 and status not in KNOWN:
            raise BadRequest(f"HTTP {status}")
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> Raw:
        """What Telegram said; the library would log what cannot be read, citizens' words too."""
        try:
            found = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise TelegramError("Telegram's answer cannot be read")
        return found


def _seconds(payload: bytes) -> float:
    try:
        return max(float(json.loads(payload)["parameters"]["retry_after"]), 0.0)
    except (ValueError, KeyError, TypeError):
        return 1.0


def _without_addresses(record: logging.LogRecord) -> bool:
    """Below warnings these loggers write addresses, and the token is part of an address."""
    return record.levelno >= logging.WARNING
