"""What the channels talk to: take what arrives, give the history, hand over what waits."""

from collections.abc import AsyncIterator, Sequence

from service.bell import Bell
from service.channels import deliveries, pictures
from service.channels.contract import Address, Inbound, Outbound, Outcome, Said
from service.channels.inbox import Intake
from service.channels.models import Delivery
from service.channels.pictures import Draw
from service.database import Session, now
from service.installation import Installation
from service.messages import queries as messages
from service.people import queries as people
from service.people.models import Identity

LOOK_AGAIN = 2.0
SILENCE = 20.0
SOON = 0.1


class Reception:
    """The sink of every channel of this process."""

    def __init__(
        self, here: Installation, intake: Intake, bell: Bell, draw: Draw = pictures.nothing
    ) -> None:
        """`draw` draws what goes with a message."""
        self._here, self._intake, self._bell, self._draw = here, intake, bell, draw

    async def accept(self, inbounds: Sequence[Inbound]) -> list[Outcome]:
        """Store what arrived, durably, before this returns: one outcome for each, in order."""
        outcomes = await self._intake.accept(inbounds)
        self._bell.ring([one.address for one in inbounds])
        return outcomes

    async def history(self, address: Address, *, limit: int = 200) -> list[Said]:
        """The conversation so far, both directions, oldest first."""
        key = (address.channel, address.account, self._digest("conversation", address))
        async with self._here.database.read() as session:
            identity = await self._identity(session, address)
            thread = (await messages.conversations(session, [key])).get(key)
            said = await messages.history(session, thread.id, limit=limit) if thread else []
            told = await deliveries.history(session, identity.id, limit=limit) if identity else []
        vault = self._here.vault
        lines = [
            Said("in", m.id, m.external_id or "", vault.open(m.sealed), m.said_at)
            for m in said
            if m.sealed
        ]
        if identity is not None:
            lines += [_line(one) for one in await self._outbound(told, identity)]
        return sorted(lines, key=lambda line: (line.at, line.direction))[-limit:]

    async def lately(self, channel: str, account: str, *, limit: int) -> list[Address]:
        """Whom a channel heard last, the latest first."""
        async with self._here.database.read() as session:
            heard = await people.lately(session, channel, account, limit=limit)
            return [deliveries.address_of(one, self._here.vault) for one in heard]

    async def waiting(self, address: Address) -> list[Outbound]:
        """What has not been confirmed yet, oldest first."""
        async with self._here.database.read() as session:
            identity = await self._identity(session, address)
            rows = await deliveries.waiting_for(session, identity.id) if identity else []
        return await self._outbound(rows, identity) if identity else []

    async def _outbound(self, rows: Sequence[Delivery], identity: Identity) -> list[Outbound]:
        """Deliveries with their pictures."""
        made = [deliveries.outbound_of(row, identity, self._here.vault) for row in rows]
        return [
            await pictures.added(one, row.picture, row.lang, self._draw)
            for one, row in zip(made, rows, strict=True)
        ]

    async def fetched(self, address: Address, ids: Sequence[int]) -> None:
        """The citizen's device has these messages."""
        async with self._here.database.write() as session:
            identity = await self._identity(session, address)
            if identity is not None:
                await deliveries.fetched(session, identity.id, ids)

    async def news(self, address: Address) -> AsyncIterator[None]:
        """Yields at the start, and whenever something may have become waiting."""
        yield
        seconds = SOON
        while (name := await self._known(address)) is None:
            wrote = await self._bell.wait(address, seconds)
            seconds = SOON if wrote else min(2 * seconds, SILENCE)
        while True:
            yield
            await self._bell.wait(name, LOOK_AGAIN)

    async def _known(self, address: Address) -> int | None:
        """The identity of an address, once its first message was understood."""
        async with self._here.database.read() as session:
            identity = await self._identity(session, address)
        return identity.id if identity else None

    async def _identity(self, session: Session, address: Address) -> Identity | None:
        """Pull channels have one identity for each conversation: both carry the same
        external id.
        """
        key = (address.channel, address.account, self._digest("identity", address))
        found = (await people.by_digest(session, [key])).get(key)
        return found[0] if found else None

    def _digest(self, what: str, address: Address) -> str:
        return self._here.vault.digest(what, address.channel, address.account, address.conversation)


def _line(one: Outbound) -> Said:
    at = one.created_at or now()
    return Said("out", one.id, str(one.id), one.text, at, one.buttons, one.pictures)
