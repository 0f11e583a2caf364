"""Consultations as everybody reads them: the clock, what was proposed, and results when shown."""

from datetime import date, timedelta

import pytest
from fastapi import FastAPI

from service.consultations import actions, queries, tasks
from service.consultations.proposals.listing import queries as listing
from service.consultations.proposals.listing.queries import Wanted
from service.consultations.proposals.models import Proposal
from service.consultations.proposals.screening import actions as screening
from service.consultations.voting import actions as voting
from service.database import now
from service.installation import Installation
from service.limiting import per_minute
from service.public import searching
from tests.conftest import serving
from tests.service.console.test_screens import counted
from tests.service.consultations import assembly
from tests.service.issues import town
from tests.service.public import plebiscite
from tests.service.public.plebiscite import Poll
from tests.service.staff.desk_browser import blank

EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def poll(installation: Installation) -> Poll:
    async with installation.database.write() as session:
        return await plebiscite.proposed(session, installation, words=EVIL)


async def test_what_was_proposed_is_read_with_whose_it_is_and_what_staff_changed(
    app: FastAPI, installation: Installation, poll: Poll
) -> None:
    seed, first, second, third = poll.proposals
    async with installation.database.write() as session:
        await plebiscite.support(session, poll, first, 12)
        mended = "Keep the health posts of every neighbourhood open until ten at night."
        await screening.edit(session, installation, first, mended, by=poll.by)
        await screening.show_together(session, second, first, by=poll.by)
        await screening.reply(session, installation, seed, "From March on, yes.", by=poll.by)
        waiting = await assembly.proposed(
            session, poll.id, await assembly.citizen(session), f"{assembly.text(90)} unread"
        )
    async with blank(app) as reader:
        page = (await reader.get(f"/consultations/{poll.id}")).text
    assert mended in page
    assert assembly.text(1) in page, "the author's own words stand beside"
    assert "10 people or more support it" in page
    assert page.index(f"proposal-{first}") < page.index(f"proposal-{second}"), "shown together"
    assert "Shown together with 1 like it" in page
    assert "by the team" in page
    assert "From March on, yes." in page
    assert f"proposal-{third}" in page
    assert waiting.text not in page
    assert EVIL not in page
    assert "start=consultation-" in page


async def test_proposals_are_searched_and_narrowed_to_a_theme(
    app: FastAPI, installation: Installation, poll: Poll
) -> None:
    async with installation.database.write() as session:
        themes = (await queries.themes_of(session, [poll.id]))[poll.id]
        await screening.put_under(session, poll.proposals[3], themes[1].id, by=poll.by)
        await screening.show_together(session, poll.proposals[2], poll.proposals[1], by=poll.by)
    where = f"/consultations/{poll.id}"
    async with blank(app) as reader:
        found = (await reader.get(f"{where}?theme={themes[1].id}")).text
        assert "1 proposal" in found
        assert f"proposal-{poll.proposals[3]}" in found
        told = (await reader.get(f"{where}?q=NUMBER+2")).text
        assert f"proposal-{poll.proposals[2]}" in told, "found with what it is shown together with"
        assert f"proposal-{poll.proposals[3]}" not in told
        assert "0 proposals" in (await reader.get(f"{where}?q=nowhere")).text
        assert (await reader.get(f"{where}?at=2")).status_code == 404


