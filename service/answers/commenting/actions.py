"""Comment on an answer."""

from service.answers.models import Answer, Comment
from service.answers.standing.actions import find
from service.database import Session, now
from service.errors import GabineteError
from service.staff.access import Staffer
from service.trail import actions as trail


class EmptyComment(GabineteError):
    """A comment needs a text."""

    code = "empty_comment"


async def comment(session: Session, answer_id: int, text: str, *, by: Staffer) -> Comment:
    """Say something of an answer to colleagues. Raises `EmptyComment`, `UnknownAnswer`."""
    if not text.strip():
        raise EmptyComment("A comment needs a text.")
    answer = await find(session, answer_id)
    made = await keep(session, answer, answer.state, text, by=by)
    await trail.record(
        session, "answer", answer.id, "comment", actor=by.actor, details={"comment": made.id}
    )
    return made


async def keep(session: Session, answer: Answer, state: str, text: str, *, by: Staffer) -> Comment:
    """Keep what was said when the answer was in this state."""
    made = Comment(answer_id=answer.id, author_id=by.id, state=state, text=text.strip(), at=now())
    session.add(made)
    await session.flush()
    return made
