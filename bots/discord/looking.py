"""What no session told us: read afterwards where it was said."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from discord.utils import time_snowflake

from bots.discord.failures import failure_of
from bots.discord.line import Line
from bots.discord.parsing import NAME, Data, Heard
from service.channels.contract import Address, Failure, SendError, Sink

PAGE, MOST_PAGES = 100, 50
MOST_PLACES, LATELY = 2_000, 300
TOGETHER = 4
TRIES, FIRST_WAIT = 6, 1.0
PAUSE = 5.0
PRIVATE = 1
DAY = timedelta(days=1)
SKEW = timedelta(minutes=1)
SAID = ("text", "command", "media")

log = structlog.get_logger()


@dataclass(frozen=True)
class Reached:
    """How far a channel is read, and the server that it belongs to, if it is not private."""

    number: int
    guild: str | None = None


class Looking:
    """Keeps how far each conversation is read, and reads on after something may be missing."""

    def __init__(self, account: str, line: Line, hear: Callable[[Data], None]) -> None:
        self._account, self._line, self._hear = account, line, hear
        self.me = ""
        self._sink: Sink | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.Task[None] | None = None
        self._turn = asyncio.Semaphore(TOGETHER)
        self._reached: OrderedDict[str, Reached] = OrderedDict()
        self._lost: datetime | None = None
        self._began = False

    def start(self, sink: Sink) -> None:
        """`sink` knows what the service has."""
        self._sink, self._began = sink, False

    async def stop(self) -> None:
        """Look no further."""
        tasks = [*self._tasks, *([self._sweeping] if self._sweeping else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def mark(self, heard: Heard) -> None:
        """One that is stored: its channel is read so far. A private conversation that is new to us
        is looked back on.
        """
        inbound, channel, place = heard.inbound, heard.channel, heard.place
        if not channel or inbound.kind not in SAID:
            return
        number = int(inbound.external_id.partition(":")[2])
        if not place:
            self._line.remember(inbound.sender, channel)
            if channel not in self._reached:
                self._look(self._look_back(channel, inbound.sender, number))
        before = self._reached.get(channel, Reached(0))
        guild = place.guild if place else None
        self._reached[channel] = Reached(max(number, before.number), guild)
        self._reached.move_to_end(channel)
        if len(self._reached) > MOST_PLACES:
            self._reached.popitem(last=False)

    def lost(self) -> None:
        """Nothing is told to us from now on."""
        self._lost = self._lost or datetime.now(UTC) - SKEW

    def found(self, *, again: bool) -> None:
        """We are told things again, also all that we missed (`again`); else it is read."""
        since, self._lost = self._lost, None
        if not self._began:
            self._began = True
            self._look(self._look_around())
        elif not again and since:
            self._catch_up(time_snowflake(since))

    def look_for(self, data: Any) -> None:
        """A message that could not be read as it was told: it may be readable where it was said.
        When that is not known either, it may be anywhere.
        """
        told: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        channel = str(told.get("channel_id") or "")
        if told.get("guild_id"):
            return
        if channel.isdigit():
            self._look(self._look_into(channel))
        elif self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(self._sweep(datetime.now(UTC) - SKEW))

    async def _sweep(self, since: datetime) -> None:
        """Everywhere, at most once at a time: several such messages are looked for together."""
        await asyncio.sleep(PAUSE)
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._catch_up(time_snowflake(since))

    def _catch_up(self, since: int) -> None:
        """Private conversations from where they are read; halls, where much is not for us, only
        from when we lost the thread.
        """
        for channel, reached in self._reached.items():
            after = max(reached.number, since) if reached.guild else reached.number
            self._look(self._read_on(channel, after, guild=reached.guild))

    def _look(self, looking: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._in_turn(looking))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _in_turn(self, looking: Coroutine[Any, Any, None]) -> None:
        try:
            async with self._turn:
                await looking
        except Exception as error:
            log.warning("discord_history_unread", error=type(error).__name__)
        finally:
            looking.close()

    async def _look_around(self) -> None:
        """After a start: the private conversations with those who were heard last."""
        assert self._sink is not None, "start() comes first"
        for address in await self._sink.lately(NAME, self._account, limit=LATELY):
            said = await self._sink.history(address, limit=PAGE)
            names = [one.external_id.partition(":")[0] for one in said if one.direction == "in"]
            for channel in dict.fromkeys(one for one in names if one.isdigit()):
                self._look(self._look_into(channel))

    async def _look_back(self, channel: str, user: str, until: int) -> None:
        """After a restart: what was said before the first message that we are told."""
        await self._read_on(channel, await self._unread_from(channel, user, until), until=until)

    async def _look_into(self, channel: str) -> None:
        """A channel of which we know no more than its number."""
        found = await self._ask("GET", "/channels/{channel_id}", channel_id=channel)
        if found.get("type") == PRIVATE:
            reached = self._reached.get(channel)
            user = str(found["recipients"][0]["id"])
            after = reached.number if reached else await self._unread_from(channel, user)
            await self._read_on(channel, after)

    async def _unread_from(self, channel: str, user: str, until: int | None = None) -> int:
        """The newest line that the service has; for a stranger, our own last word: who erased
        everything is not read again.
        """
        assert self._sink is not None, "start() comes first"
        said = await self._sink.history(Address(NAME, self._account, user), limit=PAGE)
        names = [one.external_id.partition(":") for one in said if one.direction == "in"]
        known = [int(id_) for of, _, id_ in names if of == channel and id_.isdigit()]
        if before := [one for one in known if until is None or one < until]:
            return max(before)
        before_it = f"&before={until}" if until else ""
        path = f"/channels/{{channel_id}}/messages?limit={PAGE}{before_it}"
        page = await self._ask("GET", path, channel_id=channel)
        ours = [_number(one) for one in page if _author(one) == self.me]
        return max([time_snowflake(datetime.now(UTC) - DAY), *ours])

    async def _read_on(
        self, channel: str, after: int, *, until: int | None = None, guild: str | None = None
    ) -> None:
        path = f"/channels/{{channel_id}}/messages?limit={PAGE}&after={{after}}"
        for _ in range(MOST_PAGES):
            page = await self._ask("GET", path, channel_id=channel, after=str(after))
            for data in sorted(page, key=_number):
                after = _number(data)
                if until and after >= until:
                    return
                self._hear({**data, "guild_id": guild} if guild else data)
            if len(page) < PAGE:
                return
        log.warning("discord_history_unread", error="too much was said")

    async def _ask(self, method: str, path: str, **names: Any) -> Any:
        """One request, tried again while trying may help."""
        wait = FIRST_WAIT
        for _ in range(TRIES - 1):
            try:
                return await self._line.ask(method, path, **names)
            except Exception as error:
                found = error if isinstance(error, SendError) else failure_of(error)
                if found.failure not in (Failure.retry, Failure.ambiguous):
                    raise
            await asyncio.sleep(wait)
            wait *= 2
        return await self._line.ask(method, path, **names)


def _number(message: Mapping[str, Any]) -> int:
    return int(message["id"])


def _author(message: Mapping[str, Any]) -> str:
    return str((message.get("author") or {}).get("id"))
