"""The norm as a date."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.departments.norm import due, due_here, holidays_of, is_working
from service.settings import Settings

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("America/Sao_Paulo", "Pacific/Auckland", "UTC", "Europe/Lisbon")]
)
STARTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
HOLIDAYS = st.sets(st.dates(date(2020, 1, 1), date(2035, 12, 31)), max_size=20)
DAYS = st.integers(min_value=1, max_value=60)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-03-02 09:00", 1, "2026-03-03 18:00"),
        ("2026-03-06 17:59", 1, "2026-03-09 18:00"),
        ("2026-03-07 10:00", 1, "2026-03-09 18:00"),
        ("2026-03-02 23:59", 5, "2026-03-09 18:00"),
        ("2026-04-02 10:00", 1, "2026-04-06 18:00"),
    ],
)
def test_norm_counts_from_the_next_working_day(start: str, days: int, expected: str) -> None:
    settings = Settings(_env_file=None, holidays="2026-04-03")
    zone = settings.zone
    found = due_here(settings, datetime.fromisoformat(start).replace(tzinfo=zone), days)
    assert found.astimezone(zone).strftime("%Y-%m-%d %H:%M") == expected


@given(STARTS, DAYS, ZONES, HOLIDAYS)
def test_due_date_is_the_close_of_the_nth_working_day(
    start: datetime, days: int, zone: ZoneInfo, holidays: set[date]
) -> None:
    local = due(start, days, zone, holidays).astimezone(zone)
    first = start.astimezone(zone).date()
    between = [first + timedelta(days=n) for n in range(1, (local.date() - first).days + 1)]
    assert (local.hour, local.minute) == (18, 0)
    assert is_working(local.date(), holidays)
    assert sum(is_working(day, holidays) for day in between) == days


@given(STARTS, DAYS, ZONES, HOLIDAYS)
def test_longer_norm_or_more_holidays_never_bring_a_date_forward(
    start: datetime, days: int, zone: ZoneInfo, holidays: set[date]
) -> None:
    assert due(start, days + 1, zone, holidays) > due(start, days, zone, holidays)
    assert due(start, days, zone, holidays) >= due(start, days, zone, ())


def test_holiday_that_is_no_date_is_refused() -> None:
    with pytest.raises(ValueError, match="carnival"):
        holidays_of(Settings(_env_file=None, holidays="carnival"))
