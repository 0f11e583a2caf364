"""The loops of a worker where things go wrong: a hiccup, a poison, a round that fails."""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from service import jobs, tasks
from service.bell import Bell
from service.channels.contract import Address
from service.channels.inbox import Arrived, insert_rows, row_of
from service.channels.models import InboxRow
from service.database import now
from service.installation import Installation
from service.issues import queries as issues
from service.issues.members import queries as members
from service.jobs import TRIES, Job
from service.retrieval import queries as retrieval
from service.retrieval.keeper import Keeper
from service.worker import Worker
from tests.conftest import serving
from tests.journeys.citizen import Citizen
from tests.service.console.test_screens import counted
from tests.service.conversations.platform import inbound, settled


async def test_a_hiccup_of_the_database_costs_a_moment_and_no_message(
    app: FastAPI, client: AsyncClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = app.state.running.worker._desk
    take, hiccups = desk.take, [OperationalError("x", {}, Exception("closed"))] * 2

    async def shaky(arrived: Sequence[Arrived]) -> set[int]:
        if hiccups:
            raise hiccups.pop()
        return set(await take(arrived))

    monkeypatch.setattr(desk, "take", shaky)
    assert "Recebemos" in await Citizen(client).say("falta água na rua das flores desde ontem")
    async with installation.database.read() as session:
        assert [(r.state, r.attempts) for r in (await session.scalars(select(InboxRow))).all()] == [
            ("done", 3)
        ]


async def test_nothing_is_asked_about_nobody(installation: Installation) -> None:
    """A list without members costs a message no statement, and an issue's standing is read twice:
    before and after what the message does to it.
    """
    keeper = Keeper(installation.settings, installation.database)
    worker = Worker(installation, await keeper.open(), Bell(), mend=keeper.mend)
    for number, said in enumerate(("falta água na rua das flores", "falta água na rua da praia")):
        row = row_of(inbound("text", f"m-{number}", said), installation.vault)
        async with installation.database.write() as session:
            await insert_rows(session, [row])
        with counted(installation.database) as sent:
            assert await worker.understand(1) == 1
        assert [one for one in sent if "1!=1" in one] == [], "so an empty IN is written"
        assert len([one for one in sent if "issue_1.named_by" in one]) == 2
    await keeper.close()


async def test_an_issue_is_found_by_the_mean_of_all_who_joined_it(
    installation: Installation,
) -> None:
    keeper = Keeper(installation.settings, installation.database)
    worker = Worker(installation, await keeper.open(), Bell(), mend=keeper.mend)
    said = ["desde ontem", "desde segunda", "outra vez", "há uma semana", "de novo hoje"]
    texts = [f"falta água na rua das flores {when}" for when in said]
    for number, batch in enumerate((texts[:1], texts[1:4], texts[4:])):
        people = [f"{number}{at}".ljust(43, "c") for at in range(len(batch))]
        rows = [
            row_of(
                inbound("text", who, text, address=Address("web", "main", who), sender=who),
                installation.vault,
            )
            for who, text in zip(people, batch, strict=True)
        ]
        async with installation.database.write() as session:
            await insert_rows(session, rows)
        assert await worker.understand(len(rows)) == len(rows)
    await keeper.close()
    async with installation.database.read() as session:
        owners, vectors = await retrieval.vectors(session, "issue")
        for issue, vector in zip(owners, vectors, strict=True):
            found = await members.mean_vector(session, issue)
            assert found is not None
            assert np.allclose(vector, found[1], atol=1e-6)
        assert len(await issues.members(session, owners[0])) == len(texts)


async def test_a_worker_begins_once_a_database_that_fails_at_the_start_is_there_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    hiccups = [OperationalError("x", {}, Exception("database is locked"))] * 2

    async def planned(*_: object) -> None:
        if hiccups:
            raise hiccups.pop()

    monkeypatch.setattr(jobs, "plan", planned)
    async with serving(installation) as app:
        told = await settled(app, installation, inbound("command", "1", "/ajuda"))
    assert len(told) == 1


async def test_a_job_that_comes_round_outlives_any_number_of_failures(
    app: FastAPI, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, mended = 0, asyncio.Event()

    async def broken(*_: object) -> None:
        nonlocal tried
        tried += 1
        if not mended.is_set():
            raise RuntimeError("the store is down")

    monkeypatch.setitem(tasks.TASKS, "publish_due", broken)
    mine = Job.key == "publish_due"

    async def come_round(until: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(60):
            while True:
                async with installation.database.write() as session:
                    idle = Job.leased_until.is_(None)
                    await session.execute(update(Job).where(mine, idle).values(run_at=now()))
                app.state.bell.ring(["jobs"])
                async with installation.database.read() as session:
                    (found,) = (await session.scalars(select(Job).where(mine))).all()
                    if found.leased_until is None and until(found):
                        return found
                await asyncio.sleep(0.02)

    failing = await come_round(lambda job: job.attempts > TRIES)
    assert (failing.state, failing.error) == ("waiting", "RuntimeError: the store is down")
    async with installation.database.read() as session:
        assert await jobs.failed(session) == 1
    mended.set()
    whole = await come_round(lambda job: tried > TRIES + 1 and job.attempts == 0)
    assert (whole.state, whole.error) == ("waiting", None)
    async with installation.database.read() as session:
        assert await jobs.failed(session) == 0
