"""Who changes issues at the same moment takes turns: nobody waits for somebody who waits for
them.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, text

from service.channels.models import InboxRow
from service.database import Database, Session
from service.installation import Installation
from service.issues import actions, queries
from service.issues.grouping import actions as grouping
from service.issues.members import actions as members
from service.issues.members import queries as trees
from service.issues.models import Issue
from service.issues.regrouping import queries as regrouping
from service.vault import Vault
from tests.journeys.citizen import Citizen
from tests.service.issues import town

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

WAITING = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
ASKED = "falta água na rua das flores"


async def somebody_waits(database: Database) -> None:
    """Returns once a transaction waits for what another holds."""
    async with asyncio.timeout(30):
        while True:
            async with database.read() as session:
                if await session.scalar(WAITING):
                    return


async def join(session: Session, root: int, merged: int) -> None:
    """What a message does that joins an issue."""
    await trees.trees(session, [root])


async def unmerge(session: Session, root: int, merged: int) -> None:
    """A member of staff takes apart what was merged."""
    ana = await town.official(session, role="moderator")
    await grouping.unmerge(session, merged, by=ana)


@pytest.mark.parametrize("act", [join, unmerge])
async def test_a_round_and_others_lock_a_tree_from_its_survivor_on(
    database: Database, vault: Vault, act: Callable[[Session, int, int], Awaitable[None]]
) -> None:
    async with database.write() as session:
        merged, _, _ = await town.asked(session, vault, 1)
        root, _, _ = await town.asked(session, vault, 1)
        assert merged < root
        issue = await town.at(session, merged)
        issue.merged_into = issue.root_id = root
        await session.flush()

    async def meanwhile() -> None:
        async with database.write() as session:
            await act(session, root, merged)

    async with database.write() as session:
        await regrouping.free(session, [root])
        other = asyncio.create_task(meanwhile())
        await somebody_waits(database)
        await members.recount(session, [root])
    await other


@pytest.mark.parametrize("back", [False, True])
async def test_a_round_and_who_moves_lock_both_sides_in_one_order(
    database: Database, vault: Vault, *, back: bool
) -> None:
    async with database.write() as session:
        low, _, said = await town.asked(session, vault, 3)
        high, _, _ = await town.asked(session, vault, 1)
        ana = await town.official(session, role="moderator")
        batch = await actions.move(session, said[:1], high, by=ana)

    async def meanwhile() -> None:
        async with database.write() as session:
            if back:
                await actions.undo(session, batch, by=ana)
            else:
                await actions.move(session, said[1:2], high, by=ana)

    async with database.write() as session:
        await queries.for_act(session, low)
        other = asyncio.create_task(meanwhile())
        await somebody_waits(database)
        await queries.for_act(session, high)
    await other


async def test_a_message_waits_for_its_issue_before_others_wait_for_the_message(
    client: AsyncClient, installation: Installation, database: Database
) -> None:
    await Citizen(client).say(ASKED)
    async with database.write() as session:
        (issue,) = (await session.scalars(select(Issue.id))).all()
        await regrouping.free(session, [issue])
        other = asyncio.create_task(Citizen(client).say(ASKED))
        await somebody_waits(database)
        await actions.recentre(session, [issue])
    await other
    async with database.read() as session:
        assert set((await session.scalars(select(InboxRow.attempts))).all()) == {1}
