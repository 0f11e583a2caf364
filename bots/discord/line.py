"""Our line to Discord: private messages, answers to interactions, and who is who on it."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import discord
from discord.http import Route

from bots.discord.api import Api
from bots.discord.failures import EMPTY, NAME, failure_of, is_closed
from bots.discord.grants import Grant, Grants
from bots.discord.parsing import Asked, Place
from bots.discord.sending import EPHEMERAL, Request, for_interaction
from service.channels.contract import ChannelConfig, Failure, SendError, saying

MOST_KNOWN = 50_000
DEFER, DEFER_UPDATE = 5, 6
READY_WITHIN = 5.0
DOUBT = 300.0


class Line:
    """One account's requests, logged in at the first of them."""

    def __init__(self, config: ChannelConfig) -> None:
        secret = config.options.get("token")
        self._secret = secret
        self.api_url = str(config.options.get("api_url") or "")
        self.gateway_url = str(config.options.get("gateway_url") or "")
        self.grants = Grants()
        self._api: Api | None = None
        self._entering = asyncio.Lock()
        self._users, self._stays = 0, True
        self._doubted: dict[str, float] = {}
        self._conversations: OrderedDict[str, str] = OrderedDict()

    @property
    def token(self) -> str:
        """The account's token. Raises `SendError` where there is none."""
        token = str(self._secret.get_secret_value()).strip() if self._secret else ""
        if not token:
            raise SendError(Failure.configuration, EMPTY)
        return token

    def require_token(self) -> None:
        """Raises `SendError` where there is no token."""
        _ = self.token

    def new_api(self) -> Api:
        """A session of its own, not logged in."""
        return Api(self.api_url, self.gateway_url)

    def keep(self) -> None:
        """From now on the connection stays open between requests."""
        self._stays = True

    async def let_go(self) -> None:
        """Close when nobody uses it any more; what is still to be sent opens it for itself."""
        self._stays = False
        await self._close_unused()

    async def _close_unused(self) -> None:
        if self._users or self._stays:
            return
        api, self._api = self._api, None
        if api:
            await api.close()

    async def who(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What Discord says of our account and our application. Raises what the library raises."""
        api = self.new_api()
        try:
            me = await api.static_login(self.token)
            return me, await api.application_info()
        finally:
            await api.close()

    async def ask(self, method: str, path: str, *, told: Any = None, **names: Any) -> Any:
        """One request; `told` is a `Request` or something to send as JSON."""
        route = Route(method, path, **names)
        arguments = told.arguments() if isinstance(told, Request) else {}
        if told is not None and not arguments:
            arguments = {"json": told}
        self._users += 1
        try:
            api = await self._logged_in()
            return await api.request(route, **arguments)
        finally:
            self._users -= 1
            await self._close_unused()

    async def _logged_in(self) -> Api:
        if self._api:
            return self._api
        async with self._entering:
            if self._api is None:
                token, api = self.token, self.new_api()
                try:
                    await api.static_login(token)
                except BaseException as error:
                    await api.close()
                    if isinstance(error, Exception):
                        raise failure_of(error, leaving=False) from None
                    raise
                self._api = api
            return self._api

    async def conversation(self, user: str) -> str:
        """Somebody's private conversation with us; opened once, then remembered."""
        if user not in self._conversations:
            found = await self.ask("POST", "/users/@me/channels", told={"recipient_id": user})
            self.remember(user, str(found["id"]))
        return self._conversations[user]

    def remember(self, user: str, channel: str) -> None:
        """Keep which conversation is whose."""
        self._conversations[user] = channel
        self._conversations.move_to_end(user)
        if len(self._conversations) > MOST_KNOWN:
            self._conversations.popitem(last=False)

    def forget(self, user: str) -> None:
        """A conversation that is not there any more."""
        self._conversations.pop(user, None)

    async def post(self, channel: str, made: Request) -> str:
        """A message in a channel; gives its id."""
        path = "/channels/{channel_id}/messages"
        return _id_of(await self.ask("POST", path, told=made, channel_id=channel))

    async def type(self, channel: str) -> None:
        """Show that we write."""
        await self.ask("POST", "/channels/{channel_id}/typing", channel_id=channel)

    async def note(self, place: Place, made: Request) -> None:
        """A short answer under a message in a server, without ringing anybody."""
        told = {
            **made.payload,
            "allowed_mentions": {"parse": [], "replied_user": False},
            "message_reference": {"message_id": place.message, "fail_if_not_exists": False},
        }
        await self.post(place.channel, Request(told))

    async def acknowledge(self, asked: Asked) -> None:
        """Tell Discord that we have it: a click changes nothing, a command waits for its reply."""
        told: dict[str, Any] = {"type": DEFER_UPDATE if asked.pressed else DEFER}
        if asked.apart and not asked.pressed:
            told["data"] = {"flags": EPHEMERAL}
        path = "/interactions/{webhook_id}/{webhook_token}/callback"
        await self.ask("POST", path, told=told, webhook_id=asked.id, webhook_token=asked.token)

    async def follow(self, user: str, made: Request) -> str | None:
        """Reply where somebody asked; None where that is not possible (any more).

        Discord does not recognise a repeat there: one that may have arrived stays in doubt.
        """
        nonce = made.payload.get("nonce", "")
        if self._doubted.get(nonce, 0.0) > time.monotonic():
            raise SendError(Failure.ambiguous, saying("doubted", name=NAME))
        while grant := self.grants.find(user):
            try:
                async with asyncio.timeout(READY_WITHIN):
                    await grant.open.wait()
            except TimeoutError:
                self.grants.drop(grant)
            if grant is not self.grants.find(user):
                continue
            if not grant.thinking and not grant.asked.apart:
                return None
            try:
                return await self.answer(grant, made)
            except discord.HTTPException as error:
                if not is_closed(error):
                    raise
                self.grants.drop(grant)
        return None

    async def answer(self, grant: Grant, made: Request) -> str:
        """Reply to one interaction: the first reply takes the place of what shows that we think."""
        first, grant.thinking = grant.thinking, False
        path = "/webhooks/{webhook_id}/{webhook_token}"
        names = {"webhook_id": grant.asked.application, "webhook_token": grant.asked.token}
        told = for_interaction(made, first=first)
        try:
            if first:
                answer = await self.ask("PATCH", f"{path}/messages/@original", told=told, **names)
            else:
                answer = await self.ask("POST", path, told=told, **names)
        except BaseException as error:
            grant.thinking = first
            if not first and failure_of(error).failure is Failure.ambiguous:
                self._doubt(made.payload.get("nonce", ""))
            raise
        self.grants.answered(grant)
        return _id_of(answer)

    def _doubt(self, nonce: str) -> None:
        moment = time.monotonic()
        self._doubted = {one: end for one, end in self._doubted.items() if end > moment}
        self._doubted[nonce] = moment + DOUBT

    async def give_up(self, grant: Grant) -> None:
        """Nothing will be said to it: what shows that we think is taken away."""
        waited, asked = grant.thinking, grant.asked
        self.grants.drop(grant)
        if waited:
            path = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
            names = {"webhook_id": asked.application, "webhook_token": asked.token}
            await self.ask("DELETE", path, **names)


def _id_of(message: Any) -> str:
    return f"{message['channel_id']}:{message['id']}"
