"""What is shown at once after something was stored: best effort, nothing waits for it."""

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any

import discord
import structlog

from bots.discord.failures import GONE
from bots.discord.grants import LIFE, Grant
from bots.discord.line import Line
from bots.discord.parsing import Asked, Heard, Place
from bots.discord.sending import Request, escape, request
from bots.lately import Lately
from service.channels.contract import Button, ChannelConfig, Outcome

ANSWERED = ("text", "command", "media")
REFUSED = (Outcome.too_long, Outcome.too_many, Outcome.failed)
PROFILE = "https://discord.com/users/{}"
SOON = 2.0
TYPING, TELLING = 5.0, 30.0
MOST_PLACES = 1_000
CROWD = 300
TOGETHER = 8

log = structlog.get_logger()


class Reactions:
    """Typing, notes in servers, acknowledged interactions, and why something was not taken."""

    def __init__(self, config: ChannelConfig, line: Line) -> None:
        self.me = ""
        self._config, self._line = config, line
        self._longest = int(config.options.get("max_text", 4000))
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(TOGETHER)
        self._lately = Lately(TELLING)
        self._places: OrderedDict[str, tuple[Place, str | None]] = OrderedDict()

    def begin(self, heard: Heard, outcome: Outcome) -> None:
        """React to a message in the background; in a rush some reactions are left out."""
        if len(self._tasks) < CROWD:
            self._spawn(self._react(heard, outcome))

    def begin_asked(self, heard: Heard, asked: Asked) -> "asyncio.Future[Outcome]":
        """Acknowledge an interaction once the given future says what became of it, or Discord's
        patience is about to end.
        """
        outcome = asyncio.get_running_loop().create_future()
        grant = self._line.grants.give(asked)
        self._spawn(self._acknowledge(heard, grant, outcome))
        return outcome

    async def stop(self, patience: float = 1.5) -> None:
        """Let what is on its way finish, for a moment; nobody is left waiting for an answer."""
        await self._finish(patience)
        for grant in self._line.grants.clear():
            self._spawn(self._close(grant, waited=True))
        await self._finish(patience)

    async def _finish(self, patience: float) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def shut_out(self, user: str) -> None:
        """Somebody's private conversation is closed to us: say so where they called us."""
        place, lang = self._places.pop(user, (None, None))
        if place:
            await self._try(self._note(place, lang, closed=True))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _acknowledge(
        self, heard: Heard, grant: Grant, outcome: "asyncio.Future[Outcome]"
    ) -> None:
        await asyncio.wait({outcome}, timeout=SOON)
        if await self._try(self._line.acknowledge(grant.asked)):
            grant.timer = asyncio.get_running_loop().call_later(
                LIFE, lambda: self._spawn(self._expire(grant, heard.inbound.lang))
            )
            grant.open.set()
        else:
            self._line.grants.drop(grant)
        became = await outcome
        if became in REFUSED:
            text = self._words(f"channel.{became.value}", heard.inbound.lang, max=self._longest)
            await self._try(self._tell_asker(grant, text))
        elif became is Outcome.ignored:
            await self._close(grant)
        elif grant.asked.pressed and not grant.asked.apart:
            self._line.grants.drop(grant)

    async def _tell_asker(self, grant: Grant, text: str) -> None:
        made = request(escape(text))
        if grant.asked.apart or grant.thinking:
            await self._line.answer(grant, made)
        else:
            await self._line.post(await self._line.conversation(grant.asked.user), made)

    async def _expire(self, grant: Grant, lang: str | None) -> None:
        """Its time is up. Who still waits is told that the reply comes in private."""
        if grant.thinking and grant.asked.apart:
            made = self._noted(lang, closed=not await self._type(grant.asked.user))
            await self._try(self._line.answer(grant, made))
        await self._close(grant)

    async def _close(self, grant: Grant, *, waited: bool = False) -> None:
        grant.thinking |= waited
        await self._try(self._line.give_up(grant))

    async def _react(self, heard: Heard, outcome: Outcome) -> None:
        inbound = heard.inbound
        user = inbound.address.conversation
        async with self._turn:
            if outcome in REFUSED and not self._lately.shown(outcome, user, TELLING):
                text = self._words(f"channel.{outcome.value}", inbound.lang, max=self._longest)
                await self._try(self._tell(user, text))
            if outcome is not Outcome.stored or inbound.kind not in ANSWERED:
                return
            if heard.place:
                self._keep_place(user, heard.place, inbound.lang)
                reached = await self._try(self._type(user))
                note = self._note(heard.place, inbound.lang, closed=not reached)
                await self._try(note)
            elif not self._lately.shown("typing", user, TYPING):
                await self._try(self._type(user))

    async def _tell(self, user: str, text: str) -> None:
        await self._line.post(await self._line.conversation(user), request(escape(text)))

    async def _type(self, user: str) -> bool:
        """Whether the private conversation is open to us; only a refusal says that it is not."""
        try:
            await self._line.type(await self._line.conversation(user))
        except discord.HTTPException as error:
            return error.code not in GONE
        except Exception as error:
            log.info("discord_reaction_failed", error=type(error).__name__)
        return True

    def _keep_place(self, user: str, place: Place, lang: str | None) -> None:
        self._places[user] = place, lang
        if len(self._places) > MOST_PLACES:
            self._places.popitem(last=False)

    async def _note(self, place: Place, lang: str | None, *, closed: bool) -> None:
        await self._line.note(place, self._noted(lang, closed=closed))

    def _noted(self, lang: str | None, *, closed: bool) -> Request:
        """No more than that it was taken; a way in where our private conversation is closed."""
        key = "channel.group.closed" if closed else "channel.group"
        open_it = self._words("channel.group.open", lang)
        buttons = (Button(open_it, url=PROFILE.format(self.me)),) if closed else ()
        return request(escape(self._words(key, lang)), buttons)

    def _words(self, key: str, lang: str | None, **values: object) -> str:
        return self._config.say(key, (lang or self._config.lang)[:2], **values)

    async def _try(self, attempt: Coroutine[Any, Any, Any]) -> bool:
        """Whether it went well; a failure is no more than logged."""
        try:
            return await attempt is not False
        except Exception as error:
            log.info("discord_reaction_failed", error=type(error).__name__)
            return False
