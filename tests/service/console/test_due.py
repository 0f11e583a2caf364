"""An issue's due date is changed by hand: who is told of it, and what it stands against."""

from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from httpx2 import AsyncClient

from service.database import now
from service.installation import Installation
from service.issues import actions as issues
from service.issues.regrouping import actions as regrouping
from tests.conftest import serving
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import hire
from tests.service.console.test_forms import QUESTION, asked, sent
from tests.service.issues import town
from tests.service.staff.desk_browser import logged_in


async def test_a_new_due_date_is_on_the_trail_with_its_reason_and_in_the_askers_status(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    citizen = Citizen(client, "en")
    await citizen.say("when does the water return on flower street?")
    admin = await hire(client, installation, "admin")
    (issue,) = (await admin.get("/issues", singles=True))["items"]
    where = f"/console/issues/{issue['id']}"
    async with logged_in(app, installation, "moderator", name="Bruno") as bruno:
        assert 'id="dating"' in (await bruno.get(where)).text
        assert (
            await sent(bruno, f"{where}/due", on="2029-05-02", why="A part from abroad.") == where
        )
        page = (await bruno.get(where)).text
        figures = page.split('id="figures"', 1)[1].split("</dl>", 1)[0]
        assert "2 May 2029" in figures
        told = page.split('id="trail"', 1)[1]
        assert "→ 2 May 2029" in told
        assert "A part from abroad." in told
        assert "Bruno" in told
    async with logged_in(app, installation, "auditor") as auditor:
        assert "→ 2 May 2029" in (await auditor.get("/console/trail?thing=issue")).text
    assert "2 May 2029" in await citizen.say("/status")


async def test_programs_change_a_due_date_and_are_told_what_is_none(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    issue = await asked(client, installation)
    moderator = await hire(client, installation, "moderator")
    path, soon = f"/issues/{issue}/due", (now() + timedelta(days=3)).date()
    done = await moderator.post(path, {"day": soon.isoformat(), "why": "They open on that day."})
    assert done["due_at"].startswith(soon.isoformat())
    (event, *_) = await moderator.get(f"/issues/{issue}/trail")
    assert (event["act"], event["became"], event["why"]) == (
        "due", soon.isoformat(), "They open on that day.",
    )  # fmt: skip
    for day, why, error in (
        ((now() - timedelta(days=2)).date(), "Late.", "wrong_due_date"),
        ((now() + timedelta(days=2000)).date(), "Some day.", "wrong_due_date"),
        (soon, "  ", "reason_missing"),
    ):
        assert await moderator.refused(path, {"day": day.isoformat(), "why": why}) == error
    await moderator.post(f"/issues/{issue}/close", {"reason": "It is done."})
    again = {"day": soon.isoformat(), "why": "Later."}
    assert await moderator.refused(path, again) == "issue_wrong_state"
    async with logged_in(app, installation, "comms") as comms:
        page = (await comms.get(f"/console/issues/{issue}")).text
    assert QUESTION in page
    assert 'id="dating"' not in page, "no form that would be refused"


async def test_an_earlier_date_by_hand_stands_against_the_norm_until_it_is_reopened(
    installation: Installation,
) -> None:
    settings, vault = installation.settings, installation.vault
    async with installation.database.write() as session:
        await town.body(session, "water", norm_days=20)
        await town.body(session, "roads", norm_days=20)
        boss = await town.official(session, role="admin")
        id_, _, _ = await town.asked(session, vault, 2)
        day = (now() + timedelta(days=2)).astimezone(settings.zone).date()
        issue = await issues.redate(session, settings, id_, day, by=boss, why="Soon.")
        by_hand = issue.due_at
        await issues.assign(session, settings, id_, department_key="water", by=boss)
        assert (await town.at(session, id_)).due_at == by_hand
        await issues.date(session, settings, id_)
        assert (await town.at(session, id_)).due_at == by_hand
        await issues.close(session, vault, settings, id_, by=boss, reason="Done.")
        await issues.reopen(session, settings, id_, actor=boss.actor, why="Not done.")
        after = (await town.at(session, id_)).due_at
        assert by_hand is not None
        assert after is not None
        assert after > by_hand + timedelta(days=7), "the norm's again"


async def test_a_date_that_came_with_what_was_moved_is_told_as_the_day_it_is_here(
    installation: Installation,
) -> None:
    closes = datetime(2029, 5, 3, 2, 59, 59, tzinfo=UTC)  # still the second of May here
    async with installation.database.write() as session:
        first, _, said = await town.asked(session, installation.vault, 2)
        other, _, _ = await town.asked(session, installation.vault, 2)
        (await town.at(session, first)).due_at = closes
        (await town.at(session, other)).due_at = closes + timedelta(days=7)
        await session.flush()
        await regrouping.take_out(session, [regrouping.Leaving(said[:1], other)])
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "moderator") as browser,
    ):
        told = (await browser.get(f"/console/issues/{other}")).text.split('id="trail"', 1)[1]
        assert "Due as soon as what is in it" in told
        assert "9 May 2029 → 2 May 2029" in told
