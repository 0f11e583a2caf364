"""Published answers as anybody reads them: found, narrowed, corrected, taken back; no scripts."""

import json
import re
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from nlp.search import Found
from service.answers import actions as answers
from service.answers.measures import actions as measures
from service.app import create_app
from service.installation import Installation
from service.limiting import per_minute
from service.public import searching
from service.worker import Worker
from tests.service.issues import town
from tests.service.public.printing import published, spoken_of
from tests.service.staff.desk_browser import blank

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"
LINES = re.compile(r'<h2[^>]*><a href="/answers/(\d+)"')


async def hits(reader: AsyncClient, **params: str) -> list[int]:
    """The answers of a list, in its order."""
    page = await reader.get("/answers", params=params)
    assert page.status_code == 200, page.text
    return [int(one) for one in LINES.findall(page.text)]


async def three(here: Installation) -> list[int]:
    """A school in 2024 in two languages, water in 2025, a road in 2026."""
    made = []
    async with here.database.write() as session:
        for year, key, title, text, more in (
            (
                2024,
                "school",
                "Enrolment",
                "Schools enrol in March.",
                {"pt": "Matrículas em março."},
            ),
            (2025, "water", "Reservoir", "The reservoir is being cleaned.", {}),
            (2026, "roads", "Bridge", "The bridge reopens in April.", {}),
        ):
            body = await town.body(session, key)
            issue = await spoken_of(session, here, 2, name=title, body=body, shown=False)
            at = datetime(year, 6, 1, tzinfo=UTC)
            one = await published(session, here, issue, title=title, text=text, more=more, at=at)
            made.append(one.id)
    return made


async def test_answers_are_narrowed_by_what_is_in_the_address(
    app: FastAPI, installation: Installation
) -> None:
    school, water, road = await three(installation)
    async with blank(app) as reader:
        assert await hits(reader) == [road, water, school], "newest first"
        assert await hits(reader, department="water") == [water]
        assert await hits(reader, **{"in": "pt"}) == [school]
        assert await hits(reader, year="2025") == [water]
        assert await hits(reader, year="2025", department="roads") == []
        assert await hits(reader, department="nobody's") == []
        for wrong in ({"year": "20x5"}, {"in": "<b>"}, {"at": "0"}, {"at": "2"}):
            assert (await reader.get("/answers", params=wrong)).status_code == 404, wrong


async def test_answers_are_found_by_meaning_and_words(
    app: FastAPI, installation: Installation
) -> None:
    _, water, road = await three(installation)
    worker: Worker = app.state.running.worker
    await worker.drain()
    async with blank(app) as reader:
        page = await reader.get("/answers", params={"q": "is the reservoir being cleaned?"})
        assert LINES.findall(page.text)[0] == str(water)
        assert "only the very words" not in page.text
        narrowed = await hits(reader, q="when does the bridge reopen?", department="water")
        assert road not in narrowed


async def test_words_are_searched_while_there_is_no_encoder(installation: Installation) -> None:
    school, water, _ = await three(installation)
    app = create_app(installation, worker=False)
    async with blank(app) as reader:
        page = await reader.get("/answers", params={"q": "RESERVOIR, cleaned"})
        assert LINES.findall(page.text) == [str(water)]
        assert "only the very words" in page.text
        assert await hits(reader, q="matriculas") == [school], "accents do not matter"
        assert await hits(reader, q="reservoir bridge") == [], "every word counts"
        assert await hits(reader, q="100%_") == []


