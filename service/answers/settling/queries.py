"""Read what answers settle."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import aliased

from service.answers.models import Answer
from service.answers.queries import PUBLIC
from service.channels.models import Delivery
from service.database import Session
from service.issues.models import Issue, Membership
from service.messages.models import Contribution


async def newest_published(session: Session, issue_id: int) -> Answer | None:
    """The answer that settled an issue, or what was merged into it."""
    return await session.scalar(
        select(Answer)
        .join(Issue, Issue.id == Answer.issue_id)
        .where(Issue.root_id == issue_id, Answer.state == PUBLIC)
        .order_by(Answer.id.desc())
        .limit(1)
    )


async def settled(session: Session, root_ids: Collection[int]) -> set[int]:
    """Those of the issues that a published answer settles."""
    found = await session.scalars(
        select(Issue.root_id)
        .join(Answer, Answer.issue_id == Issue.id)
        .where(Issue.root_id.in_(root_ids), Answer.state == PUBLIC)
        .distinct()
    )
    return set(found.all())


async def fully_answered(session: Session, issue_ids: Collection[int]) -> list[int]:
    """Those of the issues that wait untouched although each contribution of theirs, and of what
    was merged into them, is answered.
    """
    under = aliased(Issue)
    waiting = (
        select(Membership.contribution_id)
        .join(under, under.id == Membership.issue_id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(under.root_id == Issue.id, Contribution.state == "received")
        .exists()
    )
    found = await session.scalars(
        select(Issue.id).where(
            Issue.id.in_(issue_ids),
            Issue.root_id == Issue.id,
            Issue.state.in_(("open", "assigned")),
            Issue.touched_at.is_(None),
            ~waiting,
        )
    )
    return list(found.all())


async def answered_at_once(session: Session, answer_id: int) -> list[int]:
    """Contributions that an answer settled when they came, as the keys of its letters name them."""
    keys = await session.scalars(
        select(Delivery.key).where(Delivery.cause == "instant", Delivery.cause_id == answer_id)
    )
    return [int(key.split(":")[1]) for key in keys.all()]
