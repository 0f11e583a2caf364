"""Supporters of a round over the web chat, on a service of its own: each supports two questions,
and presses one of them again. None is lost, none counts twice.
"""

import asyncio
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np
from sqlalchemy import func, select

from service.database import Database
from service.opening import open_installation
from service.rounds import queries
from service.rounds.models import Support
from service.settings import Settings
from tests import processes
from tests.service.issues import town
from tests.service.rounds import polls

QUESTIONS = 20
SUPPORTERS = 2000
EACH = 2
ACTIVE = 50
RATE = 50.0
PATIENCE = 120.0


@dataclass(frozen=True)
class Supported:
    """What was measured: support that was acknowledged and is not there (`lost`) or is there
    unasked (`more`), what was refused, seconds until all of it counted, and waits until a press
    was taken.
    """

    supports: int
    people: int
    seconds: float
    lost: int
    more: int
    refused: int
    p50: float
    p95: float

    @property
    def rate(self) -> float:
        """Supports each second, from the first press until the last one counts."""
        return self.supports / self.seconds


def measure(folder: Path, supporters: int = SUPPORTERS) -> Supported:
    """So many people support questions of a round, fifty at the same time."""
    port = processes.free_port()
    env = processes.environment(folder, port, GABINETE_KEY="00" * 32)
    round_id, questions = asyncio.run(_prepare(folder))
    url, log = f"http://127.0.0.1:{port}", folder / "log"
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{url}/healthz", child, log)
        return asyncio.run(_support(url, folder, round_id, questions, supporters))


def _settings(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder, embedding_model="hash", key="00" * 32)


async def _prepare(folder: Path) -> tuple[int, list[int]]:
    here = await open_installation(_settings(folder))
    try:
        async with here.database.write() as session:
            comms = await town.official(session, role="comms")
            told = await polls.opened(session, by=comms)
            asked = [
                await polls.question(
                    session, here, told, 1, name=f"Question {at}", text=f"Word{at}"
                )
                for at in range(QUESTIONS)
            ]
        return told.id, asked
    finally:
        await here.database.close()


async def _support(
    url: str, folder: Path, round_id: int, questions: list[int], supporters: int
) -> Supported:
    crowd = Crowd(url, round_id, questions, iter(range(supporters)))
    database = Database(_settings(folder).database)
    begun = time.perf_counter()
    try:
        async with aiohttp.ClientSession() as client:
            await asyncio.gather(*(crowd.press(client) for _ in range(ACTIVE)))
        there = await _counted(database, round_id, crowd.acknowledged + QUESTIONS)
        seconds = time.perf_counter() - begun
        async with database.read() as session:
            told = await queries.round_(session, round_id)
            assert told is not None
            people = (await queries.people(session, [told]))[round_id]
    finally:
        await database.close()
    given = there - QUESTIONS
    p50, p95 = np.quantile(crowd.waits, [0.5, 0.95])
    return Supported(
        given, people - QUESTIONS, seconds, max(0, crowd.acknowledged - given),
        max(0, given - crowd.acknowledged), crowd.refused, float(p50), float(p95),
    )  # fmt: skip


async def _counted(database: Database, round_id: int, wanted: int) -> int:
    """How many supports there are, once there are as many as wanted, or patience ends."""
    end = time.monotonic() + PATIENCE
    query = select(func.count(Support.id)).where(Support.round_id == round_id)
    while True:
        async with database.read() as session:
            found = await session.scalar(query) or 0
        if found >= wanted or time.monotonic() > end:
            return found
        await asyncio.sleep(0.1)


class Crowd:
    """People who come one after the other, several at the same time."""

    def __init__(self, url: str, round_id: int, questions: list[int], who: Iterator[int]) -> None:
        self._url, self._round, self._questions, self._who = url, round_id, questions, who
        self._random = np.random.default_rng(7)
        self.acknowledged = self.refused = 0
        self.waits: list[float] = []

    async def press(self, client: aiohttp.ClientSession) -> None:
        """One person after the other, as long as there are people."""
        for _ in self._who:
            async with client.post(f"{self._url}/chat/v1/conversations") as response:
                token = (await response.json())["token"]
            chosen = self._random.choice(self._questions, EACH, replace=False).tolist()
            taken = [await self._one(client, token, issue) for issue in [*chosen, chosen[0]]]
            self.acknowledged += sum(taken[:EACH])

    async def _one(self, client: aiohttp.ClientSession, token: str, issue: int) -> bool:
        body = {"id": uuid.uuid4().hex, "action": f"back:{self._round}:{issue}"}
        headers = {"authorization": f"Bearer {token}"}
        begun = time.perf_counter()
        async with client.post(
            f"{self._url}/chat/v1/messages", json=body, headers=headers
        ) as response:
            await response.read()
        self.waits.append(time.perf_counter() - begun)
        self.refused += response.status != 202
        return response.status == 202
