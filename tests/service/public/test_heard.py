"""What we are hearing: shown by staff, counted in crowds, with nobody's words."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select, update

from service.database import now
from service.installation import Installation
from service.issues import actions as issues
from service.issues.showing import actions as showing
from service.issues.showing import queries
from service.issues.showing.queries import rounded
from service.messages.models import Contribution
from tests.journeys.colleague import hire
from tests.service.issues import town
from tests.service.public.printing import crowded, spoken_of
from tests.service.staff.desk_browser import blank

EVIL = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("people", "least", "shown"),
    [(10, 10, 10), (19, 10, 10), (20, 10, 20), (999, 10, 990), (1234, 10, 1200),
     (12_345, 10, 12_000), (7, 5, 5), (27, 25, 25), (31, 25, 30)],
)  # fmt: skip
def test_counts_are_rounded_down_but_never_below_the_least(
    people: int, least: int, shown: int
) -> None:
    assert rounded(people, least) == shown


async def test_only_what_staff_show_and_many_speak_of_is_heard(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        many = await spoken_of(session, installation, 14, name=f"No water {EVIL}")
        few = await spoken_of(session, installation, 9, name="A quarrel of nine")
        hidden = await spoken_of(session, installation, 12, name="Not shown", shown=False)
    async with blank(app) as reader:
        for path in ("/", "/heard"):
            text = (await reader.get(path)).text
            assert "No water &lt;img" in text, path
            assert "10 people or more" in text, path
            assert "14" not in re.findall(r"\w+", text), path
            assert "A quarrel of nine" not in text, path
            assert "Not shown" not in text, path
        page = (await reader.get(f"/heard/{many}")).text
        assert "words of a citizen" not in page
        assert "no water in our street" not in page, "nobody's words"
        assert EVIL not in page
        assert (await reader.get("/heard?at=2")).status_code == 404
        for other in (few, hidden, 99_999):
            assert (await reader.get(f"/heard/{other}")).status_code == 404


async def test_weeks_and_places_count_crowds_only(installation: Installation) -> None:
    least, zone = 10, installation.settings.zone
    async with installation.database.write() as session:
        id_ = await spoken_of(session, installation, 25)
        said = sorted((await session.scalars(select(Contribution.id))).all())
        for ids, weeks, place in (
            (said[:12], 1, "Cedar Hill"), (said[12:16], 0, "My own street"), (said[16:], 0, None),
        ):  # fmt: skip
            await session.execute(
                update(Contribution)
                .where(Contribution.id.in_(ids))
                .values(said_at=now() - timedelta(days=7 * weeks), place=place)
            )
    async with installation.database.read() as session:
        found = await queries.weeks(session, id_, least, zone, now())
        assert [one.people for one in found[-3:]] == [None, 10, 10]
        assert await queries.places(session, id_, least) == [("Cedar Hill", 10)]
        assert await queries.weeks(session, id_, 14, zone, now()) == []


async def test_one_person_who_writes_often_is_no_crowd(installation: Installation) -> None:
    async with installation.database.write() as session:
        who = await town.person(session)
        said = [await town.contribution(session, installation.vault, who) for _ in range(12)]
        id_ = await town.issue(session, said, [who[0]] * 12)
        comms = await town.official(session, role="comms")
        await issues.rename(session, id_, "Twelve times", by=comms)
        await showing.show(session, id_, by=comms)
    async with installation.database.read() as session:
        assert await queries.heard(session, 10, installation.settings.zone) == []


async def test_who_publishes_answers_shows_issues_and_hides_them(
    app: FastAPI, client: AsyncClient, installation: Installation
) -> None:
    comms = await hire(client, installation, "comms")
    official = await hire(client, installation, "official")
    async with installation.database.write() as session:
        id_, _, _ = await town.asked(session, installation.vault, 11, name="dirty words of Ana")
    assert await comms.refused(f"/issues/{id_}/show") == "issue_not_named"
    await comms.post(f"/issues/{id_}/rename", {"name": "No water"})
    assert await official.refused(f"/issues/{id_}/show") == "forbidden"
    assert (await comms.post(f"/issues/{id_}/show"))["shown_at"] is not None
    await comms.post(f"/issues/{id_}/show")
    async with blank(app) as reader:
        assert "No water" in (await reader.get("/heard")).text
        page = (await reader.get("/heard?lang=pt")).text
        assert re.search(r"desde [a-zç]+ de \d{4}<", page)
        hidden = await comms.post(f"/issues/{id_}/hide", {"why": "Solved."})
        assert hidden["shown_at"] is None
        assert "No water" not in (await reader.get("/heard")).text
    acts = [(one["act"], one["why"]) for one in await comms.get(f"/issues/{id_}/trail")]
    assert acts[:2] == [("hide", "Solved."), ("show", None)], "shown once, hidden once"


async def test_an_issue_merged_into_one_that_is_not_shown_is_heard_no_more(
    installation: Installation,
) -> None:
    here, zone = installation, installation.settings.zone
    async with here.database.write() as session:
        one = await spoken_of(session, here, 12, name="Shown")
        other = await spoken_of(session, here, 12, name="Silent", shown=False)
        moderator = await town.official(session, role="moderator")
        await issues.merge(session, here.vault, here.settings, one, other, by=moderator)
    async with here.database.read() as session:
        assert await queries.heard(session, 10, zone) == []
        assert await queries.one(session, one, 10, zone) is None


async def test_where_an_address_is_shared_its_chart_is_a_picture_of_crowds(
    client: AsyncClient, installation: Installation
) -> None:
    async with installation.database.write() as session:
        many = await spoken_of(session, installation, 14, name=f"No water {EVIL}")
        few = await spoken_of(session, installation, 9, name="A quarrel of nine")
        await crowded(session, many)
    page = (await client.get(f"/heard/{many}?lang=en")).text
    (address,) = re.findall(r'og:image" content="[^"]*(/heard/[^"]+)"', page)
    found = await client.get(address)
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    assert found.content.startswith(b"\x89PNG")
    assert "set-cookie" not in found.headers
    again = await client.get(address, headers={"if-none-match": found.headers["etag"]})
    assert again.status_code == 304
    assert (await client.get(f"/heard/{few}/chart.png")).status_code == 404
