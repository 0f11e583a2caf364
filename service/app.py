"""The web application: channels, pages and the API of one installation, with a worker inside if
asked.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from fastapi import APIRouter, FastAPI

from service.answers import api as answers
from service.channels import api as channels_api
from service.channels import registry
from service.channels.bell import Bell
from service.channels.contract import Channel, ChannelConfig
from service.channels.inbox import Intake
from service.console import api as overview
from service.console import pages as console
from service.conversations.commands import menu
from service.conversations.reception import Reception
from service.database import Database
from service.departments import api as departments
from service.errors import SetupError
from service.exports import api as exports
from service.installation import Installation, recall, recognise
from service.issues import api as issues
from service.issues.notes import api as notes
from service.issues.showing import api as showing
from service.knowledge import api as knowledge
from service.migrations import migrate
from service.phrases import say
from service.public import pages as public
from service.report import api as report
from service.retrieval.keeper import Keeper
from service.settings import Settings
from service.shell import docs, errors, security
from service.shell import pages as shell
from service.staff import api as staff
from service.staff import pages as staff_pages
from service.staff import trail_api as trail
from service.vault import BadKey, open_vault
from service.worker import INBOX, Worker

log = structlog.get_logger()


class SampleOnly(SetupError):
    """A real channel's token in a sample installation."""

    code = "sample_only"


DESCRIPTION = "Listen, group, route, draft, review, publish, and tell everybody who asked."


async def open_installation(settings: Settings) -> Installation:
    """Open the database, bring it up to date and read the key."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    vault = open_vault(settings)
    database = Database(settings.database)
    await migrate(database)
    try:
        await recognise(database, vault)
    except BadKey:
        await database.close()
        raise
    async with database.read() as session:
        sample = await recall(session, "sample") is not None
    return Installation(settings, database, vault, sample)


def create_app(here: Installation, *, worker: bool = True, keeper: Keeper | None = None) -> FastAPI:
    """The application of an open installation; `keeper` where the index is reserved already."""
    keeper = keeper or keeper_of(here, worker=worker)
    channels = registry.make_all({n: channel_config(n, here) for n in here.settings.channels})
    app = FastAPI(
        title=f"{here.settings.government} · Gabinete",
        description=DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lambda app: _lifespan(app, here, channels, keeper, worker=worker),
    )
    app.state.installation = here
    app.state.channels = channels
    app.include_router(_api())
    for pages in (staff_pages, console, public):
        app.include_router(pages.router)
    for channel in channels.values():
        app.router.routes.extend(channel.routes())
    shell.install(app)
    docs.install(app)
    errors.install(app)
    security.install(app, here.settings)
    return app


def keeper_of(here: Installation, *, worker: bool) -> Keeper:
    """The index of a process: an embedded one belongs to the process that has the worker."""
    embedded = not here.settings.chroma_url
    return Keeper(here.settings, here.database, searching_only=embedded and not worker)


def channel_config(name: str, here: Installation) -> ChannelConfig:
    """What a channel is told: where citizens reach us, and its own section of the settings."""
    settings = here.settings
    options = {"max_text": settings.max_message_length, "sample": here.sample}
    options |= settings.section(name)
    if here.sample and options.get("token"):
        raise SampleOnly(
            f"This is a sample installation, which takes no {name} token: run "
            f"`gabinete sample remove` first, or leave GABINETE_{name.upper()}_TOKEN empty."
        )
    return ChannelConfig(
        name, settings.url, settings.government, say, settings.default_language, menu(), options
    )


def _api() -> APIRouter:
    api = APIRouter(prefix="/api/v1", responses=docs.REFUSALS)
    for feature in (
        staff,
        overview,
        issues,
        notes,
        showing,
        departments,
        answers,
        knowledge,
        channels_api,
        trail,
        report,
        exports,
    ):
        api.include_router(feature.router)
    return api


@contextlib.asynccontextmanager
async def _lifespan(
    app: FastAPI,
    here: Installation,
    channels: dict[str, Channel],
    keeper: Keeper,
    *,
    worker: bool,
) -> AsyncIterator[None]:
    bell = Bell()
    intake = Intake(here.database, here.vault, here.settings, lambda: bell.ring([INBOX]))
    reception = Reception(here, intake, bell)
    app.state.bell = bell
    running = Running(app, here, bell, channels, keeper, worker=worker)
    for channel in channels.values():
        await channel.start(reception)
    await running.start()
    try:
        yield
    finally:
        for channel in channels.values():
            await channel.stop()
        await running.stop()
        await here.database.close()


class Running:
    """What works behind the pages: the index, and a worker when this process has one.

    The encoder loads in the background, so that messages are taken from the first second.
    """

    def __init__(
        self,
        app: FastAPI,
        here: Installation,
        bell: Bell,
        channels: dict[str, Channel],
        keeper: Keeper,
        *,
        worker: bool,
    ) -> None:
        self._app, self._here, self._bell, self._channels = app, here, bell, channels
        self._with_worker = worker
        self.keeper = keeper
        self.worker: Worker | None = None
        self._task: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()

    async def start(self) -> None:
        """Begin; pages that search wait for `ready`."""
        self._app.state.running = self
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            retriever = await self.keeper.open(getattr(self._app.state, "embedder", None))
            self._app.state.retriever = retriever
            self.ready.set()
            if self._with_worker:
                self.worker = Worker(
                    self._here,
                    retriever,
                    self._bell,
                    self._channels,
                    mend=self.keeper.mend,
                    alone=self.keeper.alone,
                )
                await self.worker.run()
        except Exception:
            log.exception("worker_ended")
            raise

    async def stop(self) -> None:
        """Finish what is in hand and close the index."""
        if self.worker is not None:
            self.worker.stop()
        elif self._task is not None:
            await asyncio.wait([self._task], timeout=60)
            if self.worker is not None:
                self.worker.stop()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self.keeper.close()
