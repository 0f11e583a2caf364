"""Issues over HTTP: lists, one issue, acts, and who may see what."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from nlp.embed import Space
from nlp.index import ExactIndex
from nlp.pivot import Glossary
from service.bell import Bell
from service.database import now
from service.departments.api import router as departments_router
from service.errors import GabineteError
from service.installation import Installation
from service.issues import actions
from service.issues.api import router
from service.issues.labelling import actions as labelling
from service.issues.regrouping import actions as regrouping
from service.retrieval.retriever import Retriever
from service.staff.access import Staffer, asking
from tests.service.issues import town

API = "/api/v1"


@dataclass
class Town:
    """A client, who uses it, and what there is."""

    client: httpx2.AsyncClient
    here: Installation
    retriever: Retriever
    asker: Staffer
    staff: dict[str, Staffer] = field(default_factory=dict)
    issues: dict[str, int] = field(default_factory=dict)
    said: dict[str, list[int]] = field(default_factory=dict)

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a page that must be there."""
        answer = await self.client.get(f"{API}{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object = None) -> httpx2.Response:
        """A post."""
        return await self.client.post(f"{API}{path}", json=body)


@pytest.fixture
async def place(installation: Installation) -> AsyncIterator[Town]:
    embedder = town.EMBEDDER
    space = Space.shipped(embedder)
    pivot = Glossary({("pt", "en"): {"hole": "pothole"}})
    retriever = Retriever(embedder, space, ExactIndex(), pivot=pivot)
    app = FastAPI()
    app.state.bell = Bell()
    app.state.installation, app.state.retriever = installation, retriever
    app.include_router(router, prefix=API)
    app.include_router(departments_router, prefix=API)

    @app.exception_handler(GabineteError)
    async def refused(request: Request, error: GabineteError) -> JSONResponse:
        return JSONResponse({"error": error.code, "message": error.message}, error.status)

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://porto.example") as client:
        async with installation.database.write() as session:
            boss = await town.official(session, role="admin")
            made = Town(client, installation, retriever, boss, {"boss": boss})
            await _settle(made, session)
        app.dependency_overrides[asking] = lambda: made.asker
        async with installation.database.read() as session:
            await retriever.refresh(session)
        yield made
    retriever.close()


async def _settle(made: Town, session: Any) -> None:
    vault = made.here.vault
    bodies = {key: await town.body(session, key) for key in ("water", "roads")}
    made.staff["water"] = await town.official(session, "water")
    made.staff["roads"] = await town.official(session, "roads")
    made.staff["auditor"] = await town.official(session, role="auditor")
    for key, count, body in (("leak", 3, "water"), ("hole", 2, "roads"), ("odd", 2, None)):
        department_id = bodies[body] if body else None
        made.issues[key], _, made.said[key] = await town.asked(
            session,
            vault,
            count,
            name=f"Ação: {key} in the street",
            text=f"{key} in the street",
            department_id=department_id,
            lang="pt" if key == "hole" else "en",
        )
    made.issues["one"], _, made.said["one"] = await town.asked(session, vault, 1, text="single")


def names(page: Any) -> set[int]:
    """Ids of a page."""
    return {item["id"] for item in page["items"]}


async def test_list_hides_what_one_person_asks_unless_asked(place: Town) -> None:
    page = await place.get("/issues")
    assert names(page) == {place.issues[key] for key in ("leak", "hole", "odd")}
    assert page["total"] == 3
    assert place.issues["one"] in names(await place.get("/issues", singles=True))


async def test_a_machine_renders_a_contribution_for_those_who_may_see_it(place: Town) -> None:
    (hole, _), leak = place.said["hole"], place.said["leak"][0]
    path = f"/contributions/{hole}/rendering"
    assert await place.get(path, lang="en") == {
        "text": "pothole in the street",
        "source": "pt",
        "lang": "en",
        "machine_made": True,
    }
    same = await place.get(path, lang="pt")
    assert (same["text"], same["machine_made"]) == ("hole in the street", False)
    assert (await place.get(path, lang="es"))["text"] is None, "nothing here renders that"
    assert (await place.client.get(f"{API}{path}?lang=xx")).status_code == 422
    place.asker = place.staff["water"]
    assert (await place.client.get(f"{API}{path}?lang=en")).status_code == 404
    assert (await place.get(f"/contributions/{leak}/rendering", lang="en"))["source"] == "en"


async def test_list_filters_sorts_and_pages(place: Town) -> None:
    leak, hole, odd = (place.issues[key] for key in ("leak", "hole", "odd"))
    async with place.here.database.write() as session:
        await labelling.grow_many(session, {hole: (4.0, True)}, {hole: {"growth": 4.0}})
        (await town.at(session, leak)).due_at = now() - timedelta(days=1)
    assert (await place.get("/issues", sort="people"))["items"][0]["id"] == leak
    assert (await place.get("/issues"))["items"][0]["id"] == hole
    for params, expected in (
        ({"department": "water"}, {leak}),
        ({"department": "triage"}, {odd}),
        ({"emerging": True}, {hole}),
        ({"overdue": True}, {leak}),
        ({"lang": "pt"}, {hole}),
        ({"lang": "pt", "channel": "web"}, {hole}),
        ({"channel": "import"}, set()),
        ({"q": "AÇÃO: LEAK"}, {leak}),
        ({"q": "street acao leák"}, {leak}),
        ({"q": "100%"}, set()),
        ({"state": ["open", "assigned"]}, {leak, hole, odd}),
        ({"state": "closed"}, set()),
        ({"since": "2090-01-01T00:00:00"}, set()),
        ({"until": "2090-01-01T00:00:00Z"}, {leak, hole, odd}),
        ({"official": 1}, set()),
        ({"theme": 1}, set()),
    ):
        assert names(await place.get("/issues", **params)) == expected, params
    first = await place.get("/issues", limit=2, sort="due_at")
    second = await place.get("/issues", limit=2, page=2, sort="due_at")
    assert first["items"][0]["id"] == leak
    assert first["items"][0]["overdue"]
    assert (len(first["items"]), len(second["items"]), first["total"]) == (2, 1, 3)
    assert first["items"][0]["langs"] == {"en": 3}


async def test_one_issue_shows_what_there_is_to_know(place: Town) -> None:
    leak = place.issues["leak"]
    async with place.here.database.write() as session:
        facts = labelling.Labelled(leak, None, ["leak"], place.said["leak"][:2], 3)
        await labelling.label_many(session, [facts])
    shown = await place.get(f"/issues/{leak}")
    assert [r["id"] for r in shown["representatives"]] == place.said["leak"][:2]
    assert shown["campaigns"] == [{"text": "leak in the street", "copies": 3}]
    assert shown["timeline"] == [{"day": "2026-03-02", "people": 3, "contributions": 3}]
    assert shown["channels"] == {"web": 3}
    assert shown["survivor"] == leak
    assert {s["issue"]["id"] for s in shown["similar"]} >= {place.issues["hole"]}
    assert shown["trail"][0]["act"] == "open"
    page = await place.get(f"/issues/{leak}/contributions", limit=2)
    assert (page["total"], len(page["items"]), page["items"][0]["copies"]) == (3, 2, 3)
    folded = await place.get(f"/issues/{leak}/contributions", folded=True)
    assert (folded["total"], len(folded["items"])) == (1, 1)
    one = await place.get(f"/contributions/{place.said['leak'][0]}")
    assert one["person"].startswith("P-")
    assert one["text"] == "leak in the street"


async def test_official_of_another_body_gets_404_everywhere(place: Town) -> None:
    place.asker = place.staff["roads"]
    leak, said = place.issues["leak"], place.said["leak"]
    assert names(await place.get("/issues", singles=True)) == {
        place.issues[key] for key in ("hole", "odd", "one")
    }
    for path in ("", "/contributions", "/trail"):
        found = await place.client.get(f"{API}/issues/{leak}{path}")
        assert (found.status_code, found.json()["error"]) == (404, "unknown_issue")
    assert (await place.client.get(f"{API}/contributions/{said[0]}")).status_code == 404
    hole = place.issues["hole"]
    for path, body in (
        (f"/issues/{leak}/rename", {"name": "x"}),
        (f"/issues/{leak}/assign", {"department": "roads"}),
        (f"/issues/{leak}/claim", None),
        (f"/issues/{leak}/merge", {"into": hole}),
        (f"/issues/{hole}/merge", {"into": leak}),
        (f"/issues/{leak}/unmerge", {}),
        (f"/issues/{leak}/split", {"contributions": said[:1]}),
        ("/contributions/move", {"contributions": said[:1], "to": hole}),
        ("/contributions/move", {"contributions": place.said["hole"][:1], "to": leak}),
        (f"/issues/{leak}/decline", {"reason": "no"}),
        (f"/issues/{leak}/close", {"reason": "no"}),
        (f"/issues/{leak}/reopen", {"why": "no"}),
        (f"/issues/{leak}/due", {"day": "2031-05-02", "why": "no"}),
    ):
        answer = await place.post(path, body)
        assert answer.status_code == 404, path
    async with place.here.database.read() as session:
        assert (await town.at(session, leak)).touched_at is None


async def test_merged_issue_is_seen_by_its_survivors_department(place: Town) -> None:
    leak, hole = place.issues["leak"], place.issues["hole"]
    done = await place.post(f"/issues/{hole}/merge", {"into": leak})
    assert (done.status_code, done.json()["people"]) == (200, 5)
    place.asker = place.staff["roads"]
    assert (await place.client.get(f"{API}/issues/{hole}")).status_code == 404
    place.asker = place.staff["water"]
    shown = await place.get(f"/issues/{hole}")
    assert (shown["survivor"], shown["merged_into"]) == (leak, leak)
    again = await place.post(f"/issues/{hole}/rename", {"name": "x"})
    assert (again.status_code, again.json()["error"]) == (409, "issue_merged")
    assert (await place.get(f"/issues/{leak}"))["merged"] == [hole]
    back = await place.post(f"/issues/{hole}/unmerge", {})
    assert (back.status_code, back.json()["people"]) == (200, 2)


async def test_acts_go_round_from_claim_to_reopening(place: Town) -> None:
    place.asker = place.staff["water"]
    leak, said = place.issues["leak"], place.said["leak"]
    claimed = (await place.post(f"/issues/{leak}/claim")).json()
    assert (claimed["state"], claimed["official_id"]) == ("assigned", place.asker.id)
    named = (await place.post(f"/issues/{leak}/rename", {"name": "Leaks"})).json()
    assert named["name"] == "Leaks"
    parted = await place.post(f"/issues/{leak}/split", {"contributions": said[:1], "name": "One"})
    assert parted.status_code == 201
    fresh = parted.json()
    assert fresh["issue"]["people"] == 1
    assert (await place.post(f"/moves/{fresh['batch']}/undo")).status_code == 204
    assert (await place.post(f"/moves/{fresh['batch']}/undo")).status_code == 409
    odd = place.issues["odd"]
    moved = await place.post("/contributions/move", {"contributions": said[:1], "to": odd})
    assert moved.json()["issue"]["people"] == 3
    assert (await place.post(f"/moves/{moved.json()['batch']}/undo")).status_code == 204
    assert (await place.post(f"/issues/{leak}/close", {"reason": "mended"})).status_code == 200
    twice = await place.post(f"/issues/{leak}/decline", {"reason": "no"})
    assert (twice.status_code, twice.json()["error"]) == (409, "issue_wrong_state")
    opened = (await place.post(f"/issues/{leak}/reopen", {"why": "again"})).json()
    assert (opened["state"], opened["overdue"]) == ("assigned", False)


async def test_rerouting_answers_also_when_the_official_no_longer_sees_it(place: Town) -> None:
    place.asker = place.staff["water"]
    leak = place.issues["leak"]
    done = await place.post(f"/issues/{leak}/assign", {"department": "roads"})
    assert (done.status_code, done.json()["department"]) == (200, "roads")
    assert (await place.client.get(f"{API}/issues/{leak}")).status_code == 404


async def test_auditor_looks_and_does_not_touch(place: Town) -> None:
    place.asker = place.staff["auditor"]
    assert (await place.get("/issues"))["total"] == 3
    answer = await place.post(f"/issues/{place.issues['leak']}/claim")
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


async def test_proposals_are_accepted_or_refused_once(place: Town) -> None:
    leak, hole, odd = (place.issues[key] for key in ("leak", "hole", "odd"))
    async with place.here.database.write() as session:
        assert await actions.propose(session, [(hole, leak, 0.6), (odd, leak, 0.5)]) == 2
        assert await actions.propose(session, [(leak, hole, 0.6)]) == 0
    place.asker = place.staff["water"]
    (seen,) = await place.get("/issues/proposals")
    assert (seen["issue_id"], seen["into_id"]) == (odd, leak)
    place.asker = place.staff["boss"]
    first, second = await place.get("/issues/proposals")
    refused = await place.post(f"/issues/proposals/{first['id']}/refuse")
    accepted = await place.post(f"/issues/proposals/{second['id']}/accept")
    assert (refused.status_code, accepted.status_code) == (204, 200)
    assert accepted.json()["people"] == 5
    again = await place.post(f"/issues/proposals/{first['id']}/accept")
    assert (again.status_code, again.json()["error"]) == (409, "proposal_decided")
    unknown = await place.post("/issues/proposals/999/refuse")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_proposal")


async def test_malformed_input_is_422_and_huge_numbers_are_not_500(place: Town) -> None:
    for path in ("/issues/abc", f"/issues/{10**30}", "/issues?sort=name", "/issues?limit=0"):
        assert (await place.client.get(f"{API}{path}")).status_code == 422
    move = {"contributions": [10**30], "to": 1}
    assert (await place.post("/contributions/move", move)).status_code == 422
    assert (await place.post(f"/issues/{place.issues['leak']}/split", {})).status_code == 422


async def test_departments_show_what_is_open_and_overdue(place: Town) -> None:
    async with place.here.database.write() as session:
        (await town.at(session, place.issues["leak"])).due_at = now() - timedelta(days=1)
    roads, water = await place.get("/departments")
    assert (water["key"], water["open"], water["overdue"]) == ("water", 1, 1)
    assert (roads["open"], roads["overdue"]) == (1, 0)
    shown = await place.get("/departments/water")
    assert [who["id"] for who in shown["officials"]] == [place.staff["water"].id]
    assert await place.get("/departments/water/officials") == shown["officials"]
    missing = await place.client.get(f"{API}/departments/moon")
    assert (missing.status_code, missing.json()["error"]) == (404, "unknown_department")


async def test_only_admins_set_departments_up(place: Town) -> None:
    parks = {"key": "parks", "name": "Parks", "remit": "Trees and lawns.", "norm_days": 7}
    made = await place.post("/departments", {**parks, "examples": ["A tree fell."]})
    assert (made.status_code, made.json()["norm_days"]) == (201, 7)
    changed = await place.client.patch(f"{API}/departments/parks", json={"remit": "Only trees."})
    assert changed.json()["remit"] == "Only trees."
    gone = await place.client.patch(f"{API}/departments/parks", json={"active": False})
    assert gone.json()["active"] is False
    assert "parks" not in {d["key"] for d in await place.get("/departments")}
    assert "parks" in {d["key"] for d in await place.get("/departments", inactive=True)}
    place.asker = place.staff["water"]
    assert (await place.post("/departments", parks)).status_code == 403
    refused = await place.client.patch(f"{API}/departments/water", json={"norm_days": 99})
    assert refused.status_code == 403


async def test_themes_count_what_an_official_may_see(place: Town) -> None:
    async with place.here.database.write() as session:
        ids = [place.issues["leak"], place.issues["hole"]]
        await regrouping.put_themes(session, [(None, "Streets", ["street"], ids)])
    (theme,) = await place.get("/themes")
    assert (theme["name"], theme["issues"], theme["people"]) == ("Streets", 2, 5)
    place.asker = place.staff["roads"]
    (mine,) = await place.get("/themes")
    assert (mine["issues"], mine["people"]) == (1, 2)
