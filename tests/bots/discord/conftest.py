"""The real library against a platform on loopback, and a service that keeps what it is given."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from bots.discord import listening, looking, taking
from bots.discord.channel import DiscordChannel
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
from service.conversations.commands import menu
from service.phrases import say
from tests.doubles.discord import TOKEN, Discord

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA, BIA = "100000000000000001", "100000000000000002"


class Door:
    """A service that keeps what it was given, and answers as it is told to."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.taken: list[Inbound] = []
        self.asked: list[Inbound] = []
        self.said: list[Said] = []
        self.known: list[Address] = []
        self.slow: asyncio.Event | None = None
        self._changed = asyncio.Event()
        self._keys: set[tuple[str, str, int]] = set()

    async def accept(self, inbounds: Sequence[Inbound]) -> list[Outcome]:
        """As the inbox: the same thing twice is a duplicate."""
        self.asked += inbounds
        self._changed.set()
        if self.slow:
            await self.slow.wait()
        outcomes = [self._one(inbound) for inbound in inbounds]
        self._changed.set()
        return outcomes

    def _one(self, inbound: Inbound) -> Outcome:
        key = (inbound.kind, inbound.external_id, inbound.version)
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome.stored
        if outcome is not Outcome.stored:
            return outcome
        if key in self._keys:
            return Outcome.duplicate
        self._keys.add(key)
        self.taken.append(inbound)
        return outcome

    async def until(self, true: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def history(self, address: Address, *, limit: int = 200) -> list[Said]:
        """What the service kept of earlier days."""
        return self.said[-limit:]

    async def lately(self, channel: str, account: str, *, limit: int) -> list[Address]:
        """Whom the service heard on earlier days."""
        return self.known[:limit]

    async def waiting(self, address: Address) -> list[Outbound]:
        """Discord is not pulled from."""
        return []

    async def fetched(self, address: Address, ids: Sequence[int]) -> None:
        """Discord is not pulled from."""

    async def news(self, address: Address) -> AsyncIterator[None]:
        """Discord is not pulled from."""
        yield


def channel(platform: Discord | None = None, **options: Any) -> DiscordChannel:
    """The bot of Porto Belo on a platform."""
    given = {"token": SecretStr(TOKEN), "max_text": 100, "api_url": "http://127.0.0.1:9/api/v10"}
    if platform:
        given["api_url"] = platform.api_url
    config = ChannelConfig(
        "main", "http://porto.example", "Porto", say, "pt", menu(), {**given, **options}
    )
    return DiscordChannel(config)


def out(
    number: int = 1,
    text: str = "Olá",
    *buttons: Button,
    to: str = ANA,
    taken: tuple[str, ...] = (),
    pictures: tuple[Picture, ...] = (),
) -> Outbound:
    """A reply to somebody."""
    return Outbound(
        number, Address("discord", "main", to), text, buttons, NOON, pictures=pictures, taken=taken
    )


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for politeness here."""
    for name in ("FIRST_WAIT", "LONGEST_WAIT"):
        monkeypatch.setattr(listening, name, 0.01)
        monkeypatch.setattr(taking, name, 0.01)
    for name in ("FIRST_WAIT", "PAUSE"):
        monkeypatch.setattr(looking, name, 0.01)
    monkeypatch.setattr(listening, "BETWEEN_SESSIONS", 0.0)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
async def platform() -> AsyncIterator[Discord]:
    async with Discord() as serving:
        yield serving


@pytest.fixture
async def bot(platform: Discord, door: Door) -> AsyncIterator[DiscordChannel]:
    """The bot, listening."""
    made = channel(platform)
    await made.start(door)
    await platform.until(lambda: platform.commands and platform.sockets)
    yield made
    await made.stop()
