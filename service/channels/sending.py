"""One sender for each channel that is sent to: as fast as the platform takes it, in order."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from service.channels import deliveries, pictures
from service.channels.contract import Channel, Failure, Outbound, SendError, saying
from service.channels.deliveries import Claimed
from service.channels.pacing import SPARE, Window
from service.channels.pictures import Draw
from service.database import Database, Session
from service.vault import Vault

CROWD = 40
LOOK_AGAIN = 30.0
AGAIN = 1.0
PATIENCE = 20.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Sent:
    """What became of one send: the platform's ids, or why there are none."""

    delivery_id: int
    external_ids: tuple[str, ...] = ()
    error: SendError | None = None


class Sender:
    """Sends what waits for one channel; only what can leave at once is claimed, so that a kill
    leaves no more in doubt than what was on its way.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        channel: Channel,
        owner: str,
        ring: Callable[[], None] = lambda: None,
        draw: Draw = pictures.nothing,
    ) -> None:
        """`ring` tells that there may be room again; `draw` draws what goes with a message."""
        self._database, self._vault, self._channel = database, vault, channel
        self._owner, self._ring, self._draw = owner, ring, draw
        pace = channel.capabilities.pace
        self._window = Window(pace) if pace else None
        self._apart = pace.apart * SPARE if pace else 0.0
        self._flying: set[asyncio.Task[None]] = set()
        self._resting: dict[int, float] = {}
        self._held_until = 0.0
        self._looked_at = 0.0
        self._done: list[Sent] = []
        self._writer: asyncio.Task[None] | None = None

    async def turn(self) -> int:
        """Send what may leave now, without waiting for it to arrive; gives how many left."""
        room = await self._room()
        if not room:
            return 0
        async with self._database.write() as session:
            await self._look_for_lost(session)
            claimed = await deliveries.claim(
                session,
                self._vault,
                self._owner,
                (self._channel.name, self._channel.account),
                limit=room,
                resting=self._who_rests(),
            )
        for one in claimed:
            self._fly(one)
        return len(claimed)

    async def recover(self, session: Session, *, alone: bool) -> None:
        """Settle what dead processes were sending."""
        seconds = self._channel.capabilities.repeat_seconds
        await deliveries.recover(session, self._channel.name, seconds, alone=alone)

    async def settle(self) -> None:
        """Wait until everything on its way has arrived and is written down, for a while."""
        if self._flying:
            await asyncio.wait(self._flying, timeout=PATIENCE)

    async def _room(self) -> int:
        """How many may leave now. Waits while the pace is kept, not while the channel is held."""
        room = CROWD - len(self._flying)
        if room <= 0 or time.monotonic() < self._held_until:
            return 0
        if self._window is None:
            return room
        return min(room, await self._window.room())

    async def _look_for_lost(self, session: Session) -> None:
        if time.monotonic() - self._looked_at > LOOK_AGAIN:
            self._looked_at = time.monotonic()
            await self.recover(session, alone=False)

    def _who_rests(self) -> list[int]:
        moment = time.monotonic()
        self._resting = {who: until for who, until in self._resting.items() if until > moment}
        return list(self._resting)

    def _fly(self, one: Claimed) -> None:
        if self._window:
            self._window.leave()
        self._rest(one)
        task = asyncio.create_task(self._send(one))
        self._flying.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._ring()

    def _rest(self, one: Claimed) -> None:
        if self._apart:
            self._resting[one.identity_id] = time.monotonic() + self._apart

    async def _send(self, one: Claimed) -> None:
        self._rest(one)
        try:
            outbound = await pictures.added(one.outbound, one.picture, one.lang, self._draw)
            sent = Sent(one.id, await self._deliver(outbound))
        except SendError as error:
            sent = Sent(one.id, error=error)
            self._hold(error)
        except Exception as error:
            log.exception("send_failed", delivery=one.id)
            sent = Sent(
                one.id,
                error=SendError(Failure.ambiguous, saying("broke", why=type(error).__name__)),
            )
        await self._write_down(sent)

    async def _deliver(self, outbound: Outbound) -> tuple[str, ...]:
        """Where it is refused with its picture, what has not arrived yet goes without."""
        try:
            return await self._channel.send(outbound)
        except SendError as error:
            if error.failure is not Failure.rejected or not outbound.pictures:
                raise
            log.warning("picture_refused", delivery=outbound.id, why=str(error))
            before = error.taken
        plain = replace(outbound, pictures=(), taken=(*outbound.taken, *before))
        try:
            return await self._channel.send(plain)
        except SendError as error:
            taken = (*before, *error.taken)
            raise SendError(error.failure, str(error), error.after, taken) from None

    def _hold(self, error: SendError) -> None:
        """A platform that asks for patience gets it; a refused account is not tried at once."""
        moment = time.monotonic()
        if self._window and error.after is not None and moment >= self._held_until:
            self._window.refused()
        wait = deliveries.MEND if error.failure is Failure.configuration else error.after or 0
        self._held_until = max(self._held_until, moment + wait)

    async def _write_down(self, sent: Sent) -> None:
        """Sends that end at the same time share a commit."""
        self._done.append(sent)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await asyncio.shield(self._writer)

    async def _write(self) -> None:
        while self._done:
            taken, self._done = self._done, []
            try:
                async with self._database.write() as session:
                    for one in taken:
                        await self._result(session, one)
            except Exception:
                log.exception("results_not_written", sends=len(taken))
                self._done = [*taken, *self._done]
                await asyncio.sleep(AGAIN)

    async def _result(self, session: Session, one: Sent) -> None:
        if one.error is None:
            await deliveries.sent(session, one.delivery_id, one.external_ids)
        else:
            seconds = self._channel.capabilities.repeat_seconds
            await deliveries.failed(session, one.delivery_id, one.error, repeat_seconds=seconds)
