"""Who gets in, how often they may try, what each role may do, and what the trail keeps of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import select, update

from service.console.pages import router as console
from service.database import now
from service.installation import Installation
from service.staff import actions
from service.staff.actions import MOST_ATTEMPTS
from service.staff.models import StaffSession, Token
from service.trail.models import Event
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import hire

PASSWORD = "uma frase comprida"
BROWSER = {"accept": "text/html"}

# Requests on things that are not there: who may do it is told 404 or 409, who may not 403.
OPEN = {200, 201, 204, 400, 404, 409}
ROLES = ("official", "moderator", "comms", "admin", "auditor")
MAY: tuple[tuple[str, str, object, str], ...] = (
    ("GET", "/issues", None, "official moderator comms admin auditor"),
    ("GET", "/answers", None, "official moderator comms admin auditor"),
    ("GET", "/deliveries", None, "moderator comms admin auditor"),
    ("GET", "/documents", None, "official moderator comms admin auditor"),
    ("GET", "/departments", None, "official moderator comms admin auditor"),
    ("GET", "/trail", None, "auditor admin"),
    ("GET", "/export/answers", None, "moderator comms auditor admin"),
    ("POST", "/issues/9/rename", {"name": "x"}, "official moderator comms admin"),
    ("POST", "/issues/9/merge", {"into": 8}, "official moderator comms admin"),
    ("POST", "/issues/9/decline", {"reason": "x"}, "official moderator comms admin"),
    ("POST", "/answers/9/approve", {}, "comms admin"),
    ("POST", "/answers/9/publish", None, "comms admin"),
    ("POST", "/answers/9/retract", {"reason": "x"}, "comms admin"),
    ("POST", "/officials", {"email": "n@gov.example", "name": "N", "roles": ["comms"]}, "admin"),
    ("PUT", "/officials/999", {"roles": ["comms"]}, "admin"),
    (
        "POST",
        "/departments",
        {"key": "new", "name": "New", "remit": "Everything new.", "norm_days": 5},
        "admin",
    ),
)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A browser that keeps its cookies."""
    transport = ASGITransport(app)
    async with AsyncClient(transport=transport, base_url="http://testserver") as made:
        yield made


async def employ(here: Installation, role: str = "official", password: str = PASSWORD) -> int:
    """Somebody with a password."""
    kept = await actions.hash_password(password)
    async with here.database.write() as session:
        row = await actions.add(
            session,
            email=f"{role}@gov.example",
            name="Ana",
            roles=[role],
            departments=[],
            password=kept,
            actor="cli",
        )
        return row.id


async def log_in(browser: AsyncClient, password: str = PASSWORD, who: str = "official") -> int:
    """The status of a try."""
    body = {"email": f"{who.upper()}@gov.example ", "password": password}
    return (await browser.post("/api/v1/login", json=body)).status_code


async def test_each_role_may_do_what_its_work_needs_and_no_more(
    client: AsyncClient, installation: Installation
) -> None:
    colleagues = {role: await hire(client, installation, role) for role in ROLES}
    for method, path, body, allowed in MAY:
        where = f"/api/v1{path}"
        for role, colleague in colleagues.items():
            answer = await client.request(method, where, json=body, headers=colleague.headers)
            told = f"{role} {method} {path}: {answer.status_code} {answer.text}"
            if role in allowed.split():
                assert answer.status_code in OPEN, told
            else:
                assert (answer.status_code, answer.json()["error"]) == (403, "forbidden"), told
        nobody = await client.request(method, where, json=body)
        assert (nobody.status_code, nobody.json()["error"]) == (401, "not_logged_in")


async def test_a_password_opens_a_session_until_signing_out(
    browser: AsyncClient, installation: Installation
) -> None:
    await employ(installation)
    assert await log_in(browser) == 204
    cookie = browser.cookies.jar
    assert [one.name for one in cookie] == ["gabinete"]
    me = await browser.get("/api/v1/me")
    assert me.json()["email"] == "official@gov.example"
    kept = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    await browser.post("/logout")
    assert "gabinete" not in browser.cookies
    assert (await browser.get("/api/v1/me", headers={"cookie": kept})).status_code == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    browser: AsyncClient, installation: Installation
) -> None:
    await employ(installation)
    body = {"email": "official@gov.example", "password": PASSWORD}
    set_cookie = (await browser.post("/api/v1/login", json=body)).headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie


async def test_guessing_is_slowed_down_and_says_nothing_of_who_exists(
    browser: AsyncClient, installation: Installation
) -> None:
    await employ(installation)
    body = {"email": "nobody@gov.example", "password": "wrong"}
    unknown = await browser.post("/api/v1/login", json=body)
    wrong = await browser.post("/api/v1/login", json={**body, "email": "official@gov.example"})
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())
    for _ in range(MOST_ATTEMPTS):
        last = await log_in(browser, "wrong")
    assert last == 429
    assert await log_in(browser) == 429, "the right one has to wait too"


