"""What comes into an issue keeps its due date, on the trail, until it is put back."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import pytest

from service.database import Database, Session
from service.departments.norm import close_of
from service.issues import actions, queries
from service.issues.members import queries as members
from service.issues.regrouping import actions as regrouping
from service.issues.regrouping.actions import Leaving
from service.settings import Settings
from service.trail import queries as trail
from service.vault import Vault
from tests.service.issues import town


def on(days: int) -> datetime:
    """So many days after the start."""
    return town.START + timedelta(days=days)


async def asked(
    session: Session, vault: Vault, due: datetime | None, count: int = 2
) -> tuple[int, list[int]]:
    """An issue that is due then, and its contributions."""
    issue, _, said = await town.asked(session, vault, count)
    (await town.at(session, issue)).due_at = due
    await session.flush()
    return issue, said


async def taken(session: Session, said: Sequence[int], into: int) -> str:
    """A contribution goes into another issue; gives the batch by which it is put back."""
    assert await regrouping.take_out(session, [Leaving(said[:1], into)]) == [into]
    return str(await queries.last_batch(session, into))


async def dates(session: Session, issue: int) -> list[tuple[str | None, str | None]]:
    """The dates that an issue inherited, by its trail: before and after, oldest first."""
    told = await trail.of(session, "issue", issue)
    return [(one.was, one.became) for one in reversed(told) if one.act == "inherit_due"]


@pytest.mark.parametrize("own", [9, None])
async def test_a_move_that_is_undone_takes_its_due_date_along(
    database: Database, vault: Vault, own: int | None
) -> None:
    before = None if own is None else on(own)
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        _, said = await asked(session, vault, on(5))
        into, _ = await asked(session, vault, before)
        batch = await taken(session, said, into)
        assert (await town.at(session, into)).due_at == on(5)
        assert not await queries.dated_by_hand(session, into)
        was, became = before and before.isoformat(), on(5).isoformat()
        assert await dates(session, into) == [(was, became)]
        await actions.undo(session, batch, by=ana)
        assert (await town.at(session, into)).due_at == before
        assert await dates(session, into) == [(was, became), (became, was)]


async def test_what_is_due_later_changes_nothing(database: Database, vault: Vault) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        _, said = await asked(session, vault, on(9))
        into, _ = await asked(session, vault, on(5))
        await actions.undo(session, await taken(session, said, into), by=ana)
        assert (await town.at(session, into)).due_at == on(5)
        assert await dates(session, into) == []


@pytest.mark.parametrize(("first", "left"), [(3, 5), (5, 3)])
async def test_what_else_came_keeps_its_due_date(
    database: Database, vault: Vault, first: int, left: int
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        into, _ = await asked(session, vault, on(9))
        batches = []
        for days in (first, left):
            _, said = await asked(session, vault, on(days))
            # The machine moves on only where nobody decided: both come before anything is undone.
            batches.append(await taken(session, said, into))
        assert (await town.at(session, into)).due_at == on(3)
        for batch, days in zip(batches, (left, 9), strict=True):
            await actions.undo(session, batch, by=ana)
            assert (await town.at(session, into)).due_at == on(days)


async def test_a_date_that_staff_set_since_stands(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        _, said = await asked(session, vault, on(5))
        into, _ = await asked(session, vault, on(9))
        batch = await taken(session, said, into)
        day = (datetime.now(settings.zone) + timedelta(days=40)).date()
        await actions.redate(session, settings, into, day, by=ana, why="A part from abroad.")
        due = (await town.at(session, into)).due_at
        await actions.undo(session, batch, by=ana)
        assert (await town.at(session, into)).due_at == due


async def test_a_date_that_staff_confirmed_stands(
    database: Database, vault: Vault, settings: Settings
) -> None:
    day = (datetime.now(settings.zone) + timedelta(days=40)).date()
    due = close_of(day, settings.zone)
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        _, said = await asked(session, vault, due)
        into, _ = await asked(session, vault, due + timedelta(days=4))
        batch = await taken(session, said, into)
        await actions.redate(session, settings, into, day, by=ana, why="We keep to it.")
        await actions.undo(session, batch, by=ana)
        assert (await town.at(session, into)).due_at == due


async def test_a_merge_that_is_undone_takes_its_due_date_along(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        into, _ = await asked(session, vault, on(9))
        soon, _ = await asked(session, vault, on(3))
        later, _ = await asked(session, vault, on(5))
        pairs = [(soon, into), (later, into)]
        assert await regrouping.merge_untouched(session, pairs) == 2
        assert (await town.at(session, into)).due_at == on(3)
        await actions.unmerge(session, soon, by=ana)
        assert (await town.at(session, into)).due_at == on(5)
        assert (await town.at(session, soon)).due_at == on(3)
        await actions.unmerge(session, later, by=ana)
        assert (await town.at(session, into)).due_at == on(9)


async def test_a_move_into_what_was_merged_since_is_followed(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        _, said = await asked(session, vault, on(3))
        below, _ = await asked(session, vault, on(7))
        above, _ = await asked(session, vault, on(9))
        batch = await taken(session, said, below)
        assert await regrouping.merge_untouched(session, [(below, above)]) == 1
        assert (await town.at(session, above)).due_at == on(3)
        await actions.undo(session, batch, by=ana)
        assert [(await town.at(session, one)).due_at for one in (below, above)] == [on(7), on(7)]


async def test_a_merge_while_an_undo_waits_for_its_turn_is_followed(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, trees = list[tuple[int, int]](), members.trees

    async def late(session: Session, issue_ids: Collection[int]) -> dict[int, members.Node]:
        nodes = await trees(session, issue_ids)
        if pairs:
            assert await regrouping.merge_untouched(session, [pairs.pop()]) == 1
        return nodes

    monkeypatch.setattr(members, "trees", late)
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        _, said = await asked(session, vault, on(3))
        into, _ = await asked(session, vault, on(7))
        above, _ = await asked(session, vault, on(9))
        batch = await taken(session, said, into)
        pairs.append((into, above))
        await actions.undo(session, batch, by=ana)
        assert [(await town.at(session, one)).due_at for one in (into, above)] == [on(7), on(7)]


async def test_a_merge_while_an_unmerge_waits_for_its_turn_is_followed(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, trees = list[tuple[int, int]](), members.trees

    async def late(session: Session, issue_ids: Collection[int]) -> dict[int, members.Node]:
        if not pairs:
            return await trees(session, issue_ids)
        assert await regrouping.merge_untouched(session, [pairs.pop()]) == 1
        return {}  # as PostgreSQL does: what it waited for has another survivor by now

    monkeypatch.setattr(members, "trees", late)
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        low, _ = await asked(session, vault, on(3))
        into, _ = await asked(session, vault, on(7))
        above, _ = await asked(session, vault, on(9))
        assert await regrouping.merge_untouched(session, [(low, into)]) == 1
        pairs.append((into, above))
        await actions.unmerge(session, low, by=ana)
        assert [(await town.at(session, one)).due_at for one in (into, above)] == [on(7), on(7)]


async def test_what_is_answered_by_then_keeps_the_date_it_was_answered_by(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        _, said = await asked(session, vault, on(5))
        into, _ = await asked(session, vault, on(9))
        batch = await taken(session, said, into)
        (await town.at(session, into)).state = "answered"
        await session.flush()
        await actions.undo(session, batch, by=ana)
        assert (await town.at(session, into)).due_at == on(5)


@pytest.mark.parametrize("undone", ["move", "merge"])
async def test_a_date_goes_from_every_level_above(
    database: Database, vault: Vault, undone: str
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        soon, said = await asked(session, vault, on(3))
        below, _ = await asked(session, vault, on(6))
        between, _ = await asked(session, vault, on(7))
        above, _ = await asked(session, vault, on(9))
        if undone == "move":
            batch = await taken(session, said, below)
        else:
            assert await regrouping.merge_untouched(session, [(soon, below)]) == 1
        assert await regrouping.merge_untouched(session, [(below, between)]) == 1
        assert await regrouping.merge_untouched(session, [(between, above)]) == 1
        assert (await town.at(session, above)).due_at == on(3)
        if undone == "move":
            await actions.undo(session, batch, by=ana)
        else:
            await actions.unmerge(session, soon, by=ana)
        tree = (below, between, above)
        assert [(await town.at(session, one)).due_at for one in tree] == [on(6)] * 3


async def test_what_staff_moved_on_holds_no_date(database: Database, vault: Vault) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        _, first = await asked(session, vault, on(3))
        _, second = await asked(session, vault, on(5))
        into, _ = await asked(session, vault, on(9))
        other, _ = await asked(session, vault, on(9))
        await taken(session, first, into)
        batch = await taken(session, second, into)
        await actions.move(session, first[:1], other, by=ana)
        await actions.undo(session, batch, by=ana)
        assert (await town.at(session, into)).due_at == on(9)
