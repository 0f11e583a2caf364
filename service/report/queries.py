"""Count what was said and answered in a period, in a fixed number of statements."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from service.answers.models import Answer
from service.answers.queries import BODY
from service.channels.models import Delivery
from service.database import Session
from service.departments.models import Department
from service.issues.listing.queries import Scope, scoped
from service.issues.models import Issue, Membership, Theme
from service.issues.standing.actions import WAITING
from service.messages.models import Contribution

MOST = 15
TOLD = ("answer", "instant")
PART = 5_000


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


@dataclass
class Tally:
    """What was heard, counted in one pass: contributions by everything, people by issue."""

    said: Counter[int] = field(default_factory=Counter)
    people: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    channels: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    places: Counter[str | None] = field(default_factory=Counter)
    columns: Counter[int] = field(default_factory=Counter)

    def add(self, rows: Sequence[Any]) -> None:
        """Count some rows."""
        for root, person, channel, lang, kind, place, column in rows:
            self.said[root] += 1
            self.people[root].add(person)
            self.channels[channel] += 1
            self.languages[lang] += 1
            self.kinds[kind] += 1
            self.places[place] += 1
            self.columns[column] += 1

    def of(self, roots: Iterable[int]) -> tuple[int, int]:
        """Contributions to some issues, and their people, each counted once."""
        held = [root for root in roots if root in self.said]
        everyone = set[int]().union(*(self.people[root] for root in held))
        return sum(self.said[root] for root in held), len(everyone)


async def report(session: Session, scope: Scope, period: Period) -> Report:
    """What was said, answered and told in a period, within a scope."""
    steps = period.steps()
    tally = await _tally(session, scope, period, steps)
    contributions, people = tally.of(list(tally.said))
    published = await _published(session, scope, period)
    standing = await _standing(session, scope)
    unplaced = tally.places.pop(None, 0)
    return Report(
        period=period,
        contributions=contributions,
        people=people,
        issues=len(tally.said),
        answers=len(published),
        told=await _told(session, scope, period),
        days=_middle(published),
        columns=[(day, tally.columns[n]) for n, day in enumerate(steps)],
        themes=await _themes(session, tally, standing),
        loudest=await _loudest(session, tally),
        departments=await _departments(session, tally, standing),
        channels=tally.channels,
        languages=tally.languages,
        kinds=tally.kinds,
        places=Counter({name: n for name, n in tally.places.most_common(MOST) if name}),
        unplaced=unplaced,
    )


async def columns(session: Session, scope: Scope, period: Period) -> list[tuple[date, int]]:
    """How much was said in each column of a period's chart, within a scope."""
    steps = period.steps()
    place = _column(period, steps).label("place")
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
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Contribution.said_at >= period.since, Contribution.said_at < period.until)
    )
    if scope is None:
        return query
    root = aliased(Issue)
    query = query.join(root, root.id == Issue.root_id)
    query = query.outerjoin(Department, Department.id == root.department_id)
    return query.where(or_(root.department_id.is_(None), Department.key.in_(scope)))


async def _tally(session: Session, scope: Scope, period: Period, steps: Sequence[date]) -> Tally:
    """Read what was said in a period once, in parts, so that a long one does not hold up others."""
    fields = select(
        Issue.root_id,
        func.coalesce(Contribution.person_id, -Contribution.id),
        Contribution.channel,
        Contribution.lang,
        Contribution.kind,
        Contribution.place,
        _column(period, steps),
    )
    query = _said(fields, scope, period)
    tally = Tally()
    rows = await session.stream(query.execution_options(yield_per=PART))
    async for part in rows.partitions():
        tally.add(part)
    return tally


def _column(period: Period, steps: Sequence[date]) -> ColumnElement[int]:
    """In which column of the chart a contribution stands, the newest first to be tried."""
    begins = [(datetime.combine(day, time(), period.zone), n) for n, day in enumerate(steps)]
    whens = [(Contribution.said_at >= at, n) for at, n in reversed(begins[1:])]
    return case(*whens, else_=0) if whens else literal(0)


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
    roots: dict[int, list[int]] = defaultdict(list)
    for root in tally.said:
        held = standing.get(root)
        if held is not None and held.theme_id is not None:
            roots[held.theme_id].append(root)
    named = await session.execute(select(Theme.id, Theme.name).where(Theme.id.in_(roots)))
    found = [Loud(id_, name, *tally.of(roots[id_])) for id_, name in named.all()]
    return sorted(found, key=lambda one: (-one.people, one.id))[:MOST]


async def _loudest(session: Session, tally: Tally) -> list[Loud]:
    """The issues of most people."""
    loud = sorted(tally.said, key=lambda root: (-len(tally.people[root]), root))[:MOST]
    rows = await session.execute(
        select(Issue.id, Issue.name, Department.name, Issue.state)
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(Issue.id.in_(loud))
    )
    found = {
        row[0]: Loud(row[0], row[1], *tally.of([row[0]]), row[2], row[3]) for row in rows.all()
    }
    return [found[root] for root in loud if root in found]


async def _departments(
    session: Session, tally: Tally, standing: dict[int, Standing]
) -> list[Served]:
    """Each department, and the triage desk, with what was said to it and how its issues stand."""
    roots: dict[int | None, list[int]] = defaultdict(list)
    for root, held in standing.items():
        roots[held.department_id].append(root)
    rows = await session.execute(select(Department.id, Department.name))
    names = dict(rows.all())
    found = []
    for body, mine in roots.items():
        states = Counter(standing[root].state for root in mine)
        waiting = sum(states[state] for state in WAITING)
        name = names.get(body) if body is not None else None
        found.append(Served(name, *tally.of(mine), waiting, states["answered"]))
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
