"""Note that what was said on a day has changed; keep its packing."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime

from sqlalchemy import delete, insert

from service.database import Session, now
from service.messages.days import queries
from service.messages.days.models import ChangedDay, PackedDay


async def changed(session: Session, contribution_ids: Collection[int]) -> None:
    """Contributions changed their issue or lost their place."""
    await changed_at(session, await queries.days_of(session, contribution_ids))


async def changed_at(session: Session, moments: Iterable[datetime]) -> None:
    """Something that was said at these moments came, or changed: what is packed of those days goes
    at once. Of fresh days nothing is packed.
    """
    fresh = (now() - queries.FRESH).astimezone(UTC).date()
    days = sorted({moment.astimezone(UTC).date() for moment in moments})
    settled = [day for day in days if day < fresh]
    if settled:
        await session.execute(insert(ChangedDay), [{"day": day} for day in settled])
        await session.execute(delete(PackedDay).where(PackedDay.day.in_(settled)))


async def keep(session: Session, day: date, packed: bytes, seen: Sequence[int]) -> None:
    """A day's packing, read after the changes `seen`; later ones make it hold no more."""
    if seen:
        await session.execute(delete(ChangedDay).where(ChangedDay.id.in_(seen)))
    await session.execute(delete(PackedDay).where(PackedDay.day == day))
    await session.execute(insert(PackedDay), [{"day": day, "packed": packed}])
