"""Which process runs each channel that is sent to, and how the channel stands there.

A platform gives a bot's messages to one reader, and takes so many in a second: one process at a
time listens and sends for a channel, held by a lease that ends soon after the process does.
"""

import os
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from service.channels.contract import State, saying, understood
from service.channels.models import ChannelPresence
from service.database import Session, now, storable

BEAT = 10.0
LEASE = timedelta(seconds=30)
Place = tuple[str, str]


async def hold(session: Session, place: Place, owner: str, health: tuple[State, str]) -> str | None:
    """Take the lease of a (channel, account) or keep it, and say how the channel stands; gives who
    has it where another living process does.
    """
    row, moment = await _row(session, place), now()
    held = row.owner not in (None, owner) and row.leased_until > moment
    if held and not _ended(row.owner or ""):
        return row.owner
    if (row.owner, row.state) != (owner, health[0]):
        row.since = moment
    row.owner, row.leased_until = owner, moment + LEASE
    row.state, row.says = health[0], storable(health[1], 300)
    return None


async def let_go(session: Session, place: Place, owner: str) -> None:
    """This process does not run the channel any more."""
    row = await _row(session, place)
    if row.owner == owner:
        row.owner, row.leased_until, row.since = None, now(), now()
        row.state, row.says = "down", saying("stopped")


async def everyone(session: Session) -> Sequence[ChannelPresence]:
    """Every channel that was ever run, by name."""
    order = (ChannelPresence.channel, ChannelPresence.account)
    return (await session.scalars(select(ChannelPresence).order_by(*order))).all()


@dataclass(frozen=True)
class Standing:
    """How a channel stands, for staff; `since` when, where it is known."""

    channel: str
    state: State
    says: str
    since: datetime | None = None

    @property
    def code(self) -> str | None:
        """Of what it says, where that is on the closed list."""
        found = understood(self.says)
        return found[0] if found else None


async def standings(
    session: Session, names: Sequence[str], bots: Collection[str]
) -> list[Standing]:
    """How each of these channels stands; those that are no `bots` are part of the web server."""
    rows = {row.channel: row for row in await everyone(session)}
    found = []
    for name in names:
        if name not in bots:
            found.append(Standing(name, "up", saying("part")))
        elif name not in rows:
            found.append(Standing(name, "down", saying("never")))
        else:
            state, says = standing(rows[name], now())
            found.append(Standing(name, state, says, rows[name].since))
    return found


def standing(row: ChannelPresence, moment: datetime) -> tuple[State, str]:
    """How a channel stands; one whose process has fallen silent is down."""
    if row.owner is not None and row.leased_until < moment:
        return "down", saying("silent")
    state: State = "up" if row.state == "up" else "degraded" if row.state == "degraded" else "down"
    return state, row.says


async def _row(session: Session, place: Place) -> ChannelPresence:
    channel, account = place
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    fresh = {"channel": channel, "account": account, "leased_until": now(), "since": now()}
    await session.execute(
        insert(ChannelPresence).values(**fresh, state="down", says="").on_conflict_do_nothing()
    )
    found = await session.scalars(
        select(ChannelPresence)
        .where(ChannelPresence.channel == channel, ChannelPresence.account == account)
        .with_for_update()
    )
    return found.one()


def process_name(more: str) -> str:
    """A name for this process that others of its machine can check: machine, number, `more`."""
    return f"{socket.gethostname()}-{os.getpid()}-{more}"


def _ended(owner: str) -> bool:
    """Whether a process of this machine has ended, so that nobody need wait for its lease."""
    host, number, _ = owner.rsplit("-", 2) if owner.count("-") > 1 else ("", "", "")
    if host != socket.gethostname() or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
