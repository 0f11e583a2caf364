"""A service's door and a Telegram channel of Porto Belo, for the tests of this folder."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from bots.telegram.channel import TelegramChannel, make
from service.channels.contract import (
    Address,
    Button,
    ChannelConfig,
    Inbound,
    Outbound,
    Outcome,
    Picture,
    Said,
)
from service.phrases import say
from tests.doubles.telegram import TOKEN, Telegram

SECRET = "hook-secret_77"
MENU = {
    "pt": [("ajuda", "O que posso fazer"), ("situacao", "Como está o que pedi")],
    "en": [("help", "What I can do"), ("status", "How my request stands")],
}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "6060f80f00010401005fe5c34b0000000049454e44ae426082"
)


class Door:
    """A service that keeps what it was given, each once, and answers as it is told to."""

    def __init__(self) -> None:
        self.taken: list[Inbound] = []
        self.asked = 0
        self.outcomes: list[Outcome] = []
        self.always: Outcome | None = None
        self.hold: asyncio.Event | None = None
        self.breaks = 0
        self.wake: Callable[[], None] = lambda: None
        self._keys: set[tuple[str, str, int]] = set()

    async def accept(self, inbounds: Sequence[Inbound]) -> list[Outcome]:
        self.asked += 1
        self.wake()
        if self.hold:
            await self.hold.wait()
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("the door is broken")
        found = [self._take(one) for one in inbounds]
        self.wake()
        return found

    def _take(self, inbound: Inbound) -> Outcome:
        told = self.outcomes.pop(0) if self.outcomes else self.always
        if told and told is not Outcome.stored:
            return told
        key = (inbound.kind, inbound.external_id, inbound.version)
        if key in self._keys:
            return Outcome.duplicate
        self._keys.add(key)
        self.taken.append(inbound)
        return Outcome.stored

    async def history(self, address: Address, *, limit: int = 200) -> list[Said]:
        raise NotImplementedError

    async def lately(self, channel: str, account: str, *, limit: int) -> list[Address]:
        raise NotImplementedError

    async def waiting(self, address: Address) -> list[Outbound]:
        raise NotImplementedError

    async def fetched(self, address: Address, ids: Sequence[int]) -> None:
        raise NotImplementedError

    def news(self, address: Address) -> AsyncIterator[None]:
        raise NotImplementedError


def channel(telegram: Telegram | None, **options: Any) -> TelegramChannel:
    """The channel of Porto Belo."""
    given = {
        "max_text": 4000,
        "sample": False,
        "token": SecretStr(TOKEN),
        "mode": "polling",
        "webhook_secret": SecretStr(SECRET),
        "api_url": telegram.url if telegram else "http://127.0.0.1:9",
        **options,
    }
    url = "https://porto.example"
    return make(ChannelConfig("main", url, "Porto Belo", say, "pt", MENU, given))


@asynccontextmanager
async def listening(
    telegram: Telegram, door: Door, **options: Any
) -> AsyncIterator[TelegramChannel]:
    """A channel that listens, stopped at the end."""
    made = channel(telegram, **options)
    door.wake = telegram.ring
    await made.start(door)
    try:
        yield made
    finally:
        await made.stop()


def outbound(
    text: str = "Olá",
    *buttons: Button,
    pictures: tuple[Picture, ...] = (),
    taken: tuple[str, ...] = (),
    to: str = "40001",
    thread: str | None = None,
) -> Outbound:
    """A message to Ana."""
    address = Address("telegram", "main", to, thread)
    return Outbound(7, address, text, buttons, None, pictures, taken)


def picture(alt: str = "Mapa da obra") -> Picture:
    """A small picture."""
    return Picture("mapa.png", "image/png", PIXEL, alt)
