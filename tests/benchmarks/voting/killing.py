"""Kill the service at random moments while browsers vote; every acknowledged vote must be there
once, as it was chosen.
"""

import asyncio
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import Select, select

from service.consultations.voting import tokens
from service.consultations.voting.models import Score, Vote, Voter
from service.database import now
from service.installation import Installation
from service.opening import open_installation
from service.settings import Settings
from tests import processes
from tests.service.consultations.voting.polling import Poll, open_poll

VOTERS, PROPOSALS = 4, 40
PAUSE, PATIENCE = 0.02, 75.0
KEY = "00" * 32

Pair = tuple[int, int]


@dataclass
class Told:
    """What one browser was promised: its token, and which of each pair was acknowledged."""

    token: str = ""
    chosen: dict[Pair, int] = field(default_factory=dict)
    repeated: int = 0


def kill_and_count(folder: Path, kills: int, *, seed: int = 7) -> dict[str, int]:
    """Vote from several browsers, kill and restart `kills` times, then count.

    Gives votes that were acknowledged, lost, there twice, there as something else, and those of
    them that the scores do not hold once the service runs again.
    """
    port, chance = processes.free_port(), random.Random(seed)  # noqa: S311 - moments, not secrets
    env = processes.environment(
        folder, port, GABINETE_KEY=KEY, GABINETE_VOTES_PER_MINUTE="100000"
    )  # fmt: skip
    here = asyncio.run(_opened(folder))
    poll = asyncio.run(open_poll(here, (PROPOSALS,)))
    url, log, stop = f"http://127.0.0.1:{port}", folder / "log", threading.Event()
    browsers = [Told() for _ in range(VOTERS)]
    path = f"{url}/v1/consultations/{poll.id}"
    threads = [threading.Thread(target=_vote, args=(path, one, stop)) for one in browsers]
    for turn in range(kills):
        with processes.running(["gabinete", "run"], env, log) as child:
            processes.answers(f"{url}/healthz", child, log)
            if turn == 0:
                for thread in threads:
                    thread.start()
                processes.until(lambda: any(one.chosen for one in browsers))
            time.sleep(chance.uniform(0.2, 2.0))
            child.send_signal(signal.SIGKILL)
            child.wait()
    stop.set()
    for thread in threads:
        thread.join()
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{url}/healthz", child, log)
        return asyncio.run(_count(here, poll, browsers))


async def _opened(folder: Path) -> Installation:
    made = Settings(_env_file=None, data_dir=folder, embedding_model="hash", key=KEY)
    return await open_installation(made)


def _vote(path: str, told: Told, stop: threading.Event) -> None:
    """Vote until told to stop, or on all; a vote without an answer is sent again as it was."""
    with httpx2.Client(base_url=path, timeout=5) as client:
        shown: dict[str, Any] | None = None
        while not stop.is_set():
            said = _post(client, told, shown)
            if said is not None:
                shown = said["next"]
                if shown is None:
                    return
            time.sleep(PAUSE)


def _post(client: httpx2.Client, told: Told, shown: dict[str, Any] | None) -> dict[str, Any] | None:
    """Begin, or choose the smaller number; what is answered, None where nothing is."""
    try:
        if shown is None:
            response = client.post("/voters", json={})
        else:
            left, right = shown["left"]["id"], shown["right"]["id"]
            body = {"pair": shown["pair"], "choice": "left" if left < right else "right"}
            headers = {"authorization": f"Bearer {told.token}"}
            response = client.post("/votes", json=body, headers=headers)
    except httpx2.HTTPError:
        return None
    if response.status_code not in (200, 201):
        return None
    said: dict[str, Any] = response.json()
    if shown is None:
        told.token = said["token"]
    else:
        told.chosen[min(left, right), max(left, right)] = min(left, right)
        told.repeated += not said["counted"]
    return said


async def _count(here: Installation, poll: Poll, browsers: list[Told]) -> dict[str, int]:
    found = {"acknowledged": 0, "lost": 0, "doubled": 0, "altered": 0, "repeated": 0}
    for told in browsers:
        digest, _ = tokens.read_voter(here.vault, poll.id, told.token)
        async with here.database.read() as session:
            rows = (await session.scalars(_votes_of(digest))).all()
        there = {(row.low_id, row.high_id): row for row in rows}
        found["acknowledged"] += len(told.chosen)
        found["lost"] += len(set(told.chosen) - set(there))
        found["doubled"] += len(rows) - len(there)
        found["altered"] += sum(row.choice != "low" for row in rows)
        found["repeated"] += told.repeated
    found["unscored"] = await _unscored(here)
    await here.database.close()
    return found


def _votes_of(digest: str) -> Select[Vote]:
    return select(Vote).join(Voter, Voter.id == Vote.voter_id).where(Voter.digest == digest)


async def _unscored(here: Installation) -> int:
    """How many votes the scores do not hold, once they were given time to."""
    end = now().timestamp() + PATIENCE
    while True:
        async with here.database.read() as session:
            votes = len((await session.scalars(select(Vote.id))).all())
            shown = (
                await session.scalars(select(Score.shown).where(Score.counting == "all"))
            ).all()
        if 2 * votes == sum(shown) or now().timestamp() > end:
            return votes - sum(shown) // 2
        await asyncio.sleep(0.2)
