"""A report that reads packed days says what counting every contribution says, whatever happened."""

import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, select, update

from service.database import Database, Session, now
from service.installation import Installation
from service.issues import actions as issues
from service.issues.actions import Joined
from service.issues.models import Issue, Membership
from service.messages import actions as messages
from service.messages.days import queries as days
from service.messages.days.models import ChangedDay, PackedDay
from service.messages.models import Contribution
from service.report import heard, queries, tasks
from service.report.queries import Period, Report
from tests.service.issues import town

TODAY = now().date()
ACTS = ("say", "say", "say", "move", "move", "merge", "merge", "unmerge", "erase", "unite", "route")
PERIODS = ((40, 0), (29, 0), (12, 7), (400, 0))


async def say(session: Session, here: Installation, dice: random.Random, issue: int) -> None:
    """Somebody known or unknown says something, or a file brings it, lately or long ago."""
    who = await town.person(session) if dice.random() < 0.7 else None
    at = now() - timedelta(days=dice.randrange(35), seconds=dice.randrange(86_400))
    said = await town.contribution(session, here.vault, who, "x", at=at, lang=dice.choice("ab"))
    place = dice.choice([None, "", "Cedar Hill", "Riverside"])
    await session.execute(update(Contribution).where(Contribution.id == said).values(place=place))
    row = Joined(said, issue, 0.8, who[0] if who else None, 1, at)
    await issues.join_many(session, [row])


async def happen(session: Session, here: Installation, dice: random.Random, act: str) -> None:
    """One thing that changes what was heard."""
    by = await town.official(session, "water", role="admin")
    roots = list(await session.scalars(select(Issue.id).where(Issue.root_id == Issue.id)))
    merged = list(await session.scalars(select(Issue.id).where(Issue.merged_into.is_not(None))))
    everything = list(await session.scalars(select(Contribution.id)))
    writers = await session.scalars(select(Contribution.person_id).distinct())
    people = [one for one in writers if one is not None]
    match act:
        case "say":
            await say(session, here, dice, dice.choice(roots))
        case "move":
            await issues.move(session, dice.sample(everything, 3), dice.choice(roots), by=by)
        case "merge" if len(roots) > 2:
            one, other = dice.sample(roots, 2)
            await issues.merge(session, here.vault, here.settings, one, other, by=by)
        case "unmerge" if merged:
            await issues.unmerge(session, dice.choice(merged), by=by)
        case "erase":
            ids = await messages.erase(session, dice.choice(people), actor="machine")
            await issues.forget_members(session, ids)
        case "unite":
            await messages.unite(session, *dice.sample(people, 2))
        case "route":
            to = await session.scalar(select(Issue.department_id).where(Issue.id == roots[0]))
            await session.execute(
                update(Issue).where(Issue.id == dice.choice(roots)).values(department_id=to)
            )


async def plainly(session: Session, period: Period) -> tuple[int, int, int, dict[str, int]]:
    """Contributions, people, issues and places, counted one by one."""
    rows = (
        await session.execute(
            select(Contribution, Issue.root_id)
            .join(Membership, Membership.contribution_id == Contribution.id)
            .join(Issue, Issue.id == Membership.issue_id)
        )
    ).all()
    rows = [row for row in rows if period.since <= row[0].said_at < period.until]
    people = {one.person_id or -one.id for one, _ in rows}
    places = Counter(one.place for one, _ in rows if one.place)
    return len(rows), len(people), len({root for _, root in rows}), dict(places)


