"""Read issues for staff. Every list is a fixed number of statements, however long it is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    distinct,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from nlp.text import fold
from service.database import Session, folded, span_of
from service.departments.models import Department
from service.issues.models import Issue, Membership, Proposal, Theme
from service.issues.standing.actions import WAITING
from service.messages.models import Contribution
from service.people.models import Person
from service.staff.models import Staff

Sort = Literal["growth", "people", "last_seen", "due_at"]
Scope = frozenset[str] | None
TRIAGE = "triage"


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to.

    `department` may be "triage"; `singles` shows what one person asks too.
    """

    state: tuple[str, ...] = ()
    department: str | None = None
    theme: int | None = None
    emerging: bool | None = None
    q: str = ""
    lang: str | None = None
    channel: str | None = None
    official: int | None = None
    overdue: bool = False
    due_by: datetime | None = None
    singles: bool = False
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Listed:
    """An issue with the names of what it points to."""

    issue: Issue
    department_key: str | None
    department_name: str | None
    official: str | None
    theme: str | None


@dataclass(frozen=True)
class Mix:
    """In which languages and on which channels an issue is spoken of: contributions each."""

    langs: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Day:
    """What was said on one day, in the installation's time zone."""

    day: date
    people: int
    contributions: int


@dataclass(frozen=True)
class Campaign:
    """One text that several contributions share."""

    text: str
    copies: int


@dataclass(frozen=True)
class Said:
    """A contribution as staff see it.

    `copies` counts the same text in its issue, itself included.
    """

    contribution: Contribution
    person: str | None
    issue_id: int
    copies: int


async def page(
    session: Session,
    chosen: Filter,
    scope: Scope,
    moment: datetime,
    *,
    sort: Sort = "growth",
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Listed], int]:
    """Surviving issues that a filter and a scope leave, and how many there are in all."""
    conditions = [*_conditions(chosen, moment), *scoped(scope)]
    total = await session.scalar(
        select(func.count(Issue.id))
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(*conditions)
    )
    query = _listed().where(*conditions).order_by(*_order(sort)).limit(limit).offset(offset)
    return [Listed(*row) for row in (await session.execute(query)).all()], total or 0


def _listed() -> Select[*tuple[Any, ...]]:
    return (
        select(Issue, Department.key, Department.name, Staff.name, Theme.name)
        .outerjoin(Department, Department.id == Issue.department_id)
        .outerjoin(Staff, Staff.id == Issue.official_id)
        .outerjoin(Theme, Theme.id == Issue.theme_id)
        .execution_options(populate_existing=True)
    )


def scoped(scope: Scope) -> list[ColumnElement[bool]]:
    """An official sees issues of their own departments and of the triage desk; None sees all."""
    if scope is None:
        return []
    return [or_(Issue.department_id.is_(None), Department.key.in_(scope))]


def _conditions(chosen: Filter, moment: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Issue.root_id == Issue.id, Issue.size > 0]
    if not chosen.singles:
        found.append(Issue.people >= 2)
    if chosen.state:
        found.append(Issue.state.in_(chosen.state))
    if chosen.department == TRIAGE:
        found.append(Issue.department_id.is_(None))
    elif chosen.department is not None:
        found.append(Department.key == chosen.department)
    if chosen.theme is not None:
        found.append(Issue.theme_id == chosen.theme)
    if chosen.emerging is not None:
        found.append(Issue.emerging.is_(chosen.emerging))
    if chosen.official is not None:
        found.append(Issue.official_id == chosen.official)
    if chosen.overdue:
        found += [Issue.due_at < moment, Issue.state.in_(WAITING)]
    if chosen.due_by is not None:
        found += [Issue.due_at <= chosen.due_by, Issue.state.in_(WAITING)]
    if chosen.since is not None:
        found.append(Issue.last_seen >= chosen.since)
    if chosen.until is not None:
        found.append(Issue.first_seen <= chosen.until)
    return [*found, *_spoken(chosen), *_named(chosen.q)]


