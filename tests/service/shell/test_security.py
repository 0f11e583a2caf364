"""What every response carries and every request passes; a stranger's words stay words."""

import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import update

from service.installation import Installation
from service.messages.models import Contribution
from service.shell.headers import HEADERS
from service.shell.security import LARGEST
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import hire
from tests.service.staff.desk_browser import logged_in

BROWSER = {"accept": "text/html", "accept-language": "en"}
MARKUP = "<script>alert('x')</script><img src=x onerror=alert(1)> \"'>{{7*7}} água na rua"
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
SAFE_MARKUP = "&lt;script&gt;alert("


@pytest.fixture
async def staff(app: FastAPI, installation: Installation) -> AsyncIterator[AsyncClient]:
    """A browser in which an admin is logged in."""
    async with logged_in(app, installation, "admin", name=MARKUP[:60]) as made:
        yield made


async def test_the_chat_keeps_its_own_policy_and_the_other_guards(
    app: FastAPI, client: AsyncClient
) -> None:
    for path, framed in (("/chat", "'none'"), ("/chat/embed", "'self'")):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        assert f"frame-ancestors {framed}" in policy, path
        assert policy.count("default-src") == 1
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "permissions-policy" in headers
    for path in ("/chat/widget.js", "/chat/v1/messages"):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "default-src 'none'" in answer.headers["content-security-policy"], path


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
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


async def test_malformed_input_is_422(client: AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"{", b"[" * 100_000, b'{"email": 7, "password": "x"}', b"\xff"):
        answer = await client.post("/api/v1/login", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (422, "malformed"), body[:9]


async def test_a_strangers_words_never_become_markup(
    client: AsyncClient, staff: AsyncClient, installation: Installation
) -> None:
    citizen = Citizen(client)
    receipt = CODE.search(await citizen.say(MARKUP))
    assert receipt is not None
    async with installation.database.write() as session:
        await session.execute(update(Contribution).values(place=MARKUP))
    admin = await hire(client, installation, "admin")
    (issue,) = (await admin.get("/issues", singles=True))["items"]
    await admin.post(
        "/departments", {"key": "w", "name": MARKUP[:100], "remit": MARKUP, "norm_days": 5}
    )
    await admin.post(f"/issues/{issue['id']}/assign", {"department": "w"})
    body = {"issue_id": issue["id"], "lang": "pt", "title": MARKUP, "text": MARKUP}
    answer = (await admin.post("/answers", body))["id"]
    await admin.post(f"/answers/{answer}/measures", {"text": MARKUP})
    await admin.post(f"/issues/{issue['id']}/notes", {"text": MARKUP})
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
        "/console",
        f"/console/issues?singles=true&q={'<script>'}",
        f"/console/merge?issue={issue['id']}",
        "/console/measures",
        "/console/departments/w",
        "/console/report",
        "/console/trail",
        "/console/people",
        f"/console/issues/{issue['id']}",
        f"/console/issues?q={MARKUP[:30]}&state=%22><b>x",
        "/login?next=/%22><b>x",
        "/login/once/%22><b>x",
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
        assert "<b>x" not in page.text, path
        shown += SAFE_MARKUP in page.text
    assert shown >= 10, "the words are shown, escaped"
    for code in (receipt.group(), MARKUP[:60]):
        page = await client.post("/receipt", data={"code": code}, headers=BROWSER)
        assert "<script>alert" not in page.text
        assert (SAFE_MARKUP in page.text) == (code == receipt.group())
