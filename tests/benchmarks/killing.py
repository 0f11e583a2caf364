"""Kill the service at random moments while citizens write; every acknowledged message must
be there once.
"""

import random
import signal
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests import processes

WRITERS = 4
PAUSE = 0.02


@dataclass
class Told:
    """What one writer was promised: its token, and the ids that were acknowledged."""

    token: str = ""
    acknowledged: list[str] = field(default_factory=list)


def kill_and_count(folder: Path, kills: int, *, seed: int = 7) -> dict[str, int]:
    """Write from several sessions, kill and restart `kills` times, then count.

    Gives acknowledged, lost, doubled, and replies that are missing or came twice.
    """
    port, chance = processes.free_port(), random.Random(seed)  # noqa: S311 - moments, not secrets
    env, log = processes.environment(folder, port), folder / "log"
    url, stop = f"http://127.0.0.1:{port}", threading.Event()
    writers = [Told() for _ in range(WRITERS)]
    threads = [threading.Thread(target=_write, args=(url, w, stop)) for w in writers]
    for turn in range(kills):
        with processes.running(["gabinete", "run"], env, log) as child:
            processes.answers(f"{url}/healthz", child, log)
            if turn == 0:
                for thread in threads:
                    thread.start()
                processes.until(lambda: any(one.acknowledged for one in writers))
            time.sleep(chance.uniform(0.2, 2.0))
            child.send_signal(signal.SIGKILL)
            child.wait()
    stop.set()
    for thread in threads:
        thread.join()
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{url}/healthz", child, log)
        return _count(url, writers)


def _write(url: str, told: Told, stop: threading.Event) -> None:
    """Write until told to stop; a message without an answer is sent again under its id."""
    with httpx2.Client(base_url=url, timeout=5) as client:
        while not stop.is_set():
            id_ = uuid.uuid4().hex
            while not stop.is_set() and not _post(client, told, id_):
                time.sleep(PAUSE)
            time.sleep(PAUSE)


def _post(client: httpx2.Client, told: Told, id_: str) -> bool:
    try:
        if not told.token:
            told.token = client.post("/chat/v1/conversations").json()["token"]
        response = client.post(
            "/chat/v1/messages",
            json={"id": id_, "text": f"falta água na rua número {id_}, ninguém resolve"},
            headers={"authorization": f"Bearer {told.token}"},
        )
    except httpx2.HTTPError:
        return False
    if response.status_code == 202:
        told.acknowledged.append(id_)
        return True
    return False


def _count(url: str, writers: list[Told]) -> dict[str, int]:
    found = {"acknowledged": 0, "lost": 0, "doubled": 0, "unanswered": 0, "answered_twice": 0}
    for told in writers:
        lines = _settled(url, told)
        said = [line["external_id"] for line in lines if line["direction"] == "in"]
        out = [line["external_id"] for line in lines if line["direction"] == "out"]
        found["acknowledged"] += len(told.acknowledged)
        found["lost"] += len(set(told.acknowledged) - set(said))
        found["doubled"] += len(said) - len(set(said))
        found["answered_twice"] += len(out) - len(set(out))
        found["unanswered"] += int(not out)
    return found


def _settled(url: str, told: Told) -> list[dict[str, str]]:
    """The whole conversation once everything acknowledged was understood."""
    headers, end = {"authorization": f"Bearer {told.token}"}, time.monotonic() + processes.PATIENCE
    lines: list[dict[str, str]] = []
    with httpx2.Client(base_url=url, timeout=10) as client:
        while time.monotonic() < end:
            answer = client.get("/chat/v1/messages?limit=10000", headers=headers)
            lines = answer.json()["messages"]
            said = {line["external_id"] for line in lines if line["direction"] == "in"}
            if set(told.acknowledged) <= said:
                return lines
            time.sleep(0.2)
    return lines
