"""Read measures across answers: what was promised, by whom, until when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from service.answers.models import Answer, Measure
from service.answers.queries import BODY
from service.database import Session
from service.departments.models import Department

OPEN = ("planned", "under_way")


@dataclass(frozen=True)
class Promised:
    """A measure with what announced it."""

    measure: Measure
    answer: str
    department: str | None

    def late(self, today: date) -> bool:
        """Whether its day has passed without its being done or dropped."""
        due = self.measure.due_on
        return self.measure.state in OPEN and due is not None and due < today


async def board(
    session: Session,
    scope: Collection[str] | None,
    *,
    department: str | None = None,
    states: Collection[str] = (),
    limit: int = 200,
) -> list[Promised]:
    """Measures within a scope (None: all), those due first, undated ones last."""
    query = (
        select(Measure, Answer.title, Department.name)
        .join(Answer, Answer.id == Measure.answer_id)
        .outerjoin(Department, Department.id == BODY)
        .order_by(Measure.due_on.is_(None), Measure.due_on, Measure.id)
        .limit(limit)
    )
    if scope is not None:
        query = query.where(or_(BODY.is_(None), Department.key.in_(scope)))
    if department:
        query = query.where(Department.key == department)
    if states:
        query = query.where(Measure.state.in_(states))
    return [Promised(*row) for row in (await session.execute(query)).all()]
