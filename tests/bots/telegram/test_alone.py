"""`gabinete bot telegram` as a process: killed at the worst moments, started twice, scaled."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from service.channels.models import ChannelPresence
from service.channels.presence import LEASE
from service.cli import app
from service.database import Database
from service.errors import SetupError
from tests import processes
from tests.doubles.processes import kill, on_telegram, running
from tests.doubles.telegram import TOKEN, Telegram
from tests.journeys.telegram_citizen import TelegramCitizen

pytestmark = pytest.mark.processes

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
        await telegram.until(lambda: telegram.counts["getUpdates"], PATIENCE)
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
    telegram: Telegram, tmp_path: Path, database_url: str
) -> None:
    env, citizen = on_telegram(tmp_path, processes.free_port(), telegram), TelegramCitizen(telegram)
    env["GABINETE_DATABASE_URL"] = database_url
    async with running([*BOT, "--no-worker"], env, tmp_path / "bot"):
        await telegram.until(lambda: telegram.counts["getUpdates"], PATIENCE)
        citizen.post(ASKED)
        async with running(["gabinete", "worker"], env, tmp_path / "worker"):
            await telegram.until(citizen.heard, PATIENCE)
    assert "Recebemos" in citizen.heard()[0]["text"]
    database = Database(database_url)
    async with database.read() as session:
        stands = (await session.scalars(select(ChannelPresence))).one()
    await database.close()
    assert (stands.owner, stands.state) == (None, "down"), "others may run it now"


async def test_the_steps_of_the_readme_lead_to_an_answer(
    telegram: Telegram, tmp_path: Path
) -> None:
    port = processes.free_port()
    env, log = on_telegram(tmp_path, port, telegram), tmp_path / "log"
    async with running(["gabinete", "doctor"], env, log) as doctor:
        assert await asyncio.wait_for(doctor.wait(), PATIENCE) == 0, log.read_text()
    assert "ok  channel telegram: is @GabineteBot" in log.read_text()
    citizen = TelegramCitizen(telegram)
    async with running(["gabinete", "run"], env, log) as child:
        assert "Olá" in await citizen.say("oi")
        assert "Recebemos" in await citizen.say(ASKED)
    assert child.returncode in (0, -15), log.read_text()
    assert {said.get("language_code") for said in telegram.of("setMyCommands")} == {
        "pt", "es", "en", None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "more", "sentence"),
    [
        ("bot web", {}, "web is served by"),
        ("bot pigeon", {}, "there is no such channel"),
        ("bot telegram", {"GABINETE_TELEGRAM_TOKEN": ""}, "GABINETE_TELEGRAM_TOKEN is empty"),
        ("run", {"GABINETE_TELEGRAM_TOKEN": ""}, "GABINETE_TELEGRAM_TOKEN is empty"),
        ("run", {"GABINETE_TELEGRAM_MODE": "webhook"}, "WEBHOOK_SECRET must be set"),
    ],
)
def test_what_cannot_run_says_why_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    more: dict[str, str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = processes.environment(tmp_path, processes.free_port())
    told = {"GABINETE_CHANNELS": "web,telegram", "GABINETE_TELEGRAM_TOKEN": TOKEN}
    for name, value in (environment | told | more).items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, command.split())
    assert isinstance(result.exception, SetupError), result.exception
    assert sentence in str(result.exception)
