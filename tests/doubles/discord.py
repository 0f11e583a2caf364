"""Discord on loopback: its gateway and its API, strict, with records of what it was asked."""

import asyncio
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

from tests.doubles.discord_rules import Refusal, check_commands, check_message
from tests.doubles.discord_shapes import APPLICATION, GUILD, HALL, application, bot, guild, person
from tests.doubles.discord_wire import Asked, Trouble, answer, read, send

TOKEN = "double.token.secret"
CONTENT = 1 << 15
BASE = "/api/v10"
EPOCH = 1_420_070_400_000


class Discord:
    """The platform. `async with Discord() as platform` serves it; `until` waits for a condition."""

    def __init__(self, *, content: bool = True, echo: bool = True) -> None:
        self.content, self.echo = content, echo
        self.token = TOKEN
        self.asked: list[Asked] = []
        self.identified: list[dict[str, Any]] = []
        self.resumed: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self.messages: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.originals: dict[str, dict[str, Any] | None] = {}
        self.callbacks: dict[str, dict[str, Any]] = {}
        self.read: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.closed_to_us: set[str] = set()
        self.sockets: list[web.WebSocketResponse] = []
        self.silent = False
        self._by_nonce: dict[str, dict[str, Any]] = {}
        self._owners = {HALL: ""}
        self._conversations: dict[str, str] = {}
        self._interactions: dict[str, tuple[str, str]] = {}
        self._troubles: list[Trouble] = []
        self._session = ""
        self._told: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        self._changed = asyncio.Event()

    async def __aenter__(self) -> "Discord":
        app = web.Application(client_max_size=30_000_000)
        for path in ("/gateway", "/gateway/"):
            app.router.add_get(path, self._gateway)
        app.router.add_route("*", BASE + "/{rest:.+}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.api_url = f"http://{host}:{port}{BASE}"
        self.gateway_url = f"ws://{host}:{port}/gateway"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
        await self._runner.cleanup()

    async def until(self, true: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    def of(self, method: str, path: str) -> list[Asked]:
        """The requests of a kind so far."""
        return [one for one in self.asked if one.method == method and re.fullmatch(path, one.path)]

    def next_id(self) -> str:
        """A new id that says when it was made."""
        moment = int(datetime.now(UTC).timestamp() * 1000) - EPOCH
        return str((moment << 22) | next(self._numbers) & 0xFFF)

    def conversation(self, user: str) -> str:
        """Somebody's private conversation with the bot."""
        if user not in self._conversations:
            self._conversations[user] = channel = str(800_000_000_000_000_000 + int(user))
            self._owners[channel] = user
        return self._conversations[user]

    # What the platform is told to do

    def trouble(self, method: str, path: str, times: int = 1, **how: Any) -> None:
        """The next requests of a kind are answered with a status, or cut (before or after they
        had their effect).
        """
        self._troubles.append(Trouble(method, re.compile(path), times, **how))

    def patience(self, method: str, path: str, seconds: float, *, times: int = 1) -> None:
        """The next requests of a kind are too many."""
        body = {"message": "You are being rate limited.", "retry_after": seconds, "global": False}
        headers = {"Via": "1.1 google", "Retry-After": str(seconds)}
        self.trouble(method, path, times, status=429, body=body, headers=headers)

    async def say(
        self, user: str, text: str, channel: str = "", *, tell: bool = True, **more: Any
    ) -> dict[str, Any]:
        """Somebody writes, in private or in a server's channel."""
        made = self._message(channel or self.conversation(user), person(user), text, **more)
        self.messages[made["channel_id"]].append(made)
        if tell:
            await self.tell("MESSAGE_CREATE", made)
        return made

    async def edit(self, message: dict[str, Any], text: str) -> None:
        """Somebody changes what they wrote."""
        message |= {"content": text, "edited_timestamp": datetime.now(UTC).isoformat()}
        await self.tell("MESSAGE_UPDATE", message)

    async def command(
        self, user: str, name: str, rest: str = "", *, guild: bool = False, locale: str = "pt-BR"
    ) -> dict[str, Any]:
        """Somebody uses a slash command."""
        key = "code" if name == "start" else "text"
        options = [{"type": 3, "name": key, "value": rest}] if rest else []
        data = {"id": self.next_id(), "name": name, "type": 1, "options": options}
        return await self._interaction(2, user, data, guild=guild, locale=locale)

    async def press(
        self,
        user: str,
        message: dict[str, Any],
        action: str,
        *,
        guild: bool = False,
        locale: str = "pt-BR",
    ) -> dict[str, Any]:
        """Somebody presses a button."""
        data = {"id": 1, "component_type": 2, "custom_id": action}
        return await self._interaction(3, user, data, guild=guild, locale=locale, message=message)

    async def _interaction(
        self, kind: int, user: str, data: Any, *, guild: bool, locale: str = "pt-BR", **more: Any
    ) -> dict[str, Any]:
        id_ = self.next_id()
        channel = HALL if guild else self.conversation(user)
        asked = {
            "id": id_, "application_id": APPLICATION, "type": kind, "token": f"secret-{id_}",
            "version": 1, "data": data, "channel_id": channel, "locale": locale, **more,
            "context": 0 if guild else 1, "authorizing_integration_owners": {}, "entitlements": [],
        }  # fmt: skip
        who = {"member": {"user": person(user), "roles": []}, "guild_id": GUILD}
        asked |= who if guild else {"user": person(user)}
        self._interactions[asked["token"]] = user, channel
        await self.tell("INTERACTION_CREATE", asked)
        return asked

    async def tell(self, event: str, data: Any) -> None:
        """Dispatch an event to the session."""
        frame = {"op": 0, "t": event, "s": len(self._told) + 1, "d": data}
        self._told.append(frame)
        for socket in self.sockets:
            await socket.send_str(json.dumps(frame))

    async def cut(self, code: int = 4000) -> None:
        """Close every connection of the gateway."""
        sockets, self.sockets = self.sockets, []
        for socket in sockets:
            await socket.close(code=code)

    def forget_session(self) -> None:
        """The session cannot be taken up again."""
        self._session = ""

    # The gateway

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        await send(socket, 10, {"heartbeat_interval": 41_250})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT and not self.silent:
                told = json.loads(frame.data)
                await self._listen(socket, told["op"], told["d"])
        if socket in self.sockets:
            self.sockets.remove(socket)
        self._changed.set()
        return socket

    async def _listen(self, socket: web.WebSocketResponse, op: int, told: Any) -> None:
        if op == 1:
            await send(socket, 11, None)
        elif op in (2, 6) and told["token"] != self.token:
            await socket.close(code=4004)
        elif op == 2:
            await self._identify(socket, told)
        elif op == 6:
            await self._resume(socket, told)
        elif op not in (3, 4, 8):
            await socket.close(code=4001)
        self._changed.set()

    async def _identify(self, socket: web.WebSocketResponse, told: dict[str, Any]) -> None:
        self.identified.append(told)
        if told["intents"] & CONTENT and not self.content:
            await socket.close(code=4014)
            return
        self._session, self._told = f"session-{len(self.identified)}", []
        self.sockets = [socket]
        await self.tell("READY", {
            "v": 10, "user": bot(), "guilds": [{"id": GUILD, "unavailable": True}],
            "session_id": self._session, "resume_gateway_url": self.gateway_url,
            "application": {"id": APPLICATION, "flags": 0},
        })  # fmt: skip
        await self.tell("GUILD_CREATE", guild())

    async def _resume(self, socket: web.WebSocketResponse, told: dict[str, Any]) -> None:
        self.resumed.append(told)
        if told["session_id"] != self._session:
            await send(socket, 9, False)
            return
        missed = self._told[told["seq"] :]
        self.sockets = [socket]
        for frame in missed:
            await socket.send_str(json.dumps(frame))
        await self.tell("RESUMED", {})

    # The API

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.method, "/" + request.match_info["rest"])
        try:
            await read(request, asked)
            self.asked.append(asked)
            trouble = self._next_trouble(asked)
            if trouble and not trouble.after:
                return self._suffer(request, trouble)
            if request.headers.get("Authorization") != f"Bot {self.token}":
                raise Refusal(401, 0, "401: Unauthorized")
            status, body = await self._serve(request, asked)
            return self._suffer(request, trouble) if trouble else answer(status, body)
        except Refusal as refusal:
            return answer(refusal.status, {"code": refusal.code, "message": refusal.told})
        finally:
            self._changed.set()

    def _next_trouble(self, asked: Asked) -> Trouble | None:
        for trouble in self._troubles:
            if trouble.method == asked.method and trouble.path.fullmatch(asked.path):
                trouble.times -= 1
                if not trouble.times:
                    self._troubles.remove(trouble)
                return trouble
        return None

    def _suffer(self, request: web.Request, trouble: Trouble) -> web.StreamResponse:
        if trouble.status:
            return answer(trouble.status, trouble.body, trouble.headers)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _serve(self, request: web.Request, asked: Asked) -> tuple[int, Any]:
        match asked.method, *asked.path.strip("/").split("/"):
            case "GET", "users", "@me":
                return 200, bot()
            case "GET", "oauth2", "applications", "@me":
                return 200, {**application(), "flags": 1 << 19 if self.content else 0}
            case "GET", "gateway", "bot":
                limit = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": 1}
                return 200, {"url": self.gateway_url, "shards": 1, "session_start_limit": limit}
            case "PUT", "applications", _, "commands":
                check_commands(asked.told)
                self.commands = asked.told
                return 200, asked.told
            case "POST", "users", "@me", "channels":
                return 200, self._open(str(asked.told["recipient_id"]))
            case "POST", "interactions", id_, token, "callback":
                return self._callback(id_, token, asked.told)
            case method, "webhooks", _, token, *rest:
                return self._follow(method, token, rest, asked)
            case method, "channels", channel, *rest:
                return await self._channel(method, channel, rest, asked, request)
        raise Refusal(404, 0, "404: Not Found")

    def _open(self, user: str) -> dict[str, Any]:
        if not user.isdigit():
            raise Refusal(400, 50033, "Invalid Recipient(s)")
        return {"id": self.conversation(user), "type": 1, "recipients": [person(user)]}

    async def _channel(
        self, method: str, channel: str, rest: list[str], asked: Asked, request: web.Request
    ) -> tuple[int, Any]:
        if channel not in self._owners:
            raise Refusal(404, 10003, "Unknown Channel")
        match method, *rest:
            case "POST", "typing" | "messages" if self._owners[channel] in self.closed_to_us:
                raise Refusal(403, 50007, "Cannot send messages to this user")
            case "POST", "typing":
                return 204, None
            case "POST", "messages":
                return 200, await self._post(channel, asked)
            case ("GET",):
                user = self._owners[channel]
                return 200, self._open(user) if user else {"id": channel, "type": 0}
            case "GET", "messages":
                return 200, self._history(channel, request.query)
        raise Refusal(404, 10008, "Unknown Message")

    def _history(self, channel: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Newest first; the API, unlike the gateway, does not say which server it was."""
        after, before = int(query.get("after", 0)), int(query.get("before", 2**63))
        found = [one for one in self.messages[channel] if after < _number(one) < before]
        found.sort(key=_number)
        limit = int(query.get("limit", 50))
        page = found[:limit] if "after" in query else found[-limit:]
        hidden = ("guild_id", "member")
        return [{k: v for k, v in one.items() if k not in hidden} for one in reversed(page)]

    async def _post(self, channel: str, asked: Asked) -> dict[str, Any]:
        told = asked.told
        check_message(told, asked.files)
        nonce = told.get("nonce")
        if told.get("enforce_nonce") and nonce in self._by_nonce:
            return self._by_nonce[nonce]
        made = self._message(channel, bot(), told.get("content") or "", **_shown(told))
        self.messages[channel].append(made)
        self.read[self._owners[channel]].append(made)
        if nonce:
            self._by_nonce[nonce] = made
        if self.echo:
            await self.tell("MESSAGE_CREATE", made)
        return made

    def _callback(self, id_: str, token: str, told: Any) -> tuple[int, Any]:
        if token not in self._interactions:
            raise Refusal(404, 10062, "Unknown interaction")
        if id_ in self.callbacks:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        if told.get("type") not in (4, 5, 6, 7):
            raise Refusal(400, 50035, "Invalid Form Body")
        self.callbacks[id_] = told
        self.originals[token] = {"thinking": True} if told["type"] == 5 else {}
        return 204, None

    def _follow(self, method: str, token: str, rest: list[str], asked: Asked) -> tuple[int, Any]:
        if token not in self.originals:
            raise Refusal(404, 10015, "Unknown Webhook")
        if method == "DELETE":
            self.originals[token] = None
            return 204, None
        check_message(asked.told, asked.files)
        user, channel = self._interactions[token]
        made = self._message(channel, bot(), asked.told.get("content") or "", **_shown(asked.told))
        self.read[user].append(made)
        if method == "PATCH":
            if self.originals[token] is None:
                raise Refusal(404, 10008, "Unknown Message")
            self.originals[token] = made
        return 200, made

    def _message(
        self, channel: str, author: dict[str, Any], text: str, **more: Any
    ) -> dict[str, Any]:
        place = {"guild_id": GUILD, "member": {"roles": []}} if channel == HALL else {}
        return {
            "id": self.next_id(), "type": 0, "content": text, "channel_id": channel,
            "author": author, "attachments": [], "embeds": [], "mentions": [],
            "mention_roles": [], "mention_everyone": False, "pinned": False, "tts": False,
            "timestamp": datetime.now(UTC).isoformat(), "edited_timestamp": None, "flags": 0,
            "components": [], **place, **more,
        }  # fmt: skip


def _number(message: dict[str, Any]) -> int:
    return int(message["id"])


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    kept = ("nonce", "flags", "components", "message_reference", "attachments")
    return {key: told[key] for key in kept if key in told}
