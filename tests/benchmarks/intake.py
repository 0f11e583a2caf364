"""Messages from many sessions over the web chat's endpoint at a steady rate: none lost, none
doubled, acknowledged soon.
"""

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import numpy as np

from nlp.embed import BUNDLED
from tests import processes
from tests.benchmarks import plain
from tests.benchmarks.throughput import texts

SESSIONS = 200
RATE = 50.0
TARGET = 20.0


@dataclass
class Session:
    """One citizen's conversation, and the ids that were acknowledged."""

    token: str
    acknowledged: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Taken:
    """What was measured; times in seconds."""

    messages: int
    lost: int
    doubled: int
    lone_encoding: float
    p50: float
    p95: float


def measure(folder: Path, messages: int) -> Taken:
    """Post `messages` at 50 a second to a service of its own with the real encoder."""
    lone = _lone_encoding()
    port = processes.free_port()
    env = processes.environment(folder, port, GABINETE_EMBEDDING_MODEL=BUNDLED)
    url, log = f"http://127.0.0.1:{port}", folder / "log"
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{url}/healthz", child, log)
        return asyncio.run(_post_and_count(url, messages, lone))


def _lone_encoding() -> float:
    """The time of plainly encoding one message alone, the median of thirty."""
    embedder = plain.encoder()
    times = []
    for said in texts(35, 0):
        start = time.perf_counter()
        embedder.encode([said])
        times.append(time.perf_counter() - start)
    return float(np.median(times[5:]))


async def _post_and_count(url: str, messages: int, lone: float) -> Taken:
    async with httpx2.AsyncClient(base_url=url, timeout=60) as client:
        sessions = [await _open(client) for _ in range(SESSIONS)]
        waits: list[float] = []
        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for n, said in enumerate(texts(messages, 0)):
                await asyncio.sleep(max(0.0, start + n / RATE - time.perf_counter()))
                group.create_task(_post(client, sessions[n % SESSIONS], said, waits))
        said_by = [await _settled(client, one) for one in sessions]
    p50, p95 = np.quantile(waits, [0.5, 0.95])
    lost = sum(
        len(set(one.acknowledged) - set(said)) for one, said in zip(sessions, said_by, strict=True)
    )
    doubled = sum(len(said) - len(set(said)) for said in said_by)
    return Taken(messages, lost + messages - len(waits), doubled, lone, float(p50), float(p95))


async def _open(client: httpx2.AsyncClient) -> Session:
    return Session((await client.post("/chat/v1/conversations")).json()["token"])


async def _post(
    client: httpx2.AsyncClient, session: Session, said: str, waits: list[float]
) -> None:
    id_, start = uuid.uuid4().hex, time.perf_counter()
    headers = {"authorization": f"Bearer {session.token}"}
    body = {"id": id_, "text": said}
    response = await client.post("/chat/v1/messages", json=body, headers=headers)
    if response.status_code == 202:
        waits.append(time.perf_counter() - start)
        session.acknowledged.append(id_)


async def _settled(client: httpx2.AsyncClient, session: Session) -> list[str]:
    """What a conversation holds once all that was acknowledged is understood, or patience ends."""
    headers, end = {"authorization": f"Bearer {session.token}"}, time.monotonic() + 120
    said: list[str] = []
    while time.monotonic() < end:
        answer = await client.get("/chat/v1/messages?limit=1000", headers=headers)
        lines = answer.json()["messages"]
        said = [line["external_id"] for line in lines if line["direction"] == "in"]
        if set(session.acknowledged) <= set(said):
            break
        await asyncio.sleep(0.2)
    return said
