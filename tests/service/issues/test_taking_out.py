"""What changed between what a round read and what it does stays as people left it."""

import asyncio

from service.database import Database, Session
from service.issues import actions, queries
from service.issues.labelling import queries as labelling
from service.issues.regrouping import actions as regrouping
from service.issues.regrouping.actions import Leaving
from service.messages import actions as messages
from service.vault import Vault
from tests.service.issues import town


async def where(session: Session, said: list[int]) -> set[int]:
    """The issues that these contributions are in."""
    return set((await queries.roots_of(session, said)).values())


async def test_two_rounds_at_once_take_out_once(database: Database, vault: Vault) -> None:
    async with database.write() as session:
        _, _, said = await town.asked(session, vault, 6)

    async def leave() -> list[int | None]:
        async with database.write() as session:
            return await regrouping.take_out(session, [Leaving(said[:2], None)])

    for _ in range(3):
        found = await asyncio.gather(leave(), leave())
        async with database.write() as session:
            into = await where(session, said[:2])
            assert {*into, None} == {taken for (taken,) in found}
            batch = await queries.last_batch(session, min(into))
            await actions.undo(session, str(batch), by=actions.Machine())


async def test_what_somebody_follows_by_now_is_not_left(database: Database, vault: Vault) -> None:
    async with database.write() as session:
        issue, _, said = await town.asked(session, vault, 3)
        await actions.follow(session, *await town.person(session), issue)
        assert await regrouping.take_out(session, [Leaving(said[:1], None)]) == [None]
        assert await where(session, said) == {issue}


async def test_what_was_answered_or_withdrawn_by_now_stays(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        issue, _, said = await town.asked(session, vault, 5)
        other, _, _ = await town.asked(session, vault, 1)
        await messages.move_state(session, said[:1], "answered", actor="machine")
        await messages.withdraw(session, said[1], actor="person:x")
        leaving = [Leaving(said[:2], None), Leaving(said[:3], other)]
        assert await regrouping.take_out(session, leaving) == [None, other]
        assert await where(session, said[:2]) == {issue}
        assert await where(session, said[2:3]) == {other}


async def test_an_issue_keeps_somebody_who_waits(database: Database, vault: Vault) -> None:
    async with database.write() as session:
        issue, _, said = await town.asked(session, vault, 3)
        other, _, _ = await town.asked(session, vault, 1)
        await messages.move_state(session, said[:1], "answered", actor="machine")
        leaving = [Leaving(said[1:], None), Leaving(said[1:], other), Leaving(said[2:], other)]
        assert await regrouping.take_out(session, leaving) == [None, None, other]
        assert await where(session, said[:2]) == {issue}


async def test_an_issue_is_named_anew_by_who_is_left(database: Database, vault: Vault) -> None:
    async with database.write() as session:
        issue, _, said = await town.asked(session, vault, 3)
        (await town.at(session, issue)).labelled_size = 2
        await session.flush()
        await regrouping.take_out(session, [Leaving(said[:1], None)])
        assert issue in {one.id for one in await labelling.stale(session, limit=9)}
