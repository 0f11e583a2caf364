"""How soon a service with a large store gives its first reply."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from nlp.embed import BUNDLED
from service.commands import serving
from service.opening import open_installation
from service.settings import Settings
from tests import processes
from tests.benchmarks.throughput import fill, texts

TARGET = 10.0
LOADING = (
    "import service.app, service.worker, chromadb; from nlp.embed import load; "
    "load('bundled').encode(['a lone word'])"
)


def measure(folder: Path, messages: int) -> dict[str, float]:
    """Seconds from starting the process to the first reply in the chat, over a store of
    `messages`, and of the imports and the encoder's own loading in a process of their own.
    """
    asyncio.run(_make(folder, messages))
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", LOADING], check=True)
    loading = time.perf_counter() - start
    return {"loading": loading, "first_reply": _first_reply(folder)}


async def _make(folder: Path, messages: int) -> None:
    """A store with everything in it understood."""
    here = await open_installation(Settings(_env_file=None, data_dir=folder))
    await fill(here, texts(messages, 0))
    left = await serving.work(here, drain=True, progress=lambda done, total: None)
    await here.database.close()
    assert left == 0, "everything must be understood"


def _first_reply(folder: Path) -> float:
    port, log = processes.free_port(), folder / "log"
    env = processes.environment(folder, port, GABINETE_EMBEDDING_MODEL=BUNDLED)
    url, start = f"http://127.0.0.1:{port}", time.perf_counter()
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{url}/healthz", child, log)
        with httpx2.Client(base_url=url, timeout=60) as client:
            token = client.post("/chat/v1/conversations").json()["token"]
            headers = {"authorization": f"Bearer {token}"}
            body = {"id": "first", "text": "falta água na minha rua desde ontem"}
            client.post("/chat/v1/messages", json=body, headers=headers).raise_for_status()
            while not _replied(client, headers):
                time.sleep(0.02)
            return time.perf_counter() - start


def _replied(client: httpx2.Client, headers: dict[str, str]) -> bool:
    lines = client.get("/chat/v1/messages", headers=headers).json()["messages"]
    return any(line["direction"] == "out" for line in lines)
