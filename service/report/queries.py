"""Count what was said and answered in a period, in few statements."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from service.answers.models import Answer
from service.answers.queries import BODY
from service.channels.models import Delivery
from service.database import Session, span_of
from service.departments.models import Department
from service.issues.listing.queries import Scope, scoped
from service.issues.models import Issue, Membership, Theme
from service.issues.standing.actions import WAITING
from service.messages.days import queries as days
from service.messages.models import Contribution
from service.report import heard
from service.report.heard import Heard, Tally

MOST = 15
TOLD = ("answer", "instant")
PART, MOST_GAPS = 20_000, 8
TRIAGE = 0


@dataclass(frozen=True)
class Period:
    """Whole days in the installation's time zone, both ends included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """When the first day began."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def until(self) -> datetime:
        """When the last day ended."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)

    def steps(self) -> list[date]:
        """The first day of each column of its chart: days, or weeks where it is long."""
        days = (self.last - self.first).days + 1
        step = 1 if days <= 62 else 7 if days <= 434 else 28
        return [self.first + timedelta(days=n) for n in range(0, days, step)]

    def begins(self) -> list[datetime]:
        """When each column begins."""
        return [datetime.combine(day, time(), self.zone) for day in self.steps()]


@dataclass(frozen=True)
class Loud:
    """A theme or an issue, and how much was said of it in the period."""

    id: int
    name: str
    contributions: int
    people: int
    department: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Served:
    """A department: what was said in the period of its issues, and how many wait and are answered
    now.
    """

    name: str | None
    contributions: int
    people: int
    waiting: int
    answered: int


@dataclass(frozen=True)
class Report:
    """What a period held. Counters are of contributions; `unplaced` named no place.

    `days` to the first answer is the middle one of the answers that were published.
    """

    period: Period
    contributions: int
    people: int
    issues: int
    answers: int
    told: int
    days: float | None
    columns: list[tuple[date, int]]
    themes: list[Loud]
    loudest: list[Loud]
    departments: list[Served]
    channels: Counter[str]
    languages: Counter[str]
    kinds: Counter[str]
    places: Counter[str]
    unplaced: int


async def report(session: Session, scope: Scope, period: Period) -> Report:
    """What was said, answered and told in a period, within a scope."""
    tally = await _tally(session, scope, period)
    published = await _published(session, scope, period)
    standing = await _standing(session, scope)
    return Report(
        period=period,
        contributions=tally.said.total(),
        people=tally.everyone,
        issues=len(tally.said),
        answers=len(published),
        told=await _told(session, scope, period),
        days=_middle(published),
        columns=[(day, tally.columns[n]) for n, day in enumerate(period.steps())],
        themes=await _themes(session, tally, standing),
        loudest=await _loudest(session, tally),
        departments=await _departments(session, tally, standing),
        channels=tally.channels,
        languages=tally.languages,
        kinds=tally.kinds,
        places=Counter(dict(tally.places.most_common(MOST))),
        unplaced=tally.unplaced,
    )


async def columns(session: Session, scope: Scope, period: Period) -> list[tuple[date, int]]:
    """How much was said in each column of a period's chart, within a scope."""
    steps = period.steps()
    place = _column(period).label("place")
    query = _said(select(place, func.count()), scope, period).group_by(place)
    counts = dict((await session.execute(query)).all())
    return [(day, counts.get(n, 0)) for n, day in enumerate(steps)]


def _said(
    query: Select[*tuple[Any, ...]], scope: Scope, period: Period
) -> Select[*tuple[Any, ...]]:
    """A query over contributions and the issues they are in, narrowed to a period and a scope."""
    query = (
        query.select_from(Contribution)
        .join(Membership, Membership.contribution_id == Contribution.id)
        .where(Contribution.said_at >= period.since, Contribution.said_at < period.until)
    )
    if scope is None:
        return query
    root = aliased(Issue)
    query = query.join(Issue, Issue.id == Membership.issue_id)
    query = query.join(root, root.id == Issue.root_id)
    query = query.outerjoin(Department, Department.id == root.department_id)
    return query.where(or_(root.department_id.is_(None), Department.key.in_(scope)))


async def _tally(session: Session, scope: Scope, period: Period) -> Tally:
    """What was said in a period, of the issues in a scope."""
    parts = await _heard(session, period)
    query = select(Issue.id, Issue.root_id)
    if scope is not None:
        root = aliased(Issue)
        query = query.join(root, root.id == Issue.root_id)
        query = query.outerjoin(Department, Department.id == root.department_id)
        query = query.where(or_(root.department_id.is_(None), Department.key.in_(scope)))
    roots = dict((await session.execute(query)).all())
    begins = [moment.timestamp() for moment in period.begins()]
    return await asyncio.to_thread(heard.tally, parts, roots, begins, period.until.timestamp())


async def _heard(session: Session, period: Period) -> list[Heard]:
    """What was said on the days of a period: packed ones as they are, and of the others each
    contribution.
    """
    first, last = (at.astimezone(UTC).date() for at in (period.since, period.until))
    held = await days.packed(session, first, last)
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    gaps = [list(run) for missing, run in groupby(every, lambda day: day not in held) if missing]
    if len(gaps) > MOST_GAPS:
        gaps = [[gaps[0][0], gaps[-1][-1]]]
    whole = [day for day in held if not any(gap[0] <= day <= gap[-1] for gap in gaps)]
    parts = [part for day in whole for part in heard.unpack(held[day])]
    for gap in gaps:
        parts += await said(session, gap[0], gap[-1])
    return parts


