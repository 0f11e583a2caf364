"""The door: stored before it is acknowledged, each thing once, refusals said at once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select, update

from service.channels import inbox
from service.channels.contract import Address, Inbound, Outcome
from service.channels.inbox import Intake
from service.channels.models import InboxRow
from service.database import Database, now
from service.settings import Settings
from service.trail.models import Event
from service.vault import Vault
from tests.service.channels import sabotage

SAID = Inbound(
    kind="text",
    external_id="1",
    address=Address("web", "main", "ana"),
    sender="ana",
    text="no water in my street",
    occurred_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
)


def said(number: int, by: str = "ana") -> Inbound:
    """One message of somebody."""
    address = Address("web", "main", by)
    return replace(SAID, external_id=str(number), address=address, sender=by)


@pytest.fixture
def intake(database: Database, vault: Vault, settings: Settings) -> Intake:
    """The door of an empty installation; nobody listens to its bell."""
    return Intake(database, vault, settings, lambda: None)


async def stored(database: Database) -> int:
    """How many rows wait."""
    async with database.read() as session:
        return await inbox.waiting(session)


async def test_posts_that_wait_together_share_a_commit(intake: Intake, database: Database) -> None:
    commits: list[object] = []
    event.listen(database.engine.sync_engine, "commit", commits.append)
    posts = [intake.accept([said(1, f"person {n}")]) for n in range(60)]
    assert await asyncio.gather(*posts) == [[Outcome.stored]] * 60
    assert await stored(database) == 60
    assert len(commits) <= 2, "sixty posts paid for more than two commits"


async def test_what_is_acknowledged_can_be_read_by_another_connection_at_once(
    intake: Intake, database: Database, vault: Vault
) -> None:
    assert await intake.accept([SAID]) == [Outcome.stored]
    other = Database(database.url)
    async with other.write() as session:
        (arrived,) = await inbox.claim(session, vault, "somebody", limit=10)
    await other.close()
    assert arrived.inbound == SAID


async def test_what_a_platform_repeats_is_recognised_and_an_edit_is_not_a_repeat(
    intake: Intake, database: Database
) -> None:
    assert await intake.accept([SAID, SAID]) == [Outcome.stored, Outcome.duplicate]
    at_once = await asyncio.gather(*(intake.accept([said(2)]) for _ in range(5)))
    assert sorted(str(one) for (one,) in at_once) == ["duplicate"] * 4 + ["stored"]
    assert await intake.accept([SAID]) == [Outcome.duplicate]
    others = [
        replace(SAID, kind="edited", version=1),
        replace(SAID, kind="edited", version=2),
        replace(SAID, address=replace(SAID.address, account="second bot")),
        replace(SAID, address=replace(SAID.address, channel="terminal")),
    ]
    assert await intake.accept(others) == [Outcome.stored] * 4
    assert await stored(database) == 6


async def test_a_repeat_of_something_understood_long_ago_is_still_a_repeat(
    intake: Intake, database: Database, vault: Vault
) -> None:
    await intake.accept([SAID])
    async with database.write() as session:
        (arrived,) = await inbox.claim(session, vault, "worker", limit=1)
        await inbox.done(session, [arrived.id])
    assert await intake.accept([SAID]) == [Outcome.duplicate]
    async with database.read() as session:
        assert (await session.get_one(InboxRow, arrived.id)).sealed is None


async def test_one_conversation_that_floods_is_stopped_and_others_are_not(
    database: Database, vault: Vault, settings: Settings
) -> None:
    calm = settings.model_copy(update={"messages_per_minute": 3})
    intake = Intake(database, vault, calm, lambda: None)
    outcomes = await intake.accept([said(n) for n in range(5)])
    assert outcomes == [Outcome.stored] * 3 + [Outcome.too_many] * 2
    assert await intake.accept([said(1, "rui")]) == [Outcome.stored]
    assert await stored(database) == 4


async def test_too_long_a_text_is_refused_and_its_neighbours_are_kept(
    intake: Intake, settings: Settings
) -> None:
    longest = replace(said(1), text="á" * settings.max_message_length)
    longer = replace(said(2), text="á" * (settings.max_message_length + 1))
    outcomes = await intake.accept([longest, longer, said(3)])
    assert outcomes == [Outcome.stored, Outcome.too_long, Outcome.stored]


async def test_a_commit_that_fails_is_told_to_everybody_who_shared_it(
    intake: Intake, database: Database
) -> None:
    await sabotage.doom_commits(database, "inbox")
    posts = [intake.accept([said(1, f"person {n}")]) for n in range(5)]
    assert await asyncio.gather(*posts) == [[Outcome.failed]] * 5
    assert await stored(database) == 0
    await sabotage.mend(database, "inbox")
    assert await intake.accept([said(1, "person 1")]) == [Outcome.stored], "a second try succeeds"


async def test_somebody_who_hangs_up_does_not_keep_others_waiting(
    intake: Intake, database: Database
) -> None:
    await sabotage.doom_commits(database, "inbox")
    gone = asyncio.create_task(intake.accept([said(1, "gone")]))
    stays = asyncio.create_task(intake.accept([said(1, "stays")]))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(60):
        assert await stays == [Outcome.failed]


async def test_half_an_emoji_is_stored_like_any_other_text(
    intake: Intake, database: Database, vault: Vault
) -> None:
    assert await intake.accept([replace(SAID, text="no water \ud83d")]) == [Outcome.stored]
    async with database.write() as session:
        (arrived,) = await inbox.claim(session, vault, "worker", limit=1)
    assert arrived.inbound.text.startswith("no water")


async def test_half_a_sign_in_an_id_holds_up_nobody(intake: Intake) -> None:
    assert await intake.accept([replace(SAID, external_id="\ud83d")]) == [Outcome.stored]
    assert await intake.accept([replace(SAID, external_id="\ud83d")]) == [Outcome.duplicate]


async def test_a_deletion_waits_while_what_it_deletes_may_be_in_other_hands(
    intake: Intake, database: Database, vault: Vault
) -> None:
    gone = replace(SAID, kind="deleted", sender="", address=replace(SAID.address, conversation=""))
    await intake.accept([SAID])
    async with database.write() as session:
        (first,) = await inbox.claim(session, vault, "first", limit=10)
    await intake.accept([gone, said(2, "rui")])
    async with database.write() as session:
        others = await inbox.claim(session, vault, "second", limit=10)
    assert [one.inbound.sender for one in others] == ["rui"]
    async with database.write() as session:
        await inbox.done(session, [first.id, *(one.id for one in others)])
        await session.execute(update(InboxRow).values(leased_until=now() - inbox.LEASE))
    async with database.write() as session:
        (deletion,) = await inbox.claim(session, vault, "second", limit=10)
    assert (deletion.inbound, deletion.attempts) == (gone, 1)


async def test_who_lost_a_row_to_a_quicker_worker_does_not_set_it_aside(
    intake: Intake, database: Database, vault: Vault
) -> None:
    await intake.accept([SAID])
    async with database.write() as session:
        (arrived,) = await inbox.claim(session, vault, "slow", limit=1)
    async with database.write() as session:
        await inbox.done(session, [arrived.id])
    async with database.write() as session:
        await inbox.rest(session, arrived.id, 60)
        await inbox.set_aside(session, arrived.id, "IntegrityError")
    async with database.read() as session:
        (row,) = (await session.scalars(select(InboxRow))).all()
        trail = (await session.scalars(select(Event))).all()
    assert (row.state, row.leased_by, list(trail)) == ("done", None, [])


async def test_two_workers_never_hold_one_conversation(
    intake: Intake, database: Database, vault: Vault
) -> None:
    await intake.accept([said(1), said(1, "rui")])
    async with database.write() as session:
        assert len(await inbox.claim(session, vault, "first", limit=1)) == 1
    await intake.accept([said(2)])
    async with database.write() as session:
        others = await inbox.claim(session, vault, "second", limit=10)
    assert [one.inbound.sender for one in others] == ["rui"], "ana's second message waits its turn"
    async with database.write() as session:
        await session.execute(
            update(InboxRow).where(InboxRow.leased_by == "first").values(leased_until=now())
        )
    async with database.write() as session:
        taken = await inbox.claim(session, vault, "third", limit=10)
    assert [one.inbound.external_id for one in taken] == ["1", "2"], "a dead worker's rows go on"


async def test_a_row_that_cannot_be_opened_is_set_aside_and_the_rest_goes_on(
    intake: Intake, database: Database, vault: Vault
) -> None:
    await intake.accept([said(1), said(1, "rui")])
    async with database.write() as session:
        first = select(InboxRow.id).order_by(InboxRow.id).limit(1).scalar_subquery()
        await session.execute(update(InboxRow).where(InboxRow.id == first).values(sealed=bytes(40)))
    async with database.write() as session:
        claimed = await inbox.claim(session, vault, "worker", limit=10)
    assert [one.inbound.sender for one in claimed] == ["rui"]
    async with database.read() as session:
        rows = (await session.scalars(select(InboxRow).order_by(InboxRow.id))).all()
    assert [(row.state, row.error) for row in rows] == [("set_aside", "BadKey"), ("waiting", None)]


async def test_a_repeat_is_a_repeat_however_many_come_and_what_nobody_typed_counts_for_nothing(
    database: Database, vault: Vault, settings: Settings
) -> None:
    few = settings.model_copy(update={"messages_per_minute": 2})
    intake = Intake(database, vault, few, lambda: None)
    assert await intake.accept([said(1), said(2)]) == [Outcome.stored] * 2
    assert await intake.accept([said(1), said(2), said(3)]) == [
        Outcome.duplicate,
        Outcome.duplicate,
        Outcome.too_many,
    ]
    others = [replace(said(10), kind="blocked"), replace(said(11), kind="joined")]
    assert await intake.accept(others) == [Outcome.stored] * 2
