"""Listening to Telegram for as long as the service runs, whatever happens on the way."""

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from telegram.error import Conflict, InvalidToken, TelegramError

from bots.telegram.failures import failure_of
from bots.telegram.line import WANTED, Busy, Line, Raw, RawBot
from bots.telegram.parsing import Me
from bots.telegram.taking import Taking
from service.channels.contract import ChannelConfig, State, saying

T = TypeVar("T")
BACK_OFF = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
SHAKY = 3
POLL = 25
WATCH = 60.0
FAREWELL = 2.0
PATIENCE = 8.0
HOOK = "/telegram/webhook"

log = structlog.get_logger()


class NotStored(Exception):
    """The service could not store what came; it is asked for again."""


class Listener:
    """One supervised task. `state` says what staff should know."""

    def __init__(self, config: ChannelConfig, line: Line, taking: Taking) -> None:
        self._config, self._line, self._taking = config, line, taking
        self._polls = config.options.get("mode", "polling") == "polling"
        self._secret = secret_of(config, "webhook_secret")
        self.state: tuple[State, str] = ("down", saying("not_started"))
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._offset: int | None = None
        self._confirmed: int | None = None
        self._open = self._menus_known = False
        self._failures, self._disputed = 0, False

    def start(self) -> None:
        """Begin; returns at once."""
        self._stopping.clear()
        self._open = False
        self.state = ("down", saying("connecting", name="Telegram"))
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End after what is being stored has been stored."""
        self._stopping.set()
        if self._task is not None:
            _, late = await asyncio.wait({self._task}, timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        try:
            async with self._line.held() as bot:
                while not self._stopping.is_set():
                    try:
                        await self._listen(bot)
                    except Exception as error:
                        await self._mend(error)
                await self._confirm(bot)
        finally:
            self.state = ("down", saying("stopped"))

    async def _listen(self, bot: RawBot) -> None:
        if not self._open:
            await self._unless_stopped(self._introduce(bot))
            self._open = not self._stopping.is_set()
        while not self._stopping.is_set():
            await (self._poll(bot) if self._polls else self._watch(bot))

    async def _introduce(self, bot: RawBot) -> None:
        """Learn who we are, and tell Telegram how updates reach us and which commands we know."""
        user = await bot.get_me()
        words = {word for menu in self._config.menu.values() for word, _ in menu}
        account = self._config.account
        name = user.username or ""
        if self._polls:
            await bot.delete_webhook(drop_pending_updates=False)
        else:
            await self._set_hook(bot)
        self._taking.me = Me(user.id, name, account, frozenset({"start", *words}))
        self._up()
        if not self._menus_known:
            await self._show_menus(bot)

    async def _set_hook(self, bot: RawBot) -> None:
        await bot.set_webhook(
            self._hook(), allowed_updates=WANTED, secret_token=self._secret or None
        )

    def _hook(self) -> str:
        return self._config.public_url.rstrip("/") + HOOK

    async def _show_menus(self, bot: RawBot) -> None:
        menus = self._config.menu
        by_language = [(menus[lang], lang) for lang in menus]
        if menus:
            by_language.append((menus.get(self._config.lang, by_language[0][0]), ""))
        try:
            for commands, lang in by_language:
                await bot.set_my_commands(list(commands), language_code=lang or None)
            self._menus_known = True
        except TelegramError as error:
            log.warning("telegram_menus_not_shown", error=type(error).__name__)

    async def _poll(self, bot: RawBot) -> None:
        shaken = self._failures and not self._disputed
        found = await self._unless_stopped(bot.updates(self._offset, 0 if shaken else POLL))
        if found is None:
            return
        self._confirmed = self._offset
        updates = [one for one in found if _is_update(one)]
        if found and not updates:
            raise TelegramError("updates without an id")
        taken = await self._taking.take(updates)
        if taken:
            self._offset = updates[taken - 1]["update_id"] + 1
        if taken < len(updates):
            raise NotStored
        self._up()

    async def _watch(self, bot: RawBot) -> None:
        """See that Telegram still calls us, and what keeps it from doing so."""
        info = await self._unless_stopped(bot.get_webhook_info())
        if info is None:
            return
        if info.url != self._hook():
            await self._set_hook(bot)
        failed = info.last_error_date
        if failed and (datetime.now(UTC) - failed).total_seconds() < 2 * WATCH:
            why = self._line.hide(str(info.last_error_message))
            self.state = ("degraded", saying("undelivered", name="Telegram", why=why))
        else:
            self._up()
        await self._rest(WATCH)

    def _up(self) -> None:
        self._failures, self._disputed = 0, False
        name = self._taking.me.username if self._taking.me else ""
        self.state = ("up", saying("listens", name=f"@{name}"))

    async def _mend(self, error: Exception) -> None:
        """Say what is wrong, wait and go on: longer each time, or as long as Telegram wishes."""
        self._failures += 1
        if self._failures <= SHAKY or self._failures % 20 == 0:
            log.warning("telegram_not_listening", error=type(error).__name__)
        self.state = self._trouble(error)
        self._disputed = isinstance(error, Conflict)
        if isinstance(error, Conflict) and "webhook" in error.message.lower():
            self._open = False
        wait = BACK_OFF[min(self._failures, len(BACK_OFF)) - 1]
        await self._rest(max(wait, error.after) if isinstance(error, Busy) else wait)

    def _trouble(self, error: Exception) -> tuple[State, str]:
        if isinstance(error, NotStored):
            return "degraded", saying("kept", name="Telegram")
        if isinstance(error, Conflict):
            return "degraded", saying("disputed", why=self._line.hide(error.message))
        sentence = str(failure_of(error, self._line.hide))
        broken = isinstance(error, InvalidToken) or not self._open or self._failures >= SHAKY
        return "down" if broken else "degraded", sentence

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _unless_stopped(self, asking: Coroutine[Any, Any, T]) -> T | None:
        """What it gives, or None once we are to stop: then its answer is not wanted any more."""
        task = asyncio.create_task(asking)
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            for one in (task, stop):
                one.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)

    async def _confirm(self, bot: RawBot) -> None:
        """Tell Telegram what was stored, so that it does not come again at the next start."""
        if self._polls and self._offset != self._confirmed:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(FAREWELL):
                    await bot.updates(self._offset, 0, limit=1)


def _is_update(raw: Raw) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("update_id"), int)


def secret_of(config: ChannelConfig, name: str) -> str:
    """A secret setting in the clear; empty where it is not set."""
    held = config.options.get(name)
    return str(held.get_secret_value()).strip() if held else ""
