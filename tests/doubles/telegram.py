"""Telegram's Bot API on loopback: strict about requests, scriptable in what it answers.

```
async with Telegram() as telegram:
    telegram.feed(message("oi"))
    telegram.fail("sendMessage", 502, times=3)
    await telegram.until(lambda: telegram.sent)
```
"""

import asyncio
import contextlib
import json
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

Raw = dict[str, Any]
CUT = 0
LOOK_AGAIN = 0.02
TOKEN = "7001:AAHfiqksKZ8WmR2zSjiQ7_v4TestTestTest"
ME: Raw = {
    "id": 7001,
    "is_bot": True,
    "first_name": "Gabinete",
    "username": "GabineteBot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
    "can_connect_to_business": False,
    "has_main_web_app": False,
}
KEYBOARD = {"chat_id", "message_thread_id", "reply_markup"}
ALLOWED: dict[str, set[str]] = {
    "getMe": set(),
    "getUpdates": {"offset", "timeout", "limit", "allowed_updates"},
    "sendMessage": KEYBOARD | {"text", "link_preview_options"},
    "sendPhoto": KEYBOARD | {"photo", "caption"},
    "sendChatAction": {"chat_id", "action", "message_thread_id"},
    "answerCallbackQuery": {"callback_query_id", "text"},
    "setMyCommands": {"commands", "language_code"},
    "setWebhook": {"url", "allowed_updates", "secret_token"},
    "deleteWebhook": {"drop_pending_updates"},
    "getWebhookInfo": set(),
}
GONE = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "closed": (403, "Forbidden: bot can't initiate conversation with a user"),
    "unknown": (400, "Bad Request: chat not found"),
    "deactivated": (403, "Forbidden: user is deactivated"),
}


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, words: str, **parameters: Any) -> None:
        super().__init__(words)
        self.status, self.words, self.parameters = status, words, parameters


@dataclass(frozen=True)
class Call:
    """One request: JSON parameters are opened, files are bytes."""

    method: str
    said: Raw
    at: float = field(default_factory=time.monotonic)


@dataclass
class Plan:
    """What becomes of the next calls of a method."""

    status: int
    times: int
    words: str
    parameters: Raw
    after: bool = False


