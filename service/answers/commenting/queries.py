"""Read what was said of an answer."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from service.answers.models import Comment
from service.database import Session
from service.staff.models import Staff


@dataclass(frozen=True)
class Commented:
    """A comment and who wrote it."""

    comment: Comment
    author: str


async def of(session: Session, answer_id: int) -> list[Commented]:
    """The comments on an answer, in the order in which they were written."""
    rows = await session.execute(
        select(Comment, Staff.name)
        .join(Staff, Staff.id == Comment.author_id)
        .where(Comment.answer_id == answer_id)
        .order_by(Comment.id)
    )
    return [Commented(*row) for row in rows.all()]


async def asked_for(session: Session, answer_ids: Collection[int]) -> dict[int, str]:
    """What was said last of each answer, where it was said in review."""
    last = select(func.max(Comment.id)).where(Comment.answer_id.in_(answer_ids))
    query = select(Comment.answer_id, Comment.text).where(Comment.state == "in_review")
    rows = await session.execute(query.where(Comment.id.in_(last.group_by(Comment.answer_id))))
    return dict(rows.all())
