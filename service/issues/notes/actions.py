"""Write notes and take them away."""

from service.database import Session, now
from service.errors import Forbidden, GabineteError, NotFound
from service.issues.models import Note
from service.issues.notes import queries
from service.staff.access import Staffer
from service.trail import actions as trail


class UnknownNote(NotFound):
    """There is no such note."""

    code = "unknown_note"


class EmptyNote(GabineteError):
    """A note needs a text."""

    code = "empty_note"


async def add(session: Session, issue_id: int, text: str, *, by: Staffer) -> Note:
    """Note something on an issue. Raises `EmptyNote`."""
    if not text.strip():
        raise EmptyNote("A note needs a text.")
    note = Note(issue_id=issue_id, author_id=by.id, text=text.strip(), at=now())
    session.add(note)
    await session.flush()
    await trail.record(
        session, "issue", issue_id, "note", actor=by.actor, details={"note": note.id}
    )
    return note


async def remove(session: Session, note_id: int, *, by: Staffer) -> None:
    """Its author takes a note away. Raises `UnknownNote`, `Forbidden`."""
    note = await queries.one(session, note_id)
    if note is None:
        raise UnknownNote("There is no such note.")
    if note.author_id != by.id and not by.may("admin"):
        raise Forbidden("Only who wrote a note takes it away.")
    await session.delete(note)
    await session.flush()
    await trail.record(
        session, "issue", note.issue_id, "remove_note", actor=by.actor, details={"note": note_id}
    )
