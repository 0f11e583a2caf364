"""What every process of an installation begins with: its database and key, its channels, its index,
and what runs behind it from start to end. The pages are in `service.app`: who serves none need not
load them.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence

from starlette.applications import Starlette

from service.channels import registry
from service.channels.contract import Channel, ChannelConfig
from service.conversations.commands import menu
from service.database import Database
from service.errors import SetupError
from service.installation import Installation, recall, recognise
from service.migrations import migrate
from service.phrases import say
from service.retrieval.keeper import Keeper
from service.running import Running
from service.settings import Settings
from service.vault import BadKey, open_vault


class SampleOnly(SetupError):
    """A real channel's token in a sample installation."""

    code = "sample_only"


class NoToken(SetupError):
    """A channel that needs a token has none."""

    code = "no_token"


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


def channels_of(here: Installation, names: Sequence[str]) -> list[Channel]:
    """The channels of these names, as the settings describe them."""
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


@contextlib.asynccontextmanager
async def living(
    app: Starlette,
    here: Installation,
    channels: Sequence[Channel],
    keeper: Keeper | None,
    *,
    worker: bool,
) -> AsyncIterator[None]:
    """What works behind an application, from its start to its end; then the database is closed."""
    running = Running(app, here, channels, keeper, worker=worker)
    try:
        await running.start()
        yield
    finally:
        await running.stop()
        await here.database.close()
