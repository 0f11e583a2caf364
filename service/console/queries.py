"""Read across features: the figures above a page, and whether anything has changed since."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, distinct, func, select

from service.channels.models import Delivery
from service.database import Session
from service.departments.models import Department
from service.issues.listing.queries import Scope, scoped
from service.issues.models import Issue, Membership
from service.issues.standing.actions import WAITING
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


async def stamp(session: Session, answer_id: int | None) -> tuple[Any, ...]:
    """Differs from an earlier one when something was said or done since; of an answer, also when
    a delivery has moved on.
    """
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
