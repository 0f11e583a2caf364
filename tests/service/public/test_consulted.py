"""What consultations give to programs: open data, and an entry of the feed when results land."""

import csv
import io

from fastapi import FastAPI

from service.consultations import actions
from service.consultations.proposals.screening import actions as screening
from service.installation import Installation
from tests.service.public import plebiscite
from tests.service.public.test_feed import ATOM, read
from tests.service.staff.desk_browser import blank


async def test_consultations_and_proposals_are_open_data_and_scores_once_they_are_shown(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation, shortlist_size=2)
        await plebiscite.cast(session, poll, 6)
        await screening.reply(session, installation, poll.proposals[0], "Yes.", by=poll.by)
    async with blank(app) as reader:
        early = (await reader.get("/data/proposals.json")).json()["items"]
        assert [one["score"] for one in early] == [None] * 4
        assert (early[0]["origin"], early[0]["reply"]) == ("staff", "Yes.")
        await plebiscite.ended(installation, poll)
        told = (await reader.get("/data/proposals.json")).json()
        assert told["licence"] == installation.settings.open_data_licence
        items = {one["id"]: one for one in told["items"]}
        first, last = items[poll.proposals[0]], items[poll.proposals[3]]
        assert (first["rank"], last["rank"]) == (1, 4)
        assert first["low"] < first["score"] < first["high"]
        assert (first["shortlisted"], last["shortlisted"]) == (True, False)
        rows = list(csv.DictReader(io.StringIO((await reader.get("/data/consultations.csv")).text)))
        assert [(row["state"], row["votes"], row["voters"]) for row in rows] == [
            ("shortlisted", "36", "6")
        ]
        page = (await reader.get("/data")).text
        for what in ("consultations", "proposals"):
            assert f"/data/{what}.json" in page


async def test_drafted_ones_are_nobodys_data(app: FastAPI, installation: Installation) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.proposed(session, installation)
        row = await actions.find(session, poll.id)
        row.state, row.ready_at = "drafted", None
    async with blank(app) as reader:
        for what in ("consultations", "proposals"):
            assert (await reader.get(f"/data/{what}.json")).json()["items"] == []


async def test_the_feed_tells_when_results_land(app: FastAPI, installation: Installation) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation)
        await plebiscite.cast(session, poll, 2)
    async with blank(app) as reader:
        path = "/answers/feed.atom"
        assert list(read((await reader.get(path)).text).iter(f"{ATOM}entry")) == []
        await plebiscite.ended(installation, poll)
        feed = read((await reader.get(path, headers={"accept-language": "pt"})).text)
        (entry,) = feed.iter(f"{ATOM}entry")
        assert entry.findtext(f"{ATOM}title") == "Resultado: Health"
        assert (entry.findtext(f"{ATOM}id") or "").endswith(f"/consultations/{poll.id}/results")
        assert feed.findtext(f"{ATOM}updated") == entry.findtext(f"{ATOM}updated")


async def test_the_first_page_says_what_is_asked_now(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        poll = await plebiscite.voted_on(session, installation)
    async with blank(app) as reader:
        assert f'href="/consultations/{poll.id}">Vote<' in (await reader.get("/")).text
        await plebiscite.ended(installation, poll)
        assert f'href="/consultations/{poll.id}"' not in (await reader.get("/")).text
