"""Seats: never more than there are, nobody asked twice, passed on in order, whatever happens."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete

from service.consultations import actions as consultations
from service.consultations.meeting import actions, lottery, queries, tasks
from service.consultations.meeting.actions import MeetingOver, TooFewSeats, WrongMeeting
from service.consultations.meeting.answering import actions as answering
from service.consultations.meeting.answering.actions import (
    AnsweredAlready,
    AnsweredTooLate,
    UnknownInvitation,
)
from service.consultations.meeting.lottery import Entry
from service.consultations.meeting.models import Invitation
from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal
from service.consultations.standing.actions import WrongConsultationState
from service.consultations.voting.actions import NotShortlisted
from service.consultations.voting.models import Shortlisted
from service.database import now
from service.errors import GabineteError
from service.installation import Installation
from service.people.linking import actions as linking
from service.people.models import Person
from service.settings import Settings
from service.trail import queries as trail
from tests.conftest import make_settings
from tests.service.consultations.meeting.gathering import DAY, Gathering, gather, plan


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Strata of five people stand for themselves."""
    return make_settings(tmp_path, database_url, public_minimum=5)


async def answer(told: Gathering, one: Invitation, act: str) -> None:
    """Whose seat it is says something to it."""
    async with told.here.database.write() as session:
        assert one.person_id is not None
        person = await session.get_one(Person, one.person_id)
        if act == "erase":
            await answering.forget(session, told.here, person)
            person.erased_at = now()
        elif act == "accept":
            await answering.accept(session, told.here, one.id, person)
        else:
            await answering.decline(session, told.here, one.id, person)


async def test_authors_come_once_by_their_place_and_lots_seat_the_others(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=3, others=30)
    await told.invite(author_seats=2, lottery_seats=10)
    rows = await told.rows()
    assert len({one.person_id for one in rows}) == len(rows) == 33
    authors = [one for one in rows if one.kind == "author"]
    assert [one.person_id for one in authors] == told.authors
    assert [one.state for one in authors] == ["invited", "invited", "waiting"]
    assert Counter(one.state for one in rows if one.kind == "lottery") == {
        "invited": 10, "waiting": 20,
    }  # fmt: skip
    letters = await told.told("meeting-invited:")
    assert len(letters) == 12
    assert sum("entre as finalistas" in one for one in letters) == 2
    assert any("lots drawn among all" in one for one in letters)