def _spoken(chosen: Filter) -> list[ColumnElement[bool]]:
    if chosen.lang is None and chosen.channel is None:
        return []
    under = aliased(Issue)
    said = (
        exists()
        .where(Membership.contribution_id == Contribution.id)
        .where(and_(Membership.issue_id == under.id, under.root_id == Issue.id))
    )
    if chosen.lang is not None:
        said = said.where(Contribution.lang == chosen.lang)
    if chosen.channel is not None:
        said = said.where(Contribution.channel == chosen.channel)
    return [said]


def _named(q: str) -> list[ColumnElement[bool]]:
    """Every word is in the name or the key phrases, whatever its case and accents."""
    shown = folded(Issue.name + " " + cast(Issue.phrases, String))
    return [shown.contains(word, autoescape=True) for word in fold(q).split()]


def _order(sort: Sort) -> list[ColumnElement[Any]]:
    if sort == "due_at":
        return [Issue.due_at.is_(None), Issue.due_at.asc(), Issue.id.asc()]
    column: Any = {"growth": Issue.growth, "people": Issue.people, "last_seen": Issue.last_seen}[
        sort
    ]
    return [column.desc(), Issue.people.desc(), Issue.id.desc()]


async def listed(
    session: Session, issue_ids: Collection[int], scope: Scope = None
) -> dict[int, Listed]:
    """Issues by id, as far as the scope goes; merged ones included."""
    query = _listed().where(Issue.id.in_(issue_ids), *scoped(scope))
    return {row[0].id: Listed(*row) for row in (await session.execute(query)).all()}


async def mixes(session: Session, root_ids: Collection[int]) -> dict[int, Mix]:
    """Languages and channels of each issue, merged ones counted in."""
    rows = await session.execute(
        select(Issue.root_id, Contribution.lang, Contribution.channel, func.count())
        .join(Membership, Membership.issue_id == Issue.id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Issue.root_id.in_(root_ids))
        .group_by(Issue.root_id, Contribution.lang, Contribution.channel)
    )
    found: dict[int, Mix] = defaultdict(Mix)
    for root, lang, channel, count in rows.all():
        found[root].langs[lang] += count
        found[root].channels[channel] += count
    return found


async def timeline(session: Session, root_id: int, zone: ZoneInfo) -> list[Day]:
    """People and contributions per day, oldest first; days of silence are left out."""
    rows = await session.execute(
        inside(root_id, select(Contribution.said_at, Contribution.person_id, Contribution.id))
    )
    people: dict[date, set[tuple[str, int]]] = defaultdict(set)
    said: Counter[date] = Counter()
    for moment, person, id_ in rows.all():
        day = moment.astimezone(zone).date()
        said[day] += 1
        people[day].add(("person", person) if person is not None else ("import", id_))
    return [Day(day, len(people[day]), count) for day, count in sorted(said.items())]


async def pulses(
    session: Session, root_ids: Sequence[int], zone: ZoneInfo, until: datetime, *, days: int = 14
) -> dict[int, list[int]]:
    """Contributions to each issue on each of the last days, the oldest first."""
    first = until.astimezone(zone).date() - timedelta(days=days - 1)
    begins = [datetime.combine(first + timedelta(days=n), time(), zone) for n in range(days)]
    day = span_of(Contribution.said_at, begins).label("day")
    rows = await session.execute(
        select(Issue.root_id, day, func.count())
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Issue.root_id.in_(root_ids), Contribution.said_at >= begins[0])
        .where(Contribution.said_at < begins[-1] + timedelta(days=1))
        .group_by(Issue.root_id, day)
    )
    found = {root_id: [0] * days for root_id in root_ids}
    for root_id, at, count in rows.all():
        found[root_id][at] = count
    return found


