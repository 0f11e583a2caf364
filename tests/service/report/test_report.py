"""The listening report: what is counted, for whom, and what a period is."""

from datetime import UTC, date, datetime, timedelta

from httpx2 import AsyncClient
from sqlalchemy import update

from service.database import Database
from service.installation import Installation
from service.issues.models import Issue, Theme
from service.messages.models import Contribution
from service.report import queries
from service.report.queries import Period
from service.settings import Settings
from service.vault import Vault
from tests.journeys.colleague import hire
from tests.service.issues import town

MARCH = (date(2026, 3, 1), date(2026, 3, 31))


async def furnish(database: Database, vault: Vault) -> None:
    """Water: three people, one of whom speaks twice; roads: an import without a person; all in
    March but one.
    """
    async with database.write() as session:
        water, roads = await town.body(session, "water"), await town.body(session, "roads")
        theme = Theme(name="Pipes", phrases=[], created_at=town.START)
        session.add(theme)
        await session.flush()
        people = [await town.person(session) for _ in range(3)]
        said = [
            await town.contribution(session, vault, who, f"dry {n}", lang=lang, at=at)
            for n, (who, lang, at) in enumerate(
                [
                    (people[0], "pt", datetime(2026, 3, 1, 3, 30, tzinfo=UTC)),
                    (people[0], "pt", town.START),
                    (people[1], "es", datetime(2026, 4, 1, 2, 30, tzinfo=UTC)),
                    (people[2], "pt", datetime(2026, 4, 1, 3, 30, tzinfo=UTC)),
                ]
            )
        ]
        await town.issue(
            session, said, [people[n][0] for n in (0, 0, 1, 2)], name="dry", department_id=water
        )
        lone = await town.contribution(session, vault, None, "a hole")
        await town.issue(session, [lone], [None], name="hole", department_id=roads)
        await session.execute(update(Issue).values(theme_id=theme.id))
        await session.execute(
            update(Contribution).where(Contribution.id == said[0]).values(place="Cedar Hill")
        )


async def test_a_period_is_whole_days_of_the_installation_and_people_are_counted_once(
    database: Database, vault: Vault, settings: Settings
) -> None:
    await furnish(database, vault)
    period = Period(*MARCH, settings.zone)
    async with database.read() as session:
        found = await queries.report(session, None, period)
        water = await queries.report(session, frozenset({"water"}), period)
    assert (found.contributions, found.people, found.issues) == (4, 3, 2), "one was said in April"
    assert [(day.day, n) for day, n in found.columns if n] == [(1, 1), (2, 2), (31, 1)]
    assert [(one.name, one.contributions, one.people) for one in found.loudest] == [
        ("dry", 3, 2),
        ("hole", 1, 1),
    ]
    assert [(one.name, one.people) for one in found.themes] == [("Pipes", 3)]
    assert {one.name: one.people for one in found.departments} == {"Water": 2, "Roads": 1}
    assert found.languages == {"pt": 2, "es": 1, "en": 1}
    assert found.channels == {"web": 3, "import": 1}
    assert (found.places, found.unplaced) == ({"Cedar Hill": 1}, 3)
    assert (water.contributions, water.people, [one.name for one in water.departments]) == (
        3, 2, ["Water"],
    )  # fmt: skip


def test_a_long_period_is_drawn_in_weeks_or_months(settings: Settings) -> None:
    for days, columns in ((1, 1), (62, 62), (63, 9), (434, 62), (730, 27)):
        last = MARCH[0] + timedelta(days=days - 1)
        assert len(Period(MARCH[0], last, settings.zone).steps()) == columns, days


async def test_the_api_gives_the_same_and_refuses_a_period_that_ends_before_it_begins(
    client: AsyncClient, installation: Installation
) -> None:
    await furnish(installation.database, installation.vault)
    auditor = await hire(client, installation, "auditor")
    found = await auditor.get("/report", first="2026-03-01", last="2026-03-31")
    assert (found["people"], found["languages"]) == (3, {"pt": 2, "es": 1, "en": 1})
    assert len(found["columns"]) == 31
    for first, last in (("2026-03-02", "2026-03-01"), ("2001-01-01", "2026-01-01")):
        answer = await client.get(
            f"/api/v1/report?first={first}&last={last}", headers=auditor.headers
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "wrong_period")
    assert (await auditor.get("/now"))["waiting"] == 2
    health = await auditor.get("/health")
    assert health["ready"] is True
    assert [one["channel"] for one in health["channels"]] == ["web"]
