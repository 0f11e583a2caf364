"""How long a round still runs, and how long its answer has been due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def days_until(at: datetime, moment: datetime, zone: ZoneInfo) -> int:
    """Days from today to the day of `at` in a time zone's calendar; negative ones are past."""
    return (at.astimezone(zone).date() - moment.astimezone(zone).date()).days


def days_after(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """So many days later, at the same time of day in a zone whose clocks may be changed."""
    return (at.astimezone(zone) + timedelta(days=days)).astimezone(UTC)
