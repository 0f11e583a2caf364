"""The health consultation of 2011 replayed at its size, over HTTP, on a service of its own: every
person enters, and their votes come one after the other as fast as they are taken.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import kendalltau
from sqlalchemy import func, select

from nlp.rank import Floats
from service.consultations.voting.models import Score, Vote, Voter
from service.database import Database, now
from service.opening import open_installation
from service.settings import Settings
from tests import processes
from tests.benchmarks.voting.simulated import reference
from tests.service.consultations.voting.polling import Poll, open_poll

PROPOSALS, PEOPLE, VOTES = 1388, 60_000, 122_000
RATE, REFRESHED = 300.0, 5.0
THINKING = 1.0
"""Seconds each voter takes over a pair at least: quicker ones would count as suspicious."""
ACTIVE = 600
KEPT_OPEN = 2.0
TRIES = 3
PATIENCE = 30.0


@dataclass(frozen=True)
class Replayed:
    """What was measured: requests and seconds of the whole, votes that were acknowledged and are
    not there (`lost`) or are there twice or unasked (`more`), waits in seconds, Kendall's tau with
    the reference fit, and after how long the ranking held the last vote.
    """

    votes: int
    people: int
    seconds: float
    lost: int
    more: int
    failed: int
    p50: float
    p95: float
    tau: float
    refreshed: float

    @property
    def rate(self) -> float:
        """Votes acknowledged each second."""
        return self.votes / self.seconds


def measure(folder: Path, size: float = 1.0) -> Replayed:
    """Replay a share of the consultation: proposals, people and votes are so much fewer."""
    proposals, people, votes = (int(size * many) for many in (PROPOSALS, PEOPLE, VOTES))
    port = processes.free_port()
    env = processes.environment(
        folder, port, GABINETE_KEY="00" * 32, GABINETE_TRUSTED_PROXIES="127.0.0.1",
    )  # fmt: skip
    poll = asyncio.run(_prepare(folder, max(proposals, 20)))
    url, log = f"http://127.0.0.1:{port}", folder / "log"
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{url}/healthz", child, log)
        return asyncio.run(_replay(url, folder, poll, people, votes))


async def _prepare(folder: Path, proposals: int) -> Poll:
    here = await open_installation(_settings(folder))
    sizes = tuple(len(part) for part in np.array_split(np.arange(proposals), 10))
    poll = await open_poll(here, sizes, voting_until=now() + timedelta(days=1))
    await here.database.close()
    return poll


def _settings(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder, embedding_model="hash", key="00" * 32)


async def _replay(url: str, folder: Path, poll: Poll, people: int, votes: int) -> Replayed:
    strength = _strengths(poll)
    crowd = Crowd(f"{url}/v1/consultations/{poll.id}", strength, _shares(people, votes))
    begun = time.perf_counter()
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_OPEN)
    async with aiohttp.ClientSession(connector=connector) as client:
        await asyncio.gather(*(crowd.vote(client) for _ in range(min(ACTIVE, people))))
    seconds = time.perf_counter() - begun
    database = Database(_settings(folder).database)
    try:
        refreshed = await _refreshed(database, poll, crowd.acknowledged)
        there, voters = await _there(database)
        tau = await _agreement(database, poll)
    finally:
        await database.close()
    p50, p95 = np.quantile(crowd.waits, [0.5, 0.95])
    return Replayed(
        crowd.acknowledged, voters, seconds, max(0, crowd.acknowledged - there),
        max(0, there - crowd.acknowledged), crowd.failed, float(p50), float(p95), tau, refreshed,
    )  # fmt: skip


def _strengths(poll: Poll) -> dict[int, float]:
    random = np.random.default_rng(2011)
    return {id_: float(random.normal()) for theme in poll.proposals for id_ in theme}


def _shares(people: int, votes: int) -> Iterator[int]:
    """How many votes each person gives: many give one or two, a few give many."""
    random = np.random.default_rng(1)
    given = 1 + np.minimum(random.geometric(people / max(votes - people, 1), people) - 1, 60)
    while (over := int(given.sum()) - votes) != 0:
        able = np.flatnonzero(given > 1) if over > 0 else np.arange(people)
        chosen = random.choice(able, min(abs(over), len(able)), replace=False)
        given[chosen] -= int(np.sign(over))
    return iter(given.tolist())


class Crowd:
    """People who vote by the true strengths, several hundred at the same time."""

    def __init__(self, url: str, strength: dict[int, float], shares: Iterator[int]) -> None:
        self._url, self._strength, self._shares = url, strength, shares
        self._random = np.random.default_rng(7)
        self.acknowledged = self.failed = 0
        self.waits: list[float] = []
        self._people = 0

    async def vote(self, client: aiohttp.ClientSession) -> None:
        """One after the other, as long as there are people."""
        for votes in self._shares:
            self._people += 1
            await self._person(client, self._people, votes)

    async def _person(self, client: aiohttp.ClientSession, number: int, votes: int) -> None:
        headers = {
            "x-forwarded-for": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "content-type": "application/json",
        }
        said = await self._post(client, "voters", {}, headers)
        if said is None:
            return
        headers["authorization"] = f"Bearer {said['token']}"
        for _ in range(votes):
            if said is None or said["next"] is None:
                return
            await asyncio.sleep(THINKING)
            begun = time.perf_counter()
            said = await self._post(client, "votes", self._choice(said["next"]), headers)
            if said is not None:
                self.waits.append(time.perf_counter() - begun)
                self.acknowledged += said["counted"]

    def _choice(self, shown: dict[str, Any]) -> dict[str, str]:
        ahead = self._strength[shown["left"]["id"]] - self._strength[shown["right"]["id"]]
        left = self._random.random() < 1 / (1 + np.exp(-ahead))
        return {"pair": shown["pair"], "choice": "left" if left else "right"}

    async def _post(
        self,
        client: aiohttp.ClientSession,
        path: str,
        body: dict[str, str],
        headers: dict[str, str],
    ) -> dict[str, Any] | None:
        """What is answered; a connection that was closed meanwhile is tried again, as browsers do:
        a vote that was counted by the first try is told so to the second.
        """
        for again in range(TRIES):
            try:
                response = await client.post(
                    f"{self._url}/{path}", data=json.dumps(body), headers=headers
                )
            except aiohttp.ClientConnectionError:
                continue
            async with response:
                told: dict[str, Any] = await response.json()
            if response.status in (200, 201):
                told["counted"] = told.get("counted") or again > 0
                return told
            break
        self.failed += 1
        return None


async def _refreshed(database: Database, poll: Poll, votes: int) -> float:
    """Seconds until the ranking holds every vote."""
    begun = time.perf_counter()
    wanted = select(func.sum(Score.shown)).where(Score.counting == "all")
    while time.perf_counter() - begun < PATIENCE:
        async with database.read() as session:
            if (await session.scalar(wanted) or 0) == 2 * votes:
                return time.perf_counter() - begun
        await asyncio.sleep(0.1)
    return float("inf")


async def _there(database: Database) -> tuple[int, int]:
    async with database.read() as session:
        votes = await session.scalar(select(func.count()).select_from(Vote))
        voters = await session.scalar(select(func.count()).select_from(Voter))
    return votes or 0, voters or 0


async def _agreement(database: Database, poll: Poll) -> float:
    """Kendall's tau of the scores with the reference fit on the stored votes, mean of themes."""
    async with database.read() as session:
        told = (await session.execute(select(Vote.low_id, Vote.high_id, Vote.choice))).all()
        scored = (
            await session.execute(
                select(Score.proposal_id, Score.score).where(Score.counting == "all")
            )
        ).all()
    scores = {row[0]: row[1] for row in scored}
    chosen = [(low, high) if choice == "low" else (high, low) for low, high, choice in told]
    taus = [_of_theme(theme, chosen, scores) for theme in poll.proposals]
    return float(np.mean(taus))


def _of_theme(
    theme: Sequence[int], chosen: Sequence[tuple[int, int]], scores: dict[int, float]
) -> float:
    rows = {id_: row for row, id_ in enumerate(theme)}
    cells = [(rows[won], rows[lost]) for won, lost in chosen if won in rows]
    won, lost = np.array(cells).T
    shape = (len(theme), len(theme))
    wins = csr_matrix((np.ones(len(cells)), (won, lost)), shape=shape)
    fitted: Floats = reference(wins)
    return float(kendalltau(fitted, [scores[id_] for id_ in theme]).statistic)
