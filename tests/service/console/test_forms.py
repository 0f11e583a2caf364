"""The console's forms: the whole loop walked by hand, and who may send which form."""

import re
from contextlib import AsyncExitStack

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import func, select

from service.answers.models import Answer
from service.installation import Installation
from service.issues.models import Issue
from service.knowledge.models import Document
from service.trail.models import Event
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import hire
from tests.service.staff.desk_browser import logged_in

QUESTION = "quando volta a água na rua das flores?"
ANSWER = "A água volta na terça-feira."
ROLES = ("official", "moderator", "comms", "admin", "auditor")
WRITERS = "official moderator comms admin"
# Forms about things that are not there: who may send them is told 404, who may not 403.
FORMS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("issues/99/rename", {"name": "x"}, WRITERS),
    ("issues/99/assign", {"department": "water"}, WRITERS),
    ("issues/99/claim", {}, WRITERS),
    ("issues/99/merge", {"into": "98"}, WRITERS),
    ("issues/99/unmerge", {}, WRITERS),
    ("issues/99/split", {"contribution": "1"}, WRITERS),
    ("issues/99/end", {"how": "decline", "reason": "x"}, WRITERS),
    ("issues/99/reopen", {"why": "x"}, WRITERS),
    ("issues/99/drafts", {}, WRITERS),
    ("issues/99/answers", {"text": "x"}, WRITERS),
    ("issues/99/notes", {"text": "x"}, WRITERS),
    ("issues/99/due", {"on": "2031-05-02", "why": "x"}, WRITERS),
    ("issues/assign", {"issue": "99", "department": "water"}, WRITERS),
    ("merge", {"issue": "99", "into": "98"}, WRITERS),
    ("issues/99/move", {"contribution": "1", "to": "98"}, WRITERS),
    ("proposals/99/accept", {}, WRITERS),
    ("proposals/99/refuse", {}, WRITERS),
    ("measures/99/move", {"became": "done"}, WRITERS),
    ("answers/99/translate", {"lang": "es", "text": "x"}, WRITERS),
    ("answers/99/preview", {"lang": "es", "text": "x"}, WRITERS),
    ("answers/99/edit", {"lang": "pt", "text": "x"}, WRITERS),
    ("answers/99/submit", {}, WRITERS),
    ("answers/99/correct", {"lang": "pt", "text": "x", "reason": "x"}, WRITERS),
    ("answers/99/measures", {"text": "x"}, WRITERS),
    ("answers/99/comments", {"text": "x"}, WRITERS),
    ("issues/99/show", {}, "comms admin"),
    ("issues/99/hide", {}, "comms admin"),
    ("answers/99/approve", {}, "comms admin"),
    ("answers/99/send-back", {"reason": "x"}, "comms admin"),
    ("answers/99/publish", {}, "comms admin"),
    ("answers/99/schedule", {"at": "2031-05-02T09:00"}, "comms admin"),
    ("answers/99/unschedule", {}, "comms admin"),
    ("answers/99/retract", {"reason": "x"}, "comms admin"),
    ("deliveries/99/resend", {}, "comms admin"),
    ("inbox/99/retry", {}, "comms moderator admin"),
    ("knowledge/99/withdraw", {}, "comms admin"),
    ("departments/none", {"name": "x", "remit": "x", "norm_days": "5"}, "admin"),
    ("people/99", {"role": "comms"}, "admin"),
    ("people/99/link", {}, "admin"),
)


async def test_each_role_sends_the_forms_of_its_work_and_no_others(
    app: FastAPI, installation: Installation
) -> None:
    async with AsyncExitStack() as stack:
        for role in ROLES:
            browser = await stack.enter_async_context(logged_in(app, installation, role))
            for path, form, allowed in FORMS:
                answer = await browser.post(f"/console/{path}", data=form)
                expected = 404 if role in allowed.split() else 403
                assert answer.status_code == expected, f"{role} {path}: {answer.text}"
            files = {"file": ("a.md", b"# A\n\nOpen at nine.", "text/markdown")}
            answer = await browser.post("/console/knowledge", files=files)
            assert answer.status_code == (303 if role in ("comms", "admin") else 403), role
            page = await browser.get("/console/deliveries")
            assert page.status_code == (403 if role == "official" else 200), role
            shown = "/console/deliveries" in (await browser.get("/console")).text
            assert shown == (role != "official"), "no link to what is refused"
    async with installation.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Document)) == 1