async def test_the_stored_draw_can_be_made_again_and_is_fair_by_stratum(
    installation: Installation,
) -> None:
    told = await gather(installation, others=40)
    meeting_id = await told.invite(lottery_seats=11)
    async with installation.database.read() as session:
        row = await queries.of_consultation(session, told.id)
        everybody = await queries.participants(session, told.id)
        where = await queries.places(session, told.id)
        events = await trail.of(session, "meeting", meeting_id)
    assert row is not None
    assert row.draw is not None
    assert row.seed is not None
    entries = [
        Entry(one.code, where.get(one.person_id, ""), one.channel)
        for one in everybody
        if one.person_id in told.others
    ]
    again = lottery.draw(entries, 11, row.seed, least=5)
    lots = {one.lot: (one.stratum, one.position) for one in again.drawn}
    rows = [one for one in await told.rows() if one.kind == "lottery"]
    assert {one.lot: (one.stratum, one.position) for one in rows} == lots
    assert row.draw["pool"] == again.pool
    strata = row.draw["strata"]
    assert len(strata) > 3
    held = Counter(one.stratum for one in rows if one.state == "invited")
    for at, one in enumerate(strata):
        assert abs(held[at] - Fraction(11 * one["size"], 40)) < 1
    (drawn,) = [one for one in events if one.act == "draw"]
    assert drawn.details is not None
    assert (drawn.details["seed"], drawn.details["strata"]) == (row.seed, strata)
    assert "largest remainder" in drawn.details["method"]


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_people_do_seats_are_never_given_twice(
    installation: Installation, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    told = await gather(installation, authors=int(chance.integers(1, 5)), others=14)
    authors, lots = int(chance.integers(4)), int(chance.integers(1, 6))
    await told.invite(author_seats=authors, lottery_seats=lots)
    asked: set[int] = set()
    for _ in range(25):
        rows = await told.rows()
        held = [one for one in rows if one.state in queries.HOLDING]
        waiting = [one for one in rows if one.state == "waiting"]
        assert len(held) <= authors + lots
        assert not waiting or len(held) == authors + lots, "no seat stays empty"
        asked |= {one.id for one in held}
        act = str(chance.choice(["accept", "accept", "decline", "decline", "erase", "late"]))
        if act == "late":
            await told.later()
            await tasks.pass_on(installation)
        elif held:
            one = held[int(chance.integers(len(held)))]
            if act != "accept" or one.state == "invited":
                await answer(told, one, act)
    letters = await told.told("meeting-invited:")
    assert len(letters) == len(asked | {one.id for one in await told.rows() if one.invited_at})
    known = [one.person_id for one in await told.rows() if one.person_id]
    assert len(known) == len(set(known))


async def test_a_free_seat_goes_to_the_next_of_its_stratum(installation: Installation) -> None:
    told = await gather(installation, authors=1, others=30)
    await told.invite(author_seats=1, lottery_seats=8)
    rows = [one for one in await told.rows() if one.kind == "lottery"]
    leaver = next(one for one in rows if one.state == "invited")
    waiting = [one for one in rows if one.state == "waiting" and one.stratum == leaver.stratum]
    heir = min(waiting, key=lambda one: one.position)
    await answer(told, leaver, "decline")
    states = {one.id: one.state for one in await told.rows()}
    assert (states[leaver.id], states[heir.id]) == ("declined", "invited")


async def test_seats_that_no_author_waits_for_are_the_lotterys(installation: Installation) -> None:
    told = await gather(installation, authors=1, others=8)
    await told.invite(author_seats=3, lottery_seats=2)
    assert await told.states() == {"invited": 5, "waiting": 4}
    (author,) = [one for one in await told.rows() if one.kind == "author"]
    await answer(told, author, "decline")
    assert await told.states() == {"declined": 1, "invited": 5, "waiting": 3}


async def test_answers_after_the_deadline_lose_the_seat_and_each_is_told_once(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=1, others=4)
    await told.invite(author_seats=1, lottery_seats=1)
    first = next(one for one in await told.rows() if one.state == "invited")
    await told.later()
    with pytest.raises(AnsweredTooLate):
        await answer(told, first, "accept")
    assert await tasks.pass_on(installation) == 2
    assert await tasks.pass_on(installation) == 0
    assert (await told.states())["lapsed"] == 2
    assert len(await told.told("meeting-lapsed:")) == 2
    heirs = [one for one in await told.rows() if one.state == "invited"]
    assert all(one.answer_until and one.answer_until > now() + DAY for one in heirs)


async def test_second_answers_strangers_and_those_who_wait(installation: Installation) -> None:
    told = await gather(installation, authors=2, others=5)
    await told.invite(author_seats=1, lottery_seats=1)
    rows = await told.rows()
    one = next(row for row in rows if row.state == "invited")
    idle = max((row for row in rows if row.state == "waiting"), key=lambda row: row.position)
    await answer(told, one, "accept")
    await answer(told, one, "accept")
    await answer(told, one, "decline")
    await answer(told, one, "decline")
    with pytest.raises(AnsweredAlready):
        await answer(told, one, "accept")
    with pytest.raises(UnknownInvitation):
        await answer(told, idle, "accept")
    async with installation.database.write() as session:
        stranger = await session.get_one(Person, told.others[0])
        with pytest.raises(UnknownInvitation):
            await answering.accept(session, installation, one.id, stranger)
    await told.set(starts_at=now() - timedelta(minutes=1))
    for row in [row for row in await told.rows() if row.state == "invited"]:
        with pytest.raises(MeetingOver):
            await answer(told, row, "accept")


async def test_nothing_of_an_erased_person_stays(installation: Installation) -> None:
    told = await gather(installation, authors=1, others=4)
    await told.invite(author_seats=1, lottery_seats=1)
    one = next(row for row in await told.rows() if row.kind == "lottery" and row.invited_at)
    await answer(told, one, "accept")
    await answer(told, one, "erase")
    left = next(row for row in await told.rows() if row.id == one.id)
    assert (left.state, left.person_id, left.identity_id, left.lang, left.calendar) == (
        "erased", None, None, None, None,
    )  # fmt: skip
    assert (left.lot, left.stratum, left.position) == (one.lot, one.stratum, one.position)
    assert len([row for row in await told.rows() if row.state in queries.HOLDING]) == 2


async def test_a_change_is_told_to_who_holds_a_seat_and_seats_can_be_added(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=1, others=6)
    await told.invite(author_seats=1, lottery_seats=2)
    later = now() + 12 * DAY
    ends, link = later + timedelta(hours=1), "https://m.example/1"
    fresh = {"starts_at": later, "ends_at": ends, "link": link}
    async with installation.database.write() as session:
        with pytest.raises(TooFewSeats):
            await actions.plan(
                session, installation, told.id, plan(author_seats=1, lottery_seats=1), by=told.by
            )
    async with installation.database.write() as session:
        new = plan(author_seats=1, lottery_seats=4, **fresh)
        row = await actions.plan(session, installation, told.id, new, by=told.by)
        assert row.edition == 1
    assert len(await told.told("meeting-changed:")) == 3
    assert await told.states() == {"invited": 5, "waiting": 2}
    assert link in (await told.told("meeting-invited:"))[-1]
    async with installation.database.write() as session:
        await actions.call_off(session, installation, told.id, by=told.by, reason="Floods.")
    assert len(await told.told("meeting-called-off:")) == 5
    async with installation.database.write() as session:
        with pytest.raises(MeetingOver):
            await actions.invite(session, installation, told.id, by=told.by)


async def test_authors_who_are_listed_later_are_taken_in(installation: Installation) -> None:
    told = await gather(installation, authors=1, others=6)
    await told.invite(author_seats=2, lottery_seats=1)
    idle = next(row for row in await told.rows() if row.state == "waiting")
    await told.poll.change(
        Proposal, told.poll.proposals[0][2], identity_id=idle.identity_id,
        person_id=idle.person_id, origin="citizen",
    )  # fmt: skip
    async with installation.database.write() as session:
        await actions.invite(session, installation, told.id, by=told.by)
    one = next(row for row in await told.rows() if row.id == idle.id)
    assert (one.kind, one.stratum, one.position) == ("author", None, 2)
    assert len(await told.rows()) == 7


@pytest.mark.parametrize(
    "more",
    [
        {"answer_until": now() - DAY},
        {"ends_at": now() + DAY},
        {"address": None},
        {"author_seats": 0, "lottery_seats": 0},
    ],
)
async def test_what_cannot_be_a_meeting_is_refused(
    installation: Installation, more: dict[str, object]
) -> None:
    told = await gather(installation, authors=1, others=1)
    with pytest.raises(WrongMeeting):
        await told.invite(**more)


async def test_only_a_shortlisted_consultation_has_a_meeting_and_only_with_its_list(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=1, others=1)
    async with installation.database.write() as session:
        await session.execute(delete(Shortlisted))
    with pytest.raises(NotShortlisted):
        await told.invite()
    await told.poll.change(Consultation, told.id, state="voting")
    with pytest.raises(WrongConsultationState):
        await told.invite()


async def test_a_meeting_that_is_ahead_is_neither_skipped_nor_held(
    installation: Installation,
) -> None:
    told = await gather(installation, authors=1, others=1)
    await told.invite()
    for became in ("met", "reported"):
        async with installation.database.write() as session:
            with pytest.raises(GabineteError) as refused:
                await consultations.move(session, told.id, became, by=told.by, why="x")
        assert refused.value.code == "meeting_ahead"
    await told.set(starts_at=now() - timedelta(hours=1))
    async with installation.database.write() as session:
        await consultations.move(session, told.id, "met", by=told.by, why="It was held.")


async def test_two_people_who_are_one_keep_the_better_place_and_the_other_seat_goes_on(
    installation: Installation,
) -> None:
    told = await gather(installation)
    await told.invite()
    first, second = [one for one in await told.rows() if one.state == "invited"][:2]
    waiting = next(one for one in await told.rows() if one.state == "waiting")
    await answer(told, second, "accept")
    before = await told.states()
    for gone in (first, waiting):
        await _unite(told, second, gone)
    rows = {one.id: one for one in await told.rows()}
    assert rows[second.id].state == "accepted"
    for gone in (first, waiting):
        assert (rows[gone.id].state, rows[gone.id].person_id) == ("erased", None)
    after = await told.states()
    assert after["accepted"] + after["invited"] == before["accepted"] + before["invited"]
    kept = rows[second.id].person_id
    assert [one.id for one in rows.values() if one.person_id == kept] == [second.id]


async def _unite(told: Gathering, one: Invitation, other: Invitation) -> None:
    async with told.here.database.write() as session:
        ids = [(await session.get_one(Invitation, row.id)).person_id for row in (one, other)]
        kept, gone = await linking.unite(session, [id_ for id_ in ids if id_])
        await answering.unite(session, told.here, kept, gone)
