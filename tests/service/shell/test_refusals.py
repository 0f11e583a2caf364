"""Refusals as their readers expect them: a page for people, JSON for programs, never a crash."""

import json
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from service.installation import Installation
from service.shell.headers import HEADERS
from service.shell.security import LARGEST
from tests.journeys.colleague import hire
from tests.service.staff.desk_browser import blank, logged_in

BEYOND = 10**30
JSON = {"accept": "application/json", "content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Somebody who is not known."""
    async with blank(app) as made:
        yield made


async def drops() -> AsyncIterator[bytes]:
    """More than may be sent, of no declared length."""
    for _ in range(LARGEST // 100_000 + 2):
        yield b"x" * 100_000


def is_page(answer: Response, status: int) -> bool:
    """Whether it is a page with this status that leads somewhere and tells nothing internal."""
    kind = answer.headers["content-type"]
    return (
        (answer.status_code, kind.split(";")[0]) == (status, "text/html")
        and ('href="/"' in answer.text or 'href="/console"' in answer.text)
        and "Traceback" not in answer.text
        and answer.headers["content-security-policy"] == HEADERS["content-security-policy"]
    )


async def test_a_page_that_is_not_there_is_404_whatever_its_address(browser: AsyncClient) -> None:
    for path in (
        "/nowhere",
        "/chat/nowhere",
        "/static/nowhere.css",
        "/static/..%2fpages.py",
        "/answers/99",
        "/answers/first",
        f"/answers/{BEYOND}",
        f"/answers?at={BEYOND}",
        f"/answers?at={10**18}",
    ):
        assert is_page(await browser.get(path), 404), path


async def test_pages_of_staff_are_not_there_either(
    app: FastAPI, installation: Installation
) -> None:
    async with logged_in(app, installation, "admin") as admin:
        for path in (
            *(f"/console/{what}/{n}" for what in ("issues", "answers") for n in ("x", 7, BEYOND)),
            f"/console/knowledge/{BEYOND}",
            f"/console/issues?at={10**18}",
            "/console/issues?at=-5",
            "/console/issues?theme=x",
            f"/console/deliveries?at={10**18}",
        ):
            assert is_page(await admin.get(path), 404), path
        for path in ("/console/issues?state=none", "/console/answers?state=none"):
            assert (await admin.get(path)).status_code == 200, path


async def test_signs_that_cannot_be_stored_are_refused_or_kept_but_never_crash(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    admin = await hire(client, installation, "admin")
    async with blank(app) as program:
        program.headers.update({**admin.headers, **JSON})
        for path in (
            *(f"/{what}/{BEYOND}" for what in ("issues", "answers", "documents", "contributions")),
            f"/trail?before={BEYOND}",
            "/trail?thing=%00&thing_id=1",
            "/issues?q=%00",
            "/deliveries?state=%00",
            "/departments/%00",
        ):
            answer = await program.get(f"/api/v1{path}")
            assert answer.status_code in (200, 404, 422), path
            assert "internal" not in answer.text
        for name in ("a\0b", "\ud83d"):
            body = {"key": "k", "name": name, "remit": "r", "norm_days": 5}
            answer = await program.post("/api/v1/departments", content=json.dumps(body))
            assert answer.status_code in (201, 422), ascii(name)
        for email in ("\0@gov.example", "x" * 200, "\ud83d"):
            body = {"email": email, "password": "a guess"}
            answer = await program.post("/api/v1/login", content=json.dumps(body))
            assert answer.status_code in (401, 422), ascii(email)


async def test_a_log_in_that_fails_says_so_in_the_readers_language(browser: AsyncClient) -> None:
    for lang, told in (("pt", "não combinam"), ("es", "no coinciden"), ("en", "do not go")):
        answer = await browser.post(
            "/login",
            data={"email": "ana@gov.example", "password": "a guess", "next": "/console/answers"},
            headers={"accept-language": lang},
        )
        assert answer.status_code == 401
        assert told in answer.text, lang
        assert 'value="/console/answers"' in answer.text


async def test_who_has_to_log_in_first_comes_back_to_the_same_page(browser: AsyncClient) -> None:
    cases = (
        ("GET", "/console/answers", "/login?next=/console/answers"),
        ("GET", "/console?q=a&at=2", "/login?next=/console%3Fq%3Da%26at%3D2"),
        ("POST", "/console/issues/1/claim", "/login?next=/console"),
    )
    for method, path, location in cases:
        answer = await browser.request(method, path)
        assert (answer.status_code, answer.headers["location"]) == (303, location), path


async def test_too_much_is_413_however_it_is_sent_and_to_whom(browser: AsyncClient) -> None:
    for path in ("/login", "/receipt"):
        assert is_page(await browser.post(path, content=drops(), headers=FORM), 413), path
        assert is_page(await browser.post(path, content=b"x" * (LARGEST + 1)), 413), path
    for path in ("/api/v1/login", "/chat/v1/messages"):
        headers = {"authorization": f"Bearer {'a' * 43}"}
        answer = await browser.post(path, content=drops(), headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large"), path


async def test_another_site_is_told_so_on_a_page_and_cannot_log_a_browser_in(
    browser: AsyncClient,
) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        for path in ("/login", "/login/once/secret"):
            answer = await browser.post(path, data={"email": "a", "password": "b"}, headers=headers)
            assert is_page(answer, 403), (path, headers)
    foreign = {"origin": "https://evil.example", "authorization": f"Bearer {'a' * 43}"}
    body = {"id": "1", "text": "sem água"}
    answer = await browser.post("/chat/v1/messages", json=body, headers=foreign)
    assert answer.status_code == 202, "a bearer token is no cookie: nobody else's browser sends it"


async def test_malformed_forms_are_422_pages_and_wrong_methods_405(
    app: FastAPI, browser: AsyncClient, installation: Installation
) -> None:
    assert is_page(await browser.post("/receipt", data={}), 422)
    assert is_page(await browser.post("/receipt", data={"code": "x" * 61}), 422)
    assert is_page(await browser.get("/logout"), 405)
    assert is_page(await browser.put("/chat"), 405)
    answer = await browser.put("/chat/v1/messages")
    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
