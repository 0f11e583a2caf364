"""From rows in the inbox to drained, against plainly encoding the same texts."""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from nlp.embed import BUNDLED, Embedder, load
from nlp.text import mask
from service.bell import Bell
from service.channels.contract import Address, Inbound
from service.channels.inbox import insert_rows, row_of
from service.commands.sample import DATA
from service.conversations.hearing import encodable
from service.installation import Installation
from service.opening import open_installation
from service.retrieval.keeper import Keeper
from service.settings import Settings
from service.worker import Worker
from tests.benchmarks import plain

TARGET, GAIN = 0.9, 1.5


def texts(short: int, long: int) -> list[str]:
    """Messages as people write them, each different: `short` ones of a sentence or two, and
    `long` ones of a page.
    """
    lines = (DATA / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    said = [json.loads(line)["text"] for line in lines]
    made = [f"{said[n % len(said)]} ({n})" for n in range(short)]
    return made + [" ".join(said[(n * 7 + k) % len(said)] for k in range(12)) for n in range(long)]


def measure(said: Sequence[str], turns: int = 3) -> dict[str, float]:
    """Seconds of plainly encoding, of encoding by the fast path and of draining the same texts, in
    turns; medians.
    """
    with tempfile.TemporaryDirectory() as graphs:
        quick = load(BUNDLED, graphs=Path(graphs))
    asyncio.run(_drain(quick, said[:50]))
    told = [encodable(mask(text).text) for text in said]
    whole = plain.encoder()
    times: dict[str, list[float]] = {"plain": [], "fast": [], "drained": []}
    for _ in range(turns):
        times["plain"].append(_timed(whole.model.encode, told))
        times["fast"].append(_timed(quick.encode, told))
        times["drained"].append(asyncio.run(_drain(quick, said)))
    return {name: statistics.median(spent) for name, spent in times.items()}


def _timed(encode: Callable[[list[str]], object], told: list[str]) -> float:
    """As anybody would call the encoder, on the texts the service encodes."""
    start = time.perf_counter()
    encode(told)
    return time.perf_counter() - start


async def _drain(embedder: Embedder, said: Sequence[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        here = await open_installation(
            Settings(_env_file=None, data_dir=Path(folder), government="Vale Claro")
        )
        await fill(here, said)
        keeper = Keeper(here.settings, here.database)
        retriever = await keeper.open(embedder)
        worker = Worker(here, retriever, Bell(), mend=keeper.mend, alone=keeper.alone)
        start = time.perf_counter()
        left = await worker.drain()
        spent = time.perf_counter() - start
        await keeper.close()
        await here.database.close()
        assert left == 0, "everything must be understood"
        return spent


async def fill(here: Installation, said: Sequence[str], first: int = 0) -> None:
    """Each text from a citizen of its own, numbered from `first`, through the web chat."""
    moment = datetime.now(UTC)
    rows = [
        row_of(
            Inbound(
                address=Address("web", "main", f"c{n}"),
                sender=f"s{n}",
                external_id=f"m{n}",
                kind="text",
                text=text,
                occurred_at=moment,
            ),
            here.vault,
        )
        for n, text in enumerate(said, first)
    ]
    async with here.database.write() as session:
        await insert_rows(session, rows)