async def said(session: Session, first: date, last: date) -> list[Heard]:
    """What was said on days of UTC, both included, read from its contributions in parts, so that
    many do not hold up others.
    """
    query = (
        select(
            Membership.issue_id,
            func.coalesce(Contribution.person_id, -Contribution.id),
            Contribution.said_at,
            Contribution.channel,
            Contribution.lang,
            Contribution.kind,
            Contribution.place,
        )
        .join(Membership, Membership.contribution_id == Contribution.id)
        .where(Contribution.said_at >= datetime.combine(first, time(), UTC))
        .where(Contribution.said_at < datetime.combine(last + timedelta(days=1), time(), UTC))
    )
    rows = await (await session.connection()).execute(query)
    parts = []
    for part in rows.partitions(PART):
        parts.append(heard.read(part))
        await asyncio.sleep(0)
    return parts


def _column(period: Period) -> ColumnElement[int]:
    """In which column of the chart a contribution stands."""
    return span_of(Contribution.said_at, period.begins())


@dataclass(frozen=True)
class Standing:
    """An issue as it is now: its theme, its department and its state."""

    theme_id: int | None
    department_id: int | None
    state: str


async def _standing(session: Session, scope: Scope) -> dict[int, Standing]:
    rows = await session.execute(
        select(Issue.id, Issue.theme_id, Issue.department_id, Issue.state)
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(Issue.root_id == Issue.id, Issue.size > 0, *scoped(scope))
    )
    return {row[0]: Standing(*row[1:]) for row in rows.all()}


async def _themes(session: Session, tally: Tally, standing: dict[int, Standing]) -> list[Loud]:
    """The themes of most people."""
    theme_of = {
        root: standing[root].theme_id
        for root in tally.said
        if root in standing and standing[root].theme_id is not None
    }
    groups = {root: theme for root, theme in theme_of.items() if theme is not None}
    said, people = _by(groups, tally), tally.people(groups)
    chosen = sorted(people, key=lambda theme: (-people[theme], theme))[:MOST]
    named = await session.execute(select(Theme.id, Theme.name).where(Theme.id.in_(chosen)))
    names = dict(named.all())
    return [Loud(id_, names[id_], said[id_], people[id_]) for id_ in chosen if id_ in names]


def _by(groups: Mapping[int, int], tally: Tally) -> Counter[int]:
    """Contributions to the issues of each group."""
    found: Counter[int] = Counter()
    for root, group in groups.items():
        found[group] += tally.said[root]
    return found


async def _loudest(session: Session, tally: Tally) -> list[Loud]:
    """The issues of most people."""
    people = tally.people({root: root for root in tally.said})
    loud = sorted(people, key=lambda root: (-people[root], root))[:MOST]
    rows = await session.execute(
        select(Issue.id, Issue.name, Department.name, Issue.state)
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(Issue.id.in_(loud))
    )
    found = {
        row[0]: Loud(row[0], row[1], tally.said[row[0]], people[row[0]], row[2], row[3])
        for row in rows.all()
    }
    return [found[root] for root in loud if root in found]


async def _departments(
    session: Session, tally: Tally, standing: dict[int, Standing]
) -> list[Served]:
    """Each department, and the triage desk, with what was said to it and how its issues stand."""
    groups = {root: held.department_id or TRIAGE for root, held in standing.items()}
    said, people = _by(groups, tally), tally.people(groups)
    states = Counter((held.department_id or TRIAGE, held.state) for held in standing.values())
    names = dict((await session.execute(select(Department.id, Department.name))).all())
    found = [
        Served(
            names.get(body), said[body], people[body],
            sum(states[body, state] for state in WAITING), states[body, "answered"],
        )
        for body in set(groups.values())
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.people, one.name or ""))


async def _published(
    session: Session, scope: Scope, period: Period
) -> Sequence[tuple[datetime, datetime | None]]:
    """When each answer of the period was published, and when its issue was first spoken of."""
    query = (
        select(Answer.published_at, Issue.first_seen)
        .outerjoin(Issue, Issue.id == Answer.issue_id)
        .outerjoin(Department, Department.id == BODY)
        .where(Answer.published_at >= period.since, Answer.published_at < period.until)
    )
    if scope is not None:
        query = query.where(BODY.is_(None) | Department.key.in_(scope))
    rows = (await session.execute(query)).all()
    return [(row[0], row[1]) for row in rows if row[0] is not None]


def _middle(published: Sequence[tuple[datetime, datetime | None]]) -> float | None:
    took = sorted((at - asked).total_seconds() / 86_400 for at, asked in published if asked)
    return round(took[len(took) // 2], 1) if took else None


async def _told(session: Session, scope: Scope, period: Period) -> int:
    query = (
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.cause.in_(TOLD))
        .where(Delivery.sent_at >= period.since, Delivery.sent_at < period.until)
    )
    if scope is not None:
        query = query.join(Answer, Answer.id == Delivery.cause_id)
        query = query.outerjoin(Department, Department.id == BODY)
        query = query.where(BODY.is_(None) | Department.key.in_(scope))
    return await session.scalar(query) or 0
