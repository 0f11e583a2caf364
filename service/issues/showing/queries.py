"""Read what the public may know of issues: staff's names, and counts of many people, rounded."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Select, distinct, func, select

from service.database import Session, folded, span_of
from service.departments.models import Department
from service.issues.listing.queries import Listed, inside
from service.issues.models import Issue
from service.messages.models import Contribution
from service.trail.actions import MACHINE

MOST, PLACES, WEEKS = 500, 12, 26

# An import without a person counts as one.
_who = func.coalesce(Contribution.person_id, -Contribution.id)


@dataclass(frozen=True)
class Heard:
    """An issue as the public reads of it. `people` are at least so many; `since` is a month."""

    id: int
    name: str
    state: str
    department_key: str | None
    department: str | None
    people: int
    since: date


@dataclass(frozen=True)
class Week:
    """From a Monday on. `people` are at least so many; None where fewer than the least wrote."""

    first: date
    people: int | None


@dataclass(frozen=True)
class Standing:
    """Whether the public reads of an issue: what it would read, and what is lacking for it.

    `lacks`: a `name` by staff, as many `people` as `least`, or that staff `show` it.
    """

    reads: Heard
    least: int
    lacks: Literal["name", "people", "show"] | None


def standing(own: Listed, least: int, zone: ZoneInfo) -> Standing:
    """How an issue stands before the public."""
    issue = own.issue
    reads = _heard((issue, own.department_key, own.department_name), least, zone)
    if issue.named_by == MACHINE:
        return Standing(reads, least, "name")
    if issue.shown_at is None:
        return Standing(reads, least, "show")
    return Standing(reads, least, "people" if issue.people < least else None)


def rounded(people: int, least: int) -> int:
    """So many at least: whole tens, from 1,000 on two digits; never below `least`, which counts
    have reached that are shown.
    """
    step = 10 if people < 1000 else int(10 ** (len(str(people)) - 2))
    return max(least, people // step * step)


async def heard(
    session: Session, least: int, zone: ZoneInfo, *, department: str | None = None
) -> list[Heard]:
    """Issues that staff show and `least` people or more speak of, the largest first."""
    query = _shown(least)
    if department:
        query = query.where(Department.key == department)
    found = [_heard(row, least, zone) for row in (await session.execute(query)).all()]
    return sorted(found, key=lambda one: (-one.people, one.name, one.id))


async def one(session: Session, issue_id: int, least: int, zone: ZoneInfo) -> Heard | None:
    """An issue the public may read of, by its number."""
    row = (await session.execute(_shown(least).where(Issue.id == issue_id))).one_or_none()
    return _heard(row, least, zone) if row else None


def _shown(least: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Issue, Department.key, Department.name)
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(Issue.shown_at.is_not(None), Issue.root_id == Issue.id)
        .where(Issue.named_by != MACHINE, Issue.people >= least)
        .order_by(Issue.people.desc(), Issue.id)
        .limit(MOST)
    )


def _heard(row: Any, least: int, zone: ZoneInfo) -> Heard:
    issue, key, body = row
    since = issue.first_seen.astimezone(zone).date().replace(day=1)
    people = rounded(issue.people, least)
    return Heard(issue.id, issue.name, issue.state, key, body, people, since)


async def weeks(
    session: Session, issue_id: int, least: int, zone: ZoneInfo, moment: datetime
) -> list[Week]:
    """The last half year, the oldest week first; the weeks before the first that counts are left
    out.
    """
    starts = _mondays(moment.astimezone(zone).date())
    begins = [datetime.combine(day, time(), zone) for day in starts]
    week = span_of(Contribution.said_at, begins[:-1]).label("week")
    query = inside(issue_id, select(week, func.count(distinct(_who)))).group_by(week)
    within = (Contribution.said_at >= begins[0], Contribution.said_at < begins[-1])
    people = dict((await session.execute(query.where(*within))).all())
    counts = [people.get(n, 0) for n in range(WEEKS)]
    found = [
        Week(first, rounded(n, least) if n >= least else None)
        for first, n in zip(starts, counts, strict=False)
    ]
    loud = [n for n, week in enumerate(found) if week.people]
    return found[max(min(loud) - 1, 0) :] if loud else []


def _mondays(today: date) -> list[date]:
    """When each week began, the one that runs included, and when it ends."""
    last = today - timedelta(days=today.weekday()) + timedelta(days=7)
    return [last - timedelta(days=7 * n) for n in range(WEEKS, -1, -1)]


async def places(session: Session, issue_id: int, least: int) -> list[tuple[str, int]]:
    """Places that `least` people or more name, and how many at least, the most named first."""
    people = func.count(distinct(_who))
    rows = await session.execute(
        inside(issue_id, select(func.min(Contribution.place), people))
        .where(Contribution.place.is_not(None), Contribution.place != "")
        .group_by(folded(Contribution.place))
        .having(people >= least)
        .order_by(people.desc())
        .limit(PLACES)
    )
    found = [(str(name), rounded(count, least)) for name, count in rows.all()]
    return sorted(found, key=lambda one: (-one[1], one[0]))
