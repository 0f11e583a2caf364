"""What is shown at once after something was stored: best effort, nothing waits for it."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable

import structlog
from telegram.error import BadRequest, Forbidden, TelegramError

from bots.lately import Lately
from bots.telegram.line import Line
from bots.telegram.parsing import Heard, Me, Place
from bots.telegram.sending import NO_PREVIEW, keyboard
from service.channels.contract import Button, ChannelConfig, Outcome

LANGUAGES = ("pt", "es", "en")
ANSWERED = ("text", "command", "media", "button")
REFUSED = (Outcome.too_long, Outcome.too_many)
NOTES_A_MINUTE = 20
MINUTE = 60.0
TYPING, TELLING = 4.0, 30.0
CROWD = 300
TOGETHER = 8

log = structlog.get_logger()


class Reactions:
    """Typing, notes in groups, answers to pressed buttons, and why something was not taken."""

    def __init__(self, config: ChannelConfig, line: Line) -> None:
        self._config, self._line = config, line
        self._longest = int(config.options.get("max_text", 4000))
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(TOGETHER)
        self._notes: dict[int, deque[float]] = {}
        self._lately = Lately(TELLING)

    def begin(self, heard: Heard, outcome: Outcome, me: Me) -> None:
        """React in the background; in a rush some are left out."""
        if len(self._tasks) < CROWD:
            task = asyncio.create_task(self._react(heard, outcome, me))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def end(self, patience: float = 1.0) -> None:
        """Let what is on its way finish, for a moment."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _react(self, heard: Heard, outcome: Outcome, me: Me) -> None:
        inbound, chat = heard.inbound, heard.inbound.address.conversation
        async with self._turn:
            if heard.callback:
                await self._try(self._answer(heard.callback, heard, outcome))
            elif outcome in REFUSED and not self._lately.shown(outcome, chat, TELLING):
                await self._try(self._tell(heard, outcome))
            if outcome is not Outcome.stored or inbound.kind not in ANSWERED:
                return
            if heard.place:
                reached = await self._try(self._type(heard))
                await self._try(self._note(heard, heard.place, me, closed=reached is False))
            elif not self._lately.shown("typing", chat, TYPING):
                await self._try(self._type(heard))

    async def _try(self, attempt: Awaitable[bool]) -> bool | None:
        """What came of it; None where Telegram could not say. A failure is no more than logged."""
        try:
            return await attempt
        except TelegramError as error:
            log.info("telegram_reaction_failed", error=type(error).__name__)
        except Exception as error:
            log.warning("telegram_reaction_failed", error=type(error).__name__)
        return None

    async def _type(self, heard: Heard) -> bool:
        """Whether its sender can be written to in private: Telegram says so when we type there."""
        try:
            await self._line.bot.send_chat_action(heard.inbound.address.conversation, "typing")
        except (Forbidden, BadRequest):
            return False
        return True

    async def _answer(self, callback: str, heard: Heard, outcome: Outcome) -> bool:
        words = self._refusal(heard, outcome) if outcome in REFUSED else None
        return await self._line.bot.answer_callback_query(callback, words)

    async def _tell(self, heard: Heard, outcome: Outcome) -> bool:
        chat, words = heard.inbound.address.conversation, self._refusal(heard, outcome)
        await self._line.bot.send_message(chat, words)
        return True

    def _refusal(self, heard: Heard, outcome: Outcome) -> str:
        return self._say(f"channel.{outcome.value}", heard, max=self._longest)

    async def _note(self, heard: Heard, place: Place, me: Me, *, closed: bool) -> bool:
        """Tell the group that it was taken, and no more; a busy group is spared."""
        if not self._may_note(place.chat):
            return False
        button = Button(self._say("channel.group.open", heard), url=f"https://t.me/{me.username}")
        await self._line.bot.send_message(
            place.chat,
            self._say("channel.group.closed" if closed else "channel.group", heard),
            message_thread_id=place.topic,
            reply_markup=keyboard([button] if closed else []),
            link_preview_options=NO_PREVIEW,
        )
        return True

    def _may_note(self, chat: int) -> bool:
        moment = time.monotonic()
        for group, times in list(self._notes.items()):
            while times and times[0] <= moment - MINUTE:
                times.popleft()
            if not times:
                del self._notes[group]
        times = self._notes.setdefault(chat, deque())
        if len(times) >= NOTES_A_MINUTE:
            return False
        times.append(moment)
        return True

    def _say(self, key: str, heard: Heard, **values: object) -> str:
        short = (heard.inbound.lang or "")[:2].lower()
        return self._config.say(key, short if short in LANGUAGES else self._config.lang, **values)
