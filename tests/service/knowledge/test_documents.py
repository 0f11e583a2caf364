"""Documents come, change and go; passages that are cited stay; everything over HTTP too."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from nlp.embed import FloatArray, Space
from nlp.index import ExactIndex
from service.bell import Bell
from service.database import Database
from service.errors import GabineteError
from service.installation import Installation
from service.knowledge import queries, tasks
from service.knowledge.actions import UnknownDocument, withdraw
from service.knowledge.api import router
from service.knowledge.reading import UnreadableDocument
from service.knowledge.tasks import Taken
from service.retrieval.retriever import Retriever
from service.staff.access import Staffer, asking
from service.trail import queries as trail
from tests.service.issues import town

GUIDE = "# Water\n\nCall the crew.\n\n# Meter\n\nRead the black digits.\n"


async def encode(texts: Sequence[str]) -> FloatArray:
    """The tiny encoder."""
    return town.EMBEDDER.encode(texts)


async def take(here: Installation, data: str, name: str = "guide.md", **more: Any) -> Taken:
    """Import a file."""
    return await tasks.take(
        here, encode, town.EMBEDDER.name, data.encode(), name, actor="staff:1", **more
    )


@pytest.fixture
async def retriever() -> AsyncIterator[Retriever]:
    space = Space.shipped(town.EMBEDDER)
    made = Retriever(town.EMBEDDER, space, ExactIndex())
    yield made
    made.close()


async def found(here: Installation, retriever: Retriever, question: str) -> list[str]:
    """Texts of passages that bear on a question, best first."""
    async with here.database.read() as session:
        await retriever.refresh(session)
        vectors = await retriever.encode([question])
        hits = retriever.find("passage", [question], ["en"], vectors, 5)[0]
        held = await queries.cited(session, [hit.id for hit in hits])
    return [held[hit.id].text for hit in hits]


async def test_the_same_file_twice_changes_nothing(installation: Installation) -> None:
    first, second = await take(installation, GUIDE), await take(installation, GUIDE)
    assert (first.added, first.changed, first.unchanged) == (1, 0, 0)
    assert (second.added, second.changed, second.unchanged) == (0, 0, 1)
    assert first.ids == second.ids


async def test_a_changed_file_replaces_what_changed_and_nothing_else(
    installation: Installation, retriever: Retriever
) -> None:
    (id_,) = (await take(installation, GUIDE)).ids
    async with installation.database.read() as session:
        before, _ = await queries.passages(session, id_, limit=9, offset=0)
    changed = GUIDE.replace("Call the crew.", "Write to the crew.")
    assert (await take(installation, changed)).changed == 1
    async with installation.database.read() as session:
        after, total = await queries.passages(session, id_, limit=9, offset=0)
        cited = await queries.cited(session, [before[0].id])
    assert [one.text for one in after] == ["Write to the crew.", "Read the black digits."]
    assert total == 2
    assert after[1].id == before[1].id
    assert (cited[before[0].id].text, cited[before[0].id].current) == ("Call the crew.", False)
    assert "Call the crew." not in await found(installation, retriever, "call the crew")


async def test_what_left_a_document_comes_back_as_the_same_passage(
    installation: Installation,
) -> None:
    (id_,) = (await take(installation, GUIDE)).ids
    async with installation.database.read() as session:
        before, _ = await queries.passages(session, id_, limit=9, offset=0)
    await take(installation, "# Other\n\nNothing of it.\n")
    await take(installation, GUIDE)
    async with installation.database.read() as session:
        after, _ = await queries.passages(session, id_, limit=9, offset=0)
    assert [one.id for one in after] == [one.id for one in before]


async def test_a_withdrawn_document_is_found_no_more_and_can_come_back(
    installation: Installation, database: Database, retriever: Retriever
) -> None:
    (id_,) = (await take(installation, GUIDE)).ids
    assert "Call the crew." in await found(installation, retriever, "call the crew")
    async with database.write() as session:
        await withdraw(session, id_, actor="staff:1")
        with pytest.raises(UnknownDocument):
            await withdraw(session, id_, actor="staff:1")
    assert await found(installation, retriever, "call the crew") == []
    async with database.read() as session:
        assert await queries.page(session, words=None, limit=9, offset=0) == ([], 0)
    again = await take(installation, GUIDE)
    assert (again.ids, again.added) == ([id_], 1)
    assert "Call the crew." in await found(installation, retriever, "call the crew")
    async with database.read() as session:
        acts = [one.act for one in await trail.of(session, "document", id_)]
    assert acts == ["add", "withdraw", "add"]


async def test_a_row_of_an_unknown_department_is_left_out(installation: Installation) -> None:
    async with installation.database.write() as session:
        await town.body(session, "water")
    rows = (
        '{"id": "1", "text": "A água volta na terça.", "department": "water"}\n'
        '{"id": "2", "text": "Nobody.", "department": "moon"}\n'
    )
    taken = await take(installation, rows, "rows.jsonl")
    assert (taken.added, [(one.line, one.reason) for one in taken.rejected]) == (
        1,
        [(2, "department: there is no moon")],
    )
    async with installation.database.read() as session:
        ((document, passages),), _ = await queries.page(session, words=None, limit=9, offset=0)
    assert (document.lang, passages) == ("pt", 1)
    with pytest.raises(UnreadableDocument, match="no department moon"):
        await take(installation, GUIDE, department="moon")


@pytest.fixture
async def browser(
    installation: Installation, retriever: Retriever
) -> AsyncIterator[tuple[httpx2.AsyncClient, dict[str, str]]]:
    """A client, and the role it has (to be changed)."""
    role = {"is": "comms"}
    app = FastAPI()
    app.state.bell = Bell()
    app.state.installation, app.state.retriever, app.state.running = (
        installation,
        retriever,
        Ready(),
    )
    app.include_router(router)

    @app.exception_handler(GabineteError)
    async def refused(request: Request, error: GabineteError) -> JSONResponse:
        return JSONResponse({"error": error.code, "message": error.message}, error.status)

    def who() -> Staffer:
        return Staffer(1, "Ana", "a@porto.example", frozenset([role["is"]]), frozenset(), "en")

    app.dependency_overrides[asking] = who
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://porto.example") as client:
        yield client, role


class Ready:
    """An encoder that is loaded."""

    async def loaded(self) -> None:
        """At once."""


async def test_documents_over_http(
    browser: tuple[httpx2.AsyncClient, dict[str, str]],
) -> None:
    client, role = browser
    upload = {"file": ("../../guide.md", GUIDE.encode())}
    role["is"] = "official"
    assert (await client.post("/documents", files=upload)).status_code == 403
    role["is"] = "comms"
    made = await client.post(
        "/documents", files=upload, data={"lang": "en", "url": "https://a.example/g"}
    )
    assert made.status_code == 201
    (id_,) = made.json()["ids"]
    listed = (await client.get("/documents", params={"q": "WAT"})).json()
    assert listed["total"] == 1
    assert listed["items"][0] | {"imported_at": ""} == {
        "id": id_, "source": "guide.md", "title": "Water", "url": "https://a.example/g",
        "lang": "en", "department_id": None, "passages": 2, "imported_at": "",
    }  # fmt: skip
    passages = (await client.get(f"/documents/{id_}/passages")).json()
    assert [one["heading"] for one in passages["items"]] == ["Water", "Meter"]
    hits = (await client.get("/knowledge/search", params={"q": "who are the crew"})).json()
    assert hits[0]["text"] == "Call the crew."
    assert (await client.delete(f"/documents/{id_}")).status_code == 204
    assert (await client.get(f"/documents/{id_}")).json()["error"] == "unknown_document"
    assert (await client.get(f"/documents/{id_}/passages")).status_code == 404
    opened = (await client.get(f"/passages/{hits[0]['id']}")).json()
    assert (opened["text"], opened["current"]) == ("Call the crew.", False)
    assert (await client.get("/passages/999")).json()["error"] == "unknown_passage"


async def test_a_hostile_upload_is_answered_with_a_sentence(
    browser: tuple[httpx2.AsyncClient, dict[str, str]],
) -> None:
    client, _ = browser
    refused = await client.post("/documents", files={"file": ("evil.pdf", b"%PDF-1.7 junk")})
    assert refused.status_code == 400
    assert refused.json()["error"] == "unreadable_document"
    assert "evil.pdf" in refused.json()["message"]
    assert (await client.post("/documents", files={"other": b"x"})).status_code == 422
