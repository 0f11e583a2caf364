"""Read what several issues say, and how many people they are together."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import distinct, func, or_, select

from service.database import Session
from service.issues.listing.queries import Said
from service.issues.models import Issue, Membership
from service.messages.models import Contribution
from service.people.models import Person


async def voices(session: Session, issues: Sequence[Issue]) -> dict[int, list[Said]]:
    """What speaks for each of some issues: its representatives, else its newest contribution."""
    newest = (
        select(func.max(Membership.contribution_id))
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Issue.root_id.in_([one.id for one in issues if not one.representatives]))
        .group_by(Issue.root_id)
    )
    chosen = [id_ for one in issues for id_ in one.representatives]
    rows = await session.execute(
        select(Issue.root_id, Contribution, Person.code, Membership.issue_id)
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .outerjoin(Person, Person.id == Contribution.person_id)
        .where(or_(Contribution.id.in_(chosen), Contribution.id.in_(newest)))
        .order_by(Contribution.id.desc())
    )
    found: dict[int, list[Said]] = defaultdict(list)
    for root, said, code, issue_id in rows.all():
        found[root].append(Said(said, code, issue_id, 1))
    return found


async def people(session: Session, root_ids: Collection[int]) -> int:
    """How many people spoke of any of some issues, each counted once."""
    who = func.coalesce(Contribution.person_id, -Contribution.id)
    found = await session.scalar(
        select(func.count(distinct(who)))
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Issue.root_id.in_(root_ids))
    )
    return found or 0
