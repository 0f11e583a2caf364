"""The screens of rounds: planning, naming questions, setting aside, extending, ending."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from service.database import now
from service.installation import Installation
from service.rounds import queries
from service.rounds.models import Round
from tests.service.issues import town
from tests.service.rounds import polls
from tests.service.staff.desk_browser import logged_in

FORM = {
    "lang": "en", "title_en": "Questions of May", "text_en": "Ask.", "title_pt": "Perguntas",
    "text_pt": "", "title_es": "", "text_es": "", "answer_days": "10", "per_theme": "0",
    "counts_shown": "live",
}  # fmt: skip


def day(ahead: int) -> str:
    """A day from now, as a date field has it."""
    return (now() + timedelta(days=ahead)).date().isoformat()


async def the_round(here: Installation) -> queries.Told:
    """The only round there is."""
    async with here.database.read() as session:
        (found,) = await queries.page(session)
    return found


async def test_comms_plan_name_extend_and_end_a_round(
    app: FastAPI, installation: Installation
) -> None:
    here = installation
    async with logged_in(app, here, "comms") as browser:
        page = await browser.post("/console/rounds", data={**FORM, "closes_on": day(30)})
        assert page.status_code == 303
        told = await the_round(here)
        where = f"/console/rounds/{told.round.id}"
        assert page.headers["location"] == where
        assert told.round.state == "open"
        assert set(told.texts) == {"en", "pt"}
        assert (told.round.closes_at.astimezone(here.settings.zone)).strftime("%H:%M") == "23:59"
        async with here.database.write() as session:
            held = await session.get_one(Round, told.round.id)
            issue = await polls.question(session, here, held, 2, name="words of Ana", named=False)
            other = await polls.question(session, here, held, 1, name="Buses at night")
        assert "words of Ana" in (await browser.get(where)).text
        named = await browser.post(f"{where}/questions/{issue}/name", data={"name": "Hospital"})
        assert named.headers["location"] == f"{where}#q{issue}"
        assert "Hospital" in (await browser.get(f"/rounds/{told.round.id}")).text
        empty = await browser.post(f"{where}/questions/{issue}/name", data={"name": " "})
        assert empty.status_code == 400
        await browser.post(f"{where}/questions/{other}/aside", data={"reason": "Private."})
        flash = (await browser.get(where)).text
        assert f'action="{where}/questions/{other}/in"' in flash, "taken back with one press"
        assert "Private." in flash
        await browser.post(f"{where}/questions/{other}/in")
        longer = {"until": day(40), "reason": "The floods."}
        await browser.post(f"{where}/extend", data=longer)
        refused = await browser.post(where, data={**FORM, "title_en": "Of June"})
        assert refused.status_code == 409, "its rules stay as they were"
        said = {"title_en": "Of June", "text_en": "", "counts_shown": "after"}
        await browser.post(where, data=said)
        await browser.post(f"{where}/end", data={"reason": "Elections."})
        told = await the_round(here)
        assert (told.round.state, told.round.counts_shown) == ("due", "after")
        assert told.title("en") == "Of June"
        text = (await browser.get(where)).text
        assert "Close without an answer" in text
        assert "answer due by" in text
        for path in ("/console", "/console/rounds"):
            assert f'href="/console/issues/{issue}"' in (await browser.get(path)).text, path
        public = (await browser.get(f"/rounds/{told.round.id}")).text
        assert "The floods." in public
        assert "Elections." in public


@pytest.mark.parametrize(
    ("more", "status"),
    [({}, 400), ({"closes_on": "2020-01-01"}, 400), ({"closes_on": day(9), "title_en": " "}, 400),
     ({"closes_on": day(9), "answer_days": "0"}, 422), ({"closes_on": "soon"}, 422),
     ({"closes_on": day(9), "lang": "fr"}, 422)],
)  # fmt: skip
async def test_a_form_that_makes_no_round_is_refused(
    app: FastAPI, installation: Installation, more: dict[str, str], status: int
) -> None:
    async with logged_in(app, installation, "comms") as browser:
        page = await browser.post("/console/rounds", data={**FORM, **more})
        assert page.status_code == status
    async with installation.database.read() as session:
        assert (await session.scalars(select(Round))).all() == []


async def test_officials_read_and_do_not_run_rounds(
    app: FastAPI, installation: Installation
) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        roads = await town.body(session, "roads")
        told = await polls.opened(session, by=comms, opens_at=now() + timedelta(days=2))
        other = await polls.opened(session, by=comms)
        await polls.question(session, here, other, 2, name="A secret", named=False)
        await polls.question(session, here, other, 1, name="Of roads", named=False, body=roads)
    async with logged_in(app, here, "official", "water") as browser:
        text = (await browser.get(f"/console/rounds/{told.id}")).text
        assert "<form" not in text.partition("<main")[2]
        assert "A secret" in (await browser.get(f"/console/rounds/{other.id}")).text
        assert "Of roads" not in (await browser.get(f"/console/rounds/{other.id}")).text
        for path in (f"/console/rounds/{told.id}/begin", f"/console/rounds/{told.id}"):
            assert (await browser.post(path, data=FORM)).status_code == 403
        assert (await browser.get("/console/rounds/99")).status_code == 404
    async with logged_in(app, here, "comms") as browser:
        form = {**FORM, "opens_on": day(5), "closes_on": day(50), "per_theme": "3"}
        await browser.post(f"/console/rounds/{told.id}", data=form)
        await browser.post(f"/console/rounds/{told.id}/begin")
    async with here.database.read() as session:
        begun = await session.get_one(Round, told.id)
    assert (begun.state, begun.per_theme) == ("open", 3)
