"""What must be there before a consultation is met or reported, and who is told then."""

from service import jobs
from service.consultations.meeting import queries
from service.consultations.meeting.models import Meeting
from service.consultations.models import Consultation
from service.database import Session, now
from service.errors import Conflict


class MeetingAhead(Conflict):
    """People are invited to a meeting that has not begun, or was not noted as held."""

    code = "meeting_ahead"


class NoOutcome(Conflict):
    """Nobody has written what came of the consultation, in its own language."""

    code = "no_outcome"


class NotReplied(Conflict):
    """Proposers wait for a reply, or for the reason why they get none."""

    code = "proposals_not_replied"


async def check(session: Session, row: Consultation, became: str) -> None:
    """Raises `MeetingAhead`, `NoOutcome`, `NotReplied` where a consultation cannot become that."""
    if became not in ("met", "reported"):
        return
    meeting = await queries.of_consultation(session, row.id)
    if row.state == "shortlisted" and meeting is not None and ahead(meeting, became):
        raise MeetingAhead("People are invited to the meeting: hold it, move it or call it off.")
    if became == "met":
        return
    if row.lang not in await queries.outcomes(session, row.id):
        raise NoOutcome("Write what came of it first, in the consultation's own language.")
    if lacking := await queries.count_without_reply(session, row.id):
        raise NotReplied(f"{lacking} proposals have no reply, nor a reason why they get none.")


def ahead(meeting: Meeting, became: str) -> bool:
    """Whether who was invited expects something else to come first."""
    if meeting.drawn_at is None or meeting.called_off_at is not None:
        return False
    return became == "reported" or meeting.starts_at > now()


async def tell_soon(session: Session, row: Consultation) -> None:
    """Everybody who took part hears what came of it."""
    await jobs.add(session, "tell_outcome", key=f"tell_outcome:{row.id}", consultation_id=row.id)
