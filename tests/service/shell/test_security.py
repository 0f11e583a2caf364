"""What every response carries and every request passes; a stranger's words stay words."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from service.installation import Installation
from service.shell.security import HEADERS, LARGEST
from service.staff import actions
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import hire

BROWSER = {"accept": "text/html", "accept-language": "en"}
MARKUP = "<script>alert('x')</script><img src=x onerror=alert(1)> \"'>{{7*7}} água na rua"
SAFE_MARKUP = "&lt;script&gt;alert("


@pytest.fixture
async def staff(app: FastAPI, installation: Installation) -> AsyncIterator[AsyncClient]:
    """A browser in which an admin is logged in."""
    async with installation.database.write() as session:
        row = await actions.add(
            session,
            email="boss@gov.example",
            name=MARKUP[:60],
            roles=["admin"],
            departments=[],
            actor="cli",
        )
        secret = await actions.issue_link(session, row.id)
    transport = ASGITransport(app)
    async with AsyncClient(transport=transport, base_url="http://testserver") as made:
        await made.post(f"/login/once/{secret}")
        yield made


async def test_every_response_carries_the_guards(client: AsyncClient) -> None:
    for path in ("/", "/answers", "/login", "/console", "/nowhere", "/api/v1/issues", "/healthz"):
        answer = await client.get(path, headers=BROWSER)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, f"{path}: {name}"
        assert "unsafe" not in answer.headers["content-security-policy"], path


async def test_a_surprise_is_an_honest_page_with_the_guards_and_nothing_internal(
    app: FastAPI,
) -> None:
    @app.get("/api/v1/broken")
    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the secret is 42")

    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://testserver") as client:
        page = await client.get("/broken", headers=BROWSER)
        told = await client.get("/api/v1/broken")
    assert (page.status_code, told.status_code) == (500, 500)
    assert "went wrong on our side" in page.text
    assert told.json()["error"] == "internal"
    for answer in (page, told):
        assert "42" not in answer.text
        assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


async def test_another_site_cannot_act_in_a_browsers_name(staff: AsyncClient) -> None:
    cases: tuple[tuple[dict[str, str], int], ...] = (
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 404),
        ({"origin": "http://testserver"}, 404),
        ({}, 404),
    )
    for headers, status in cases:
        answer = await staff.post("/console/issues/99/claim", headers=headers)
        assert answer.status_code == status, headers


async def test_too_large_a_body_is_refused_before_it_is_read(client: AsyncClient) -> None:
    big = b"x" * (LARGEST + 1)
    answer = await client.post("/api/v1/login", content=big)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    answer = await client.post("/api/v1/login", content=drops())
    assert 400 <= answer.status_code < 500


async def test_malformed_input_is_422(client: AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"{", b"[" * 100_000, b'{"email": 7, "password": "x"}', b"\xff"):
        answer = await client.post("/api/v1/login", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (422, "malformed"), body[:9]


async def test_a_strangers_words_never_become_markup(
    client: AsyncClient, staff: AsyncClient, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say(MARKUP)
    admin = await hire(client, installation, "admin")
    (issue,) = (await admin.get("/issues", singles=True))["items"]
    await admin.post(
        "/departments", {"key": "w", "name": MARKUP[:100], "remit": MARKUP, "norm_days": 5}
    )
    await admin.post(f"/issues/{issue['id']}/assign", {"department": "w"})
    body = {"issue_id": issue["id"], "lang": "pt", "title": MARKUP, "text": MARKUP}
    answer = (await admin.post("/answers", body))["id"]
    await admin.post(f"/answers/{answer}/submit")
    comms = await hire(client, installation, "comms")
    await comms.post(f"/answers/{answer}/approve", {})
    await comms.post(f"/answers/{answer}/publish")
    await staff.post(
        "/api/v1/documents",
        files={"file": ("<b>x</b>.md", f"# {MARKUP}\n\n{MARKUP}".encode(), "text/markdown")},
    )
    shown = 0
    for path in (
        f"/console?singles=true&q={'<script>'}",
        f"/console/issues/{issue['id']}",
        "/console/answers",
        f"/console/answers/{answer}",
        "/console/deliveries",
        "/console/knowledge",
        "/console/knowledge/1",
        "/answers",
        f"/answers/{answer}",
    ):
        page = await staff.get(path, headers=BROWSER)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path
        assert "<b>x</b>" not in page.text, path
        shown += SAFE_MARKUP in page.text
    assert shown >= 6, "the words are shown, escaped"
    receipt = await client.post("/receipt", data={"code": MARKUP[:60]}, headers=BROWSER)
    assert "<script>alert" not in receipt.text
