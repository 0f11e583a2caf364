"""Later: seats whose time to answer is over go on, who comes is reminded, and everybody hears what
came of it.
"""

import structlog

from service.channels import deliveries
from service.consultations import queries as consultations
from service.consultations.meeting import actions, letters, queries
from service.consultations.meeting.queries import Participant
from service.consultations.meeting.seating import actions as seating
from service.database import now
from service.errors import GabineteError
from service.installation import Installation

CHUNK = 500

log = structlog.get_logger()


async def pass_on(here: Installation) -> int:
    """Take back what was not answered in time, each meeting in a transaction of its own; gives how
    many seats went on.
    """
    async with here.database.read() as session:
        waiting = await queries.with_overdue(session, now())
    return sum([await _pass_on(here, meeting_id) for meeting_id in waiting])


async def _pass_on(here: Installation, meeting_id: int) -> int:
    """As the meeting is by then: somebody may have answered meanwhile."""
    try:
        async with here.database.write() as session:
            row = await queries.for_act(session, meeting_id)
            return await seating.lapse(session, here, row) if row else 0
    except GabineteError as error:
        log.warning("seats_not_passed_on", meeting=meeting_id, why=error.code)
        return 0


async def remind(here: Installation) -> int:
    """Remind who comes to a meeting a day before it, each in a transaction of its own; gives how
    many people.
    """
    async with here.database.read() as session:
        soon = await queries.to_remind(session, now(), now() + seating.DAY_BEFORE)
    return sum([await _remind(here, meeting_id) for meeting_id in soon])


async def _remind(here: Installation, meeting_id: int) -> int:
    async with here.database.write() as session:
        row = await queries.for_act(session, meeting_id)
        return await seating.remind(session, here, row) if row else 0


async def tell_outcome(here: Installation, consultation_id: int) -> None:
    """Everybody who proposed, supported or voted as a person hears once what came of it; many at a
    time, so that nobody else waits for the database. Safe to do twice.
    """
    async with here.database.read() as session:
        whole = await consultations.whole(session, consultation_id)
        if whole is None or whole.row.state != "reported":
            return
        everybody = await queries.participants(session, consultation_id)
    for start in range(0, len(everybody), CHUNK):
        await _tell(here, consultation_id, everybody[start : start + CHUNK])


async def _tell(here: Installation, consultation_id: int, some: list[Participant]) -> None:
    async with here.database.write() as session:
        whole = await consultations.whole(session, consultation_id)
        assert whole is not None, "consultations are not deleted"
        said = await queries.outcomes(session, consultation_id)
        left_out = await queries.left_out(session, consultation_id)
        theirs = await queries.still_theirs(session, [one.identity_id for one in some])
        written = [
            letters.outcome(one, said, whole, left_out.get(one.person_id, []), here)
            for one in some
            if (one.person_id, one.identity_id) in theirs
        ]
        await deliveries.post(session, here.vault, written)


async def tell_cancelled(here: Installation, consultation_id: int) -> None:
    """The meeting falls with its consultation; who holds a seat, or was offered one, hears so."""
    async with here.database.write() as session:
        whole = await consultations.whole(session, consultation_id)
        if whole is not None and whole.row.state == "cancelled":
            await actions.fall(session, here, whole)
