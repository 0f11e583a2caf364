"""The web application: channels, pages and the API of one installation, with a worker inside if
asked.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from service.answers import api as answers
from service.answers.commenting import api as comments
from service.bell import Bell
from service.channels import api as channels_api
from service.channels import registry
from service.channels.contract import Channel, ChannelConfig
from service.console import api as overview
from service.console import pages as console
from service.consultations import api as consultations
from service.consultations.meeting import api as meetings
from service.consultations.proposals import api as proposals
from service.consultations.voting import api as voting
from service.conversations.commands import menu
from service.database import Database
from service.departments import api as departments
from service.errors import SetupError
from service.exports import api as exports
from service.installation import Installation, recall, recognise
from service.issues import api as issues
from service.issues.charting import api as charting
from service.issues.notes import api as notes
from service.issues.showing import api as showing
from service.knowledge import api as knowledge
from service.migrations import migrate
from service.phrases import say
from service.public import pages as public
from service.report import api as report
from service.retrieval.keeper import Keeper
from service.rounds import api as rounds
from service.running import Running
from service.settings import Settings
from service.shell import docs, errors, security
from service.shell import pages as shell
from service.staff import api as staff
from service.staff import pages as staff_pages
from service.staff import trail_api as trail
from service.vault import BadKey, open_vault


class SampleOnly(SetupError):
    """A real channel's token in a sample installation."""

    code = "sample_only"


class NoToken(SetupError):
    """A channel that needs a token has none."""

    code = "no_token"


class NotABot(SetupError):
    """The channel lives in the web server."""

    code = "not_a_bot"


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
    """The application of an open installation; `keeper` where the index is reserved already.

    Without a worker it opens only the channels that fetch: `create_bot` is for the others.
    """
    keeper = keeper or keeper_of(here, worker=worker)
    named = _channels(here, here.settings.channels)
    channels = [one for one in named if worker or one.capabilities.pull]
    app = FastAPI(
        title=f"{here.settings.government} · Gabinete",
        description=DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lambda app: _lifespan(app, here, channels, keeper, worker=worker),
    )
    app.state.installation, app.state.bell = here, Bell()
    app.state.channels = {one.name: one for one in named}
    app.router.routes.extend(_routes())
    for channel in channels:
        app.router.routes.extend(channel.routes())
    shell.install(app)
    docs.install(app)
    errors.install(app)
    security.install(app, here.settings)
    return app


def create_bot(here: Installation, name: str, *, worker: bool, keeper: Keeper | None) -> Starlette:
    """One channel alone, with the routes under which its platform calls us."""
    (channel,) = _channels(here, [name])
    if channel.capabilities.pull:
        raise NotABot(f"{name} is served by `gabinete web` and `gabinete run`.")
    app = Starlette(
        routes=[*channel.routes()],
        lifespan=lambda app: _lifespan(app, here, [channel], keeper, worker=worker),
    )
    app.state.installation, app.state.bell = here, Bell()
    return app


def _channels(here: Installation, names: Sequence[str]) -> list[Channel]:
    return list(registry.make_all({name: channel_config(name, here) for name in names}).values())


def keeper_of(here: Installation, *, worker: bool) -> Keeper:
    """The index of a process: an embedded one belongs to the process that has the worker."""
    embedded = not here.settings.chroma_url
    return Keeper(here.settings, here.database, searching_only=embedded and not worker)


def channel_config(name: str, here: Installation) -> ChannelConfig:
    """What a channel is told: where citizens reach us, and its own section of the settings."""
    settings = here.settings
    own = settings.section(name)
    options = {"max_text": settings.max_message_length, "sample": here.sample, **own}
    token = own["token"].get_secret_value() if "token" in own else None
    if here.sample and token:
        raise SampleOnly(
            f"This is a sample installation, which takes no {name} token: run "
            f"`gabinete sample remove` first, or leave GABINETE_{name.upper()}_TOKEN empty."
        )
    if token == "":
        raise NoToken(f"GABINETE_{name.upper()}_TOKEN is empty, and {name} needs it.")
    return ChannelConfig(
        name, settings.url, settings.government, say, settings.default_language, menu(), options
    )


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """The API and the pages, made once: they ask the application of each request for its state."""
    api = APIRouter(prefix="/api/v1", responses=docs.REFUSALS)
    for feature in (
        staff,
        overview,
        issues,
        notes,
        showing,
        charting,
        departments,
        answers,
        consultations,
        proposals,
        voting,
        meetings,
        comments,
        rounds,
        knowledge,
        channels_api,
        trail,
        report,
        exports,
    ):
        api.include_router(feature.router)
    voters = APIRouter(responses=docs.REFUSALS)
    voters.include_router(voting.voters)
    others = APIRouter(responses=docs.REFUSALS)
    others.include_router(meetings.everybody)
    pages = (staff_pages, console, public)
    shown = [route for screens in pages for route in screens.router.routes]
    # Routes are tried in order, and no other is asked for hundreds of times a second.
    return (*voters.routes, *api.routes, *others.routes, *shown)


@contextlib.asynccontextmanager
async def _lifespan(
    app: Starlette,
    here: Installation,
    channels: Sequence[Channel],
    keeper: Keeper | None,
    *,
    worker: bool,
) -> AsyncIterator[None]:
    running = Running(app, here, channels, keeper, worker=worker)
    try:
        await running.start()
        yield
    finally:
        await running.stop()
        await here.database.close()
