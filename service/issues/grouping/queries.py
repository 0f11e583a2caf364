"""Read which moves can be put back, and whose issues they went between."""

from collections.abc import Collection

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import aliased

from service.database import Session
from service.departments.models import Department
from service.issues.models import Issue, Membership, Move


async def standing(session: Session, batches: Collection[str]) -> dict[str, set[str | None]]:
    """Those of these batches that were not put back and of which nothing was moved on since, with
    the departments that have either side now (None: the triage desk).
    """
    stands = and_(Move.undone_at.is_(None), Membership.issue_id == Move.to_issue)
    rows = await session.execute(
        select(Move.batch, Move.from_issue, Move.to_issue, func.sum(case((stands, 0), else_=1)))
        .outerjoin(Membership, Membership.contribution_id == Move.contribution_id)
        .where(Move.batch.in_(batches))
        .group_by(Move.batch, Move.from_issue, Move.to_issue)
    )
    sides: dict[str, set[int]] = {}
    lost = set[str]()
    for batch, home, into, gone in rows.all():
        sides.setdefault(batch, set()).update((home, into))
        lost |= {batch} if gone else set()
    have = await _departments(session, {id_ for ids in sides.values() for id_ in ids})
    return {batch: {have[id_] for id_ in ids} for batch, ids in sides.items() if batch not in lost}


async def _departments(session: Session, issue_ids: Collection[int]) -> dict[int, str | None]:
    """The department that has each issue, by what it is merged into."""
    survivor = aliased(Issue)
    rows = await session.execute(
        select(Issue.id, Department.key)
        .join(survivor, survivor.id == Issue.root_id)
        .outerjoin(Department, Department.id == survivor.department_id)
        .where(Issue.id.in_(issue_ids))
    )
    return {row[0]: row[1] for row in rows.all()}