async def test_proposals_are_found_by_what_they_mean_nearest_first_and_by_words_meanwhile(
    app: FastAPI, installation: Installation, poll: Poll, monkeypatch: pytest.MonkeyPatch
) -> None:
    far, near = poll.proposals[0], poll.proposals[3]
    async with installation.database.write() as session:
        said = "Paint a bike lane along the river, so that children cycle to school safely."
        await screening.edit(session, installation, near, said, by=poll.by)
        await screening.show_together(session, near, poll.proposals[1], by=poll.by)
        alone = await assembly.proposed(
            session,
            poll.id,
            await assembly.citizen(session),
            "Safe lanes, so that children cycle to school, and lamps in the park.",
        )
        await screening.admit(session, installation, alone.id, by=poll.by)
    await tasks.encode(installation, app.state.retriever)
    where = f"/consultations/{poll.id}?q=children+cycle+to+school+safely,+how"
    async with blank(app) as reader:
        page = (await reader.get(where)).text
        assert "come first" in page
        places = [page.index(f'id="proposal-{id_}"') for id_ in (poll.proposals[1], alone.id)]
        assert places == sorted(places), "what it is shown together with stands in its place"
        assert f'id="proposal-{far}"' not in page
        assert "0 proposals" in (await reader.get(f"{where}&theme=99999")).text
        one = (await reader.get(f"/consultations/{poll.id}?q=BIKE")).text
        assert f'id="proposal-{near}"' in one, "a word alone bears on little, and is said there"
        async with installation.database.write() as session:
            await screening.refuse(
                session, installation, alone.id, reason="Said before.", by=poll.by
            )
        assert f'id="proposal-{alone.id}"' not in (await reader.get(f"{where}&x=1")).text
        monkeypatch.setattr(searching, "OFTEN", per_minute(1))
        for _ in range(2):
            page = (await reader.get(f"/consultations/{poll.id}?q=bike")).text
    assert f'id="proposal-{near}"' in page
    assert "only the very words" in page


async def test_another_day_has_another_order(installation: Installation) -> None:
    days = [date(2026, 5, day) for day in range(1, 29)]
    async with installation.database.write() as session:
        poll = await plebiscite.proposed(session, installation, count=8)
        orders = [
            [one.line.row.id for one in (await listing.page(session, poll.id, Wanted(), on=day))[0]]
            for day in days
        ]
    assert all(sorted(order) == sorted(poll.proposals) for order in orders)
    assert len({tuple(order) for order in orders}) > 20
    assert len({order[0] for order in orders}) > 4, "another one is first"
    assert (
        len({order.index(poll.proposals[0]) - order.index(poll.proposals[1]) for order in orders})
        > 4
    ), "neighbours part"


async def test_the_clock_shows_what_was_put_off_and_why(
    app: FastAPI, installation: Installation, poll: Poll
) -> None:
    async with installation.database.write() as session:
        row = await actions.find(session, poll.id)
        until = row.proposing_until + timedelta(days=3)
        reason = f"Two regions had no internet. {EVIL}"
        await actions.extend(session, poll.id, "proposing", until, by=poll.by, reason=reason)
    async with blank(app) as reader:
        page = (await reader.get(f"/consultations/{poll.id}")).text
        assert "Two regions had no internet." in page
        assert EVIL not in page
        assert "11 days left" in page
        assert "open for proposals" in (await reader.get("/consultations")).text


async def test_who_is_let_in_is_said(app: FastAPI, installation: Installation) -> None:
    async with installation.database.write() as session:
        local = await plebiscite.proposed(
            session, installation, open_to="place", place="Cedar Hill"
        )
        coded = await plebiscite.proposed(
            session, installation, open_to="code", entry_code="FEIRA-2026"
        )
    async with blank(app) as reader:
        assert (
            "lives here may take part: Cedar Hill"
            in (await reader.get(f"/consultations/{local.id}")).text
        )
        page = (await reader.get(f"/consultations/{coded.id}")).text
    assert "was given a code may take part" in page
    assert "FEIRA" not in page


async def test_a_cancelled_one_says_why(
    app: FastAPI, installation: Installation, poll: Poll
) -> None:
    async with installation.database.write() as session:
        await actions.cancel(session, poll.id, by=poll.by, reason=f"The law changed. {EVIL}")
    async with blank(app) as reader:
        page = (await reader.get(f"/consultations/{poll.id}")).text
        assert "The law changed." in page
        assert EVIL not in page
        assert "Take part in the chat" not in page
        told = (await reader.get(f"/consultations/{poll.id}/results")).text
        assert "will have no results" in told