async def test_an_official_neither_sees_nor_touches_another_departments_issue(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    issue = await asked(client, installation)
    async with logged_in(app, installation, "official", "roads") as stranger:
        for path, form, _ in FORMS[:10]:
            where = f"/console/{path.replace('99', str(issue))}"
            assert (await stranger.post(where, data=form)).status_code == 404, path
        assert (await stranger.get(f"/console/issues/{issue}")).status_code == 404
        assert QUESTION not in (await stranger.get("/console?singles=true")).text
    async with installation.database.read() as session:
        row = await session.get(Issue, issue)
        assert row is not None
        assert row.state == "open"
        actors = (await session.scalars(select(Event.actor).where(Event.thing == "issue"))).all()
    assert len(set(actors)) <= 2, "the machine and the admin who routed it"


async def asked(client: AsyncClient, here: Installation) -> int:
    """The issue of one question, at the water department."""
    admin = await hire(client, here, "admin")
    for key in ("water", "roads"):
        body = {"key": key, "name": key.title(), "remit": f"{key} matters.", "norm_days": 5}
        await admin.post("/departments", body)
    await Citizen(client).say(QUESTION)
    (issue,) = (await admin.get("/issues", singles=True))["items"]
    await admin.post(f"/issues/{issue['id']}/assign", {"department": "water"})
    return int(issue["id"])


async def test_the_loop_is_walked_by_hand_from_the_issue_to_the_public_answer(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    issue = await asked(client, installation)
    async with (
        logged_in(app, installation, "official", "water", name="Ana") as ana,
        logged_in(app, installation, "comms", name="Bruno") as bruno,
    ):
        await sent(ana, f"/console/issues/{issue}/claim")
        await sent(ana, f"/console/issues/{issue}/rename", name="Água na Rua das Flores")
        where = await sent(ana, f"/console/issues/{issue}/answers", text="Volta logo.")
        await sent(ana, f"{where}/edit", lang="pt", text=ANSWER, title="Água", review_by="")
        await sent(ana, f"{where}/measures", text="Trocar a bomba", due_on="2031-05-02")
        await sent(ana, f"{where}/submit")
        assert (await ana.post(f"{where}/approve")).status_code == 403
        await sent(bruno, f"{where}/send-back", reason="Diga a que horas.")
        assert "Diga a que horas." in (await ana.get(where)).text
        await sent(ana, f"{where}/comments", text="Às nove.")
        await sent(ana, f"{where}/submit")
        await sent(bruno, f"{where}/approve")
        assert ANSWER not in (await client.get(f"/answers/{where.rsplit('/', 1)[1]}")).text
        await sent(bruno, f"{where}/publish")
        page = (await bruno.get(f"/console/issues/{issue}")).text
        assert "Água na Rua das Flores" in page
        assert (await bruno.post(f"{where}/publish")).status_code == 409
        thread = (await bruno.get(where)).text.split('id="comments"', 1)[1].split("</section>")[0]
        said = re.findall(r'"pre">([^<]+)<.*?<span>(Ana|Bruno)</span>.*?badge (\w+)"', thread)
        assert said == [
            ("Diga a que horas.", "Bruno", "in_review"), ("Às nove.", "Ana", "drafted"),
        ], "kept after approval, with who and when in its life"  # fmt: skip
    public = await client.get(f"/answers/{where.rsplit('/', 1)[1]}")
    assert (public.status_code, ANSWER in public.text) == (200, True)
    assert "Trocar a bomba" in public.text


async def sent(browser: AsyncClient, path: str, **form: str) -> str:
    """Send a form that is taken; gives the page it leads to, without its fragment."""
    answer = await browser.post(path, data=form)
    assert answer.status_code == 303, f"{path}: {answer.text}"
    return re.sub("#.*", "", answer.headers["location"])


async def test_forms_that_cannot_be_read_are_pages_and_change_nothing(
    client: AsyncClient, app: FastAPI, installation: Installation
) -> None:
    issue = await asked(client, installation)
    async with logged_in(app, installation, "admin") as admin:
        where = await sent(admin, f"/console/issues/{issue}/answers", text="Volta logo.")
        for act, form in (
            ("edit", {"lang": "pt", "text": ANSWER, "review_by": "soon"}),
            ("edit", {"lang": "pt", "text": ANSWER, "video_url": "javascript:alert(1)"}),
            ("edit", {"lang": "<b>", "text": ANSWER}),
            ("measures", {"text": "Trocar a bomba", "due_on": "31/12/2031"}),
            ("correct", {"lang": "pt", "reason": "x" * 20_001, "text": ANSWER}),
        ):
            answer = await admin.post(f"{where}/{act}", data=form)
            assert (answer.status_code, "<h1>" in answer.text) == (422, True), (act, form)
        assert ANSWER not in (await admin.get(where)).text
    async with installation.database.read() as session:
        (row,) = (await session.scalars(select(Answer))).all()
        assert (row.video_url, row.review_by, row.state) == (None, None, "drafted")


async def test_an_auditor_sees_everything_and_no_button_that_would_be_refused(
    app: FastAPI, client: AsyncClient, installation: Installation
) -> None:
    await Citizen(client).say(QUESTION)
    admin = await hire(client, installation, "admin")
    (issue,) = (await admin.get("/issues", singles=True))["items"]
    body = {"issue_id": issue["id"], "lang": "pt", "title": "Água", "text": ANSWER}
    answer = (await admin.post("/answers", body))["id"]
    async with logged_in(app, installation, "auditor") as browser:
        for path in (f"/console/issues/{issue['id']}", f"/console/answers/{answer}"):
            page = await browser.get(path)
            assert page.status_code == 200
            told = page.text.split("<main", 1)[1]
            assert QUESTION in told or ANSWER in told
            assert "<button" not in told, path
