"""Who runs a channel: one process at a time, and another once it has ended."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from service.bell import Bell
from service.channels import presence
from service.channels.contract import Capabilities, Failure, SendError, Sink, State
from service.channels.models import ChannelPresence
from service.channels.station import ChannelRefused, ChannelTaken, Station
from service.database import Database, Session, now
from service.vault import Vault

PLACE = ("post", "main")
UP: tuple[State, str] = ("up", "listens")
DEAD = "elsewhere-1-aaaaaa"


@dataclass
class Listener:
    """A channel that tells whether it listens."""

    name: str = "post"
    account: str = "main"
    capabilities: Capabilities = field(default_factory=Capabilities)
    listens: bool = False
    refuses: bool = False

    async def start(self, sink: Sink) -> None:
        if self.refuses:
            raise SendError(Failure.configuration, "the token is malformed")
        self.listens = True

    async def stop(self) -> None:
        self.listens = False

    def health(self) -> tuple[State, str]:
        return UP if self.listens else ("down", "is stopped")


def station(database: Database, vault: Vault, channel: Listener) -> Station:
    """A station of this process."""
    return Station(database, vault, channel, Bell())  # type: ignore[arg-type]


async def owned(database: Database) -> str | None:
    """Who runs it."""
    async with database.read() as session:
        return (await session.scalars(select(ChannelPresence.owner))).one()


async def test_one_process_at_a_time_runs_a_channel(database: Database, vault: Vault) -> None:
    async with database.write() as session:
        assert await presence.hold(session, PLACE, DEAD, UP) is None
    channel = Listener()
    with pytest.raises(ChannelTaken, match=DEAD):
        await station(database, vault, channel).open(None)  # type: ignore[arg-type]
    assert not channel.listens
    async with database.write() as session:
        past = now() - timedelta(seconds=1)
        await session.execute(update(ChannelPresence).values(leased_until=past))
    mine = station(database, vault, channel)
    await mine.open(None)  # type: ignore[arg-type]
    assert channel.listens
    await mine.close()
    assert not channel.listens
    assert await owned(database) is None


async def test_a_process_of_this_machine_that_has_ended_is_not_waited_for(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.write() as session:
        await presence.hold(session, PLACE, presence.process_name("aaaaaa"), UP)
    mine = station(database, vault, Listener())
    await mine.open(None)  # type: ignore[arg-type]
    assert await owned(database) == mine._owner
    await mine.close()


async def test_what_cannot_start_leaves_the_channel_to_others(
    database: Database, vault: Vault
) -> None:
    with pytest.raises(ChannelRefused, match="post: the token is malformed"):
        await station(database, vault, Listener(refuses=True)).open(None)  # type: ignore[arg-type]
    assert await owned(database) is None


async def test_who_hung_for_long_stops_and_goes_on_when_the_channel_is_free_again(
    database: Database, vault: Vault
) -> None:
    channel = Listener()
    mine = station(database, vault, channel)
    await mine.open(None)  # type: ignore[arg-type]
    await mine._stay_or_leave(False, None)  # type: ignore[arg-type]
    assert not channel.listens
    await mine._stay_or_leave(True, None)  # type: ignore[arg-type]
    assert channel.listens
    await mine.close()


async def test_who_wins_a_channel_back_while_the_database_fails_listens_with_the_next_beat(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Listener()
    mine = station(database, vault, channel)
    await mine.open(None)  # type: ignore[arg-type]
    await mine._stay_or_leave(False, None)  # type: ignore[arg-type]
    recover = mine._sender.recover

    async def locked(*_: object, **__: object) -> None:
        monkeypatch.setattr(mine._sender, "recover", recover)
        raise OperationalError("x", {}, Exception("database is locked"))

    monkeypatch.setattr(mine._sender, "recover", locked)
    with pytest.raises(OperationalError):
        await mine._stay_or_leave(True, None)  # type: ignore[arg-type]
    await mine._stay_or_leave(True, None)  # type: ignore[arg-type]
    assert channel.listens
    await mine.close()


async def test_who_is_stopped_while_winning_a_channel_back_does_not_listen(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Listener()
    mine = station(database, vault, channel)
    await mine.open(None)  # type: ignore[arg-type]
    await mine._stay_or_leave(False, None)  # type: ignore[arg-type]
    recover = mine._sender.recover

    async def slow(session: Session, *, alone: bool) -> None:
        await mine.deafen()
        await recover(session, alone=alone)

    monkeypatch.setattr(mine._sender, "recover", slow)
    await mine._stay_or_leave(True, None)  # type: ignore[arg-type]
    await mine.close()
    assert not channel.listens
    assert await owned(database) is None


async def test_a_channel_whose_process_fell_silent_is_down(database: Database) -> None:
    async with database.write() as session:
        await presence.hold(session, PLACE, DEAD, UP)
    async with database.read() as session:
        (row,) = await presence.everyone(session)
        found = await presence.standings(session, ["web", "post", "pigeon"], ["post", "pigeon"])
    assert [one.state for one in found] == ["up", "up", "down"]
    later = now() + timedelta(minutes=1)
    assert presence.standing(row, later) == ("down", "the process that ran it has ended or hangs")
