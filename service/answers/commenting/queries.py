"""Read what was said of an answer."""

from dataclasses import dataclass

from sqlalchemy import select

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
