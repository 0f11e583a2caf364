"""Start the servers and workers, and stop them cleanly."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette

from service.bell import Bell
from service.bot import create_bot
from service.commands import asking
from service.commands.rows import Reading
from service.errors import SetupError
from service.installation import Installation
from service.opening import keeper_of, open_installation
from service.retrieval.keeper import Keeper
from service.running import settle
from service.settings import Settings
from service.worker import Worker


class Question(BaseModel):
    """A question to ask dry."""

    id: str | int
    text: str
    lang: str | None = None


class PortTaken(SetupError):
    """Something else listens on the port."""

    code = "port_taken"


class Greeting(uvicorn.Server):
    """Starts what works behind the pages, listens, and says so; what cannot start says why as the
    error it is.
    """

    def __init__(self, config: uvicorn.Config, app: Starlette, greet: Callable[[], None]) -> None:
        super().__init__(config)
        self._greet, self._behind = greet, app.router.lifespan_context(app)
        self._app, self._begun = app, False
        self._settling: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then greet."""
        await self._behind.__aenter__()
        self._begun = True
        self._settling = asyncio.create_task(settle(self._app.state.running))
        await super().startup(sockets)
        if self.started:
            self._greet()

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop: told to, or nobody works behind the pages any more."""
        return await super().on_tick(counter) or self._app.state.running.ended.is_set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up, then finish what is in hand."""
        if self._begun:
            await self._app.state.running.hang_up()
        await super().shutdown(sockets)
        await self.finish()

    async def finish(self) -> None:
        """End what works behind the pages, if it was begun."""
        if self._settling is not None:
            self._settling.cancel()
        if self._begun:
            self._begun = False
            await self._behind.__aexit__(None, None, None)


def serve(settings: Settings, *, worker: bool, greet: Callable[[], None] = lambda: None) -> None:
    """Serve until Ctrl-C or SIGTERM; either ends the process as wanted, without an error.

    uvicorn raises the signal again when it has stopped.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, worker=worker, greet=greet))


async def _serve(settings: Settings, *, worker: bool, greet: Callable[[], None]) -> None:
    async with _opened(settings) as here:
        from service.app import create_app  # pages are loaded only where they are served

        keeper = keeper_of(here, worker=worker)
        app = create_app(here, worker=worker, keeper=keeper)
        keeper.reserve()
        await _listen(settings, app, greet)


def bot(settings: Settings, name: str, *, worker: bool) -> None:
    """Run one channel alone until Ctrl-C or SIGTERM. It listens on a port only where its platform
    calls us.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_bot(settings, name, worker=worker))


async def _bot(settings: Settings, name: str, *, worker: bool) -> None:
    async with _opened(settings) as here:
        keeper = keeper_of(here, worker=True) if worker else None
        app = create_bot(here, name, worker=worker, keeper=keeper)
        if keeper is not None:
            keeper.reserve()
        if app.routes:
            await _listen(settings, app, lambda: None)
        else:
            await _wait(app)


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Installation]:
    """The installation, its database closed also where nothing came to be served."""
    here = await open_installation(settings)
    try:
        yield here
    finally:
        await here.database.close()


async def _wait(app: Starlette) -> None:
    """Work without a port until told to stop, or until the work ends by itself."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with app.router.lifespan_context(app):
        ends = [asyncio.create_task(one.wait()) for one in (told, app.state.running.ended)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for one in ends:
            one.cancel()
    _tell_failure(app)


async def _listen(settings: Settings, app: Starlette, greet: Callable[[], None]) -> None:
    config = uvicorn.Config(
        app,
        lifespan="off",
        host=settings.host,
        port=settings.port,
        log_level="warning",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies) or None,
    )
    server = Greeting(config, app, greet)
    app.state.ending = lambda: server.should_exit
    try:
        await server.serve()
    except SystemExit as error:
        raise PortTaken(
            f"Port {settings.port} on {settings.host} is taken: set GABINETE_PORT to a free one."
        ) from error
    finally:
        await server.finish()
    _tell_failure(app)


def _tell_failure(app: Starlette) -> None:
    """Raises what ended the work behind the pages, if anything did."""
    if app.state.running.failure is not None:
        raise app.state.running.failure


async def work(here: Installation, *, drain: bool, progress: Callable[[int, int], None]) -> int:
    """Run a worker without a web server; gives how many rows still wait."""
    keeper, bell = Keeper(here.settings, here.database), Bell()
    retriever = await keeper.open()
    worker = Worker(here, retriever, bell, mend=keeper.mend, alone=keeper.alone)
    try:
        if drain:
            return await worker.drain(progress)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, worker.stop)
        await worker.run()
        return 0
    finally:
        await keeper.close()


async def ask(
    here: Installation, text: str, file: Path | None, progress: Callable[[int, int], None]
) -> list[dict[str, Any]]:
    """Ask one question, or those of a file, dry."""
    keeper = Keeper(here.settings, here.database, searching_only=True)
    retriever = await keeper.open()
    try:
        if file is None:
            return await asking.ask(here, retriever, [("1", text, None)])
        reading = Reading(file, Question)
        questions = [(str(row.id), row.text, row.lang) for _, row in reading]
        progress(0, len(questions))
        found = await asking.ask(here, retriever, questions, progress)
        reading.finish()
        return found
    finally:
        await keeper.close()
