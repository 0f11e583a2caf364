"""What works behind the pages of a process: its channels, the index, and a worker if asked."""

import asyncio
import gc
from collections.abc import Sequence

import structlog
from starlette.applications import Starlette

from service.bell import INBOX, JOBS, Bell
from service.channels.contract import Channel
from service.channels.inbox import Intake
from service.channels.station import Station
from service.consultations.voting.booth import Booth
from service.conversations.picturing import Easel
from service.conversations.reception import Reception
from service.errors import TOLD
from service.installation import Installation
from service.retrieval.keeper import Keeper
from service.worker import Worker

log = structlog.get_logger()


class Running:
    """From `start` to `stop`. The encoder loads in the background, so that messages are taken from
    the first second, and commands and small talk answered. Where the work fails, `ended` is set
    and `failure` says why: nothing more is to be taken that nobody reads.
    """

    def __init__(
        self,
        app: Starlette,
        here: Installation,
        channels: Sequence[Channel],
        keeper: Keeper | None,
        *,
        worker: bool,
    ) -> None:
        """Without a `keeper` the process searches nothing, and `ready` is never set."""
        self._app, self._here = app, here
        self.bell: Bell = app.state.bell
        self._easel = Easel(here)
        self._stations = [
            Station(here.database, here.vault, one, self.bell, self._easel.draw) for one in channels
        ]
        self._booth = Booth(here, lambda: self.bell.ring([JOBS]))
        self.keeper, self._with_worker = keeper, worker
        self.worker: Worker | None = None
        self._task: asyncio.Task[None] | None = None
        self.ready, self.ended = asyncio.Event(), asyncio.Event()
        self.failure: Exception | None = None

    async def start(self) -> None:
        """Begin; pages that search wait until all is `loaded`. Raises `ChannelTaken`,
        `ChannelRefused`.
        """
        here, bell = self._here, self.bell
        self._app.state.running = self
        self._app.state.booth = self._booth
        intake = Intake(here.database, here.vault, here.settings, lambda: bell.ring([INBOX]))
        reception = Reception(here, intake, bell, self._easel.draw)
        for station in self._stations:
            await station.open(reception)
        if self.keeper is not None:
            self._task = asyncio.create_task(self._work(self.keeper))

    async def _work(self, keeper: Keeper) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                if self._with_worker:
                    keeper.reserve()
                    self.worker = Worker(
                        self._here, None, self.bell, mend=keeper.mend, alone=keeper.alone
                    )
                    group.create_task(self.worker.run())
                group.create_task(self._load(keeper))
        except Exception as error:
            self.failure = _first_of(error)
            if isinstance(self.failure, TOLD):
                log.error("worker_ended", code=self.failure.code)
            else:
                log.error("worker_ended", exc_info=self.failure)
            self.ended.set()

    async def _load(self, keeper: Keeper) -> None:
        retriever = await keeper.open(getattr(self._app.state, "embedder", None))
        self._app.state.retriever = retriever
        if self.worker is not None:
            self.worker.equip(retriever)
        self.ready.set()

    async def loaded(self) -> None:
        """Wait until pages can search. Raises what keeps them from it."""
        waiting = [asyncio.create_task(one.wait()) for one in (self.ready, self.ended)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        if self.failure is not None and not self.ready.is_set():
            raise self.failure

    async def hang_up(self) -> None:
        """End the streams that browsers hold open: a server waits for them before it stops."""
        for station in self._stations:
            if station.fetched:
                await station.deafen()

    async def stop(self) -> None:
        """Take in nothing more, finish what is in hand, and close the index."""
        for station in self._stations:
            await station.deafen()
        await self._booth.close()
        if self.worker is not None:
            self.worker.stop()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        for station in self._stations:
            await station.close()
        if self.keeper is not None:
            await self.keeper.close()


async def settle(running: Running) -> None:
    """Once everything is loaded, the collector of garbage leaves that alone: looking through it
    takes a third of a second, in which nothing is answered.
    """
    await running.ready.wait()
    gc.collect()
    gc.freeze()


def _first_of(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
