"""Discord's API at a configurable address, with no secret in what is logged of it."""

import asyncio
import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp
from discord import File
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

PATIENCE = 60.0
LONGEST_WAIT = 30.0
TALKATIVE = ("discord.http", "discord.gateway", "discord.client", "discord.state")
SECRET = re.compile(r"/(webhooks|interactions)/(\d+)/[^/?\s]+")


class Api(HTTPClient):
    """One account's requests. Empty addresses mean Discord's own."""

    def __init__(self, api_url: str = "", gateway_url: str = "") -> None:
        super().__init__(asyncio.get_running_loop(), max_ratelimit_timeout=LONGEST_WAIT)
        self._base = api_url.rstrip("/") or Route.BASE
        self._gateway = gateway_url

    async def request(
        self,
        route: Route,
        *,
        files: Sequence[File] | None = None,
        form: Iterable[dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Ask for something at our address; ends after a while, whatever the other side does."""
        route.url = self._base + route.url.removeprefix(Route.BASE)
        async with asyncio.timeout(PATIENCE):
            return await super().request(route, files=files, form=form, **kwargs)

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Open the gateway: the one that is set or that the API names, where the library names
        its own.
        """
        own = str(DiscordWebSocket.DEFAULT_GATEWAY)
        if url.startswith(own):
            gateway = self._gateway or (await self.get_bot_gateway())[1]
            url = gateway.rstrip("/") + "/" + url.removeprefix(own)
        return await super().ws_connect(url, compress=compress)


class Discreet(logging.Filter):
    """Below warnings the library logs what it is told and sends, words and secrets and all; in the
    rest, what opens an interaction is blanked.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is fit to be read."""
        if record.levelno < logging.WARNING:
            return False
        if isinstance(record.args, tuple):
            record.args = tuple(
                SECRET.sub(r"/\1/\2/…", one) if isinstance(one, str) else one for one in record.args
            )
        return True


for _name in TALKATIVE:
    logging.getLogger(_name).addFilter(Discreet())
