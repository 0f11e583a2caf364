"""Answers over HTTP: from a draft to its deliveries, and who may do what."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from nlp.embed import Space
from nlp.index import ExactIndex
from service.answers.api import router
from service.bell import Bell
from service.channels import deliveries
from service.channels.contract import Failure, SendError
from service.departments import actions as departments
from service.errors import GabineteError
from service.installation import Installation
from service.issues import actions as issues
from service.retrieval.retriever import Retriever
from service.staff.access import Staffer, asking
from tests.service.answers import desk
from tests.service.issues import town


class Ready:
    """An encoder that is loaded."""

    async def loaded(self) -> None:
        """At once."""


@dataclass
class Office:
    """A client, who uses it, and what there is."""

    client: httpx2.AsyncClient
    here: Installation
    asker: Staffer
    staff: dict[str, Staffer] = field(default_factory=dict)
    issues: dict[str, int] = field(default_factory=dict)

    async def call(self, who: str, method: str, path: str, body: object = None) -> Any:
        """Somebody's request: its status and JSON."""
        self.asker = self.staff[who]
        answer = await self.client.request(method, path, json=body)
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
async def office(installation: Installation) -> AsyncIterator[Office]:
    space = Space.shipped(town.EMBEDDER)
    retriever = Retriever(town.EMBEDDER, space, ExactIndex())
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

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://porto.example") as client:
        async with installation.database.write() as session:
            water, roads = await town.body(session, "water"), await town.body(session, "roads")
            boss = await town.official(session, role="comms")
            made = Office(client, installation, boss, {"comms": boss})
            for name, keys in (("water", ["water"]), ("roads", ["roads"]), ("nobody", [])):
                made.staff[name] = await town.official(session, *keys)
            made.staff["auditor"] = await town.official(session, role="auditor")
            for name, body in (("water", water), ("roads", roads)):
                made.issues[name], _, _ = await town.asked(
                    session, installation.vault, 2, name=name, department_id=body
                )
        app.dependency_overrides[asking] = lambda: made.asker
        yield made
    retriever.close()


def new(issue_id: int) -> dict[str, Any]:
    """An answer to begin."""
    return {"issue_id": issue_id, "lang": "en", "title": "Water", "text": "It is back on Tuesday."}


async def test_an_answer_from_first_word_to_delivery(office: Office) -> None:
    status, answer = await office.call("water", "POST", "/answers", new(office.issues["water"]))
    assert (status, answer["state"]) == (201, "drafted")
    path = f"/answers/{answer['id']}"
    assert (await office.call("water", "POST", f"{path}/submit"))[1]["state"] == "in_review"
    status, refused = await office.call("water", "POST", f"{path}/approve", {})
    assert (status, refused["error"]) == (403, "forbidden")
    status, refused = await office.call("comms", "POST", f"{path}/publish")
    assert (status, refused["error"]) == (409, "answer_not_approved")
    assert (await office.call("comms", "POST", f"{path}/approve", {}))[1]["state"] == "approved"
    status, shown = await office.call("comms", "POST", f"{path}/publish")
    assert (status, shown["state"], shown["deliveries"]) == (200, "published", {"waiting": 2})
    status, refused = await office.call("comms", "POST", f"{path}/publish")
    assert (status, refused["error"]) == (409, "answer_already_published")
    status, refused = await office.call("water", "PATCH", path, {"text": "Other."})
    assert (status, refused["error"]) == (409, "answer_already_published")


async def test_other_departments_answers_and_issues_are_not_there(office: Office) -> None:
    _, answer = await office.call("water", "POST", "/answers", new(office.issues["water"]))
    path = f"/answers/{answer['id']}"
    _, measure = await office.call("water", "POST", f"{path}/measures", {"text": "A new pump"})
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"text": "Mine now."}),
        ("POST", f"{path}/submit", None),
        ("POST", f"{path}/correct", {"texts": {"en": "x"}, "reason": "y"}),
        ("POST", f"{path}/translate", {"lang": "pt", "text": "x"}),
        ("POST", f"{path}/measures", {"text": "x"}),
        ("POST", f"/measures/{measure['id']}/move", {"state": "done"}),
        ("GET", f"{path}/deliveries", None),
        ("GET", f"/deliveries?answer_id={answer['id']}", None),
        ("POST", "/answers", new(office.issues["water"])),
        ("GET", f"/issues/{office.issues['water']}/drafts", None),
        ("POST", f"/issues/{office.issues['water']}/drafts", None),
    ):
        status, told = await office.call("roads", method, where, body)
        assert (status, told["error"]) in ((404, "unknown_answer"), (404, "unknown_issue")), where
    for who, seen in (("water", 1), ("roads", 0), ("nobody", 0), ("comms", 1), ("auditor", 1)):
        status, page = await office.call(who, "GET", "/answers")
        assert (status, page["total"], len(page["items"])) == (200, seen, seen), who
    status, _ = await office.call("auditor", "PATCH", path, {"text": "Auditors only read."})
    assert status == 403


async def test_drafts_are_composed_and_an_answer_begins_from_one(office: Office) -> None:
    issue_id = office.issues["water"]
    status, (draft,) = await office.call("water", "POST", f"/issues/{issue_id}/drafts")
    assert (status, draft["supported"], draft["origin"]) == (201, False, "structure")
    assert (await office.call("water", "GET", f"/issues/{issue_id}/drafts"))[1] == [draft]
    begun = {"issue_id": issue_id, "lang": "en", "draft_id": draft["id"]}
    status, answer = await office.call("water", "POST", "/answers", begun)
    assert status == 201
    assert answer["versions"][0]["text"].split("\n") == [one["text"] for one in draft["sentences"]]
    for draft_id, issue in ((999, "water"), (draft["id"], "roads")):
        begun = {"issue_id": office.issues[issue], "lang": "en", "draft_id": draft_id}
        status, refused = await office.call("comms", "POST", "/answers", begun)
        assert (status, refused["error"]) == (404, "unknown_draft")