async def test_one_that_was_cancelled_before_it_was_opened_stands_nowhere(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        plan = assembly.dates()
        row = await actions.draft(session, installation.vault, plan, by=comms)
        await actions.cancel(session, row.id, by=comms, reason="It was a draft.")
    async with blank(app) as reader:
        for path in ("/consultations", "/v1/consultations", "/data/consultations.json"):
            told = await reader.get(path)
            assert told.status_code == 200, path
            assert "It was a draft" not in told.text
        assert (await reader.get(f"/consultations/{row.id}")).status_code == 404


async def test_results_wait_for_the_end_and_show_both_countings(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation, shortlist_size=2)
        await plebiscite.cast(session, poll, 4)
    where = f"/consultations/{poll.id}/results"
    async with blank(app) as reader:
        early = await reader.get(where)
        assert "There are no results yet" in early.text
        assert where not in (await reader.get(f"/consultations/{poll.id}")).text
        await plebiscite.ended(installation, poll)
        page = (await reader.get(where)).text
        assert "24 choices by 4 people." in page
        assert page.index(f"rank-{poll.proposals[0]}") < page.index(f"rank-{poll.proposals[3]}")
        assert 'class="range"' in page
        assert 'class="range-faint"' in page
        assert "with every vote" in page
        assert "No vote looks suspicious." in page
        assert where in (await reader.get(f"/consultations/{poll.id}")).text
        empty = await reader.get(f"{where}?theme=999")
        assert empty.status_code == 404


async def test_what_staff_change_of_a_shortlist_is_read_with_its_reason(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation, shortlist_size=2)
        await plebiscite.cast(session, poll, 4)
    await plebiscite.ended(installation, poll)
    first, last = poll.proposals[0], poll.proposals[3]
    async with installation.database.write() as session:
        for id_, listed, reason in ((first, False, "Done already."), (last, True, "It asks more.")):
            await voting.adjust(session, poll.id, id_, listed=listed, reason=reason, by=poll.by)
        await screening.reply(session, installation, first, f"It is done. {EVIL}", by=poll.by)
    async with blank(app) as reader:
        page = (await reader.get(f"/consultations/{poll.id}/results")).text
    taken = page.index("Taken off the list by the team")
    assert page.index("It asks more.") < taken < page.index("Done already.")
    assert "It is done." in page
    assert EVIL not in page


async def test_no_list_asks_for_each_of_its_rows(installation: Installation) -> None:
    async def costs() -> dict[str, int]:
        found = {}
        async with blank(app) as reader:
            for path in ("", f"/{poll.id}", f"/{poll.id}/results"):
                with counted(installation.database) as sent:
                    assert (await reader.get(f"/consultations{path}")).status_code == 200
                found[path] = len(sent)
        return found

    async with serving(installation, worker=False) as app:
        async with installation.database.write() as session:
            poll = await plebiscite.voted_on(session, installation, count=2)
            await plebiscite.cast(session, poll, 2)
        await plebiscite.ended(installation, poll)
        few = await costs()
        async with installation.database.write() as session:
            await plebiscite.voted_on(session, installation, count=6)
            for number in range(6):
                session.add(_admitted(await session.get_one(Proposal, poll.proposals[0]), number))
        assert await costs() == few
    assert max(few.values()) <= 16, few


def _admitted(like: Proposal, number: int) -> Proposal:
    words = assembly.text(100 + number)
    return Proposal(
        consultation_id=like.consultation_id, theme_id=like.theme_id, themed_by="machine",
        origin="staff", lang="en", text=words, edited=words, fingerprint=words, state="admitted",
        shown_with=like.id if number < 3 else None, reply="Yes.", replied_at=now(),
        admitted_at=now(), created_at=now(),
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_pages_speak_the_readers_language(
    app: FastAPI, installation: Installation, lang: str
) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation)
        await plebiscite.cast(session, poll, 3)
    async with blank(app) as reader:
        reader.headers["accept-language"] = lang
        paths = ["", f"/{poll.id}", f"/{poll.id}/vote", f"/{poll.id}/results"]
        for path in paths:
            page = (await reader.get(f"/consultations{path}")).text
            assert f'<html lang="{lang}">' in page
            assert "{" not in page.split("<main")[1].replace("{lang}", ""), path
        await plebiscite.ended(installation, poll)
        for path in paths:
            assert f'<html lang="{lang}">' in (await reader.get(f"/consultations{path}")).text