async def compared(database: Database, period: Period, scope: frozenset[str] | None) -> Report:
    """The report of a period, which must be the same with nothing packed."""
    async with database.read() as session:
        found = await queries.report(session, scope, period)
        if scope is None:
            expected = (found.contributions, found.people, found.issues, dict(found.places))
            assert await plainly(session, period) == expected
    async with database.write() as session:
        kept = [(one.day, one.packed) for one in await session.scalars(select(PackedDay))]
        await session.execute(delete(PackedDay))
        assert await queries.report(session, scope, period) == found
        session.add_all(PackedDay(day=day, packed=packed) for day, packed in kept)
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_packed_days_count_what_their_contributions_do(
    installation: Installation, seed: int
) -> None:
    dice, database = random.Random(seed), installation.database  # noqa: S311 - no secret
    async with database.write() as session:
        for key in ("water", "roads"):
            body = await town.body(session, key)
            for n in range(2):
                issue = await town.issue(session, [], [], name=f"{key} {n}", department_id=body)
                for _ in range(6):
                    await say(session, installation, dice, issue)
    packed = 0
    for turn, act in enumerate(dice.sample(ACTS, len(ACTS))):
        packed += await tasks.pack(installation) if turn % 2 == 0 else 0
        async with database.write() as session:
            await happen(session, installation, dice, act)
        first, last = PERIODS[turn % len(PERIODS)]
        period = Period(
            TODAY - timedelta(days=first), TODAY - timedelta(days=last), installation.settings.zone
        )
        for scope in (None, frozenset({"water"})):
            await compared(database, period, scope)
    assert packed > 20


async def test_a_settled_day_is_packed_once_and_again_when_it_changed(
    installation: Installation,
) -> None:
    database = installation.database
    async with database.write() as session:
        issue = await town.issue(session, [], [])
        lately = [await town.contribution(session, installation.vault, None, at=now())]
        await issues.join_many(session, [Joined(lately[0], issue, 0.8, None, 1, now())])
    assert await tasks.pack(installation) == 0, "today is not over"
    old = datetime.combine(TODAY - timedelta(days=5), time(12), UTC)
    async with database.write() as session:
        said = await town.contribution(session, installation.vault, None, at=old)
        await issues.join_many(session, [Joined(said, issue, 0.8, None, 1, old)])
    assert await tasks.pack(installation) == 3, "the days since the first that are over"
    assert await tasks.pack(installation) == 0
    assert await tasks.pack(installation, most=1) == 0
    async with database.write() as session:
        await messages.withdraw(session, said, actor="machine")
        assert await session.get(PackedDay, old.date()) is None, "what was packed goes at once"
    assert await tasks.pack(installation) == 1
    async with database.read() as session:
        assert list(await session.scalars(select(ChangedDay.id))) == []


async def test_one_wrong_date_does_not_have_centuries_packed(installation: Installation) -> None:
    async with installation.database.write() as session:
        at = datetime(1526, 1, 1, tzinfo=UTC)
        await town.contribution(session, installation.vault, None, at=at)
        assert len(await days.unpacked(session, TODAY)) == days.FURTHEST.days


async def test_a_change_that_was_noted_while_a_day_was_packed_makes_the_packing_void(
    database: Database, installation: Installation
) -> None:
    day = date(2026, 3, 2)
    async with database.write() as session:
        session.add_all([PackedDay(day=day, packed=b""), ChangedDay(day=day)])
    async with database.read() as session:
        assert await days.packed(session, day, day) == {}
        assert await days.packed(session, day, day + timedelta(days=1)) == {}


def test_what_is_packed_is_read_as_it_was_and_no_word_is_in_it() -> None:
    at = datetime(2026, 3, 2, 12, 0, 0, 999_999, tzinfo=UTC)
    rows = [(7, 3, at, "web", "pt", "question", None), (8, -2, at, "web", "es", "praise", "São")]
    parts = [heard.read(rows), heard.read([]), heard.read(rows[:1])]
    again = heard.unpack(heard.pack(parts))
    assert [len(one.issues) for one in again] == [2, 0, 1]
    for one, other in zip(parts, again, strict=True):
        assert one.issues.tolist() == other.issues.tolist()
        assert one.people.tolist() == other.people.tolist()
        assert one.seconds.tolist() == other.seconds.tolist()
        for trait, same in zip(one.traits, other.traits, strict=True):
            assert (trait.codes.tolist(), trait.names) == (same.codes.tolist(), same.names)
    found = heard.tally(again, {7: 7, 8: 7}, [at.timestamp() - 1], at.timestamp())
    assert (found.said, found.everyone, found.unplaced) == ({7: 3}, 2, 2)
