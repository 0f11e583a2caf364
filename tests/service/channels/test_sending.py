"""A channel that is sent to: its pace, each reader's order, what is told of failures."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from service.channels import deliveries
from service.channels.contract import Address, Capabilities, Failure, Outbound, Pace, SendError
from service.channels.deliveries import TRIES, Letter
from service.channels.models import Delivery
from service.channels.sending import Sender
from service.database import Database, now
from service.people.models import Identity
from service.trail.models import Event
from service.vault import Vault
from tests.service.issues import town


@dataclass
class Platform:
    """A platform that takes messages, or does what it is told to."""

    capabilities: Capabilities = field(default_factory=Capabilities)
    name: str = "post"
    account: str = "main"
    heard: list[tuple[float, Outbound]] = field(default_factory=list)
    refusals: list[SendError] = field(default_factory=list)
    slow: float = 0.0
    left: list[float] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)

    async def send(self, outbound: Outbound) -> tuple[str, ...]:
        reader = outbound.address.conversation
        left = asyncio.get_running_loop().time()
        self.left.append(left)
        self.under_way[reader] += 1
        assert self.under_way[reader] == 1, "one at a time to each reader"
        await asyncio.sleep(self.slow)
        self.under_way[reader] -= 1
        if self.refusals:
            raise self.refusals.pop(0)
        self.heard.append((left, outbound))
        return (f"m{len(self.heard)}",)


@dataclass
class Office:
    """Readers with letters, and the sender of their platform."""

    database: Database
    vault: Vault
    platform: Platform
    sender: Sender

    async def letters(self, readers: int, each: int = 1, priority: int = 0) -> list[int]:
        """Write letters to new readers; gives the readers."""
        async with self.database.write() as session:
            made = []
            for _ in range(readers):
                _, reader = await town.person(session, channel="post")
                identity = await session.get_one(Identity, reader)
                at = Address("post", "main", f"chat {reader}")
                identity.sealed = self.vault.seal(deliveries.address_text(at, "x"))
                made.append(reader)
        for reader in made:
            await self.write(reader, *(str(n) for n in range(each)), priority=priority)
        return made

    async def write(
        self, reader: int, *texts: str, priority: int = 0, picture: str | None = None
    ) -> None:
        """Letters to a reader."""
        async with self.database.write() as session:
            await deliveries.post(
                session,
                self.vault,
                [
                    Letter(
                        f"{reader}:{text}",
                        reader,
                        "post",
                        "answer",
                        1,
                        text,
                        "en",
                        priority=priority,
                        picture=picture,
                    )
                    for text in texts
                ],
            )

    async def run(self, until: Callable[[], bool]) -> None:
        """Send until something holds."""
        async with asyncio.timeout(60):
            while not until():
                if not await self.sender.turn():
                    await asyncio.sleep(0.005)
        await self.sender.settle()

    async def rows(self) -> list[Delivery]:
        """All deliveries, oldest first."""
        async with self.database.read() as session:
            return list((await session.scalars(select(Delivery).order_by(Delivery.id))).all())

    async def due_now(self) -> None:
        """As if every waiting were over."""
        async with self.database.write() as session:
            await session.execute(update(Delivery).values(next_at=now()))


@pytest.fixture
def open_office(database: Database, vault: Vault) -> Callable[..., Office]:
    def made(**capabilities: object) -> Office:
        platform = Platform(Capabilities(**capabilities))  # type: ignore[arg-type]
        return Office(database, vault, platform, Sender(database, vault, platform, "w"))  # type: ignore[arg-type]

    return made


async def test_no_more_leave_in_a_second_than_the_platform_takes(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(pace=Pace(per_second=40))
    office.platform.slow = 0.1
    await office.letters(60)
    await office.run(lambda: len(office.platform.heard) == 60)
    times = office.platform.left
    assert all(b - a > 0.95 for a, b in zip(times, times[40:], strict=False)), "in any second"
    assert times[30] - times[0] > 0.5, "they are spread over it"


async def test_a_platform_that_finds_us_too_fast_is_given_more_room_for_a_while(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(pace=Pace(per_second=100))
    window = office.sender._window
    assert window is not None
    before = window._seconds
    office.platform.refusals = [SendError(Failure.retry, "flood", 0)]
    await office.letters(3)
    await office.run(lambda: not office.platform.refusals)
    assert window._seconds > before
    for _ in range(1000):
        window.leave()
    assert window._seconds == before


async def test_each_reader_hears_in_order_and_with_the_pause_the_platform_wants(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(pace=Pace(per_second=1000, apart=0.2))
    office.platform.slow = 0.02
    readers = await office.letters(3, each=3)
    await office.run(lambda: len(office.platform.heard) == 9)
    by_reader: dict[str, list[tuple[float, str]]] = {}
    for at, one in office.platform.heard:
        by_reader.setdefault(one.address.conversation, []).append((at, one.text))
    assert len(by_reader) == len(readers)
    for heard in by_reader.values():
        assert [text for _, text in heard] == ["0", "1", "2"]
        assert all(b - a >= 0.2 for (a, _), (b, _) in pairwise(heard))


async def test_replies_go_before_broadcasts_and_overtake_their_readers_own(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(pace=Pace(per_second=1000))
    (ana,) = await office.letters(1, priority=deliveries.BROADCAST)
    await office.letters(2, priority=deliveries.BROADCAST)
    await office.write(ana, "your code", priority=deliveries.REPLY)
    await office.run(lambda: len(office.platform.heard) == 4)
    assert office.platform.heard[0][1].text == "your code"
    assert [one.unasked for _, one in office.platform.heard] == [False, True, True, True]


@pytest.mark.parametrize(("wish", "wait", "tries"), [(None, 1, 2), (0.4, 0.4, 1), (0.0, 1, 1)])
async def test_what_the_platform_does_not_take_comes_again_after_its_wish_or_ours(
    open_office: Callable[..., Office], wish: float | None, wait: float, tries: int
) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.retry, "busy", wish)]
    await office.letters(1)
    before = now()
    await office.run(lambda: not office.platform.refusals)
    (row,) = await office.rows()
    assert row.state == "waiting"
    assert before <= row.next_at - timedelta(seconds=wait) <= now()
    await office.run(lambda: len(office.platform.heard) == 1)
    assert [(row.state, row.attempts) for row in await office.rows()] == [("sent", tries)]


async def test_a_channel_that_asks_for_patience_is_left_alone_altogether(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.retry, "flood", 30)]
    await office.letters(1)
    await office.run(lambda: not office.platform.refusals)
    await office.letters(3)
    assert await office.sender.turn() == 0
    assert not office.platform.heard


async def test_a_refused_account_of_ours_fails_nobody(open_office: Callable[..., Office]) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.configuration, "Unauthorized")] * 5
    await office.letters(5)
    await office.run(lambda: not office.platform.refusals)
    assert {(row.state, row.attempts, row.error) for row in await office.rows()} == {
        ("waiting", 0, "Unauthorized")
    }


async def test_a_reader_who_is_gone_is_named_and_not_tried_again(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.recipient_gone, "blocked by the user")]
    await office.letters(1)
    await office.run(lambda: not office.platform.refusals)
    await office.due_now()
    assert await office.sender.turn() == 0
    (row,) = await office.rows()
    assert (row.state, row.failure, row.error) == (
        "failed",
        "recipient_gone",
        "blocked by the user",
    )


async def test_parts_that_arrived_are_not_sent_again(open_office: Callable[..., Office]) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.retry, "busy", taken=("a", "b"))]
    await office.letters(1)
    await office.run(lambda: not office.platform.refusals)
    await office.due_now()
    await office.run(lambda: len(office.platform.heard) == 1)
    assert office.platform.heard[0][1].taken == ("a", "b")


@pytest.mark.parametrize(("known", "state"), [(0.0, "uncertain"), (math.inf, "sent")])
async def test_when_nobody_knows_it_is_repeated_only_where_the_platform_sees_the_repeat(
    open_office: Callable[..., Office], known: float, state: str
) -> None:
    office = open_office(repeat_seconds=known)
    office.platform.refusals = [SendError(Failure.ambiguous, "timed out")]
    await office.letters(1)
    await office.run(lambda: not office.platform.refusals)
    await office.due_now()
    while await office.sender.turn():
        await office.sender.settle()
    assert [row.state for row in await office.rows()] == [state]


@pytest.mark.parametrize(
    ("known", "ago", "state"),
    [(0.0, 10, "uncertain"), (300.0, 10, "waiting"), (300.0, 400, "uncertain")],
)
async def test_what_a_dead_process_was_sending_is_repeated_while_the_platform_knows_it(
    database: Database,
    vault: Vault,
    open_office: Callable[..., Office],
    known: float,
    ago: int,
    state: str,
) -> None:
    office = open_office(repeat_seconds=known)
    await office.letters(2)
    async with database.write() as session:
        first, _ = await deliveries.claim(session, vault, "dead", ("post", "main"), limit=10)
        lease = now() - timedelta(seconds=ago) + deliveries.LEASE
        await session.execute(
            update(Delivery).where(Delivery.id == first.id).values(leased_until=lease)
        )
        await deliveries.recover(session, "post", known, alone=True)
    row = (await office.rows())[0]
    assert (row.state, row.error) == (state, deliveries.LOST if state == "uncertain" else None)


async def test_a_living_colleague_keeps_what_it_is_sending(
    database: Database, vault: Vault, open_office: Callable[..., Office]
) -> None:
    office = open_office()
    await office.letters(1)
    async with database.write() as session:
        await deliveries.claim(session, vault, "alive", ("post", "main"), limit=10)
    async with database.write() as session:
        await deliveries.recover(session, "post", math.inf, alone=False)
    assert [row.state for row in await office.rows()] == ["sending"]


async def test_staff_send_again_and_the_trail_says_who(
    database: Database, open_office: Callable[..., Office]
) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.rejected, "no")]
    await office.letters(1)
    await office.run(lambda: not office.platform.refusals)
    (row,) = await office.rows()
    async with database.write() as session:
        await deliveries.resend(session, row.id, actor="staff:7")
    await office.run(lambda: len(office.platform.heard) == 1)
    async with database.read() as session:
        event = (await session.scalars(select(Event).where(Event.thing == "delivery"))).one()
    assert (event.act, event.actor, event.was) == ("resend", "staff:7", "failed")


async def test_nobody_is_tried_for_ever(open_office: Callable[..., Office]) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.retry, "busy") for _ in range(TRIES)]
    await office.letters(1)
    for _ in range(TRIES):
        await office.due_now()
        await office.sender.turn()
        await office.sender.settle()
    assert [row.state for row in await office.rows()] == ["failed"]
    assert not office.platform.heard


async def test_a_platform_that_asks_for_patience_gets_it_however_often(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.retry, "flood", 0) for _ in range(2 * TRIES)]
    await office.letters(1)
    while office.platform.refusals:
        await office.due_now()
        await office.sender.turn()
        await office.sender.settle()
    await office.due_now()
    await office.run(lambda: len(office.platform.heard) == 1)
    assert [row.state for row in await office.rows()] == ["sent"]


@pytest.mark.parametrize("wish", [math.inf, math.nan, 1e300, -1.0])
async def test_a_wish_or_words_that_no_calendar_and_no_database_keeps_hold_up_nobody(
    open_office: Callable[..., Office], wish: float
) -> None:
    office = open_office()
    office.platform.refusals = [SendError(Failure.rejected, "no\0 \ud800", wish)]
    await office.letters(1)
    await office.run(lambda: not office.platform.refusals)
    assert [(row.state, row.error) for row in await office.rows()] == [("failed", "no ?")]
    error = SendError(Failure.retry, "flood", wish)
    assert error.after is not None
    assert now() + timedelta(seconds=error.after) > now() - timedelta(seconds=1)


async def test_a_letter_that_the_key_does_not_open_fails_and_the_others_leave(
    database: Database, open_office: Callable[..., Office]
) -> None:
    office = open_office()
    await office.letters(2)
    (first, _) = await office.rows()
    async with database.write() as session:
        (await session.get_one(Delivery, first.id)).sealed = bytes(40)
    await office.run(lambda: len(office.platform.heard) == 1)
    assert [(row.state, row.failure) for row in await office.rows()] == [
        ("failed", "rejected"),
        ("sent", None),
    ]


async def test_one_account_does_not_send_the_letters_of_another(
    database: Database, open_office: Callable[..., Office]
) -> None:
    office = open_office()
    ana, _ = await office.letters(2)
    async with database.write() as session:
        (await session.get_one(Identity, ana)).account = "another bot"
    await office.run(lambda: bool(office.platform.heard))
    assert await office.sender.turn() == 0
    assert [row.state for row in await office.rows()] == ["waiting", "sent"]
