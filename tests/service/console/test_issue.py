"""One issue's page: voices, campaigns, pages of messages, notes, split and undo."""

import re
from typing import Any

from httpx2 import AsyncClient

from service.answers import actions as answers
from service.answers.models import Draft
from service.installation import Installation
from service.issues import actions as issues
from service.issues.labelling import actions as labelling
from tests.conftest import serving
from tests.service.console.test_forms import sent
from tests.service.issues import town
from tests.service.staff.desk_browser import logged_in


async def crowd(here: Installation, many: int) -> tuple[int, list[int]]:
    """An issue of which many speak, each in other words but for a campaign of four."""
    async with here.database.write() as session:
        water = await town.body(session, "water")
        people = [await town.person(session) for _ in range(many)]
        texts = ["sign against the pump!" if n < 4 else f"voice {n}." for n in range(many)]
        said = [
            await town.contribution(session, here.vault, who, text)
            for who, text in zip(people, texts, strict=True)
        ]
        issue = await town.issue(session, said, [p for p, _ in people], department_id=water)
    return issue, said


async def test_all_messages_are_paged_and_a_campaign_is_folded(installation: Installation) -> None:
    issue, _ = await crowd(installation, 40)
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "comms") as browser,
    ):
        first, second = await texts(browser, issue, ""), await texts(browser, issue, "?at=2")
        every = await texts(browser, issue, "?every=true&at=2")
    assert (len(first), len(second)) == (25, 12), "37 different texts"
    assert not set(first) & set(second)
    assert {f"voice {n}." for n in range(4, 40)} < set(first) | set(second)
    assert (len(every), every.count("sign against the pump!")) == (15, 4)


async def texts(browser: AsyncClient, issue: int, query: str) -> list[str]:
    """The messages that a page of an issue lists."""
    page = (await browser.get(f"/console/issues/{issue}{query}")).text
    listed = page.split('id="all"', 1)[1]
    return re.findall(r'class="pre" lang="en">([^<]+)</p>\s*<p class="meta"><input', listed)


async def test_drafts_show_whatever_they_rest_on(installation: Installation) -> None:
    issue, _ = await crowd(installation, 2)
    sentences: list[dict[str, Any]] = [
        {"text": "Boil it.", "title": "Rules › Water", "passage_id": 1},
        {"text": "Call the desk.", "title": "Leaks", "answer_id": 2},
        {"text": "What we can say already: …"},
    ]
    rows = [
        Draft(
            issue_id=issue, origin="passages" if "title" in one else "structure",
            supported="title" in one, lang="en", sentences=[one], created_at=town.START,
        )
        for one in sentences
    ]  # fmt: skip
    async with installation.database.write() as session:
        await answers.keep_drafts(session, issue, rows)
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "comms") as browser,
    ):
        page = await browser.get(f"/console/issues/{issue}")
    assert page.status_code == 200
    assert all(one["text"] in page.text for one in sentences)
    assert 'href="/console/passages/1" title="Rules › Water">[Water]</a>' in page.text
    assert 'href="/console/answers/2">[Leaks]</a>' in page.text
    assert "Draft with sources · English" in page.text


async def test_why_staff_were_told_stands_on_the_issue_and_on_the_trail(
    installation: Installation,
) -> None:
    issue, _ = await crowd(installation, 5)
    grown, _ = await crowd(installation, 4)
    why: dict[str, Any] = {"people": 5, "days": 23.34, "alike": 0.55, "issues": [66]}
    async with installation.database.write() as session:
        told = {issue: why, grown: {"growth": 3.4}}
        await labelling.grow_many(session, dict.fromkeys(told, (0.0, True)), told)
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "admin") as browser,
    ):
        places = [f"issues/{issue}", f"issues/{grown}", "trail"]
        pages = [(await browser.get(f"/console/{one}?lang=pt")).text for one in places]
    said = "5 pessoas em 23 dias, 55% parecidas entre si · também no assunto 66"
    assert [page.count(said) for page in pages] == [2, 0, 1], "above, and on the trail"
    more = "mais pessoas em um dia do que os sete dias antes explicam"
    assert [page.count(more) for page in pages] == [0, 2, 1]


