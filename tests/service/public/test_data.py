"""Open data: everything published and nothing else, in both forms, under its licence."""

import csv
import io
import json

import pytest
from fastapi import FastAPI

from service.answers.measures import actions as measures
from service.installation import Installation
from service.public import data
from tests.service.issues import town
from tests.service.public.printing import published, spoken_of
from tests.service.staff.desk_browser import blank


@pytest.mark.parametrize("part", [1, 500])
async def test_what_is_published_is_in_both_forms(
    app: FastAPI, installation: Installation, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(data, "PART", part)
    async with installation.database.write() as session:
        body = await town.body(session, "water")
        issue = await spoken_of(session, installation, 14, name="=No water", body=body)
        made = await published(
            session, installation, issue, title="+1 pump", more={"pt": "A água voltou."}
        )
        other = await spoken_of(session, installation, 3, shown=False)
        await published(session, installation, other, title="Roads")
        who = await town.official(session)
        await measures.add_measure(session, made.id, by=who, text="@pump", due_on=None)
        draft = await town.asked(session, installation.vault, 2, name="draft")
        assert draft
    async with blank(app) as reader:
        told = {}
        for what, names in data.FIELDS.items():
            response = await reader.get(f"/data/{what}.json")
            assert response.headers["link"].endswith('rel="license"')
            whole = json.loads(response.text)
            assert whole["licence"] == "CC-BY-4.0"
            assert whole["fewest_people_counted"] == 10
            cells = (await reader.get(f"/data/{what}.csv")).text
            lines = list(csv.DictReader(io.StringIO(cells)))
            assert [tuple(row) for row in whole["items"]] == [names] * len(lines), what
            told[what] = (whole["items"], lines)
    rows, lines = told["answers"]
    assert [(one["title"], one["lang"], one["people"]) for one in rows] == [
        ("+1 pump", "en", 10), ("+1 pump", "pt", 10), ("Roads", "en", None),
    ]  # fmt: skip
    assert (lines[0]["title"], lines[0]["question"]) == ("'+1 pump", "'=No water")
    assert told["measures"][1][0]["text"] == "'@pump"
    assert told["measures"][0][0]["answer_id"] == made.id
    assert [(one["name"], one["people"]) for one in told["heard"][0]] == [("=No water", 10)]


async def test_an_empty_place_gives_empty_files(app: FastAPI) -> None:
    async with blank(app) as reader:
        assert (await reader.get("/data/heard.json")).json()["items"] == []
        names = ",".join(data.FIELDS["heard"])
        assert (await reader.get("/data/heard.csv")).text.strip() == names
        assert (await reader.get("/data/secrets.json")).status_code == 404


async def test_the_page_names_every_file_field_and_the_licence(app: FastAPI) -> None:
    async with blank(app) as reader:
        for lang in ("pt", "es", "en"):
            text = (await reader.get("/data", headers={"accept-language": lang})).text
            assert "https://spdx.org/licenses/CC-BY-4.0.html" in text
            for what, names in data.FIELDS.items():
                assert f"/data/{what}.csv" in text
                assert all(f"<code>{name}</code>" in text for name in names)


def test_a_licence_that_spdx_does_not_know_has_no_address() -> None:
    assert data.licence("Licença do Estado") is None
    assert data.licence("ODbL-1.0") == "https://spdx.org/licenses/ODbL-1.0.html"


async def test_programs_search_as_the_page_does(app: FastAPI, installation: Installation) -> None:
    async with installation.database.write() as session:
        issue = await spoken_of(session, installation, 3, shown=False)
        made = await published(
            session, installation, issue, title="Bridge", text="It reopens in April.",
            more={"pt": "Reabre em abril."},
        )  # fmt: skip
    async with blank(app) as reader:
        reader.headers["accept-language"] = "pt"
        for params, ids in (({}, [made.id]), ({"in": "es"}, []), ({"year": "1999"}, [])):
            told = (await reader.get("/data/search.json", params=params)).json()
            assert [one["id"] for one in told["items"]] == ids, params
            assert told["total"] == len(ids)
        told = (await reader.get("/data/search.json", params={"in": "en"})).json()
        assert (told["items"][0]["lang"], told["items"][0]["text"]) == ("pt", "Reabre em abril.")
