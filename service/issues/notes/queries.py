"""Read notes."""

from dataclasses import dataclass

from sqlalchemy import select

from service.database import Session
from service.issues.models import Issue, Note
from service.staff.models import Staff


@dataclass(frozen=True)
class Noted:
    """A note and who wrote it."""

    note: Note
    author: str


async def of(session: Session, root_id: int) -> list[Noted]:
    """Notes on an issue and on everything merged into it, newest first."""
    rows = await session.execute(
        select(Note, Staff.name)
        .join(Staff, Staff.id == Note.author_id)
        .join(Issue, Issue.id == Note.issue_id)
        .where(Issue.root_id == root_id)
        .order_by(Note.id.desc())
    )
    return [Noted(*row) for row in rows.all()]


async def one(session: Session, note_id: int) -> Note | None:
    """One note."""
    return await session.get(Note, note_id)