async def test_what_staff_were_told_of_before_a_merge_stands_on_the_survivor(
    installation: Installation,
) -> None:
    issue, _ = await crowd(installation, 3)
    gone, _ = await crowd(installation, 2)
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "moderator") as browser,
    ):
        async with installation.database.write() as session:
            both = dict.fromkeys((issue, gone), (0.0, True))
            await labelling.grow_many(session, both, {})
        assert (await browser.get(f"/console/issues/{issue}")).status_code == 200
        async with installation.database.write() as session:
            why = {"people": 3, "days": 1.2, "alike": 0.7}
            await labelling.grow_many(session, {}, {gone: why})
        await sent(browser, "/console/merge", issue=str(gone), into=str(issue))
        page = (await browser.get(f"/console/issues/{issue}")).text
    assert "3 people within 1 day, 70% alike" in page


async def test_marked_messages_are_split_off_and_put_back(installation: Installation) -> None:
    issue, said = await crowd(installation, 6)
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "moderator") as browser,
    ):
        form = {"contribution": [str(said[4]), str(said[5])], "name": "Another pump"}
        answer = await browser.post(f"/console/issues/{issue}/split", data=form)
        page = await browser.get(answer.headers["location"])
        assert "Another pump" in page.text
        undo = re.search(r'action="(/console/moves/[0-9a-f]+/undo)"', page.text)
        assert undo is not None, page.text
        assert await sent(browser, undo.group(1)) == f"/console/issues/{issue}"
        assert len(await texts(browser, issue, "?every=true")) == 6
        nothing = {"contribution": [str(id_) for id_ in said]}
        told = await browser.post(
            f"/console/issues/{issue}/split",
            data=nothing,
            headers={"referer": f"http://testserver/console/issues/{issue}"},
        )
    assert told.status_code == 409
    assert f'href="/console/issues/{issue}"' in told.text, "the way back to the form"


async def test_nothing_marked_is_said_in_words(installation: Installation) -> None:
    issue, _ = await crowd(installation, 3)
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "moderator") as browser,
    ):
        for act in ("split", "move"):
            form = {"name": "", "to": str(issue)}
            told = await browser.post(f"/console/issues/{issue}/{act}?lang=pt", data=form)
            assert "Escolha mensagens que estejam neste assunto." in told.text, act


async def test_what_is_put_back_into_a_merged_issue_is_shown_where_it_is_now(
    installation: Installation,
) -> None:
    issue, said = await crowd(installation, 3)
    other, _ = await crowd(installation, 2)
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "moderator") as browser,
    ):
        await sent(browser, "/console/merge", issue=str(issue), into=str(other))
        split = await browser.post(
            f"/console/issues/{other}/split", data={"contribution": [str(said[0])], "name": "One"}
        )
        page = (await browser.get(split.headers["location"])).text
        undo = re.search(r'action="(/console/moves/[0-9a-f]+/undo)"', page)
        assert undo is not None
        assert await sent(browser, undo.group(1)) == f"/console/issues/{other}"


