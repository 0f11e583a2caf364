"""A meeting that is moved, called off and planned again, and who is reminded of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from service.consultations.meeting import actions, tasks
from service.consultations.meeting.actions import TooFewSeats, WrongMeeting
from service.consultations.meeting.models import Invitation, Meeting
from service.consultations.meeting.queries import of_consultation
from service.database import now
from service.installation import Installation
from service.phrases import say
from service.settings import Settings
from service.trail import queries as trail
from tests.conftest import make_settings
from tests.service.consultations.meeting.gathering import DAY, Gathering, gather, plan
from tests.service.consultations.meeting.test_seats import answer

HOUR = timedelta(hours=1)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """At an address that calendars reach."""
    return make_settings(tmp_path, database_url, public_url="https://gov.example")


async def planned(told: Gathering, **more: object) -> Meeting:
    """Staff save the plan of a meeting."""
    async with told.here.database.write() as session:
        return await actions.plan(session, told.here, told.id, plan(**more), by=told.by)


async def called_off(told: Gathering) -> None:
    """It does not take place."""
    async with told.here.database.write() as session:
        await actions.call_off(session, told.here, told.id, by=told.by, reason="Floods.")


async def taken(told: Gathering, many: int, *, days: int = 8) -> list[Invitation]:
    """The first so many who were invited accept, so many days before the meeting of `plan`."""
    some = [one for one in await told.rows() if one.state == "invited"][:many]
    for one in some:
        await answer(told, one, "accept")
    async with told.here.database.write() as session:
        ids = [one.id for one in some]
        await session.execute(
            update(Invitation)
            .where(Invitation.id.in_(ids))
            .values(answered_at=now() - timedelta(days=days))
        )
    return some


async def test_who_comes_is_reminded_once_on_their_channel_the_day_before(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=1, others=6)
    await told.invite(author_seats=1, lottery_seats=4)
    await taken(told, 3)
    assert await tasks.remind(installation) == 0, "it is days ahead"
    await told.set(starts_at=now() + DAY - HOUR)
    (late, *_) = [one for one in await told.rows() if one.state == "invited"]
    await answer(told, late, "accept")
    assert await tasks.remind(installation) == 3, "who accepted just now has read it all"
    assert await tasks.remind(installation) == 0
    reminders = await told.told("meeting-reminder:")
    assert len(reminders) == 3
    assert all("Rua da Praia 100" in one and "/meetings/" in one for one in reminders)
    heads = {say("meeting.reminder", lang, title=title).split(" ")[0] for lang, title in (
        ("pt", "Saúde"), ("es", "Saúde"), ("en", "Health"),
    )}  # fmt: skip
    assert {one.split(" ")[0] for one in reminders} <= heads


@pytest.mark.parametrize("then", ["called off", "begun"])
async def test_nobody_is_reminded_of_what_is_not_ahead(
    installation: Installation, then: str
) -> None:
    told = await gather(installation, authors=1, others=1)
    await told.invite()
    await taken(told, 2)
    if then == "called off":
        await called_off(told)
        await told.set(starts_at=now() + HOUR)
    else:
        await told.set(starts_at=now() - HOUR)
    assert await tasks.remind(installation) == 0


async def test_a_meeting_that_is_put_off_is_reminded_of_again_and_one_that_is_hastened_is_not(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=1, others=1)
    await told.invite()
    await taken(told, 2, days=30)
    await told.set(starts_at=now() + DAY - HOUR, answer_until=now() - DAY)
    assert await tasks.remind(installation) == 2
    await planned(told, answer_until=now() + HOUR)
    await told.set(starts_at=now() + DAY - HOUR)
    assert await tasks.remind(installation) == 2
    soon = now() + DAY / 2
    await planned(told, answer_until=now() + HOUR, starts_at=soon, ends_at=soon + HOUR)
    assert await tasks.remind(installation) == 0, "the change was their reminder"
    assert len(await told.told("meeting-changed:")) == 4


async def test_one_that_was_called_off_is_planned_again_with_the_lots_that_were_drawn(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=2, others=8)
    meeting_id = await told.invite(author_seats=2, lottery_seats=3)
    comes, stays, leaves = [one for one in await told.rows() if one.state == "invited"][:3]
    await answer(told, comes, "accept")
    await answer(told, leaves, "decline")
    before = {one.id: one for one in await told.rows()}
    await called_off(told)
    with pytest.raises(TooFewSeats):
        await planned(told, author_seats=0, lottery_seats=4)
    starts = now() + 20 * DAY
    row = await planned(told, starts_at=starts, ends_at=starts + HOUR, answer_until=now() + 9 * DAY)
    assert (row.called_off_at, row.reason, row.edition) == (None, None, 2)
    async with installation.database.read() as session:
        held = await of_consultation(session, told.id)
        events = [one.act for one in await trail.of(session, "meeting", meeting_id)]
    assert held is not None
    assert held.drawn_at is not None
    assert events == ["plan_again", "call_off", "draw", "plan"]
    after = {one.id: one for one in await told.rows()}
    drawn = ("kind", "lot", "stratum", "position", "person_id")
    for id_, one in before.items():
        assert [getattr(after[id_], name) for name in drawn] == [
            getattr(one, name) for name in drawn
        ]
    assert after[comes.id].state == after[stays.id].state == "invited"
    assert after[leaves.id].state == "declined"
    letters = await told.told("meeting-again:")
    assert len(letters) == 5
    assert await told.states() == {"declined": 1, "invited": 5, "waiting": 4}
    calendar = before[comes.id].calendar
    await answer(told, after[comes.id], "accept")
    again = {one.id: one for one in await told.rows()}[comes.id]
    assert (again.state, again.calendar) == ("accepted", calendar), "their calendar's address holds"


async def test_place_and_time_are_mended_after_the_deadline_and_only_those_concerned_hear(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=1, others=6)
    await told.invite(author_seats=1, lottery_seats=3)
    await taken(told, 2)
    over = now() - HOUR
    await told.set(answer_until=over)
    await planned(told, author_seats=1, address="Rua da Praia 200", answer_until=over)
    assert len(await told.told("meeting-changed:")) == 4
    with pytest.raises(WrongMeeting):
        await planned(told, author_seats=1, answer_until=over - HOUR)
    async with installation.database.read() as session:
        row = await of_consultation(session, told.id)
    assert row is not None
    later = {"starts_at": row.starts_at, "ends_at": row.ends_at, "address": row.address}
    await planned(told, author_seats=1, answer_until=now() + 6 * DAY, **later)
    assert len(await told.told("meeting-changed:")) == 6, "who accepted hears of no deadline"


async def test_a_meeting_that_is_sooner_leaves_nobody_time_beyond_it(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=1, others=3)
    await told.invite()
    sooner = now() + 2 * DAY
    await planned(told, starts_at=sooner, ends_at=sooner + HOUR, answer_until=now() + DAY)
    untils = [one.answer_until for one in await told.rows() if one.state == "invited"]
    assert untils
    assert all(until and until <= sooner for until in untils)
    await told.set(starts_at=now() - HOUR)
    await told.later()
    assert await tasks.pass_on(installation) == len(untils)
    assert await told.told("meeting-lapsed:") == [], "no seat goes to anybody any more"
