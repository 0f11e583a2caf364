"""Discord as a channel of the service: what comes over the gateway, what goes through the API."""

from collections.abc import Sequence
from typing import Any

import discord

from bots.discord import sending
from bots.discord.failures import NO_ENTRY, failure_of
from bots.discord.line import Line
from bots.discord.listening import Listener
from bots.discord.reacting import Reactions
from bots.discord.taking import Taking
from service.channels.contract import ChannelConfig, Outbound, SendError, Sink, State

READS_ALL = 1 << 18 | 1 << 19
# To see channels and their history, and to write in them and in their threads.
PERMISSIONS = 1 << 10 | 1 << 11 | 1 << 16 | 1 << 38
INVITATION = (
    "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands"
    "&permissions={}"
)


class DiscordChannel:
    """One bot. What arrives is acknowledged to Discord after it was stored."""

    name = "discord"
    capabilities = sending.CAPABILITIES

    def __init__(self, config: ChannelConfig) -> None:
        self.account = config.account
        self._line = Line(config)
        self._reactions = Reactions(config, self._line)
        self._taking = Taking(config, self._line, self._reactions)
        self._listener = Listener(config, self._line, self._taking)

    async def start(self, sink: Sink) -> None:
        """Begin to listen; while Discord cannot be reached, go on trying."""
        token = self._line.token
        self._line.keep()
        self._taking.start(sink)
        self._listener.start(token)

    async def stop(self) -> None:
        """Stop listening, and finish what is in hand."""
        await self._listener.stop()
        await self._taking.stop()
        await self._reactions.stop()
        await self._line.let_go()

    async def check(self) -> str:
        """Who Discord says we are, and the address at which servers let us in."""
        self._line.require_token()
        try:
            me, application = await self._line.who()
        except Exception as error:
            raise failure_of(error, leaving=False) from None
        reads = int(application.get("flags") or 0) & READS_ALL
        without = "" if reads else ", without the message content intent"
        invitation = INVITATION.format(application["id"], PERMISSIONS)
        return f"is {me['username']} ({me['id']}){without}; invite it at {invitation}"

    def health(self) -> tuple[State, str]:
        """Whether it listens, and what hinders it."""
        return self._taking.trouble() or self._listener.health()

    async def send(self, outbound: Outbound) -> tuple[str, ...]:
        """Send one message, in as many parts as it takes, from the first that is not there yet."""
        made: list[str] = []
        for part in sending.requests(outbound)[len(outbound.taken) :]:
            try:
                made.append(await self._deliver(outbound, part))
            except SendError as error:
                raise SendError(error.failure, str(error), error.after, tuple(made)) from None
        return (*outbound.taken, *made)

    async def _deliver(self, outbound: Outbound, part: sending.Request) -> str:
        """Replies go where they were asked for; only in private does a message stay for good."""
        user, leaving = outbound.address.conversation, True
        try:
            if not outbound.unasked and (there := await self._line.follow(user, part)):
                return there
            leaving = False
            channel = await self._line.conversation(user)
            leaving = True
            return await self._line.post(channel, part)
        except SendError:
            raise
        except Exception as error:
            if isinstance(error, discord.HTTPException):
                await self._refused(user, error)
            raise failure_of(error, leaving=leaving) from None

    async def _refused(self, user: str, error: discord.HTTPException) -> None:
        if error.status == 404:
            self._line.forget(user)
        if error.code == NO_ENTRY:
            await self._reactions.shut_out(user)

    def routes(self) -> Sequence[Any]:
        """Discord comes over its gateway."""
        return ()


def make(config: ChannelConfig) -> DiscordChannel:
    """The channel, for the registry."""
    return DiscordChannel(config)
