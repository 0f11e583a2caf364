"""What changed between what a round read and what it does stays as people left it."""

import asyncio

import pytest
from sqlalchemy import select

from nlp.embed import Space
from nlp.index import ExactIndex
from service.database import Database, Session
from service.installation import Installation
from service.issues import actions, queries, tasks
from service.issues.labelling import queries as labelling
from service.issues.models import Theme
from service.issues.regrouping import actions as regrouping
from service.issues.regrouping.actions import Leaving
from service.messages import actions as messages
from service.retrieval.retriever import Retriever
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


async def test_a_round_that_finds_all_closed_at_its_end_writes_no_themes(
    installation: Installation, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.write() as session:
        issue, _, _ = await town.asked(session, installation.vault, 1)
        ana = await town.official(session, role="moderator")

    async def meanwhile(session: Session, pairs: object) -> None:
        await actions.close(
            session, installation.vault, installation.settings, issue, by=ana, reason="mended"
        )

    monkeypatch.setattr(actions, "propose", meanwhile)
    retriever = Retriever(town.EMBEDDER, Space.shipped(town.EMBEDDER), ExactIndex())
    await tasks.consolidate(installation, retriever)
    retriever.close()
    async with database.read() as session:
        assert (await session.scalars(select(Theme))).all() == []
