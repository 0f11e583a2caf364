"""The comms team shows an issue to the public and hides it: what will be read is said before."""

from fastapi import FastAPI
from httpx2 import AsyncClient

from service.installation import Installation
from tests.journeys.colleague import hire
from tests.service.console.test_forms import sent
from tests.service.issues import town
from tests.service.public.printing import spoken_of
from tests.service.staff.desk_browser import logged_in


async def part(browser: AsyncClient, issue: int) -> str:
    """What an issue's page says of the public."""
    page = (await browser.get(f"/console/issues/{issue}")).text
    return page.split('id="public"', 1)[1].split("</section>", 1)[0]


async def test_what_will_be_read_is_said_before_an_issue_is_shown_and_it_is_hidden_again(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        id_, _, _ = await town.asked(session, installation.vault, 14, name="dirty words of Ana")
    where = f"/console/issues/{id_}"
    async with logged_in(app, installation, "comms") as comms:
        told = await part(comms, id_)
        assert "Name it first" in told
        assert "<form" not in told, "no button that would be refused"
        assert (await comms.post(f"{where}/show")).status_code == 409
        await sent(comms, f"{where}/rename", name="No water")
        told = await part(comms, id_)
        assert "It will read:" in told
        assert "10 people or more" in told
        assert (await client.get(f"/heard/{id_}")).status_code == 404
        assert await sent(comms, f"{where}/show") == where
        told = await part(comms, id_)
        assert f'href="/heard/{id_}"' in told
        assert "No water" in (await client.get(f"/heard/{id_}")).text
        await sent(comms, f"{where}/hide", why="The family asked.")
        assert (await client.get(f"/heard/{id_}")).status_code == 404
        page = (await comms.get(where)).text
        assert "The family asked." in page.split('id="trail"', 1)[1]


async def test_below_the_threshold_it_is_said_why_nothing_is_read_yet(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        few = await spoken_of(session, installation, 9, name="A quarrel", shown=False)
    async with logged_in(app, installation, "comms") as comms:
        assert "With fewer than 10 people it does not appear" in await part(comms, few)
        await sent(comms, f"/console/issues/{few}/show")
        told = await part(comms, few)
        assert "appears by itself once 10 people speak of it" in told
        assert "/hide" in told
        assert f"/heard/{few}" not in told
    assert (await client.get(f"/heard/{few}")).status_code == 404


async def test_an_official_reads_how_it_stands_and_has_no_button(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        water = await town.body(session, "water")
        many = await spoken_of(session, installation, 14, name="No bus", body=water)
    async with logged_in(app, installation, "official", "water") as official:
        told = await part(official, many)
    assert f'href="/heard/{many}"' in told
    assert "<form" not in told


async def test_programs_ask_how_an_issue_stands_before_the_public(
    client: AsyncClient, installation: Installation
) -> None:
    comms = await hire(client, installation, "comms")
    async with installation.database.write() as session:
        id_, _, _ = await town.asked(session, installation.vault, 27, name="dirty words of Ana")
        few = await spoken_of(session, installation, 9, name="A quarrel")
    for act, lacks in ((("rename", {"name": "No water"}), "show"), (("show", {}), None)):
        was = (await comms.get(f"/issues/{id_}/shown"))["lacks"]
        assert was == ("name" if lacks else "show")
        await comms.post(f"/issues/{id_}/{act[0]}", act[1])
        found = await comms.get(f"/issues/{id_}/shown")
        assert found["lacks"] == lacks
    assert (found["reads"]["name"], found["reads"]["people"], found["least"]) == (
        "No water", 20, 10,
    )  # fmt: skip
    assert (await comms.get(f"/issues/{few}/shown"))["lacks"] == "people"
