"""The gateway: a client of discord.py at a time, watched over, and started anew when it ends."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import discord
import structlog
from discord.state import ConnectionState

from bots.discord.api import Api
from bots.discord.line import Line
from bots.discord.menu import commands
from bots.discord.taking import Taking
from service.channels.contract import ChannelConfig, State, saying

EVENTS = (
    "READY",
    "RESUMED",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "INTERACTION_CREATE",
)
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
LASTING = 120.0
BETWEEN_SESSIONS = 5.0
PATIENCE = 3.0
WRONG_TOKEN = 4004

log = structlog.get_logger()


class Gateway(discord.Client):
    """discord.py's connection. Events come to us as Discord sends them: the library builds no
    objects of them, so that one it cannot read does not end the session.
    """

    def __init__(
        self, new_api: Callable[[], Api], told: Callable[[str, Any], None], *, content: bool
    ) -> None:
        self._new_api = new_api
        intents = discord.Intents(
            guilds=True, guild_messages=True, dm_messages=True, message_content=content
        )
        super().__init__(intents=intents, max_messages=None)
        self._connection.parsers = {event: partial(told, event) for event in EVENTS}
        self._told = told

    def _get_state(self, **options: Any) -> ConnectionState[Any]:
        self.http = self._new_api()  # the library makes its own with no way to say another address
        return super()._get_state(**options)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Discord wants a pause between two sessions."""
        if not initial:
            await asyncio.sleep(BETWEEN_SESSIONS)

    async def on_disconnect(self) -> None:
        """The connection was cut; the library takes it up again."""
        self._told("CUT", None)


class Listener:
    """Keeps a session open."""

    def __init__(self, config: ChannelConfig, line: Line, taking: Taking) -> None:
        self._config, self._line, self._taking = config, line, taking
        self._content = True
        self._offered = False
        self._name = ""
        self._health: tuple[State, str] = ("down", saying("not_started"))
        self._watch: asyncio.Task[None] | None = None
        self._offering: asyncio.Task[None] | None = None

    def start(self, token: str) -> None:
        """Begin to listen."""
        self._health = ("down", saying("connecting", name="Discord"))
        self._watch = asyncio.create_task(self._listen(token))

    async def stop(self) -> None:
        """End the session."""
        tasks = [task for task in (self._watch, self._offering) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watch = self._offering = None
        self._health = ("down", saying("stopped"))

    def health(self) -> tuple[State, str]:
        """Whether a session is open."""
        return self._health

    async def _listen(self, token: str) -> None:
        """One session after the other. Discord counts how many we begin in a day, so the pauses
        grow until one has lasted.
        """
        wait = FIRST_WAIT
        while True:
            began, content = time.monotonic(), self._content
            await self._live(token)
            self._taking.lost()
            if content and not self._content:
                continue
            if time.monotonic() - began > LASTING:
                wait = FIRST_WAIT
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _live(self, token: str) -> None:
        client = Gateway(self._line.new_api, self._told, content=self._content)
        try:
            await client.start(token)
            self._down(saying("ended"))
        except discord.PrivilegedIntentsRequired:
            self._down(saying("not_allowed", name="Discord"))
            self._content = False
        except Exception as error:
            self._down(_reason(error))
            log.warning("discord_session_ended", error=type(error).__name__)
        finally:
            await _close(client)

    def _down(self, reason: str) -> None:
        self._health = ("down", saying("again", why=reason))

    def _told(self, event: str, data: Any) -> None:
        if event == "READY":
            self._ready(data)
        elif event == "CUT":
            self._health = ("degraded", saying("cut", name="Discord"))
            self._taking.lost()
        elif event == "RESUMED":
            self._up()
            self._taking.found(again=True)
        else:
            self._taking.hear(event, data)

    def _ready(self, data: Any) -> None:
        """A new session: what the last one did not tell is read from the conversations."""
        self._taking.introduce(str(data["user"]["id"]))
        self._name = str(data["user"]["username"])
        self._up()
        self._taking.found(again=False)
        if not self._offered:
            self._offering = asyncio.create_task(self._offer(str(data["application"]["id"])))

    def _up(self) -> None:
        self._health = ("up", saying("listens" if self._content else "blind", name=self._name))

    async def _offer(self, application: str) -> None:
        """Register the slash commands: they replace those of the last time."""
        try:
            path = "/applications/{application_id}/commands"
            told = commands(self._config)
            await self._line.ask("PUT", path, told=told, application_id=application)
            self._offered = True
        except Exception as error:
            log.warning("discord_menu_not_registered", error=type(error).__name__)


def _reason(error: Exception) -> str:
    refused = isinstance(error, discord.ConnectionClosed) and error.code == WRONG_TOKEN
    if refused or isinstance(error, discord.LoginFailure):
        return saying("token", name="Discord")
    return saying("unreachable", name="Discord", why=type(error).__name__)


async def _close(client: discord.Client) -> None:
    """End a client, whatever the other side does."""
    try:
        await asyncio.wait_for(client.close(), PATIENCE)
    except Exception as error:
        log.info("discord_client_not_closed", error=type(error).__name__)
    finally:
        with contextlib.suppress(Exception):
            await client.http.close()
