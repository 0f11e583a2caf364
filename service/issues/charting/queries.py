"""Read when an issue was spoken of, as the columns of its chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from service.database import Session
from service.issues.listing.queries import inside
from service.messages.models import Contribution

SHORT, LONG = 14, 92


@dataclass(frozen=True)
class Bucket:
    """The people of a day or of a week that begins on it, each counted once."""

    day: date
    people: int


@dataclass(frozen=True)
class Chart:
    """The columns of an issue's chart: days, or weeks where it is long; silent ones too."""

    weekly: bool
    buckets: list[Bucket]


async def chart(session: Session, root_id: int, zone: ZoneInfo) -> Chart:
    """An issue's chart, with everything merged into it."""
    who = func.coalesce(Contribution.person_id, -Contribution.id)
    rows = await session.execute(inside(root_id, select(Contribution.said_at, who)))
    return columns([(moment.astimezone(zone).date(), person) for moment, person in rows.all()])


def columns(said: Sequence[tuple[date, int]]) -> Chart:
    """Days on which persons spoke as columns from the first to the last: two weeks at least."""
    if not said:
        return Chart(weekly=False, buckets=[])
    first, last = min(said)[0], max(said)[0]
    weekly = (last - first).days > LONG
    step = 7 if weekly else 1
    first = min(first, last - timedelta(days=SHORT - 1))
    first -= timedelta(days=first.weekday() if weekly else 0)
    people: list[set[int]] = [set() for _ in range((last - first).days // step + 1)]
    for day, person in said:
        people[(day - first).days // step].add(person)
    buckets = [Bucket(first + timedelta(days=step * n), len(who)) for n, who in enumerate(people)]
    return Chart(weekly, buckets)