class Telegram:
    """A Bot API server with one bot. `calls` is all it was asked, `sent` what arrived in chats."""

    def __init__(
        self, token: str = TOKEN, *, per_second: int | None = None, apart: float = 0.0
    ) -> None:
        """With `per_second` and `apart` it holds to limits, as Telegram does."""
        self.token, self.me = token, ME
        self.calls: list[Call] = []
        self.counts: Counter[str] = Counter()
        self.sent: list[Call] = []
        self.statuses: Counter[int] = Counter()
        self.gone: dict[str, str] = {}
        self.hook: Raw | None = None
        self.hook_error: tuple[int, str] | None = None
        self.port = self.given = 0
        self._per_second, self._apart = per_second, apart
        self._updates: list[Raw] = []
        self._next = 500
        self._plans: dict[str, deque[Plan]] = {}
        self._lately: deque[float] = deque()
        self._last: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._poller = 0
        self._bell = asyncio.Event()
        self._ids = 1000
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Listen, on the port of the last time."""
        app = web.Application(client_max_size=20_000_000)
        app.router.add_post("/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    async def close(self) -> None:
        """Cut every connection and listen no more."""
        runner, self._runner = self._runner, None
        self.ring()
        if runner:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """The base address, for `api_url`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def waiting(self) -> list[int]:
        """The ids of updates that were not confirmed yet."""
        return [one["update_id"] for one in self._updates]

    def feed(self, *updates: Raw, repeat: bool = False) -> Raw:
        """Updates that wait to be taken, numbered unless they are a `repeat` with their own id;
        gives the last.
        """
        for update in updates:
            if not repeat:
                self._next += 1
                update = {**update, "update_id": self._next}
            self._updates.append(update)
        self.ring()
        return update

    def fail(
        self, method: str, status: int, words: str = "", *, times: int = 1, **parameters: Any
    ) -> None:
        """Refuse the next calls: status 0 cuts the connection, 200 answers what is no JSON."""
        self._plan(method, Plan(status, times, words or f"Refused: {status}", parameters))

    def relent(self) -> None:
        """Refuse nothing more."""
        self._plans.clear()

    def lose(self, method: str, *, times: int = 1) -> None:
        """Do what the next calls ask, and cut the connection before they are answered."""
        self._plan(method, Plan(CUT, times, "", {}, after=True))

    def _plan(self, method: str, plan: Plan) -> None:
        self._plans.setdefault(method, deque()).append(plan)

    async def until(self, true: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until something is so: looked at after each call, and now and then."""
        async with asyncio.timeout(seconds):
            while not true():
                self._bell.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), LOOK_AGAIN)

    def of(self, method: str) -> list[Raw]:
        """What the calls of a method said."""
        return [call.said for call in self.calls if call.method == method]

    def ring(self) -> None:
        """Look again: something may have changed."""
        self._changed.set()
        self._changed = asyncio.Event()
        self._bell.set()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            said = await _said(request)
            call = Call(method, said)
            self.calls.append(call)
            self.counts[method] += 1
            self._bell.set()
            if request.match_info["token"] != self.token:
                raise Refusal(401, "Unauthorized")
            plan = self._planned(method)
            if plan and not plan.after:
                raise Refusal(plan.status, plan.words, **plan.parameters)
            result = await self._perform(call)
            if plan:
                raise Refusal(plan.status, plan.words, **plan.parameters)
        except Refusal as refusal:
            if refusal.status == CUT and request.transport is not None:
                request.transport.abort()
            return self._refused(refusal)
        self.statuses[200] += 1
        self._bell.set()
        return web.json_response({"ok": True, "result": result})

    def _planned(self, method: str) -> Plan | None:
        plans = self._plans.get(method)
        if not plans:
            return None
        plans[0].times -= 1
        return plans.popleft() if plans[0].times <= 0 else plans[0]

    def _refused(self, refusal: Refusal) -> web.Response:
        self.statuses[refusal.status] += 1
        self._bell.set()
        said: Raw = {"ok": False, "error_code": refusal.status, "description": refusal.words}
        if refusal.status in (200, 504):
            return web.Response(status=refusal.status, text=refusal.words)
        if refusal.parameters:
            said["parameters"] = refusal.parameters
        return web.json_response(said, status=refusal.status or 500)

    async def _perform(self, call: Call) -> Any:
        if call.method not in ALLOWED:
            raise Refusal(404, "Not Found")
        if strange := set(call.said) - ALLOWED[call.method]:
            raise Refusal(400, f"Bad Request: unknown parameters {sorted(strange)}")
        perform: Callable[[Raw], Awaitable[Any]] = getattr(self, f"_{call.method}")
        result = await perform(call.said)
        if call.method in ("sendMessage", "sendPhoto"):
            self.sent.append(call)
        return result

    async def _getMe(self, said: Raw) -> Raw:
        return self.me

    async def _getUpdates(self, said: Raw) -> list[Raw]:
        if self.hook:
            raise Refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poller += 1
        mine = self._poller
        self.ring()
        offset, limit = int(said.get("offset", 0)), int(said.get("limit", 100))
        self._updates = [one for one in self._updates if one["update_id"] >= offset]
        until = time.monotonic() + float(said.get("timeout", 0))
        while not self._updates and (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
            if self._runner is None:
                raise Refusal(CUT, "")
            if mine != self._poller:
                raise Refusal(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only "
                    "one bot instance is running",
                )
        self.given += bool(self._updates)
        return self._updates[:limit]

    async def _sendMessage(self, said: Raw) -> Raw:
        text = said.get("text")
        if not isinstance(text, str) or not text.strip():
            raise Refusal(400, "Bad Request: message text is empty")
        if units(text) > 4096:
            raise Refusal(400, "Bad Request: message is too long")
        return self._posted(said, {"text": text})

    async def _sendPhoto(self, said: Raw) -> Raw:
        if not isinstance(said.get("photo"), bytes):
            raise Refusal(400, "Bad Request: there is no photo in the request")
        if units(said.get("caption", "")) > 1024:
            raise Refusal(400, "Bad Request: message caption is too long")
        size = {"file_id": "F", "file_unique_id": "U", "width": 90, "height": 90, "file_size": 1}
        return self._posted(said, {"photo": [size], "caption": said.get("caption", "")})

    def _posted(self, said: Raw, content: Raw) -> Raw:
        chat = self._chat(said)
        if said.get("reply_markup") is not None:
            _check_keyboard(said["reply_markup"])
        self._hold_to_limits(chat)
        self._ids += 1
        kind = "private" if int(chat) > 0 else "supergroup"
        return {
            "message_id": self._ids,
            "date": int(time.time()),
            "chat": {"id": int(chat), "type": kind, "first_name": "Ana"},
            "from": ME,
            **content,
        }

    def _chat(self, said: Raw) -> str:
        chat = str(said.get("chat_id", ""))
        if not chat.lstrip("-").isdigit():
            raise Refusal(400, "Bad Request: chat_id is empty")
        if why := self.gone.get(chat):
            raise Refusal(*GONE[why])
        return chat

    def _hold_to_limits(self, chat: str) -> None:
        moment = time.monotonic()
        while self._lately and self._lately[0] <= moment - 1:
            self._lately.popleft()
        if self._per_second and len(self._lately) >= self._per_second:
            raise Refusal(429, "Too Many Requests: retry after 1", retry_after=1)
        if self._apart and moment - self._last.get(chat, -9.0) < self._apart:
            raise Refusal(429, "Too Many Requests: retry after 1", retry_after=1)
        self._lately.append(moment)
        self._last[chat] = moment

    async def _sendChatAction(self, said: Raw) -> bool:
        self._chat(said)
        if said.get("action") != "typing":
            raise Refusal(400, "Bad Request: wrong parameter action in request")
        return True

    async def _answerCallbackQuery(self, said: Raw) -> bool:
        if not said.get("callback_query_id"):
            raise Refusal(400, "Bad Request: query is too old and response timeout expired")
        if units(said.get("text", "")) > 200:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        return True

    async def _setMyCommands(self, said: Raw) -> bool:
        for one in said["commands"]:
            name = one["command"]
            if not (name.isascii() and name.replace("_", "").isalnum() and name == name.lower()):
                raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(one["description"]) <= 256:
                raise Refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        return True

    async def _setWebhook(self, said: Raw) -> bool:
        if not said.get("url", "").startswith("https://"):
            raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided")
        self.hook = said
        return True

    async def _deleteWebhook(self, said: Raw) -> bool:
        self.hook = None
        return True

    async def _getWebhookInfo(self, said: Raw) -> Raw:
        info: Raw = {
            "url": self.hook["url"] if self.hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }
        if self.hook_error:
            info["last_error_date"], info["last_error_message"] = self.hook_error
        return info


def units(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


async def _said(request: web.Request) -> Raw:
    """The parameters; what came as JSON is opened."""
    found: Raw = {}
    form: Mapping[str, Any] = await request.post()
    for name, value in form.items():
        if isinstance(value, web.FileField):
            found[name] = value.file.read()
            value.file.close()
        elif name in ("reply_markup", "link_preview_options", "commands", "allowed_updates"):
            found[name] = json.loads(value)
        else:
            found[name] = value
    attached = {name for name, value in found.items() if str(value).startswith("attach://")}
    for name in attached:
        found[name] = found.pop(found[name].removeprefix("attach://"))
    return found


def _check_keyboard(markup: Any) -> None:
    rows = markup.get("inline_keyboard")
    if not rows or not all(rows):
        raise Refusal(400, "Bad Request: object expected as reply markup")
    for button in (one for row in rows for one in row):
        actions = [name for name in ("url", "callback_data") if name in button]
        if not button.get("text") or len(actions) != 1:
            raise Refusal(400, "Bad Request: can't parse inline keyboard button")
        if not 1 <= len(button.get("callback_data", "x").encode()) <= 64:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
        if "url" in button and not button["url"].startswith(("https://", "http://", "tg://")):
            raise Refusal(400, "Bad Request: inline keyboard button URL is invalid")