async def test_marked_messages_are_moved_to_another_issue_and_back(
    installation: Installation,
) -> None:
    issue, said = await crowd(installation, 6)
    async with installation.database.write() as session:
        other, _, foreign = await town.asked(session, installation.vault, 2, name="dark street")
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "moderator") as browser,
    ):
        form = {"contribution": [str(said[5])], "to": str(other)}
        answer = await browser.post(f"/console/issues/{issue}/move", data=form)
        assert answer.headers["location"] == f"/console/issues/{other}"
        assert "voice 5." in await texts(browser, other, "?every=true")
        page = (await browser.get(f"/console/issues/{other}")).text
        assert "voice 5." not in await texts(browser, issue, "?every=true")
        form = {"contribution": [str(foreign[0])], "to": str(other)}
        assert (await browser.post(f"/console/issues/{issue}/move", data=form)).status_code == 404
        undo = re.search(r"/console/moves/[0-9a-f]+/undo", answer.headers["set-cookie"])
        assert undo is not None, page
        assert f'action="{undo.group()}"' in page.split('id="trail"', 1)[1]
        await sent(browser, undo.group())
        assert "voice 5." in await texts(browser, issue, "?every=true")
        page = (await browser.get(f"/console/issues/{other}")).text
        assert undo.group() not in page.split('id="trail"', 1)[1], "it is undone already"


async def test_a_move_is_put_back_by_who_sees_both_sides_and_others_read_why_not(
    installation: Installation,
) -> None:
    issue, said = await crowd(installation, 6)
    async with installation.database.write() as session:
        light = await town.body(session, "light")
        other, _, _ = await town.asked(session, installation.vault, 2, department_id=light)
        batch = await issues.move(session, said[5:], other, by=issues.Machine())
    why, undo = "One side of this is with another department", f"/console/moves/{batch}/undo"
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "official", "water") as water,
        logged_in(app, installation, "official", "light") as lamp,
        logged_in(app, installation, "official", "light", "water") as both,
        logged_in(app, installation, "auditor") as auditor,
    ):
        for browser, where, can in (
            (water, issue, False), (lamp, other, False), (both, issue, True), (both, other, True),
        ):  # fmt: skip
            told = await trail(browser, where)
            assert (undo in told, why in told) == (can, not can)
            assert (await water.post(undo)).status_code == 404
        told = await trail(auditor, issue)
        assert (undo in told, why in told) == (False, False)
        await sent(both, undo)


async def test_a_move_that_was_followed_by_another_has_no_button(
    installation: Installation,
) -> None:
    issue, said = await crowd(installation, 6)
    async with installation.database.write() as session:
        other, _, _ = await town.asked(session, installation.vault, 2)
        third, _, _ = await town.asked(session, installation.vault, 2)
        first = await issues.move(session, said[4:], other, by=issues.Machine())
        second = await issues.move(session, said[5:], third, by=issues.Machine())
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "moderator") as browser,
    ):
        assert first not in await trail(browser, issue)
        told = await trail(browser, other)
        assert (first in told, second in told) == (False, True)
        assert (await browser.post(f"/console/moves/{first}/undo")).status_code == 409
        await sent(browser, f"/console/moves/{second}/undo")
        assert f"/console/moves/{first}/undo" in await trail(browser, issue)


async def trail(browser: AsyncClient, issue: int) -> str:
    """The trail on an issue's page."""
    return (await browser.get(f"/console/issues/{issue}")).text.split('id="trail"', 1)[1]


async def test_a_note_is_for_colleagues_and_its_author_takes_it_away(
    installation: Installation,
) -> None:
    issue, _ = await crowd(installation, 2)
    async with (
        serving(installation, worker=False) as app,
        logged_in(app, installation, "official", "water", name="Ana") as ana,
        logged_in(app, installation, "moderator", name="Bruno") as bruno,
    ):
        await sent(ana, f"/console/issues/{issue}/notes", text="We spoke on the phone.")
        for browser, takes in ((ana, True), (bruno, False)):
            page = (await browser.get(f"/console/issues/{issue}")).text
            assert "We spoke on the phone." in page
            assert ("/notes/1/remove" in page) == takes
        where = f"/console/issues/{issue}/notes/1/remove"
        assert (await bruno.post(where)).status_code == 403
        assert (
            await ana.post(f"/console/issues/{issue}/notes", data={"text": " "})
        ).status_code == 400
        await sent(ana, where)
        assert "We spoke on the phone." not in (await ana.get(f"/console/issues/{issue}")).text
