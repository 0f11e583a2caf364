"""Telegram on loopback, and a channel that loses no time."""

from collections.abc import AsyncIterator

import pytest

from tests.bots.telegram.town import Door
from tests.doubles.telegram import Telegram


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.telegram.listening.BACK_OFF", (0.01,))


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    """Telegram's Bot API."""
    async with Telegram() as made:
        yield made


@pytest.fixture
def door() -> Door:
    return Door()
