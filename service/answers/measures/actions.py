"""Note what an answer announces and tell those who received it how it goes."""

from datetime import date

from service.answers import letters, queries
from service.answers.models import Measure
from service.answers.standing.actions import find
from service.channels import deliveries
from service.database import Session, now
from service.errors import Conflict, NotFound
from service.installation import Installation
from service.staff.access import Staffer
from service.trail import actions as trail

MEASURES: dict[str, set[str]] = {
    "planned": {"under_way", "done", "dropped"},
    "under_way": {"done", "dropped"},
    "done": set(),
    "dropped": {"planned"},
}


class UnknownMeasure(NotFound):
    """There is no such measure, or it is another department's."""

    code = "unknown_measure"


class WrongMeasureState(Conflict):
    """The measure is not in a state that allows this."""

    code = "measure_wrong_state"


async def add_measure(
    session: Session, answer_id: int, *, by: Staffer, text: str, due_on: date | None
) -> Measure:
    """Note something an answer announces. Raises `UnknownAnswer`."""
    answer = await find(session, answer_id)
    measure = Measure(
        answer_id=answer.id,
        department_id=answer.department_id,
        text=text.strip(),
        due_on=due_on,
        state="planned",
        created_at=now(),
    )
    session.add(measure)
    await session.flush()
    await trail.record(session, "measure", measure.id, "add", actor=by.actor, became="planned")
    return measure


async def change_measure(
    session: Session, here: Installation, measure_id: int, *, by: Staffer, became: str
) -> Measure:
    """Move a measure on; those who received its answer are told, where it still holds.

    Raises `UnknownMeasure`, `WrongMeasureState`.
    """
    measure = await queries.measure(session, measure_id)
    if measure is None:
        raise UnknownMeasure("There is no such measure.")
    if became not in MEASURES[measure.state]:
        raise WrongMeasureState(f"A measure that is {measure.state} does not become {became}.")
    was, measure.state = measure.state, became
    await session.flush()
    await trail.record(
        session, "measure", measure.id, "move", actor=by.actor, was=was, became=became
    )
    answer = await find(session, measure.answer_id)
    if answer.state == queries.PUBLIC:
        told = await queries.told(session, answer.id)
        made = [letters.measure(measure, one, here) for one in told]
        await deliveries.post(session, here.vault, made)
    return measure
