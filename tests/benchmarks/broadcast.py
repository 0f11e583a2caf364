"""One published answer to everybody who asked on Telegram, at the pace Telegram takes."""

import asyncio
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from httpx2 import AsyncClient

from service.channels.contract import Address, Inbound
from service.channels.inbox import insert_rows, row_of
from service.commands import serving
from service.installation import Installation
from service.opening import open_installation
from service.settings import Settings
from tests import processes
from tests.doubles.processes import kill, on_telegram, running
from tests.doubles.telegram import Telegram
from tests.journeys.colleague import Colleague, hire

LIMIT = 30
FLYING = 8
TARGET = 1.05
ASKED = "quando volta a água na rua das flores?"
ANSWER = "A água volta na terça-feira, depois da troca da bomba."
FIRST = 1_000_000
PATIENCE = 120.0


@dataclass(frozen=True)
class Carried:
    """What became of a broadcast. `seconds` are from the publishing to the last arrival."""

    askers: int
    seconds: float
    missed: int
    doubled: int
    refused: int
    uncertain: int

    @property
    def share(self) -> float:
        """Seconds taken in what the platform's limit allows at best."""
        return self.seconds / (self.askers / LIMIT)


async def measure(folder: Path, askers: int, *, kills: bool = False) -> Carried:
    """Publish an answer to `askers` people through the double at its limits; with `kills` the
    process is killed when half of them have it, and started again.
    """
    async with Telegram(per_second=LIMIT, apart=1.0) as telegram:
        port = processes.free_port()
        env, log = on_telegram(folder, port, telegram), folder / "log"
        staff = await _prepare(folder, askers)
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            async with running(["gabinete", "run"], env, log) as child:
                answer = await _approved([Colleague(client, one) for one in staff])
                start = time.monotonic()
                await Colleague(client, staff[0]).post(f"/answers/{answer}/publish")
                if not kills:
                    return await _counted(telegram, client, staff[0], answer, askers, start)
                half = _told(telegram, askers // 2)
                await telegram.until(half, askers)
                await kill(child)
            async with running(["gabinete", "run"], env, log):
                await _ready(client)
                return await _counted(telegram, client, staff[0], answer, askers, start)


def _told(telegram: Telegram, many: int) -> Any:
    return lambda: len(telegram.sent) >= many


async def _prepare(folder: Path, askers: int) -> list[str]:
    """Everybody has asked, and has their receipt; gives the tokens of an admin and an official."""
    here = await open_installation(
        Settings(
            _env_file=None, data_dir=folder, government="Vale Claro", embedding_model="hash",
            channels=("web",),
        )
    )  # fmt: skip
    moment = datetime.now(UTC)
    rows = [_row(here, FIRST + n, moment) for n in range(askers)]
    async with here.database.write() as session:
        await insert_rows(session, rows)
    left = await serving.work(here, drain=True, progress=lambda done, total: None)
    assert left == 0, "everything must be understood"
    made = [await hire(None, here, "admin"), await hire(None, here, "comms")]  # type: ignore[arg-type]
    await here.database.close()
    with sqlite3.connect(folder / "gabinete.db") as connection:
        connection.execute("UPDATE delivery SET state = 'sent'")
    return [one.headers["authorization"].removeprefix("Bearer ") for one in made]


def _row(here: Installation, person: int, moment: datetime) -> dict[str, Any]:
    address = Address("telegram", "telegram", str(person))
    inbound = Inbound("text", f"{person}:1", address, str(person), ASKED, moment, lang="pt")
    return row_of(inbound, here.vault)


async def _ready(client: AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                if (await client.get("/healthz")).json()["ready"]:
                    return
            except Exception:  # noqa: S110 - it is not there yet
                pass
            await asyncio.sleep(0.1)


async def _approved(staff: list[Colleague]) -> int:
    """An answer that waits to be published."""
    admin, comms = staff
    await _ready(admin._client)
    issues = (await admin.get("/issues", limit=200))["items"]
    issue = max(issues, key=lambda one: one["people"])["id"]
    body = {"key": "water", "name": "Águas", "remit": "Água, canos, bombas.", "norm_days": 5}
    await admin.post("/departments", body)
    await admin.post(f"/issues/{issue}/assign", {"department": "water"})
    body = {"issue_id": issue, "lang": "pt", "title": "Água", "text": ANSWER}
    answer = int((await admin.post("/answers", body))["id"])
    await admin.post(f"/answers/{answer}/submit")
    await comms.post(f"/answers/{answer}/approve", {})
    return answer


async def _counted(
    telegram: Telegram, client: AsyncClient, token: str, answer: int, askers: int, start: float
) -> Carried:
    """What arrived once nothing waits any more."""
    comms = Colleague(client, token)
    async with asyncio.timeout(askers / LIMIT * 3 + PATIENCE):
        while True:
            states = (await comms.get(f"/answers/{answer}/deliveries"))["states"]
            if not states.get("waiting") and not states.get("sending"):
                break
            await asyncio.sleep(1)
    got = Counter(str(call.said["chat_id"]) for call in telegram.sent)
    sent, uncertain = int(states.get("sent", 0)), int(states.get("uncertain", 0))
    return Carried(
        askers=askers,
        seconds=max(call.at for call in telegram.sent) - start,
        missed=max(askers - sent - uncertain, sent - len(got), 0),
        doubled=sum(count - 1 for count in got.values()),
        refused=telegram.statuses[429],
        uncertain=uncertain,
    )
