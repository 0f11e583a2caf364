"""One channel as a process runs it: it alone listens and sends, and says how it stands."""

import asyncio
import contextlib
import uuid

import structlog

from service.bell import OUTBOX, Bell
from service.channels import pictures, presence
from service.channels.contract import Channel, SendError, Sink
from service.channels.pictures import Draw
from service.channels.presence import process_name
from service.channels.sending import Sender
from service.database import Database
from service.errors import SetupError
from service.vault import Vault

IDLE = 1.0

log = structlog.get_logger()


class ChannelTaken(SetupError):
    """Another process runs the channel: two would take each other's messages."""

    code = "channel_taken"


class ChannelRefused(SetupError):
    """The channel's settings cannot be right."""

    code = "channel_refused"


class Station:
    """A channel from `open` to `close`. Pull channels fetch for themselves: they only listen."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        channel: Channel,
        bell: Bell,
        draw: Draw = pictures.nothing,
    ) -> None:
        self._database, self._channel, self._bell = database, channel, bell
        self._owner = process_name(uuid.uuid4().hex[:6])
        self._place = (channel.name, channel.account)
        self._sender = Sender(
            database, vault, channel, self._owner, lambda: bell.ring([OUTBOX]), draw
        )
        self._stopping = asyncio.Event()
        self._mine = self._listens = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def fetched(self) -> bool:
        """Whether browsers fetch its messages over streams of their own."""
        return self._channel.capabilities.pull

    async def open(self, sink: Sink) -> None:
        """Listen, and send what waits. Raises `ChannelTaken` and `ChannelRefused`."""
        if not self._channel.capabilities.pull:
            if holder := await self._hold():
                raise ChannelTaken(
                    f"{self._channel.name} is run by another process ({holder}); one at a time "
                    "can: stop that one, or wait half a minute if it was killed."
                )
            self._mine = True
        try:
            await self._channel.start(sink)
        except SendError as error:
            await self._let_go()
            raise ChannelRefused(f"{self._channel.name}: {error}") from None
        self._listens = True
        if self._mine:
            await self._recover()
            self._tasks = [
                asyncio.create_task(self._keep(sink)),
                asyncio.create_task(self._send()),
            ]

    async def deafen(self) -> None:
        """Take in nothing more; what was taken is already stored."""
        self._stopping.set()
        self._bell.ring([OUTBOX, self])
        await self._hush()

    async def _hush(self) -> None:
        if self._listens:
            self._listens = False
            await self._channel.stop()

    async def close(self) -> None:
        """Let what is on its way arrive, and leave the channel to others."""
        await self.deafen()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._hush()
        await self._let_go()

    async def _hold(self) -> str | None:
        async with self._database.write() as session:
            return await presence.hold(session, self._place, self._owner, self._channel.health())

    async def _let_go(self) -> None:
        if self._mine:
            self._mine = False
            with contextlib.suppress(Exception):
                async with self._database.write() as session:
                    await presence.let_go(session, self._place, self._owner)

    async def _recover(self) -> None:
        """Who holds the channel knows that whoever was sending on it before is dead."""
        async with self._database.write() as session:
            await self._sender.recover(session, alone=True)

    async def _keep(self, sink: Sink) -> None:
        """Keep the lease, and tell soon when the channel stands otherwise than before."""
        told, at = ("", ""), 0.0
        clock = asyncio.get_running_loop().time
        while not self._stopping.is_set():
            health = self._channel.health()
            if health != told or clock() - at >= presence.BEAT:
                try:
                    await self._stay_or_leave(await self._hold() is None, sink)
                    told, at = health, clock()
                except Exception:
                    log.exception("presence_not_written", channel=self._channel.name)
            await self._rest()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), IDLE)

    async def _stay_or_leave(self, mine: bool, sink: Sink) -> None:
        """A process that hung for long may find that another has taken over, and later left. What
        fails here is done with the next beat.
        """
        if self._stopping.is_set() or mine == self._mine == self._listens:
            return
        log.warning(
            "channel_won_back" if mine else "channel_taken_over", channel=self._channel.name
        )
        if not mine:
            self._mine = False
            await self._hush()
            return
        if not self._mine:
            await self._recover()
            self._mine = True
        if not self._stopping.is_set():
            await self._channel.start(sink)
            self._listens = True

    async def _send(self) -> None:
        """Send what is due until told to stop; errors are logged and it goes on."""
        while not self._stopping.is_set():
            left = 0
            if self._mine:
                try:
                    left = await self._sender.turn()
                except Exception:
                    log.exception("sending_failed", channel=self._channel.name)
                    await self._bell.wait(self, IDLE)
            if not left and not self._stopping.is_set():
                await self._bell.wait(OUTBOX, IDLE)
        await self._sender.settle()
