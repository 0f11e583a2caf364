"""Read who gets the digest and what is in it."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select

from service.database import Session
from service.departments.models import Department
from service.issues.models import Issue
from service.issues.standing.actions import WAITING
from service.jobs import Job
from service.staff.models import Staff


async def officials(session: Session) -> list[Staff]:
    """Active officials of at least one department."""
    found = await session.scalars(select(Staff).where(Staff.active).order_by(Staff.id))
    return [who for who in found.all() if "official" in who.roles and who.departments]


async def known_jobs(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys that a job has."""
    found = await session.scalars(select(Job.key).where(Job.key.in_(keys)))
    return {key for key in found.all() if key is not None}


async def job_ids(session: Session, key: str) -> Sequence[int]:
    """The job of a key."""
    return (await session.scalars(select(Job.id).where(Job.key == key))).all()


async def waiting_for(
    session: Session, staff_id: int, department_keys: Collection[str]
) -> Sequence[Issue]:
    """Issues of these departments that wait and that no colleague has, the most pressing first."""
    found = await session.scalars(
        select(Issue)
        .join(Department, Department.id == Issue.department_id)
        .where(
            Department.key.in_(department_keys),
            or_(Issue.official_id.is_(None), Issue.official_id == staff_id),
            Issue.root_id == Issue.id,
            Issue.size > 0,
            Issue.state.in_(WAITING),
        )
        .order_by(Issue.due_at.is_(None), Issue.due_at, Issue.people.desc(), Issue.id)
    )
    return found.all()
