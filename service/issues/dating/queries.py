"""Read when issues are due, and what the trail tells of how that came."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, select

from service.database import Session
from service.issues.models import Issue, Membership, Move
from service.trail.models import Event

ACTS = ("inherit_due", "due", "shift", "absorb")


async def due(session: Session, issue_ids: Collection[int]) -> dict[int, datetime | None]:
    """When these issues are due."""
    found = await session.execute(select(Issue.id, Issue.due_at).where(Issue.id.in_(issue_ids)))
    return {row.id: row.due_at for row in found.all()}


async def told(session: Session, issue_id: int) -> Sequence[Event]:
    """What the trail tells of dates an issue inherited or got, and of what came; oldest first."""
    found = await session.scalars(
        select(Event)
        .where(Event.thing == "issue", Event.thing_id == issue_id, Event.act.in_(ACTS))
        .order_by(Event.id)
    )
    return found.all()


async def there(session: Session, batches: Collection[str]) -> set[str]:
    """Those of these batches of moves of which something is still where it was moved."""
    still = and_(
        Membership.contribution_id == Move.contribution_id, Membership.issue_id == Move.to_issue
    )
    found = await session.scalars(
        select(Move.batch)
        .join(Membership, still)
        .where(Move.batch.in_(batches), Move.undone_at.is_(None))
        .distinct()
    )
    return set(found.all())


async def below(session: Session, issue_id: int, issue_ids: Collection[int]) -> list[datetime]:
    """When those of these issues are due that are merged into this one."""
    found = await session.scalars(
        select(Issue.due_at).where(Issue.id.in_(issue_ids), Issue.merged_into == issue_id)
    )
    return [due for due in found.all() if due is not None]