async def test_many_guesses_at_once_are_counted_like_one_after_the_other(
    browser: AsyncClient, installation: Installation
) -> None:
    await employ(installation)
    statuses = await asyncio.gather(*(log_in(browser, f"guess {n}") for n in range(30)))
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= MOST_ATTEMPTS + 1


async def test_over_https_the_cookie_belongs_to_this_host_alone(
    app: FastAPI, installation: Installation
) -> None:
    await employ(installation)
    url = "https://gov.example"
    safe = installation.settings.model_copy(update={"public_url": url})
    app.state.installation = replace(installation, settings=safe)
    async with AsyncClient(transport=ASGITransport(app), base_url=url) as browser:
        body = {"email": "official@gov.example", "password": PASSWORD}
        answer = await browser.post("/api/v1/login", json=body, headers={"origin": url})
        kept = answer.headers["set-cookie"]
        assert kept.startswith("__Host-gabinete=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(kept.split("; "))
        assert "Domain" not in kept
        assert (await browser.get("/api/v1/me")).status_code == 200


async def test_sessions_links_and_tokens_end_with_their_time(
    browser: AsyncClient, installation: Installation
) -> None:
    staff_id = await employ(installation)
    assert await log_in(browser) == 204
    async with installation.database.write() as session:
        secret = await actions.issue_link(session, staff_id)
        _, token = await actions.issue_token(session, staff_id, "night", days=1)
    program = {"authorization": f"Bearer {token}", "cookie": ""}
    assert (await browser.get("/api/v1/me", headers=program)).status_code == 200
    past = now() - timedelta(seconds=1)
    async with installation.database.write() as session:
        await session.execute(update(StaffSession).values(expires_at=past))
        await session.execute(update(Token).values(expires_at=past))
    assert (await browser.get("/api/v1/me")).status_code == 401
    assert (await browser.get("/api/v1/me", headers=program)).status_code == 401
    assert (await browser.post(f"/login/once/{secret}")).status_code == 410


async def test_a_link_is_no_token_and_serves_one_of_two_who_come_at_once(
    app: FastAPI, browser: AsyncClient, installation: Installation
) -> None:
    staff_id = await employ(installation)
    async with installation.database.write() as session:
        secret = await actions.issue_link(session, staff_id)
    bearer = {"authorization": f"Bearer {secret}"}
    assert (await browser.get("/api/v1/me", headers=bearer)).status_code == 401
    answers = await asyncio.gather(*(browser.post(f"/login/once/{secret}") for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [303, 410, 410, 410]


async def test_a_link_logs_in_once_and_looking_at_it_does_not_use_it_up(
    browser: AsyncClient, installation: Installation
) -> None:
    staff_id = await employ(installation)
    async with installation.database.write() as session:
        secret = await actions.issue_link(session, staff_id)
    for _ in range(2):
        assert (await browser.get(f"/login/once/{secret}", headers=BROWSER)).status_code == 200
    assert (await browser.post(f"/login/once/{secret}")).status_code == 303
    assert (await browser.get("/api/v1/me")).status_code == 200
    browser.cookies.clear()
    assert (await browser.post(f"/login/once/{secret}")).status_code == 410


async def test_a_log_in_page_goes_nowhere_else(
    browser: AsyncClient, installation: Installation
) -> None:
    await employ(installation)
    for wanted, gone in (
        ("/console/answers", "/console/answers"),
        ("https://evil.example", "/console"),
        ("//evil.example", "/console"),
        ("/\\evil.example", "/console"),
    ):
        body = {"email": "official@gov.example", "password": PASSWORD, "next": wanted}
        answer = await browser.post("/login", data=body)
        assert answer.headers["location"] == gone
        browser.cookies.clear()


async def test_a_token_works_until_withdrawn_and_is_shown_once(
    client: AsyncClient, installation: Installation
) -> None:
    ana = await hire(client, installation, "official")
    made = await ana.post("/tokens", {"name": "night", "days": 7})
    header = {"authorization": f"Bearer {made['secret']}"}
    assert (await client.get("/api/v1/me", headers=header)).status_code == 200
    assert all(row["secret"] is None for row in await ana.get("/tokens"))
    bruno = await hire(client, installation, "comms")
    other = await client.delete(f"/api/v1/tokens/{made['id']}", headers=bruno.headers)
    assert other.status_code == 404, "only one's own"
    await client.delete(f"/api/v1/tokens/{made['id']}", headers=ana.headers)
    assert (await client.get("/api/v1/me", headers=header)).status_code == 401


async def test_who_is_deactivated_is_out_at_once(
    browser: AsyncClient, client: AsyncClient, installation: Installation
) -> None:
    staff_id = await employ(installation)
    await log_in(browser)
    admin = await hire(client, installation, "admin")
    body = {"roles": ["official"], "active": False}
    await client.put(f"/api/v1/officials/{staff_id}", json=body, headers=admin.headers)
    assert (await browser.get("/api/v1/me")).status_code == 401
    assert await log_in(browser) == 401


async def test_weak_passwords_and_strange_roles_are_refused_by_name(
    client: AsyncClient, installation: Installation
) -> None:
    admin = await hire(client, installation, "admin")
    new = {"email": "n@gov.example", "name": "N", "roles": ["official"], "password": "short"}
    assert await admin.refused("/officials", new) == "weak_password"
    assert await admin.refused("/officials", {**new, "roles": ["king"]}) == "malformed"
    assert await admin.refused("/officials", {**new, "password": None, "roles": []}) == (
        "unknown_role"
    )
    again = {**new, "email": "ADMIN@gov.example", "password": None}
    assert await admin.refused("/officials", again) == "email_taken"


async def test_changes_of_staff_are_on_the_trail_without_secrets(
    client: AsyncClient, installation: Installation
) -> None:
    admin = await hire(client, installation, "admin")
    body = {"email": "n@gov.example", "name": "N", "roles": ["comms"], "password": PASSWORD}
    await admin.post("/officials", body)
    async with installation.database.read() as session:
        told = select(Event).where(Event.thing == "staff").order_by(Event.id)
        events = (await session.scalars(told)).all()
    assert [event.act for event in events].count("add") == 2
    assert events[-1].became == "comms"
    assert PASSWORD not in " ".join(str(vars(event)) for event in events)


async def test_coming_and_going_and_keys_are_on_the_trail(
    browser: AsyncClient, client: AsyncClient, installation: Installation
) -> None:
    staff_id = await employ(installation)
    await log_in(browser)
    made = (await browser.post("/api/v1/tokens", json={"name": "night"})).json()
    await browser.delete(f"/api/v1/tokens/{made['id']}")
    await browser.post("/api/v1/logout")
    admin = await hire(client, installation, "admin")
    body = {"roles": ["official"], "departments": ["water", "roads"]}
    await client.put(f"/api/v1/officials/{staff_id}", json=body, headers=admin.headers)
    events = await admin.get("/trail", thing="staff", thing_id=staff_id)
    acts = [event["act"] for event in sorted(events, key=lambda event: int(event["id"]))]
    assert acts == ["add", "log_in", "issue_token", "withdraw_token", "log_out", "change"]
    (change,) = [event for event in events if event["act"] == "change"]
    assert (change["was"], change["became"]) == ("official", "official: roads, water")
    told = str(events)
    assert made["secret"] not in told
    assert PASSWORD not in told


async def test_officials_see_their_own_departments_and_the_triage_desk(
    client: AsyncClient, installation: Installation
) -> None:
    admin = await hire(client, installation, "admin")
    for key in ("water", "roads"):
        body = {"key": key, "name": key.title(), "remit": f"{key} matters.", "norm_days": 5}
        await admin.post("/departments", body)
    await Citizen(client).say("falta água na rua das flores")
    (issue,) = (await admin.get("/issues", singles=True))["items"]
    await admin.post(f"/issues/{issue['id']}/assign", {"department": "water"})
    for key, seen in (("water", 1), ("roads", 0)):
        official = await hire(client, installation, "official", departments=(key,))
        assert (await official.get("/issues", singles=True))["total"] == seen, key
        page = await client.get(f"/api/v1/issues/{issue['id']}", headers=official.headers)
        assert page.status_code == (200 if seen else 404)


async def test_nothing_of_staff_is_open_to_strangers_and_auditors_only_read(
    app: FastAPI, client: AsyncClient, installation: Installation
) -> None:
    auditor = await hire(client, installation, "auditor")
    own = {"/api/v1/login", "/api/v1/logout", "/api/v1/tokens", "/api/v1/tokens/{token_id}"}
    operations = [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/api/v1/") and path not in own
    ]
    assert len(operations) > 50
    for method, path in operations:
        where = re.sub(r"\{\w+\}", "9", path)
        answer = await client.request(method, where)
        assert (answer.status_code, answer.json()["error"]) == (401, "not_logged_in"), path
        if method != "GET":
            answer = await client.request(method, where, headers=auditor.headers)
            assert (answer.status_code, answer.json()["error"]) == (403, "forbidden"), path


async def test_every_page_and_form_of_the_console_asks_who_it_is(
    app: FastAPI, browser: AsyncClient
) -> None:
    doors = [
        (method, re.sub(r"\{[\w:]+\}", "9", route.path))
        for route in console.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]
    assert len(doors) > 25
    for method, path in doors:
        answer = await browser.request(method, path, headers=BROWSER)
        back = path if method == "GET" else "/console"
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={back}")
