"""Growth: what taking a message costs over a large store, bringing a large window together, and
searching many passages; with the memory of each.

The store is invented: vectors in clusters within themes, sizes as Zipf's law has them, the largest
issue about one message in twenty. A size is measured in a process of its own, by processor time.
"""

import asyncio
import json
import random
import resource
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, text

from nlp.embed import BUNDLED, FloatArray, Space, load
from nlp.index import rebuild
from nlp.neighbours import IntArray
from service.bell import Bell
from service.database import Session, now
from service.installation import Installation, note
from service.issues import tasks
from service.issues.models import Issue, Membership
from service.messages import queries as message_queries
from service.messages.models import ContributionVector
from service.opening import open_installation
from service.people.models import Person
from service.retrieval import keeper, queries, spaces
from service.retrieval.keeper import Keeper
from service.retrieval.models import Entry
from service.retrieval.retriever import Retriever
from service.worker import Worker
from tests.benchmarks import throughput
from tests.benchmarks.throughput import fill
from tests.conftest import make_settings

PLACING, CONSOLIDATING, SEARCHING, INDEXING = 2.0, 60.0, 30.0, 1.0
SIZE, SEED, CHUNK = 384, 7, 20_000
DAYS, VOICES, NEW, MATTERS = 90, 4, 0.1, 60
SPREAD, ZIPF = 0.9, 0.9
LONE, BATCHES, BATCH, WARM = 60, 4, 256, 64
SPOKEN = 20_000
QUESTIONS, PAGES = 200, 100
SYLLABLES = [a + b for a in "bcdfglmnprst" for b in "aeiou"]


def issues_of(messages: int) -> int:
    """How many issues so many messages make: 2,000 of 10,000, 63,000 of a million."""
    return int(2 * messages**0.75)


