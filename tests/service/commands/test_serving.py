"""A process whose work has ended goes too, and says why: it takes nothing that nobody reads."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette

from service import running
from service.bell import Bell
from service.commands import serving
from service.installation import Installation
from service.retrieval import keeper
from service.running import Running
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


@pytest.mark.usefixtures("broken")
async def test_a_server_lets_what_is_loaded_rest_from_its_start_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Running] = []

    async def settle(running: Running) -> None:
        asked.append(running)

    monkeypatch.setattr(serving, "settle", settle)
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    settings = make_settings(tmp_path, url, port=processes.free_port())
    with pytest.raises(Broken):
        await serving._serve(settings, worker=True, greet=lambda: None)
    assert len(asked) == 1


async def test_the_collector_leaves_what_is_loaded_alone_once_everything_is(
    installation: Installation,
) -> None:
    app = Starlette()
    app.state.bell = Bell()
    behind = Running(app, installation, [], None, worker=False)
    waiting = asyncio.create_task(running.settle(behind))
    gc.unfreeze()
    await asyncio.sleep(0)
    assert gc.get_freeze_count() == 0
    behind.ready.set()
    await waiting
    assert gc.get_freeze_count() > 10_000