async def test_an_address_that_searches_too_often_is_given_words(
    app: FastAPI, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await three(installation)
    monkeypatch.setattr(searching, "OFTEN", per_minute(1))
    async with blank(app) as reader:
        first = await reader.get("/answers", params={"q": "bridge"})
        second = await reader.get("/answers", params={"q": "bridge"})
    assert "only the very words" not in first.text
    assert "only the very words" in second.text


def test_what_is_far_from_a_question_is_no_hit() -> None:
    assert searching.near([]) == []
    assert searching.near([Found(1, 0.8), Found(2, 0.41), Found(3, 0.39)]) == [1, 2]
    assert searching.near([Found(1, 0.1)]) == []


async def test_an_answer_shows_its_promises_how_many_asked_and_what_was_corrected(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        issue = await spoken_of(session, installation, 23, name="No water in the north")
        made = await published(session, installation, issue, more={"pt": "A água voltou."})
        who, second = await town.official(session), await town.official(session, role="comms")
        await measures.add_measure(
            session,
            made.id,
            by=who,
            text="A new pump",
            due_on=datetime(2026, 5, 4, tzinfo=UTC).date(),
        )
        for reason in ("The date was wrong.", "The street was wrong."):
            await answers.correct(
                session, made.id, by=who, texts={"en": "Back on Friday."}, reason=reason
            )
            await answers.approve(session, made.id, by=second)
    async with blank(app) as reader:
        page = await reader.get(f"/answers/{made.id}")
        text = page.text
        assert "No water in the north" in text, "the question in staff's words"
        assert "20 people or more asked" in text
        assert "A new pump" in text
        assert "4 May 2026" in text
        assert text.index("The street was wrong.") < text.index("The date was wrong.")
        assert "Back on Friday." in text
        assert f'href="/heard/{issue}"' in text
        assert page.headers["cache-control"] == "public, max-age=60"
        again = await reader.get(
            f"/answers/{made.id}", headers={"if-none-match": page.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        portuguese = await reader.get(f"/answers/{made.id}", headers={"accept-language": "pt"})
        assert "A água voltou." in portuguese.text
        assert "20 pessoas ou mais perguntaram" in portuguese.text
        assert "4 de mai. de 2026" in portuguese.text


async def test_few_askers_are_not_counted_and_no_citizens_words_are_shown(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        issue, _, _ = await town.asked(
            session, installation.vault, 9, name="my neighbour Ana steals"
        )
        made = await published(session, installation, issue)
    async with blank(app) as reader:
        text = (await reader.get(f"/answers/{made.id}")).text
    assert "neighbour" not in text, "the machine's name of an issue is made of citizens' words"
    assert "asked" not in text


async def test_an_answer_taken_back_says_so_and_why(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        issue = await spoken_of(session, installation, 2, shown=False)
        made = await published(session, installation, issue, text="It was wrong.")
        comms = await town.official(session, role="comms")
        await answers.retract(session, installation, made.id, by=comms, reason=f"Old. {EVIL}")
        draft = await answers.begin(session, issue, by=comms, lang="en", title="T", text="x")
    async with blank(app) as reader:
        page = await reader.get(f"/answers/{made.id}")
        assert page.status_code == 410
        assert "Old. &lt;/script&gt;" in page.text
        assert "It was wrong." not in page.text
        assert "<script>alert" not in page.text
        assert await hits(reader) == []
        assert "<entry>" not in (await reader.get("/answers/feed.atom")).text
        assert (await reader.get(f"/answers/{draft.id}")).status_code == 404


async def test_an_answer_whose_correction_waits_shows_neither_text(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        issue = await spoken_of(session, installation, 2, shown=False)
        made = await published(session, installation, issue, text="Wrong text.")
        who = await town.official(session)
        await answers.correct(
            session, made.id, by=who, texts={"en": "Not yet approved."}, reason="r"
        )
    async with blank(app) as reader:
        page = await reader.get(f"/answers/{made.id}")
        assert page.status_code == 200
        assert "being corrected" in page.text
        assert "Wrong text." not in page.text
        assert "Not yet approved." not in page.text
        assert await hits(reader) == []


async def test_what_programs_read_of_an_answer_is_true_and_harmless(
    app: FastAPI, installation: Installation
) -> None:
    async with installation.database.write() as session:
        issue = await spoken_of(session, installation, 2, name=EVIL, shown=False)
        made = await published(session, installation, issue, title=EVIL, text=f"Yes. {EVIL}")
        made.url, made.video_url = "javascript:alert(3)", 'https://video.example/1?a="b'
        who = await town.official(session)
        await measures.add_measure(session, made.id, by=who, text=EVIL, due_on=None)
    async with blank(app) as reader:
        text = (await reader.get(f"/answers/{made.id}")).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "javascript:" not in text
        assert 'href="https://video.example/1?a=&#34;b"' in text
        (facts,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
        told = json.loads(facts)
        assert told["@type"] == "QAPage"
        assert told["mainEntity"]["acceptedAnswer"]["text"] == f"Yes. {EVIL}"
        assert (
            f'<link rel="canonical" href="{installation.settings.url}/answers/{made.id}">' in text
        )
        assert 'property="og:title" content="&lt;/script&gt;' in text
        for path in ("/", "/answers", "/answers?q=" + EVIL):
            page = (await reader.get(path)).text
            assert "<script>alert" not in page, path
            assert "<img" not in page, path
