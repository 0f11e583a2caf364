"""Deliveries as staff read them: which, how many, and why some did not arrive."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from service.channels.models import Delivery
from service.database import Session

MOST_REASONS = 100


async def tally(session: Session, cause: str, cause_id: int) -> dict[str, int]:
    """How many deliveries of a cause are in each state."""
    rows = await session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.cause == cause, Delivery.cause_id == cause_id)
        .group_by(Delivery.state)
    )
    return {row[0]: row[1] for row in rows.all()}


@dataclass(frozen=True)
class Reason:
    """Why so many deliveries of a channel did not arrive: the failure, and the sentence that was
    said of it.
    """

    failure: str
    channel: str
    says: str
    count: int


async def reasons(session: Session, *, answer_id: int | None = None) -> dict[str, list[Reason]]:
    """Why deliveries, of one answer where it is named, did not arrive, by failure; the most
    frequent first.
    """
    count = func.count()
    what = (func.coalesce(Delivery.failure, "unknown"), Delivery.channel, Delivery.error)
    rows = await session.execute(
        select(*what, count)
        .where(Delivery.state.in_(("failed", "uncertain")), *_of_answer(answer_id))
        .group_by(*what)
        .order_by(count.desc(), *what)
        .limit(MOST_REASONS)
    )
    found: dict[str, list[Reason]] = {}
    for failure, channel, says, many in rows.all():
        found.setdefault(failure, []).append(Reason(failure, channel, says or "", many))
    return found


def _of_answer(answer_id: int | None) -> list[ColumnElement[bool]]:
    if answer_id is None:
        return []
    return [Delivery.cause.in_(("answer", "instant")), Delivery.cause_id == answer_id]


async def page(
    session: Session, *, state: str | None, answer_id: int | None, limit: int, offset: int
) -> tuple[Sequence[Delivery], int]:
    """Deliveries, newest first, and how many there are; of one answer where it is named."""
    conditions = [*([Delivery.state == state] if state else []), *_of_answer(answer_id)]
    rows = await session.scalars(
        select(Delivery).where(*conditions).order_by(Delivery.id.desc()).limit(limit).offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(Delivery).where(*conditions))
    return rows.all(), total or 0
