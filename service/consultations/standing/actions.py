"""Find a consultation to act on and move it: what every act on consultations rests on."""

from service.consultations import queries
from service.consultations.models import Consultation
from service.database import Session
from service.errors import Conflict, GabineteError, NotFound
from service.trail import actions as trail

MOVES: dict[str, set[str]] = {
    "drafted": {"proposing", "cancelled"},
    "proposing": {"screening", "cancelled"},
    "screening": {"proposing", "voting", "cancelled"},
    "voting": {"shortlisted", "cancelled"},
    "shortlisted": {"met", "reported", "cancelled"},
    "met": {"reported"},
    "reported": set(),
    "cancelled": set(),
}
# What a date moves on: the state, the date that ends it, and what comes then.
DATED: dict[str, tuple[str, str]] = {
    "drafted": ("proposing_from", "proposing"),
    "proposing": ("proposing_until", "screening"),
    "screening": ("screening_until", "voting"),
    "voting": ("voting_until", "shortlisted"),
}


class UnknownConsultation(NotFound):
    """There is no such consultation."""

    code = "unknown_consultation"


class WrongTheme(GabineteError):
    """The consultation has no such theme."""

    code = "wrong_theme"


class WrongConsultationState(Conflict):
    """The consultation is not in a state that allows this."""

    code = "consultation_wrong_state"


async def find(session: Session, consultation_id: int) -> Consultation:
    """The consultation as it is now, locked until the transaction ends.

    Raises `UnknownConsultation`.
    """
    row = await queries.for_act(session, consultation_id)
    if row is None:
        raise UnknownConsultation("There is no such consultation.")
    return row


async def drafted(session: Session, consultation_id: int) -> Consultation:
    row = await find(session, consultation_id)
    if row.state != "drafted":
        raise WrongConsultationState("Only a drafted consultation can be planned anew.")
    return row


async def move(
    session: Session, row: Consultation, became: str, actor: str, *, why: str | None = None
) -> None:
    """The only place where a consultation's state changes: where the table allows it, on the
    trail. Raises `WrongConsultationState`.
    """
    was = row.state
    if became not in MOVES[was]:
        raise WrongConsultationState(f"A consultation that is {was} cannot become {became}.")
    row.state = became
    await session.flush()
    await trail.record(
        session, "consultation", row.id, "move", actor=actor, was=was, became=became, why=why
    )