def inside(root_id: int, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A query over contributions, narrowed to an issue and everything merged into it."""
    return (
        query.select_from(Contribution)
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Issue.root_id == root_id)
    )


async def campaigns(session: Session, root_id: int, *, limit: int = 10) -> list[Campaign]:
    """Texts that came more than once, the most repeated first."""
    copies = func.count().label("copies")
    shared = inside(root_id, select(func.min(Contribution.id).label("id"), copies))
    grouped = (
        shared.where(Contribution.fingerprint != "")
        .group_by(Contribution.fingerprint)
        .having(copies > 1)
        .order_by(copies.desc())
        .limit(limit)
        .subquery()
    )
    rows = await session.execute(
        select(Contribution.text, grouped.c.copies)
        .join(grouped, grouped.c.id == Contribution.id)
        .order_by(grouped.c.copies.desc(), Contribution.id)
    )
    return [Campaign(text, copies) for text, copies in rows.all()]


async def contributions(
    session: Session, root_id: int, *, limit: int = 50, offset: int = 0, folded: bool = False
) -> tuple[list[Said], int]:
    """Contributions of an issue, newest first; `folded` shows copies of one text once.

    And how many in all.
    """
    counted = distinct(Contribution.fingerprint) if folded else Contribution.id
    total = await session.scalar(inside(root_id, select(func.count(counted))))
    query = inside(root_id, select(Contribution, Person.code, Membership.issue_id)).outerjoin(
        Person, Person.id == Contribution.person_id
    )
    if folded:
        newest = inside(root_id, select(func.max(Contribution.id))).group_by(
            Contribution.fingerprint
        )
        query = query.where(Contribution.id.in_(newest))
    query = query.order_by(Contribution.said_at.desc(), Contribution.id.desc())
    rows = (await session.execute(query.limit(limit).offset(offset))).all()
    return await _with_copies(session, root_id, [(r[0], r[1], r[2]) for r in rows]), total or 0


async def _with_copies(
    session: Session, root_id: int, rows: Sequence[tuple[Contribution, str | None, int]]
) -> list[Said]:
    prints = {said.fingerprint for said, _, _ in rows if said.fingerprint}
    counted = await session.execute(
        inside(root_id, select(Contribution.fingerprint, func.count()))
        .where(Contribution.fingerprint.in_(prints))
        .group_by(Contribution.fingerprint)
    )
    copies = {row[0]: row[1] for row in counted.all()}
    return [Said(said, code, id_, copies.get(said.fingerprint, 1)) for said, code, id_ in rows]


async def some(session: Session, root_id: int, ids: Collection[int]) -> list[Said]:
    """These contributions of an issue, in the order of `ids`."""
    query = inside(root_id, select(Contribution, Person.code, Membership.issue_id))
    query = query.outerjoin(Person, Person.id == Contribution.person_id)
    rows = (await session.execute(query.where(Contribution.id.in_(ids)))).all()
    found = {row[0].id: (row[0], row[1], row[2]) for row in rows}
    return await _with_copies(session, root_id, [found[id_] for id_ in ids if id_ in found])


async def merged(session: Session, root_id: int) -> Sequence[Issue]:
    """What was merged into an issue, directly or not."""
    found = await session.scalars(
        select(Issue).where(Issue.root_id == root_id, Issue.id != root_id).order_by(Issue.id)
    )
    return found.all()


async def proposals(session: Session, scope: Scope, *, limit: int = 100) -> list[Proposal]:
    """Open proposals of which a reader may see both sides, the most alike first."""
    query = select(Proposal).where(Proposal.state == "open")
    for side in (Proposal.issue_id, Proposal.into_id):
        seen = (
            select(Issue.id)
            .outerjoin(Department, Department.id == Issue.department_id)
            .where(Issue.root_id == Issue.id, *scoped(scope))
        )
        query = query.where(side.in_(seen))
    query = query.order_by(Proposal.similarity.desc(), Proposal.id).limit(limit)
    return list((await session.scalars(query)).all())


async def themes(session: Session, scope: Scope) -> list[tuple[Theme, int, int]]:
    """Themes with how many issues and people they hold within the scope, largest first."""
    people = func.coalesce(func.sum(Issue.people), 0)
    rows = await session.execute(
        select(Theme, func.count(Issue.id), people)
        .join(Issue, and_(Issue.theme_id == Theme.id, Issue.root_id == Issue.id, Issue.size > 0))
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(*scoped(scope))
        .group_by(Theme.id)
        .order_by(people.desc(), Theme.id)
    )
    return [(row[0], row[1], int(row[2])) for row in rows.all()]
