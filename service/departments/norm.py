"""When an answer is due: working days in the installation's time zone."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.settings import Settings

CLOSES = time(18, 0)
WEEKEND = (5, 6)


def due(
    start: datetime, norm_days: int, zone: ZoneInfo, holidays: Collection[date] = ()
) -> datetime:
    """The close of the last of `norm_days` working days, counted from the day after `start`; in
    UTC.
    """
    day, left = start.astimezone(zone).date(), norm_days
    while left > 0:
        day += timedelta(days=1)
        if is_working(day, holidays):
            left -= 1
    return close_of(day, zone)


def close_of(day: date, zone: ZoneInfo) -> datetime:
    """When a day's work ends, in UTC."""
    return datetime.combine(day, CLOSES, zone).astimezone(UTC)


def is_working(day: date, holidays: Collection[date] = ()) -> bool:
    """Whether a day is neither a weekend nor a holiday."""
    return day.weekday() not in WEEKEND and day not in holidays


def due_here(settings: Settings, start: datetime, norm_days: int | None = None) -> datetime:
    """`due` with the installation's zone and holidays and, where none is given, its own norm."""
    days = settings.norm_days if norm_days is None else norm_days
    return due(start, days, settings.zone, holidays_of(settings))


def holidays_of(settings: Settings) -> frozenset[date]:
    """The installation's holidays. Raises ValueError for one that is not written YYYY-MM-DD."""
    return frozenset(date.fromisoformat(text) for text in settings.holidays)
