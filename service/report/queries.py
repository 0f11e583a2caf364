"""Count what was said and answered in a period, in a fixed number of statements."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
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
from service.messages.models import Contribution

MOST = 15
TOLD = ("answer", "instant")
PART = 20_000
TRIAGE, NOBODY = 0, -1


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
    """What was heard, counted in few passes: contributions by everything, and whose each is."""

    said: Counter[int] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    places: Counter[str | None] = field(default_factory=Counter)
    columns: Counter[int] = field(default_factory=Counter)
    _roots: list[int] = field(default_factory=list)
    _people: list[int] = field(default_factory=list)

    def add(self, rows: Sequence[Any], root_of: Mapping[int, int]) -> None:
        """Count some rows: each is one contribution."""
        roots = [root_of[row[0]] for row in rows]
        self.said.update(roots)
        self._roots += roots
        self._people += [row[1] for row in rows]
        self.channels.update([row[2] for row in rows])
        self.languages.update([row[3] for row in rows])
        self.kinds.update([row[4] for row in rows])
        self.places.update([row[5] for row in rows])
        self.columns.update([row[6] for row in rows])

    @property
    def everyone(self) -> int:
        """How many people spoke."""
        return len(set(self._people))

    def people(self, groups: Mapping[int, int]) -> Counter[int]:
        """How many people spoke of the issues of each group, counted once in each; `groups` gives
        an issue's.
        """
        roots, place, who = self._pairs
        named = {group: n for n, group in enumerate(dict.fromkeys(groups.values()))}
        codes = np.array([named.get(groups.get(root, NOBODY), -1) for root in roots], np.int64)
        within = codes[place]
        many = int(who.max(initial=0)) + 1
        pairs = np.unique((within * many + who)[within >= 0])
        counts = np.bincount(pairs // many, minlength=len(named)).tolist()
        return Counter({group: counts[n] for group, n in named.items() if counts[n]})

    @cached_property
    def _pairs(self) -> tuple[list[int], NDArray[np.int64], NDArray[np.int64]]:
        """Issues, and for each issue and person who spoke of it their places in order."""
        roots, place = np.unique(np.array(self._roots, np.int64), return_inverse=True)
        people, who = np.unique(np.array(self._people, np.int64), return_inverse=True)
        pairs = np.unique(place * max(len(people), 1) + who)
        return roots.tolist(), pairs // max(len(people), 1), pairs % max(len(people), 1)


async def report(session: Session, scope: Scope, period: Period) -> Report:
    """What was said, answered and told in a period, within a scope."""
    steps = period.steps()
    tally = await _tally(session, scope, period, steps)
    published = await _published(session, scope, period)
    standing = await _standing(session, scope)
    unplaced = tally.places.pop(None, 0)
    return Report(
        period=period,
        contributions=tally.said.total(),
        people=tally.everyone,
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
        .where(Contribution.said_at >= period.since, Contribution.said_at < period.until)
    )
    if scope is None:
        return query
    root = aliased(Issue)
    query = query.join(Issue, Issue.id == Membership.issue_id)
    query = query.join(root, root.id == Issue.root_id)
    query = query.outerjoin(Department, Department.id == root.department_id)
    return query.where(or_(root.department_id.is_(None), Department.key.in_(scope)))


async def _tally(session: Session, scope: Scope, period: Period, steps: Sequence[date]) -> Tally:
    """Read what was said in a period once, and count it in parts, so that a long one does not hold
    up others.
    """
    fields = select(
        Membership.issue_id,
        func.coalesce(Contribution.person_id, -Contribution.id),
        Contribution.channel,
        Contribution.lang,
        Contribution.kind,
        Contribution.place,
        _column(period, steps),
    )
    roots = dict((await session.execute(select(Issue.id, Issue.root_id))).all())
    tally = Tally()
    rows = await (await session.connection()).execute(_said(fields, scope, period))
    for part in rows.partitions(PART):
        tally.add(part, roots)
        await asyncio.sleep(0)
    return tally


def _column(period: Period, steps: Sequence[date]) -> ColumnElement[int]:
    """In which column of the chart a contribution stands."""
    begins = [datetime.combine(day, time(), period.zone) for day in steps]
    return span_of(Contribution.said_at, begins)


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
        .where(Delivery.cause.in_(TOLD), Delivery.state == "sent")
        .where(Delivery.sent_at >= period.since, Delivery.sent_at < period.until)
    )
    if scope is not None:
        query = query.join(Answer, Answer.id == Delivery.cause_id)
        query = query.outerjoin(Department, Department.id == BODY)
        query = query.where(BODY.is_(None) | Department.key.in_(scope))
    return await session.scalar(query) or 0
