"""Read across features: the figures above a page, and whether anything has changed since."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, distinct, func, or_, select

from service import jobs
from service.channels.models import Delivery, InboxRow
from service.consultations.voting import queries as voting
from service.database import Session
from service.departments.models import Department
from service.issues.listing.queries import Scope, scoped
from service.issues.models import Issue, Membership
from service.issues.standing.actions import WAITING
from service.jobs import Job
from service.messages.models import Contribution
from service.trail.models import Event

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Figures:
    """How things stand for a reader: issues that wait, and what was said in the last day."""

    waiting: int
    late: int
    unrouted: int
    emerging: int
    said: int
    people: int


async def figures(session: Session, scope: Scope, moment: datetime) -> Figures:
    """How things stand, in two statements."""
    waits = Issue.state.in_(WAITING)
    row = (
        await session.execute(
            select(
                _many(waits),
                _many(and_(waits, Issue.due_at < moment)),
                _many(and_(waits, Issue.department_id.is_(None))),
                _many(Issue.emerging),
            )
            .select_from(Issue)
            .outerjoin(Department, Department.id == Issue.department_id)
            .where(Issue.root_id == Issue.id, Issue.size > 0, *scoped(scope))
        )
    ).one()
    said = (await session.execute(_said(scope, moment))).one()
    return Figures(*(int(count or 0) for count in (*row, *said)))


def _many(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _said(scope: Scope, moment: datetime) -> Select[*tuple[Any, ...]]:
    """Contributions and people of the last day; an import without a person counts as one."""
    who = func.coalesce(Contribution.person_id, -Contribution.id)
    query = select(func.count(), func.count(distinct(who))).select_from(Contribution)
    query = query.where(Contribution.said_at > moment - DAY, Contribution.said_at <= moment)
    if scope is None:
        return query
    return (
        query.join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .outerjoin(Department, Department.id == Issue.department_id)
        .where(*scoped(scope))
    )


async def stamp(
    session: Session, answer_id: int | None, consultation_id: int | None = None
) -> tuple[Any, ...]:
    """Differs from an earlier one when something was said or done since; of an answer, also when
    a delivery has moved on, of a consultation, when its votes were read anew.
    """
    if consultation_id is not None:
        read = await voting.reading(session, consultation_id)
        return (read.at if read else None, await session.scalar(select(func.max(Event.id))))
    row = await session.execute(
        select(
            select(func.max(Event.id)).scalar_subquery(),
            select(func.max(Contribution.id)).scalar_subquery(),
        )
    )
    if answer_id is None:
        return tuple(row.one())
    moved = await session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.cause == "answer", Delivery.cause_id == answer_id)
        .group_by(Delivery.state)
        .order_by(Delivery.state)
    )
    return (*row.one(), *(tuple(one) for one in moved.all()))


@dataclass(frozen=True)
class Queues:
    """What waits: messages to be read, deliveries by channel and state, jobs by kind and state.

    `oldest` is when the first message that still waits came.
    """

    unread: int
    aside: int
    oldest: datetime | None
    deliveries: list[tuple[str, str, int]]
    jobs: list[tuple[str, str, int]]


async def queues(session: Session, moment: datetime) -> Queues:
    """What waits, and what failed in the last week."""
    inbox = await session.execute(
        select(InboxRow.state, func.count(), func.min(InboxRow.received_at))
        .where(InboxRow.state.in_(("waiting", "set_aside")))
        .group_by(InboxRow.state)
    )
    held = {row[0]: (row[1], row[2]) for row in inbox.all()}
    recent = or_(
        Delivery.state.in_(("waiting", "sending")),
        and_(Delivery.state.in_(("failed", "uncertain")), Delivery.created_at > moment - 7 * DAY),
    )
    leaving = await session.execute(
        select(Delivery.channel, Delivery.state, func.count())
        .where(recent)
        .group_by(Delivery.channel, Delivery.state)
        .order_by(Delivery.channel, Delivery.state)
    )
    state = case((jobs.FAILED, "failed"), else_=Job.state).label("told")
    due = and_(Job.state == "waiting", Job.run_at <= moment)
    work = await session.execute(
        select(Job.kind, state, func.count())
        .where(or_(jobs.FAILED, due))
        .group_by(Job.kind, "told")
        .order_by(Job.kind)
    )
    unread, oldest = held.get("waiting", (0, None))
    return Queues(
        unread,
        held.get("set_aside", (0, None))[0],
        oldest,
        [(row[0], row[1], row[2]) for row in leaving.all()],
        [(row[0], row[1], row[2]) for row in work.all()],
    )
