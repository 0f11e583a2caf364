"""Start the servers and workers, and stop them cleanly."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import BaseModel

from service.app import create_app, keeper_of, open_installation
from service.channels.bell import Bell
from service.commands import asking
from service.commands.rows import Reading
from service.errors import SetupError
from service.installation import Installation
from service.retrieval.keeper import Keeper
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
    """Says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, greet: Callable[[], None]) -> None:
        super().__init__(config)
        self._greet = greet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then greet."""
        await super().startup(sockets)
        if self.started:
            self._greet()


def serve(settings: Settings, *, worker: bool, greet: Callable[[], None] = lambda: None) -> None:
    """Serve until Ctrl-C or SIGTERM; either ends the process as wanted, without an error.

    uvicorn raises the signal again when it has stopped.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, worker=worker, greet=greet))


async def _serve(settings: Settings, *, worker: bool, greet: Callable[[], None]) -> None:
    here = await open_installation(settings)
    keeper = keeper_of(here, worker=worker)
    keeper.reserve()
    app = create_app(here, worker=worker, keeper=keeper)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies) or None,
    )
    server = Greeting(config, greet)
    try:
        await server.serve()
    except SystemExit as error:
        raise PortTaken(
            f"Port {settings.port} on {settings.host} is taken: set GABINETE_PORT to a free one."
        ) from error


async def work(here: Installation, *, drain: bool, progress: Callable[[int, int], None]) -> int:
    """Run a worker without a web server; gives how many rows still wait."""
    keeper, bell = Keeper(here.settings, here.database), Bell()
    retriever = await keeper.open()
    worker = Worker(here, retriever, bell, {}, mend=keeper.mend, alone=keeper.alone)
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