class Points:
    """An encoder of invented texts: the first word of one tells what it is about."""

    name, size, languages = "points", SIZE, frozenset({"en", "pt", "es"})

    def __init__(self, count: int) -> None:
        self.count = count

    @cached_property
    def middles(self) -> FloatArray:
        """Where each matter is (count, size), sixty to a theme."""
        dice = np.random.default_rng(SEED)
        themes = _unit(dice.normal(size=(self.count // MATTERS + 1, SIZE)))
        own = _unit(dice.normal(size=(self.count, SIZE)))
        return _unit(themes[np.arange(self.count) // MATTERS] + 1.2 * own)

    def around(
        self, matters: IntArray, dice: np.random.Generator, spread: FloatArray
    ) -> FloatArray:
        """Vectors (n, size) near the middles of these matters."""
        noise = _unit(dice.normal(size=(len(matters), SIZE)))
        return np.asarray(self.middles[matters] + spread[:, None] * noise, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Vectors (n, size) of length one."""
        found = [
            self.around(
                np.array([number(one.split()[0]) % self.count]),
                np.random.default_rng(zlib.crc32(one.encode())),
                np.array([SPREAD], dtype=np.float32),
            )
            for one in texts
        ]
        return _unit(np.concatenate(found)) if found else np.zeros((0, SIZE), dtype=np.float32)


def _unit(vectors: NDArray[np.floating[Any]]) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def word(matter: int) -> str:
    """A number as a word of four syllables."""
    base = len(SYLLABLES)
    return "".join(SYLLABLES[matter // base**place % base] for place in range(4))


def number(said: str) -> int:
    """The number a word stands for."""
    at = [SYLLABLES.index(said[2 * place : 2 * place + 2]) for place in range(len(said) // 2)]
    return sum(one * len(SYLLABLES) ** place for place, one in enumerate(at))


def measure(folder: Path, what: str, total: int) -> dict[str, float]:
    """Figures over a store of so many `messages` or `passages`, from a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.scale", what, str(folder), str(total)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures = told.stdout.splitlines()[-1]  # after what the process had to warn of
    return {name: float(value) for name, value in json.loads(figures).items()}


async def messages(folder: Path, total: int) -> dict[str, float]:
    """Processor milliseconds a message takes alone and in a batch, seconds of one round of
    consolidation, and the most memory in MB.
    """
    here = await _open(folder)
    issues = issues_of(total)
    embedder = Points(int(issues / (1 - NEW)))
    await _fill(here, embedder, total, issues)
    await _index(here, embedder)
    keeper = Keeper(here.settings, here.database)
    retriever = await keeper.open(embedder)
    worker = Worker(here, retriever, Bell(), mend=keeper.mend, alone=keeper.alone)
    dice = random.Random(SEED)  # noqa: S311 - what is said is no secret
    await _take(here, worker, _texts(dice, issues, embedder.count, WARM), WARM)
    found = {"issues": float(issues)}
    lone = _texts(dice, issues, embedder.count, LONE)
    found["lone"] = await _take(here, worker, lone, 1)
    many = _texts(dice, issues, embedder.count, BATCHES * BATCH)
    found["many"] = await _take(here, worker, many, BATCH)
    found["memory"] = _memory()
    found["consolidating"] = await _timed_round(here, retriever)
    found["round_memory"] = _memory()
    await keeper.close()
    await here.database.close()
    return found


async def _open(folder: Path) -> Installation:
    return await open_installation(
        make_settings(folder, f"sqlite+aiosqlite:///{folder / 'gabinete.db'}")
    )


async def _take(here: Installation, worker: Worker, said: Sequence[str], batch: int) -> float:
    """Processor milliseconds a message, by the way the worker takes them."""
    async with here.database.read() as session:
        heard = await message_queries.count(session)
    await fill(here, said, heard)
    spent = time.process_time()
    done = 0
    while claimed := await worker.understand(batch):
        done += claimed
    assert done == len(said), "everything must be understood"
    return (time.process_time() - spent) * 1000 / done


async def _timed_round(here: Installation, retriever: Retriever) -> float:
    """Processor seconds of the job that finds themes and brings issues together."""
    spent = time.process_time()
    await tasks.consolidate(here, retriever)
    return time.process_time() - spent


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _texts(dice: random.Random, issues: int, matters: int, count: int) -> list[str]:
    """Nine in ten are about what was heard, most of it about the largest issues; each has words of
    its own.
    """
    heard, weights = range(issues), [1 / (rank + 1) ** ZIPF for rank in range(issues)]
    about = dice.choices(heard, weights, k=count)
    fresh = [dice.randrange(issues, matters) for _ in about]
    chosen = [new if dice.random() < NEW else old for old, new in zip(about, fresh, strict=True)]
    return [
        " ".join([word(one), *(word(dice.randrange(len(SYLLABLES) ** 4)) for _ in range(13))]) + "?"
        for one in chosen
    ]


async def _fill(here: Installation, embedder: Points, total: int, issues: int) -> None:
    """Messages, who said them and the issues they are in. The newest 20,000 have vectors."""
    dice, moment = np.random.default_rng(SEED), now()
    weights = 1 / np.arange(1, issues + 1) ** ZIPF
    rest = dice.choice(issues, size=total - issues, p=weights / weights.sum())
    places = dice.permutation(np.concatenate([np.arange(issues), rest]))
    sizes = np.bincount(places, minlength=issues)
    async with here.database.write() as session:
        await _contributions(session, total, moment)
        await _many(session, Issue, issues, lambda n: _issue(n, int(sizes[n]), moment))
        for start in range(0, issues, CHUNK):
            at = np.arange(start, min(start + CHUNK, issues))
            means = embedder.around(at, dice, (SPREAD / np.sqrt(sizes[at])).astype(np.float32))
            means /= np.float32(np.sqrt(1 + SPREAD**2))
            await session.execute(insert(Entry), _entries("issue", start, means))
        await _many(session, Membership, total, lambda n: _member(n, int(places[n]), moment))
        newest = places[-SPOKEN:]
        said = embedder.around(newest, dice, np.full(len(newest), SPREAD, dtype=np.float32))
        first = total - len(newest) + 1
        spoken = [
            {"contribution_id": first + n, "model": embedder.name, "digest": "",
             "vector": vector.tobytes()}
            for n, vector in enumerate(_unit(said))
        ]  # fmt: skip
        await session.execute(insert(ContributionVector), spoken)
        await spaces.keep(session, Space.shipped(embedder), total)


async def _many(
    session: Session, table: Any, count: int, row: Callable[[int], dict[str, Any]]
) -> None:
    for start in range(0, count, CHUNK):
        rows = [row(n) for n in range(start, min(start + CHUNK, count))]
        await session.execute(insert(table), rows)


async def _contributions(session: Session, total: int, moment: datetime) -> None:
    people = max(total // VOICES, 1)
    await _many(session, Person, people, lambda n: {"code": f"P-{n}", "created_at": moment})
    first = moment - timedelta(days=DAYS)
    values = {
        "most": total, "people": people, "step": DAYS * 86_400 / total,
        "moment": f"{moment:%Y-%m-%d %H:%M:%S.%f}", "first": f"{first:%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip
    await session.execute(text(CONTRIBUTIONS), values)


def _issue(n: int, size: int, moment: datetime) -> dict[str, Any]:
    return {
        "id": n + 1, "root_id": n + 1, "name": f"{word(n)} {word(n // MATTERS)}",
        "named_by": "machine", "phrases": [], "representatives": [], "state": "open",
        "routed_by": "machine", "confidence": 0.0, "route_reason": [], "people": size,
        "messages": size, "size": size, "labelled_size": size,
        "first_seen": moment - timedelta(days=DAYS), "last_seen": moment, "created_at": moment,
    }  # fmt: skip


def _member(n: int, place: int, moment: datetime) -> dict[str, Any]:
    return {
        "contribution_id": n + 1, "issue_id": place + 1, "similarity": 0.6,
        "placed_by": "machine", "placed_at": moment,
    }  # fmt: skip


def _entries(
    kind: str, start: int, vectors: FloatArray, texts: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "owner_id": start + n + 1, "part": 0, "lang": "en",
         "text": texts[n] if texts else None, "model": Points.name, "vector": vector.tobytes(),
         "live": True, "change": start + n + 1}
        for n, vector in enumerate(vectors)
    ]  # fmt: skip


CONTRIBUTIONS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :most)
INSERT INTO contribution
    (id, person_id, channel, kind, text, lang, fingerprint, state, said_at, created_at)
SELECT n, n * 13 % :people + 1, 'web', 'question', 'nothing has been done of number ' || n, 'en',
    'f' || n, 'received',
    strftime('%Y-%m-%d %H:%M:%S.000000', :first, '+' || CAST(n * :step AS INTEGER) || ' seconds'),
    :moment
FROM numbers
"""


async def _index(here: Installation, embedder: Points) -> float:
    """The vector store as a clean stop leaves it; gives how many vectors a second it took in."""
    async with here.database.read() as session:
        space = await spaces.load(session, embedder)
        owners, vectors = await queries.vectors(session, "issue")
        kind, placed = "issue", space.place(vectors)
        if not owners:
            kind = "passage"
            owners, placed = await queries.vectors(session, kind)
        last = await queries.last_change(session)
    name = keeper.prefix(embedder)
    spent = time.process_time()
    rebuild(here.settings.data_dir / "index" / "chroma", name, [(kind, owners, placed)])
    rate = len(owners) / (time.process_time() - spent)
    async with here.database.write() as session:
        await note(session, f"indexed:{name}", f"{last}:{space.version}")
    return rate


async def passages(folder: Path, total: int) -> dict[str, float]:
    """Processor milliseconds of a search, at the median and the 95th percentile, the latter by the
    clock too, passages indexed and encoded a second of processor, and the most memory in MB.
    """
    here = await _open(folder)
    embedder, dice = Points(total), np.random.default_rng(SEED)
    told, vectors = await _passages(here, embedder, total, dice)
    rate = await _index(here, embedder)
    keeper = Keeper(here.settings, here.database)
    spent = time.process_time()
    retriever = await keeper.open(embedder)
    retriever.find("passage", ["warm"], ["en"], vectors[:1], 1)
    rate = 1 / (1 / rate + (time.process_time() - spent) / total)
    taken = []
    for at in dice.choice(total, QUESTIONS):
        question = " ".join(told[at].split()[:12])
        begun, spent = time.perf_counter(), time.process_time()
        (hits,) = retriever.find("passage", [question], ["en"], vectors[at : at + 1], 10)
        taken.append((time.process_time() - spent, time.perf_counter() - begun))
        assert hits[0].id == at + 1, "the passage itself is there"
    (p50, _), (p95, clock) = np.percentile(taken, [50, 95], axis=0) * 1000
    await keeper.close()
    await here.database.close()
    memory = _memory()
    return {"p50": p50, "p95": p95, "clock": clock, "rate": rate, "memory": memory,
            "encoded": _encoded(folder)}  # fmt: skip


def _encoded(folder: Path) -> float:
    """Passages of about sixty words that the bundled encoder takes a second, by its fast path."""
    encoder, said = load(BUNDLED, graphs=folder), throughput.texts(PAGES * 5, 0)
    pages = [" ".join(said[at::PAGES]) for at in range(PAGES)]
    encoder.encode(pages[:20])
    spent = time.process_time()
    encoder.encode(pages)
    return PAGES / (time.process_time() - spent)


async def _passages(
    here: Installation, embedder: Points, total: int, dice: np.random.Generator
) -> tuple[list[str], FloatArray]:
    """Passages of sixty words, as Zipf's law has them, each about a matter of its own, and their
    vectors.
    """
    odds = 1 / np.arange(1, len(SYLLABLES) ** 3 + 1)
    said = dice.choice(len(odds), (total, 60), p=odds / odds.sum())
    words = [word(one) for one in range(len(odds))]
    texts = [" ".join([word(n), *(words[one] for one in row)]) for n, row in enumerate(said)]
    spread = np.full(total, SPREAD, dtype=np.float32)
    vectors = _unit(embedder.around(np.arange(total), dice, spread))
    async with here.database.write() as session:
        for start in range(0, total, CHUNK):
            part = slice(start, start + CHUNK)
            rows = _entries("passage", start, vectors[part], texts[part])
            await session.execute(insert(Entry), rows)
    return texts, vectors


if __name__ == "__main__":
    part = {"messages": messages, "passages": passages}[sys.argv[1]]
    sys.stdout.write(json.dumps(asyncio.run(part(Path(sys.argv[2]), int(sys.argv[3])))))
