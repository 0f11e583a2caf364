"""Write what came of a consultation, and why proposals get no reply of their own."""

from collections.abc import Collection

from service.consultations.actions import NoPublicReason
from service.consultations.meeting import queries
from service.consultations.meeting.models import Outcome, ReplyLeftOut
from service.consultations.proposals.standing.actions import UnknownProposal
from service.consultations.standing.actions import WrongConsultationState, find
from service.database import Session, now
from service.errors import GabineteError
from service.staff.access import Staffer
from service.trail import actions as trail

WRITTEN = ("shortlisted", "met", "reported")
CLOSED = ("shortlisted", "met")


class EmptyOutcome(GabineteError):
    """What came of it needs words."""

    code = "empty_outcome"


async def word(
    session: Session,
    consultation_id: int,
    lang: str,
    *,
    decision: str,
    notes: str | None = None,
    video_url: str | None = None,
    by: Staffer,
) -> Outcome:
    """What came of it in one language: the decision, and notes of the meeting. Everybody hears it
    when the consultation is reported; what is mended or translated later, the public reads.

    Raises `EmptyOutcome`, `WrongConsultationState`.
    """
    if not decision.strip():
        raise EmptyOutcome("Write what was decided.")
    row = await find(session, consultation_id)
    if row.state not in WRITTEN:
        raise WrongConsultationState(f"Not while the consultation is {row.state}.")
    held = (await queries.outcomes(session, row.id)).get(lang)
    said = held or Outcome(consultation_id=row.id, lang=lang)
    said.decision, said.notes = decision.strip(), (notes or "").strip() or None
    said.video_url, said.staff_id, said.at = video_url, by.id, now()
    session.add(said)
    await session.flush()
    await trail.record(
        session, "consultation", row.id, "outcome", actor=by.actor, details={"langs": [lang]}
    )
    return said


async def leave_out(
    session: Session,
    consultation_id: int,
    *,
    reason: str,
    proposals: Collection[int] = (),
    by: Staffer,
) -> list[int]:
    """Say why proposals get no reply of their own: these, or all that still lack one. Their authors
    read it with the outcome; a reply that is given after all stands instead. Gives which.

    Raises `NoPublicReason`, `UnknownProposal`, `WrongConsultationState`.
    """
    if not reason.strip():
        raise NoPublicReason("Say to their authors why.")
    row = await find(session, consultation_id)
    if row.state not in CLOSED:
        raise WrongConsultationState(f"Not while the consultation is {row.state}.")
    lacking = [one.id for one in await queries.without_reply(session, row.id)]
    if set(proposals) - set(lacking):
        raise UnknownProposal("Some of these are not of this consultation, or need no reply.")
    chosen = [id_ for id_ in lacking if not proposals or id_ in set(proposals)]
    moment = now()
    session.add_all(
        ReplyLeftOut(
            proposal_id=id_, consultation_id=row.id, reason=reason.strip(), staff_id=by.id,
            at=moment,
        )
        for id_ in chosen
    )  # fmt: skip
    await session.flush()
    for id_ in chosen:
        await trail.record(
            session, "proposal", id_, "leave_out", actor=by.actor, why=reason.strip()
        )
    return chosen
