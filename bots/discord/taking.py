"""From what Discord tells to what the service has stored, in order."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from bots.discord import parsing
from bots.discord.line import MOST_KNOWN, Line
from bots.discord.looking import Looking
from bots.discord.parsing import Data, Heard
from bots.discord.reacting import Reactions
from service.channels.contract import ChannelConfig, Inbound, Outcome, Sink, State, saying

BATCH = 100
FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0
PATIENCE = 3.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Waiting:
    """One that is not stored yet, and who waits to hear what became of it."""

    heard: Heard
    outcome: "asyncio.Future[Outcome] | None" = None


class Taking:
    """Stores what is told before anything else happens to it; tries again while it cannot."""

    def __init__(self, config: ChannelConfig, line: Line, reactions: Reactions) -> None:
        self._account = config.account
        self._reactions = reactions
        self._looking = Looking(config.account, line, self._hear_of_old)
        self._sink: Sink | None = None
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue()
        self._storing: asyncio.Task[None] | None = None
        self._locales: dict[str, str | None] = {}
        self._tongues: OrderedDict[str, str] = OrderedDict()
        self._failing = False
        self._in_hand: list[Waiting] = []

    def start(self, sink: Sink) -> None:
        """Begin to store."""
        self._sink = sink
        self._looking.start(sink)
        self._queue = asyncio.Queue()
        self._storing = asyncio.create_task(self._store_all())

    async def stop(self) -> None:
        """Store what was told already, for a while."""
        await self._looking.stop()
        if self._storing:
            try:
                await asyncio.wait_for(self._queue.join(), PATIENCE)
            except TimeoutError:
                log.warning("discord_left_unstored", waiting=self._queue.qsize())
            self._storing.cancel()
            await asyncio.gather(self._storing, return_exceptions=True)
        left = [*self._in_hand, *(self._queue.get_nowait() for _ in range(self._queue.qsize()))]
        for one in left:
            self._tell(one, Outcome.failed)
        self._storing, self._in_hand, self._failing = None, [], False

    def introduce(self, me: str) -> None:
        """Who we are on Discord."""
        self._reactions.me = self._looking.me = me

    def trouble(self) -> tuple[State, str] | None:
        """What hinders storing."""
        return ("degraded", saying("not_stored")) if self._failing else None

    def hear(self, event: str, data: Any) -> None:
        """One event of the gateway. One that cannot be read is passed over; if it was a message, it
        is looked for where it was said.
        """
        if not self._take(event, data) and event == "MESSAGE_CREATE":
            self._looking.look_for(data)

    def lost(self) -> None:
        """Nothing is told to us from now on."""
        self._looking.lost()

    def found(self, *, again: bool) -> None:
        """We are told things again: all that we missed (`again`), or only what is new."""
        self._looking.found(again=again)

    def _hear_of_old(self, data: Data) -> None:
        self._take("MESSAGE_CREATE", data)

    def _take(self, event: str, data: Any) -> bool:
        try:
            for heard in self._read(event, data):
                self._put(heard)
        except Exception as error:
            log.warning("discord_event_unreadable", told=event, error=type(error).__name__)
            return False
        return True

    def _read(self, event: str, data: Data) -> Sequence[Heard]:
        if event in ("GUILD_CREATE", "GUILD_UPDATE"):
            self._locales[str(data["id"])] = parsing.known_locale(data)
        author = str((data.get("author") or {}).get("id"))
        locale = self._tongues.get(author) or self._locales.get(str(data.get("guild_id")))
        me, moment = self._reactions.me, datetime.now(UTC)
        heard = parsing.hear(event, data, self._account, me, moment, locale)
        for one in heard:
            if one.asked and one.inbound.lang:
                self._learn(one.inbound.sender, one.inbound.lang)
        return heard

    def _learn(self, user: str, locale: str) -> None:
        """Messages do not say in which language somebody has Discord; interactions do."""
        self._tongues[user] = locale
        self._tongues.move_to_end(user)
        if len(self._tongues) > MOST_KNOWN:
            self._tongues.popitem(last=False)

    def _put(self, heard: Heard) -> None:
        asked = heard.asked
        outcome = self._reactions.begin_asked(heard, asked) if asked else None
        self._queue.put_nowait(Waiting(heard, outcome))

    async def _store_all(self) -> None:
        while True:
            first = await self._queue.get()
            more = min(BATCH - 1, self._queue.qsize())
            self._in_hand = [first, *(self._queue.get_nowait() for _ in range(more))]
            await self._store()
            for _ in range(more + 1):
                self._queue.task_done()

    async def _store(self) -> None:
        """Interactions are told that it failed; everything else is tried until it is stored."""
        wait = FIRST_WAIT
        while self._in_hand:
            outcomes = await self._accept([one.heard.inbound for one in self._in_hand])
            again = []
            for one, outcome in zip(self._in_hand, outcomes, strict=True):
                if outcome is Outcome.failed and one.outcome is None:
                    again.append(one)
                else:
                    self._tell(one, outcome)
            self._in_hand, self._failing = again, bool(again)
            if again:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)

    async def _accept(self, inbounds: list[Inbound]) -> list[Outcome]:
        assert self._sink is not None, "start() comes first"
        try:
            return await self._sink.accept(inbounds)
        except Exception:
            log.exception("discord_not_stored", events=len(inbounds))
            return [Outcome.failed for _ in inbounds]

    def _tell(self, one: Waiting, outcome: Outcome) -> None:
        """Whoever waits for it hears what became of it."""
        if one.outcome:
            if not one.outcome.done():
                one.outcome.set_result(outcome)
            return
        if outcome is not Outcome.failed:
            self._looking.mark(one.heard)
        self._reactions.begin(one.heard, outcome)
