"""Count what was said and answered in a period, in a fixed number of statements."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, select
from sqlalchemy.orm import aliased

from service.answers.models import Answer
from service.answers.queries import BODY
from service.channels.models import Delivery
from service.database import Session
from service.departments.models import Department
from service.issues.listing.queries import Scope, scoped
from service.issues.models import Issue, Membership, Theme
from service.messages.models import Contribution

MOST = 15
TOLD = ("answer", "instant")
PERSON = func.coalesce(Contribution.person_id, -Contribution.id)


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
    totals = (await session.execute(_said(scope, period, *_totals()))).one()
    published = await _published(session, scope, period)
    places = await _by(session, scope, period, Contribution.place)
    unplaced = places.pop(None, 0)
    return Report(
        period=period,
        contributions=totals[0],
        people=totals[1],
        issues=totals[2],
        answers=len(published),
        told=await _told(session, scope, period),
        days=_middle(published),
        columns=await _columns(session, scope, period),
        themes=await _themes(session, scope, period),
        loudest=await _loudest(session, scope, period),
        departments=await _departments(session, scope, period),
        channels=await _by(session, scope, period, Contribution.channel),
        languages=await _by(session, scope, period, Contribution.lang),
        kinds=await _by(session, scope, period, Contribution.kind),
        places=Counter(dict(places.most_common(MOST))),
        unplaced=unplaced,
    )


def _totals() -> tuple[ColumnElement[Any], ...]:
    return func.count(), func.count(distinct(PERSON)), func.count(distinct(Issue.root_id))


def _said(scope: Scope, period: Period, *columns: Any) -> Select[*tuple[Any, ...]]:
    """What was said in a period with the issue it is in, within a scope of surviving issues."""
    root = aliased(Issue, name="root")
    query = (
        select(*columns)
        .select_from(Contribution)
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Contribution.said_at >= period.since, Contribution.said_at < period.until)
    )
    if scope is None:
        return query
    query = query.join(root, root.id == Issue.root_id)
    query = query.outerjoin(Department, Department.id == root.department_id)
    return query.where((root.department_id.is_(None)) | Department.key.in_(scope))


async def _by(session: Session, scope: Scope, period: Period, column: Any) -> Counter[Any]:
    rows = await session.execute(_said(scope, period, column, func.count()).group_by(column))
    return Counter({row[0]: row[1] for row in rows.all()})


async def _columns(session: Session, scope: Scope, period: Period) -> list[tuple[date, int]]:
    steps = period.steps()
    ends = [datetime.combine(day, time(), period.zone) for day in steps] + [period.until]
    counts = [
        func.sum(
            case((and_(Contribution.said_at >= one, Contribution.said_at < after), 1), else_=0)
        )
        for one, after in pairwise(ends)
    ]
    row = (await session.execute(_said(scope, period, *counts))).one()
    return [(day, int(count or 0)) for day, count in zip(steps, row, strict=True)]


async def _themes(session: Session, scope: Scope, period: Period) -> list[Loud]:
    head = aliased(Issue, name="head")
    people = func.count(distinct(PERSON))
    query = _said(scope, period, Theme.id, Theme.name, func.count(), people)
    query = query.join(head, head.id == Issue.root_id).join(Theme, Theme.id == head.theme_id)
    query = query.group_by(Theme.id, Theme.name).order_by(people.desc(), Theme.id).limit(MOST)
    return [Loud(*row) for row in (await session.execute(query)).all()]


async def _loudest(session: Session, scope: Scope, period: Period) -> list[Loud]:
    people = func.count(distinct(PERSON))
    grouped = _said(
        scope, period, Issue.root_id.label("id"), func.count().label("n"), people.label("people")
    )
    loud = grouped.group_by(Issue.root_id).order_by(people.desc(), Issue.root_id).limit(MOST)
    found = loud.subquery()
    rows = await session.execute(
        select(Issue.id, Issue.name, found.c.n, found.c.people, Department.name, Issue.state)
        .join(found, found.c.id == Issue.id)
        .outerjoin(Department, Department.id == Issue.department_id)
        .order_by(found.c.people.desc(), Issue.id)
    )
    return [Loud(*row) for row in rows.all()]


async def _departments(session: Session, scope: Scope, period: Period) -> list[Served]:
    head = aliased(Issue, name="head")
    people = func.count(distinct(PERSON))
    query = _said(scope, period, head.department_id, func.count(), people)
    query = query.join(head, head.id == Issue.root_id).group_by(head.department_id)
    said = {row[0]: (row[1], row[2]) for row in (await session.execute(query)).all()}
    waits = func.sum(case((Issue.state.in_(("open", "assigned")), 1), else_=0))
    answered = func.sum(case((Issue.state == "answered", 1), else_=0))
    rows = await session.execute(
        select(Issue.department_id, Department.name, waits, answered)
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(Issue.root_id == Issue.id, Issue.size > 0, *scoped(scope))
        .group_by(Issue.department_id, Department.name)
    )
    found = [Served(row[1], *said.get(row[0], (0, 0)), row[2], row[3]) for row in rows.all()]
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
        .where(Delivery.cause.in_(TOLD), Delivery.state == "sent")
        .where(Delivery.sent_at >= period.since, Delivery.sent_at < period.until)
    )
    if scope is not None:
        query = query.join(Answer, Answer.id == Delivery.cause_id)
        query = query.outerjoin(Department, Department.id == BODY)
        query = query.where(BODY.is_(None) | Department.key.in_(scope))
    return await session.scalar(query) or 0
