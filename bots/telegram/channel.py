"""Telegram as a channel of the service: by long polling, or by webhook at the public address."""

import json
import re
import secrets
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bots.telegram import sending
from bots.telegram.failures import EMPTY, failure_of
from bots.telegram.line import Line
from bots.telegram.listening import HOOK, Listener, secret_of
from bots.telegram.reacting import Reactions
from bots.telegram.taking import Taking
from service.channels.contract import (
    ChannelConfig,
    Failure,
    Outbound,
    SendError,
    Sink,
    State,
    saying,
)

LARGEST = 1_000_000
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
HEADER = "x-telegram-bot-api-secret-token"
ALL_HEARD = (
    "; Telegram sends it everything that groups say: turn its privacy mode on with @BotFather, and "
    "add it to its groups again"
)
UNSIGNED = saying("unsigned", why="GABINETE_TELEGRAM_WEBHOOK_SECRET")


class TelegramChannel:
    """One bot. What arrives is acknowledged to Telegram after it was stored."""

    name = "telegram"
    capabilities = sending.CAPABILITIES

    def __init__(self, config: ChannelConfig) -> None:
        self.account = config.account
        self._hooked = config.options.get("mode", "polling") == "webhook"
        self._secret = secret_of(config, "webhook_secret")
        self._token = secret_of(config, "token")
        api_url = str(config.options.get("api_url") or "")
        self._line = Line(self._token or "unset", api_url, secrets=(self._secret,))
        self._reactions = Reactions(config, self._line)
        self._taking = Taking(self._reactions)
        self._listener = Listener(config, self._line, self._taking)

    async def start(self, sink: Sink) -> None:
        """Begin to listen; while Telegram cannot be reached, go on trying."""
        self._require_settings()
        self._line.keep()
        self._taking.sink = sink
        self._listener.start()

    async def stop(self) -> None:
        """Stop listening; what Telegram was not told about comes again."""
        await self._listener.stop()
        self._taking.sink = None
        await self._reactions.end()
        await self._line.let_go()

    async def check(self) -> str:
        """Who Telegram says we are, and what it sends us of groups."""
        self._require_settings()
        try:
            async with self._line.held(briefly=True) as bot:
                user = await bot.get_me()
        except Exception as error:
            raise failure_of(error, self._line.hide) from None
        return f"is @{user.username}{ALL_HEARD if user.can_read_all_group_messages else ''}"

    def health(self) -> tuple[State, str]:
        """Whether it listens."""
        return self._listener.state

    async def send(self, outbound: Outbound) -> tuple[str, ...]:
        """Send one message, part by part."""
        self._require_settings()
        async with self._line.held() as bot:
            return await sending.send(bot, outbound, self._line.hide)

    def routes(self) -> Sequence[BaseRoute]:
        """Where Telegram calls us, if it does."""
        return [Route(HOOK, self._called, methods=["POST"])] if self._hooked else []

    async def _called(self, request: Request) -> Response:
        """One update; another answer than 200 lets Telegram send it again."""
        given = request.headers.get(HEADER, "").encode()
        if not self._secret or not secrets.compare_digest(given, self._secret.encode()):
            return Response(status_code=401)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            update = None
        if not isinstance(update, dict):
            return Response(status_code=400)
        taken = await self._taking.take([update])
        return Response(status_code=200 if taken else 503)

    def _require_settings(self) -> None:
        if not self._token:
            raise SendError(Failure.configuration, EMPTY)
        if self._hooked and not SECRET.fullmatch(self._secret):
            raise SendError(Failure.configuration, UNSIGNED)


def make(config: ChannelConfig) -> TelegramChannel:
    """The channel, for the registry."""
    return TelegramChannel(config)


async def _body(request: Request) -> bytes | None:
    """The body, if it is not larger than any update."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return body
