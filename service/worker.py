"""The loops of a worker: understand what arrived, and do jobs when they are due."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable

import structlog

from nlp.index import IndexBroken
from service import jobs, tasks
from service.bell import INBOX, JOBS, OUTBOX, Bell
from service.channels import inbox
from service.channels.presence import process_name
from service.conversations.batch import Desk
from service.installation import Installation
from service.retrieval.retriever import Retriever

log = structlog.get_logger()

BATCH = 256
BACKLOG = 512
IDLE = 1.0
TRIES = 3
REST = 1.0


class Worker:
    """One worker of an installation; `run` ends when `stop` is called, giving back what it
    holds. Until it is equipped with a retriever it answers commands and small talk.
    """

    def __init__(
        self,
        here: Installation,
        retriever: Retriever | None,
        bell: Bell,
        *,
        mend: Callable[[], Awaitable[None]],
        alone: bool = False,
    ) -> None:
        """`alone`: no other worker can live, as where this process owns the index folder."""
        self.name = process_name(uuid.uuid4().hex[:6])
        self._here, self._retriever, self._bell, self._mend = here, retriever, bell, mend
        self._alone = alone
        self._desk = Desk(here, retriever)
        self._imported = False
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until told to stop."""
        await self._begin()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._loop(INBOX, self._hear))
            group.create_task(self._loop(JOBS, self.work))
        await self._let_go()

    async def _begin(self) -> None:
        """A database that fails now is asked again, until told to stop."""
        while not self._stopping.is_set():
            try:
                return await self._recover()
            except Exception:
                log.exception("worker_not_begun")
                await self._bell.wait(INBOX, IDLE)

    def equip(self, retriever: Retriever) -> None:
        """The encoder is loaded: from now on everything is understood."""
        self._retriever = self._desk.retriever = retriever
        self._bell.ring([INBOX, JOBS])

    def stop(self) -> None:
        """Finish what is in hand, then end."""
        self._stopping.set()
        self._bell.ring([INBOX, JOBS])

    async def drain(self, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Understand everything that waits and do the jobs that are due; gives how many rows still
        wait.
        """
        await self._recover()
        async with self._here.database.read() as session:
            total = await inbox.waiting(session)
        done = 0
        while claimed := await self.understand(BACKLOG):
            done += claimed
            progress(min(done, total), total)
        assert self._retriever is not None, "only an equipped worker drains"
        await tasks.after_drain(self._here, self._retriever)
        while await self.work():
            pass
        await self._let_go()
        async with self._here.database.read() as session:
            return await inbox.waiting(session)

    async def _loop(self, name: str, step: Callable[[], Awaitable[int]]) -> None:
        """Repeat a step while it finds work; errors are logged and the loop goes on."""
        while not self._stopping.is_set():
            try:
                busy = await step()
            except Exception:
                log.exception("loop_failed", loop=name)
                busy = 0
                await self._bell.wait("stopping", IDLE)
            if not busy and not self._stopping.is_set():
                await self._bell.wait(name, IDLE)

    async def _hear(self) -> int:
        """Read a batch. Once nothing waits any more, what was imported is brought together."""
        claimed = await self.understand()
        if self._imported and not claimed:
            async with self._here.database.write() as session:
                await tasks.consolidate_soon(session)
            self._imported = False
            self._bell.ring([JOBS])
        return claimed

    async def understand(self, most: int = BATCH) -> int:
        """Read one batch of the inbox; gives how many rows were claimed, or before there is an
        encoder how many readers were answered.

        Larger batches are quicker in all and hold the database for longer at a time.
        """
        equipped = self._retriever is not None
        async with self._here.database.write() as session:
            arrived = await inbox.claim(session, self._here.vault, self.name, limit=most)
        if not arrived:
            return 0
        self._imported |= any(one.inbound.address.channel == inbox.IMPORT for one in arrived)
        answered = await self._take(arrived)
        return len(arrived) if equipped else answered

    async def _take(self, arrived: list[inbox.Arrived]) -> int:
        """Understand a batch. One that fails is tried in halves, in order, until what poisons it is
        alone. Gives how many readers were answered.
        """
        try:
            answered = await self._desk.take(arrived)
            self._wake(answered)
            return len(answered)
        except IndexBroken:
            log.exception("index_broken")
            await self._mend()
            async with self._here.database.write() as session:
                await inbox.release(session, [one.id for one in arrived])
        except Exception as error:
            if len(arrived) == 1:
                await self._give_up(arrived[0], error)
                return 0
            log.exception("batch_failed", rows=len(arrived))
            middle = len(arrived) // 2
            return await self._take(arrived[:middle]) + await self._take(arrived[middle:])
        return 0

    async def _give_up(self, one: inbox.Arrived, error: Exception) -> None:
        """A message that fails alone is tried again after a while, then set aside."""
        last = one.attempts >= TRIES
        log.exception("message_set_aside" if last else "message_failed", row=one.id)
        async with self._here.database.write() as session:
            if last:
                await inbox.set_aside(session, one.id, type(error).__name__)
            else:
                await inbox.rest(session, one.id, REST * one.attempts)

    def _wake(self, identities: set[int]) -> None:
        self._bell.ring([*identities, OUTBOX, JOBS])

    async def work(self) -> int:
        """Do one job that is due; gives 1 when there was one. Jobs wait for the encoder."""
        if self._retriever is None:
            return 0
        async with self._here.database.write() as session:
            job = await jobs.claim(session, self.name)
        if job is None:
            await tasks.when_idle(self._here, self._retriever)
            return 0
        error = None
        try:
            self._wake(await tasks.do(job, self._here, self._retriever))
        except Exception as failure:
            log.exception("job_failed", job=job.id, kind=job.kind)
            error = f"{type(failure).__name__}: {failure}"
        async with self._here.database.write() as session:
            await jobs.finish(session, job.id, error=error, turn=tasks.turn(job))
        return 1

    async def _recover(self) -> None:
        """Who works alone knows that whoever held leases before is dead."""
        async with self._here.database.write() as session:
            if self._alone:
                await inbox.release_all(session)
                await jobs.release(session)
            await jobs.plan(session, tasks.ROUND)

    async def _let_go(self) -> None:
        with contextlib.suppress(Exception):
            async with self._here.database.write() as session:
                await inbox.release_all(session, self.name)
                await jobs.release(session, self.name)
