"""A process whose work has ended goes too, and says why: it takes nothing that nobody reads."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from service.commands import serving
from service.retrieval import keeper
from service.settings import Settings
from tests import processes
from tests.conftest import make_settings
from tests.doubles.telegram import TOKEN, Telegram


class Broken(Exception):
    """An encoder that does not load."""


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """No encoder loads."""

    def load(settings: Settings) -> None:
        raise Broken

    monkeypatch.setattr(keeper, "load_embedder", load)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("mode", ["web", "polling", "webhook"])
async def test_who_cannot_load_the_encoder_ends_with_the_reason(tmp_path: Path, mode: str) -> None:
    async with Telegram() as telegram, asyncio.timeout(60):
        settings = make_settings(
            tmp_path,
            f"sqlite+aiosqlite:///{tmp_path / 'test.db'}",
            port=processes.free_port(),
            telegram_token=TOKEN,
            telegram_api_url=telegram.url,
            telegram_mode="webhook" if mode == "webhook" else "polling",
            telegram_webhook_secret="hook-secret_77",
        )
        serve: dict[str, Callable[[], Awaitable[None]]] = {
            "web": lambda: serving._serve(settings, worker=True, greet=lambda: None),
            "polling": lambda: serving._bot(settings, "telegram", worker=True),
            "webhook": lambda: serving._bot(settings, "telegram", worker=True),
        }
        with pytest.raises(Broken):
            await serve[mode]()
