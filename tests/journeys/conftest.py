"""An installation that is also on Telegram, where a journey asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.settings import Settings
from tests.conftest import make_settings
from tests.doubles.telegram import TOKEN, Telegram


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    """Telegram's Bot API."""
    async with Telegram() as made:
        yield made


def on_telegram(folder: Path, url: str, telegram: Telegram, **more: object) -> Settings:
    """Settings of an installation on the web and on Telegram."""
    return make_settings(
        folder, url,
        channels=("web", "telegram"), telegram_token=TOKEN, telegram_api_url=telegram.url,
        **more,
    )  # fmt: skip
