"""Dates that pass while nobody looks: no voting begins that nobody has time for."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.channels.models import Delivery
from service.consultations import actions, queries, tasks
from service.consultations.actions import WrongDates
from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal
from service.consultations.proposals.screening import actions as screening
from service.consultations.proposals.screening.actions import NotTogether
from service.database import now
from service.installation import Installation
from tests.service.consultations import assembly
from tests.service.issues import town


async def test_what_is_admitted_after_the_time_to_vote_waits_for_another_date(
    installation: Installation,
) -> None:
    """Nothing was admitted in time; the screening went on past every date."""
    async with installation.database.write() as session:
        by = await town.official(session, role="comms")
        row = await assembly.opened(session, installation.vault, by)
        made = [
            await assembly.proposed(
                session, row.id, await assembly.citizen(session), assembly.text(n)
            )
            for n in range(2)
        ]
        past = now() - timedelta(days=9)
        row.proposing_until, row.screening_until = past, past + timedelta(days=1)
        row.voting_until = past + timedelta(days=2)
    await tasks.advance(installation)
    async with installation.database.write() as session:
        for one in made:
            await screening.admit(session, installation, one.id, by=by)
    assert await tasks.advance(installation) == []
    async with installation.database.write() as session:
        with pytest.raises(WrongDates):
            await actions.move(session, row.id, "voting", by=by, why="It is time.")
    later = now() + timedelta(days=5)
    async with installation.database.write() as session:
        await actions.extend(session, row.id, "voting", later, by=by, reason="Nobody could vote.")
    assert await tasks.advance(installation) == [(row.id, "voting")]
    async with installation.database.read() as session:
        found = await session.get_one(Consultation, row.id)
    assert (found.state, found.voting_until) == ("voting", later)


async def test_two_members_of_staff_list_two_with_each_other_at_once(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        by = await town.official(session, role="comms")
        row = await assembly.opened(session, installation.vault, by)
        theme, *_ = (await queries.themes_of(session, [row.id]))[row.id]
        one, other = [
            await screening.seed(session, row.id, theme.id, "en", assembly.text(n), by=by)
            for n in range(2)
        ]

    async def together(first: int, second: int) -> None:
        async with installation.database.write() as session:
            with suppress(NotTogether):
                await screening.show_together(session, first, second, by=by)

    pairs = [(one.id, other.id), (other.id, one.id)] * 6
    await asyncio.gather(*(together(*pair) for pair in pairs))
    async with installation.database.read() as session:
        found = [await session.get_one(Proposal, id_) for id_ in (one.id, other.id)]
    assert len([row for row in found if row.shown_with is None]) == 1


async def test_the_same_reply_or_wording_is_sent_once(installation: Installation) -> None:
    async with installation.database.write() as session:
        by = await town.official(session, role="comms")
        row = await assembly.opened(session, installation.vault, by)
        who = await assembly.citizen(session)
        made = await assembly.proposed(session, row.id, who, assembly.text(1))
        await screening.admit(session, installation, made.id, by=by)
        for _ in range(2):
            await screening.edit(session, installation, made.id, assembly.text(2), by=by)
            await screening.reply(session, installation, made.id, "It opens in March.", by=by)
        keys = (await session.scalars(select(Delivery.key))).all()
    assert sorted(key.split(":")[0] for key in keys) == [
        "proposal-admitted", "proposal-reply", "proposal-worded",
    ]  # fmt: skip


async def test_what_was_listed_with_one_that_goes_to_another_theme_stays_in_its_own(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        by = await town.official(session, role="comms")
        row = await assembly.opened(session, installation.vault, by)
        first, second = (await queries.themes_of(session, [row.id]))[row.id]
        head, heir, other = [
            await screening.seed(session, row.id, first.id, "en", assembly.text(n), by=by)
            for n in range(3)
        ]
        for one in (heir, other):
            await screening.show_together(session, one.id, head.id, by=by)
        await screening.put_under(session, head.id, second.id, by=by)
        assert (head.shown_with, heir.shown_with, other.shown_with) == (None, None, heir.id)
        assert (head.theme_id, heir.theme_id) == (second.id, first.id)
