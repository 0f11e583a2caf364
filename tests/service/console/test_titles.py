"""What a new answer is called: never by itself in a citizen's words."""

from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient

from service.answers import actions
from service.answers.models import Draft
from service.database import now
from service.installation import Installation
from service.issues import actions as issues
from tests.journeys.colleague import hire
from tests.service.answers.desk import pair
from tests.service.issues import town
from tests.service.staff.desk_browser import logged_in

CITIZEN = "my mother Ana has no water since Monday"


async def test_an_answer_begun_on_a_machines_name_waits_for_a_title(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        issue, _, _ = await town.asked(session, installation.vault, 2, name=CITIZEN)
    comms = await hire(client, installation, "comms")
    begun = await comms.post("/answers", {"issue_id": issue, "lang": "en", "text": "Soon."})
    assert begun["title"] == ""
    path = f"/answers/{begun['id']}"
    assert await comms.refused(f"{path}/submit") == "answer_no_title"
    async with logged_in(app, installation, "moderator") as browser:
        page = (await browser.get(f"/console{path}")).text
        title = page.split('<input id="title"', 1)[1].split(">", 1)[0]
        assert begun["question"] is None, "nobody of staff has worded it"
        assert 'placeholder=""' not in title, "what the machine calls the issue helps to"
        assert "autofocus" in title
        assert "/submit" not in page, "no button that would be refused"
        for where in ("/console/answers", f"/console/issues/{issue}", "/console"):
            assert "Answer without a title yet" in (await browser.get(where)).text, where
    await comms.change(path, {"title": "Water in the north"})
    assert (await comms.post(f"{path}/submit"))["title"] == "Water in the north"
    async with logged_in(app, installation, "comms") as browser:
        assert "autofocus" not in (await browser.get(f"/console{path}")).text


async def test_staffs_name_of_the_issue_is_a_title(
    client: AsyncClient, installation: Installation
) -> None:
    comms = await hire(client, installation, "comms")
    async with installation.database.write() as session:
        issue, _, _ = await town.asked(session, installation.vault, 2, name=CITIZEN)
    await comms.post(f"/issues/{issue}/rename", {"name": "Water in the north"})
    begun = await comms.post("/answers", {"issue_id": issue, "lang": "en", "text": "Soon."})
    assert begun["title"] == "Water in the north"


async def test_a_draft_of_an_earlier_answer_brings_its_title(installation: Installation) -> None:
    async with installation.database.write() as session:
        author, _ = await pair(session)
        issue, _, _ = await town.asked(session, installation.vault, 2, name=CITIZEN)
        before = await actions.begin(
            session, issue, by=author, lang="en", title="Water on Tuesdays", text="On Tuesday."
        )
        sentences: list[dict[str, Any]] = [
            {"text": "See the plan.", "title": "Plan › Water"},
            {"text": "On Tuesday.", "title": "Water on Tuesdays", "answer_id": before.id},
        ]
        draft = Draft(
            issue_id=issue, origin="passages", supported=True, lang="en", sentences=sentences,
            created_at=now(),
        )  # fmt: skip
        session.add(draft)
        await session.flush()
        made = await actions.begin(
            session, issue, by=author, lang="en", title=" ", text="", draft=draft
        )
        assert made.title == "Water on Tuesdays"
        draft.sentences = sentences[:1]
        bare = await actions.begin(
            session, issue, by=author, lang="en", title="", text="", draft=draft
        )
        assert bare.title == ""
        await issues.rename(session, issue, "Water", by=author)
        named = await actions.begin(
            session, issue, by=author, lang="en", title="", text="", draft=draft
        )
        assert named.title == "Water"
