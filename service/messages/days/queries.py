"""Which days are packed, and which have to be."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select

from service.database import Session
from service.messages.days.models import ChangedDay, PackedDay
from service.messages.models import Contribution

FRESH = timedelta(days=1)
# Days are packed later than changes to them begin to be noted, so that none falls in between.
SETTLED = FRESH + timedelta(days=1)
# No report reaches further back, and one wrong date in a file is not to be waited for.
FURTHEST = timedelta(days=4000)


def settled_before(moment: datetime) -> date:
    """The first day that is not packed yet."""
    return (moment - SETTLED).astimezone(UTC).date()


async def packed(session: Session, first: date, last: date) -> dict[date, bytes]:
    """The packings that hold of the days from `first` to `last`."""
    changed = select(ChangedDay.id).where(ChangedDay.day == PackedDay.day).exists()
    rows = await session.execute(
        select(PackedDay.day, PackedDay.packed).where(PackedDay.day.between(first, last), ~changed)
    )
    return dict(rows.all())


async def unpacked(session: Session, before: date) -> list[date]:
    """The days before `before`, since the first thing was said or as far as reports reach, whose
    packing is missing or holds no more; the newest first.
    """
    begun = await session.scalar(select(func.min(Contribution.said_at)))
    if begun is None:
        return []
    first = max(begun.astimezone(UTC).date(), before - FURTHEST)
    held = set(await session.scalars(select(PackedDay.day).where(PackedDay.day < before)))
    held -= set(await session.scalars(select(ChangedDay.day).distinct()))
    days = [first + timedelta(days=n) for n in range((before - first).days)]
    return [day for day in reversed(days) if day not in held]


async def changes(session: Session, day: date) -> Sequence[int]:
    """The changes of a day that were noted."""
    return (await session.scalars(select(ChangedDay.id).where(ChangedDay.day == day))).all()


async def days_of(session: Session, contribution_ids: Collection[int]) -> set[datetime]:
    """When contributions were said."""
    query = select(Contribution.said_at).where(Contribution.id.in_(contribution_ids))
    return set(await session.scalars(query))
