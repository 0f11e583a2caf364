"""An issue's chart: its columns, and the same as a picture."""

from datetime import date, datetime, timedelta
from urllib.parse import unquote

from httpx2 import AsyncClient
from sqlalchemy import update

from service.installation import Installation
from service.issues.charting.queries import columns
from service.messages.models import Contribution
from tests.journeys.colleague import hire
from tests.service.issues import town

PNG = b"\x89PNG\r\n\x1a\n"


def test_silent_days_are_shown() -> None:
    assert columns([]).buckets == []
    short = columns([(date(2026, 3, 20), 1), (date(2026, 3, 20), 2), (date(2026, 3, 20), 1)])
    assert [(one.day.day, one.people) for one in short.buckets[-2:]] == [(19, 0), (20, 2)]
    assert (len(short.buckets), short.weekly) == (14, False)


def test_a_long_time_is_shown_by_weeks_and_who_speaks_daily_is_one_person_of_a_week() -> None:
    daily = [(date(2026, 1, 5) + timedelta(days=n), 7) for n in range(5)]
    long = columns([*daily, (date(2026, 6, 1), 8), (date(2026, 6, 2), 9)])
    assert long.weekly
    assert {one.day.weekday() for one in long.buckets} == {0}
    assert [one.people for one in long.buckets if one.people] == [1, 2]
    assert len(long.buckets) == 22


async def test_the_chart_is_a_picture_in_the_readers_language_for_who_sees_the_issue(
    client: AsyncClient, installation: Installation
) -> None:
    official = await hire(client, installation, "official", departments=("water",))
    stranger = await hire(client, installation, "official", departments=("roads",))
    async with installation.database.write() as session:
        water = await town.body(session, "water")
        id_, _, _ = await town.asked(
            session, installation.vault, 3, name="No <b>water</b> \x07", department_id=water
        )
        await session.execute(
            update(Contribution).values(said_at=datetime(2026, 3, 2, 12, tzinfo=town.START.tzinfo))
        )
    path = f"/api/v1/issues/{id_}/chart.png"
    found = await client.get(path, headers=official.headers, params={"lang": "en"})
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    assert found.content.startswith(PNG)
    assert unquote(found.headers["x-alt-text"]) == (
        f"No <b>water</b> – People per day · {installation.settings.government}: "
        "from 17 Feb 2026 to 2 Mar 2026; "
        "the most, 3, on 2 Mar 2026."
    )
    other = await client.get(path, headers=official.headers, params={"lang": "pt"})
    assert "o máximo, 3, em 2 de mar. de 2026" in unquote(other.headers["x-alt-text"])
    assert other.content != found.content, "its words are drawn too"
    assert (await client.get(path, headers=stranger.headers)).status_code == 404
    assert (await client.get(path)).status_code == 401


async def test_the_report_of_a_period_is_a_picture_too(
    client: AsyncClient, installation: Installation
) -> None:
    admin = await hire(client, installation, "admin")
    async with installation.database.write() as session:
        await town.asked(session, installation.vault, 3)
    path = "/api/v1/report/chart.png"
    march = {"first": "2026-03-01", "last": "2026-03-31", "lang": "en"}
    found = await client.get(path, headers=admin.headers, params=march)
    assert found.content.startswith(PNG)
    told = unquote(found.headers["x-alt-text"])
    assert ": from 1 Mar 2026 to 31 Mar 2026; the most, 3, on 2 Mar 2026." in told
    april = {"first": "2026-04-01", "last": "2026-04-30", "lang": "en"}
    silent = await client.get(path, headers=admin.headers, params=april)
    assert "nothing in this period" in unquote(silent.headers["x-alt-text"])
    wrong = {"first": "2026-04-01", "last": "2026-03-01"}
    assert (await client.get(path, headers=admin.headers, params=wrong)).status_code == 400
