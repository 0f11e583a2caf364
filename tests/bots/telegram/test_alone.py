"""`gabinete bot telegram` as a process: killed at the worst moments, started twice, scaled."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.channels.presence import LEASE
from tests import processes
from tests.doubles.processes import kill, on_telegram, running
from tests.doubles.telegram import TOKEN, Telegram
from tests.journeys.telegram_citizen import TelegramCitizen

BOT = ["gabinete", "bot", "telegram"]
ASKED = "falta água na rua das flores desde ontem"
STORED = "SELECT count(*) FROM inbox"
PATIENCE = 60.0


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    """What an installation's database holds."""
    with sqlite3.connect(folder / "gabinete.db") as connection:
        return connection.execute(query).fetchall()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """While somebody else writes, nothing can be stored."""
    with contextlib.closing(sqlite3.connect(folder / "gabinete.db")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


@pytest.mark.parametrize("moment", ["fetched", "stored"])
async def test_killed_between_fetch_and_confirmation_nothing_is_lost_or_doubled(
    telegram: Telegram, tmp_path: Path, moment: str
) -> None:
    env, log = on_telegram(tmp_path, processes.free_port(), telegram), tmp_path / "log"
    people = [TelegramCitizen(telegram) for _ in range(5)]
    async with running(BOT, env, log) as child:
        await telegram.until(lambda: telegram.counts["getUpdates"] >= 2, PATIENCE)
        with locked(tmp_path) if moment == "fetched" else contextlib.nullcontext():
            for n, one in enumerate(people):
                one.post(f"{ASKED} no número {n}")
            await telegram.until(lambda: telegram.given, PATIENCE)
            telegram.fail("getUpdates", 502, times=1000)
            if moment == "stored":
                await telegram.until(lambda: rows(tmp_path, STORED) == [(5,)], PATIENCE)
            await kill(child)
    telegram.relent()
    assert rows(tmp_path, STORED) == [(5 if moment == "stored" else 0,)]
    assert len(telegram.waiting) == 5, "Telegram was not told that they were taken"
    async with running(BOT, env, log) as child:
        await telegram.until(lambda: all(one.heard() for one in people), PATIENCE)
        await telegram.until(lambda: not telegram.waiting, PATIENCE)
    assert child.returncode in (0, -15), log.read_text()
    assert rows(tmp_path, "SELECT count(*) FROM message") == [(5,)]
    assert [len(one.heard()) for one in people] == [1] * 5, "each is answered once"
    assert TOKEN not in log.read_text()


async def test_a_second_process_says_so_in_one_sentence(telegram: Telegram, tmp_path: Path) -> None:
    env, log = on_telegram(tmp_path, processes.free_port(), telegram), tmp_path / "log"
    second = tmp_path / "second"
    async with running(BOT, env, log):
        await telegram.until(lambda: telegram.counts["getUpdates"], PATIENCE)
        async with running([*BOT, "--no-worker"], env, second) as other:
            assert await asyncio.wait_for(other.wait(), PATIENCE) == 2
    said = second.read_text()
    assert "telegram is run by another process" in said
    assert "Traceback" not in said
    assert LEASE.total_seconds() == 30, "the sentence says half a minute"


async def test_scaled_a_bot_listens_and_sends_and_a_worker_understands(
    telegram: Telegram, tmp_path: Path
) -> None:
    env, citizen = on_telegram(tmp_path, processes.free_port(), telegram), TelegramCitizen(telegram)
    async with running([*BOT, "--no-worker"], env, tmp_path / "bot"):
        await telegram.until(lambda: telegram.counts["getUpdates"], PATIENCE)
        citizen.post(ASKED)
        async with running(["gabinete", "worker"], env, tmp_path / "worker"):
            await telegram.until(citizen.heard, PATIENCE)
    assert "Recebemos" in citizen.heard()[0]["text"]
    stopped = rows(tmp_path, "SELECT owner, state FROM channel_presence")
    assert stopped == [(None, "down")]


@pytest.mark.parametrize(
    ("command", "more", "sentence"),
    [
        (["gabinete", "bot", "web"], {}, "web is served by"),
        (["gabinete", "bot", "pigeon"], {}, "there is no such channel"),
        (BOT, {"GABINETE_TELEGRAM_TOKEN": ""}, "GABINETE_TELEGRAM_TOKEN is empty"),
        (["gabinete", "run"], {"GABINETE_TELEGRAM_TOKEN": ""}, "GABINETE_TELEGRAM_TOKEN is empty"),
        (["gabinete", "run"], {"GABINETE_TELEGRAM_MODE": "webhook"}, "WEBHOOK_SECRET must be set"),
    ],
)
async def test_what_cannot_run_says_why_in_one_sentence(
    telegram: Telegram, tmp_path: Path, command: list[str], more: dict[str, str], sentence: str
) -> None:
    env, log = on_telegram(tmp_path, processes.free_port(), telegram) | more, tmp_path / "log"
    async with running(command, env, log) as child:
        assert await asyncio.wait_for(child.wait(), PATIENCE) == 2, log.read_text()
    said = log.read_text()
    assert sentence in " ".join(said.split())
    assert "Traceback" not in said
