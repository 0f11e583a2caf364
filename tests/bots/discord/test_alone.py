"""The product's commands as processes on Discord: the README's steps, killed, and told to stop."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import processes
from tests.doubles.discord import TOKEN, Discord
from tests.doubles.discord_shapes import APPLICATION
from tests.doubles.processes import kill, running
from tests.journeys.discord_citizen import DiscordCitizen

pytestmark = pytest.mark.processes

PATIENCE = 60.0
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
README = Path(__file__).parents[3] / "README.md"


def on_discord(folder: Path, platform: Discord, **more: str) -> dict[str, str]:
    """The environment of an installation on Discord."""
    mine = {
        "GABINETE_CHANNELS": "web,discord",
        "GABINETE_DISCORD_TOKEN": TOKEN,
        "GABINETE_DISCORD_API_URL": platform.api_url,
    }
    return processes.environment(folder, processes.free_port(), **{**mine, **more})


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """While somebody else writes, nothing can be stored."""
    with contextlib.closing(sqlite3.connect(folder / "gabinete.db")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


@pytest.mark.parametrize("command", [["run"], ["bot", "discord"]])
async def test_the_steps_of_the_readme_lead_to_an_answer(
    platform: Discord, tmp_path: Path, command: list[str]
) -> None:
    assert " ".join(["gabinete", *command]) in README.read_text(encoding="utf-8")
    env, log = on_discord(tmp_path, platform), tmp_path / "log"
    async with running(["gabinete", "doctor"], env, log) as doctor:
        await asyncio.wait_for(doctor.wait(), PATIENCE)
    said = " ".join(log.read_text().split())
    assert "channel discord: is gabinete (" in said
    assert f"client_id={APPLICATION}" in said.replace(" ", "")
    ana = DiscordCitizen(platform)
    async with running(["gabinete", *command], env, log) as child:
        await platform.until(lambda: platform.sockets and platform.commands, PATIENCE)
        assert CODE.search(await ana.say("falta água na rua das flores"))
    assert child.returncode in (0, -15), log.read_text()
    assert TOKEN not in log.read_text()


async def test_killed_before_the_commit_a_message_is_found_at_the_next_start(
    platform: Discord, tmp_path: Path
) -> None:
    env, log = on_discord(tmp_path, platform), tmp_path / "log"
    ana = DiscordCitizen(platform)
    command = ["gabinete", "bot", "discord"]
    async with running(command, env, log) as child:
        await platform.until(lambda: platform.sockets and platform.commands, PATIENCE)
        await ana.say("oi")
        typed = len(platform.of("POST", r"/channels/\d+/typing"))
        with locked(tmp_path):
            await ana.post("falta água na rua das flores")
            await kill(child)
    assert len(platform.of("POST", r"/channels/\d+/typing")) == typed, "it was not called taken"
    platform.sockets.clear()
    async with running(command, env, log) as child:
        assert CODE.search(await ana.waits())
        await ana.say("o ônibus 12 não passa no bairro novo")
    assert child.returncode in (0, -15), log.read_text()
    with contextlib.closing(sqlite3.connect(tmp_path / "gabinete.db")) as connection:
        assert connection.execute("SELECT count(*) FROM contribution").fetchone() == (2,)
    assert len(ana.heard) == 3, "each is answered once"


async def test_without_a_token_it_says_so_in_one_sentence(
    platform: Discord, tmp_path: Path
) -> None:
    env, log = on_discord(tmp_path, platform, GABINETE_DISCORD_TOKEN=""), tmp_path / "log"
    async with running(["gabinete", "bot", "discord"], env, log) as child:
        assert await asyncio.wait_for(child.wait(), PATIENCE) == 2, log.read_text()
    said = " ".join(log.read_text().split())
    assert "GABINETE_DISCORD_TOKEN is empty" in said
    assert "Traceback" not in said
