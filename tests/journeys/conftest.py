"""An installation that is also on Telegram and Discord, where a journey asks for one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bots.discord import listening
from bots.telegram.channel import TelegramChannel
from bots.telegram.sending import CAPABILITIES
from service.settings import Settings
from tests.conftest import make_settings
from tests.doubles.discord import TOKEN as DISCORD
from tests.doubles.discord import Discord
from tests.doubles.telegram import TOKEN, Telegram


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Telegram]:
    """Telegram's Bot API, in a hurry: the pause between two messages is tested elsewhere."""
    monkeypatch.setattr(TelegramChannel, "capabilities", replace(CAPABILITIES, pace=None))
    async with Telegram() as made:
        yield made


@pytest.fixture
async def platform() -> AsyncIterator[Discord]:
    """Discord's API and gateway."""
    async with Discord() as serving:
        yield serving


@pytest.fixture
def everywhere(
    tmp_path: Path,
    database_url: str,
    platform: Discord,
    telegram: Telegram,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """Settings of an installation on the web, Telegram and Discord."""
    monkeypatch.setattr(listening, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(listening, "BETWEEN_SESSIONS", 0.0)
    return make_settings(
        tmp_path, database_url, channels=("web", "telegram", "discord"),
        telegram_token=TOKEN, telegram_api_url=telegram.url, discord_token=DISCORD,
        discord_api_url=platform.api_url, discord_gateway_url=platform.gateway_url,
    )  # fmt: skip


def on_telegram(folder: Path, url: str, telegram: Telegram, **more: object) -> Settings:
    """Settings of an installation on the web and on Telegram."""
    return make_settings(
        folder, url,
        channels=("web", "telegram"), telegram_token=TOKEN, telegram_api_url=telegram.url,
        **more,
    )  # fmt: skip