async def test_a_correction_goes_out_when_somebody_else_approves_it(office: Office) -> None:
    path = await published(office)
    told = {"texts": {"en": "It is Thursday."}, "reason": "we were wrong"}
    status, answer = await office.call("water", "POST", f"{path}/correct", told)
    assert (status, answer["versions"][0]["approved_at"]) == (200, None)
    status, answer = await office.call("comms", "POST", f"{path}/approve", {})
    assert (status, answer["edition"]) == (200, 2)
    status, refused = await office.call("comms", "POST", f"{path}/approve", {"langs": ["es"]})
    assert (status, refused["error"]) == (404, "answer_no_version")


async def test_nobody_approves_a_version_they_wrote_before_another_was_published(
    office: Office,
) -> None:
    async with office.here.database.write() as session:
        office.staff["second"] = await town.official(session, role="comms")
    _, answer = await office.call("comms", "POST", "/answers", new(office.issues["water"]))
    path = f"/answers/{answer['id']}"
    await office.call("comms", "PATCH", path, {"lang": "es", "text": "Vuelve el martes."})
    await office.call("comms", "POST", f"{path}/submit")
    await office.call("second", "POST", f"{path}/approve", {"langs": ["en"]})
    assert (await office.call("comms", "POST", f"{path}/publish"))[0] == 200
    for body in ({"langs": ["es"]}, {}):
        status, refused = await office.call("comms", "POST", f"{path}/approve", body)
        assert (status, refused["error"]) == (409, "same_author")
    assert (await office.call("second", "POST", f"{path}/approve", {}))[0] == 200


async def test_an_answer_goes_with_its_issue_to_another_department(office: Office) -> None:
    issue_id = office.issues["water"]
    _, answer = await office.call("water", "POST", "/answers", new(issue_id))
    path = f"/answers/{answer['id']}"
    async with office.here.database.write() as session:
        boss = office.staff["comms"]
        await issues.assign(
            session, office.here.settings, issue_id, department_key="roads", by=boss
        )
        roads = (await departments.known(session, "roads")).id
    assert (await office.call("water", "PATCH", path, {"text": "Mine still."}))[0] == 404
    status, changed = await office.call("roads", "PATCH", path, {"text": "Ours now."})
    assert (status, changed["department_id"]) == (200, roads)
    for who, seen in (("water", []), ("roads", [roads])):
        _, page = await office.call(who, "GET", "/answers")
        assert [one["department_id"] for one in page["items"]] == seen, who
    await office.call("roads", "POST", f"{path}/submit")
    await office.call("comms", "POST", f"{path}/approve", {})
    assert (await office.call("comms", "POST", f"{path}/publish"))[0] == 200
    async with office.here.database.read() as session:
        told = await desk.letters(session, office.here, answer["id"])
    assert told
    assert all("Roads" in text for _, text in told)


async def published(office: Office) -> str:
    """The path of a published answer."""
    _, answer = await office.call("water", "POST", "/answers", new(office.issues["water"]))
    path = f"/answers/{answer['id']}"
    await office.call("water", "POST", f"{path}/submit")
    await office.call("comms", "POST", f"{path}/approve", {})
    status, _ = await office.call("comms", "POST", f"{path}/publish")
    assert status == 200
    return path


async def test_failed_deliveries_show_their_reason_and_are_sent_again(office: Office) -> None:
    path = await published(office)
    _, shown = await office.call("water", "GET", f"{path}/deliveries")
    first = shown["page"]["items"][0]["id"]
    async with office.here.database.write() as session:
        error = SendError(Failure.recipient_gone, "blocked")
        await deliveries.failed(session, first, error, repeat_seconds=0)
    _, shown = await office.call("water", "GET", f"{path}/deliveries")
    assert shown["states"] == {"waiting": 1, "failed": 1}
    assert shown["failures"] == {"recipient_gone": 1}
    status, _ = await office.call("water", "POST", f"/deliveries/{first}/resend")
    assert status == 403
    status, _ = await office.call("comms", "POST", f"/deliveries/{first}/resend")
    assert status == 204
    _, shown = await office.call("auditor", "GET", f"{path}/deliveries")
    assert (shown["states"], shown["failures"]) == ({"waiting": 2}, {})
    assert (await office.call("water", "GET", "/deliveries"))[0] == 403


async def test_a_retraction_reopens_the_issue(office: Office) -> None:
    path = await published(office)
    status, answer = await office.call("comms", "POST", f"{path}/retract", {"reason": "wrong"})
    assert (status, answer["state"], answer["reason"]) == (200, "retracted", "wrong")
    async with office.here.database.read() as session:
        assert (await town.at(session, office.issues["water"])).state == "open"


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("schedule", {"at": "2026-03-02T09:00:00"}),
        ("correct", {"texts": {}, "reason": "x"}),
        ("correct", {"texts": {"klingon": "x"}, "reason": "x"}),
        ("retract", {"reason": ""}),
        ("measures", {"text": ""}),
    ],
)
async def test_malformed_input_is_422(office: Office, act: str, body: dict[str, Any]) -> None:
    path = await published(office)
    assert (await office.call("comms", "POST", f"{path}/{act}", body))[0] == 422
