"""Every screen: who may open it, in which languages it speaks, and that a long list costs no more
statements than a short one.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import event

from service.answers import actions as answers
from service.answers.measures import actions as measures
from service.database import Database
from service.installation import Installation
from service.issues.notes import actions as notes
from service.rounds import actions as rounds
from tests.conftest import serving
from tests.service.issues import town
from tests.service.rounds import polls
from tests.service.staff.desk_browser import logged_in

EVERYONE = ("official", "moderator", "comms", "admin", "auditor")
OVERSEERS = ("moderator", "comms", "admin", "auditor")
# Each screen of a town with one issue, answer, measure and department, and who may open it.
SCREENS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", EVERYONE),
    ("/issues", EVERYONE),
    ("/issues/1", EVERYONE),
    ("/merge?issue=1&issue=2", ("official", "moderator", "comms", "admin")),
    ("/proposals?at=1", ("official", "moderator", "comms", "admin")),
    ("/answers", EVERYONE),
    ("/answers/1", EVERYONE),
    ("/measures", EVERYONE),
    ("/rounds", EVERYONE),
    ("/rounds/1", EVERYONE),
    ("/knowledge", EVERYONE),
    ("/departments", EVERYONE),
    ("/departments/water", EVERYONE),
    ("/report", EVERYONE),
    ("/people", EVERYONE),
    ("/people/1", ("admin",)),
    ("/deliveries", OVERSEERS),
    ("/health", OVERSEERS),
    ("/trail", ("admin", "auditor")),
)


@asynccontextmanager
async def furnished(here: Installation, many: int = 2) -> AsyncIterator[FastAPI]:
    """A running town: issues of the water department, each with an answer, a measure and a note."""
    async with here.database.write() as session:
        water = await town.body(session, "water")
        who = await town.official(session, "water")
        for number in range(many):
            name = f"no water {number}"
            issue, _, _ = await town.asked(session, here.vault, 2, name=name, department_id=water)
            answer = await answers.begin(
                session, issue, by=who, lang="pt", title="", text="A água volta na terça-feira."
            )
            await measures.add_measure(
                session, answer.id, by=who, text="Trocar a bomba", due_on=town.START.date()
            )
            await notes.add(session, issue, "We spoke on the phone.", by=who)
        told = await polls.opened(session, by=who)
        await polls.question(session, here, told, 1, name="no water again")
    async with serving(here, worker=False) as app:
        yield app


async def test_each_role_opens_the_screens_of_its_work_and_links_only_to_them(
    installation: Installation,
) -> None:
    async with furnished(installation) as app, AsyncExitStack() as stack:
        for role in EVERYONE:
            keys = ("water",) if role == "official" else ()
            browser = await stack.enter_async_context(logged_in(app, installation, role, *keys))
            home = (await browser.get("/console")).text
            for path, roles in SCREENS:
                page = await browser.get(f"/console{path}")
                assert page.status_code == (200 if role in roles else 403), f"{role} {path}"
                if path.count("/") == 1 and "?" not in path:
                    assert (f'href="/console{path}"' in home) == (role in roles), f"{role} {path}"


@pytest.mark.parametrize(
    ("lang", "told"), [("pt", "Relatório de escuta"), ("es", "Informe de escucha")]
)
async def test_every_screen_speaks_the_readers_language_and_a_chosen_one_stays(
    installation: Installation, lang: str, told: str
) -> None:
    async with furnished(installation) as app, logged_in(app, installation, "admin") as browser:
        assert "Listening report" in (await browser.get("/console")).text
        await browser.get(f"/console/issues?q=a&lang={lang}")
        for path, _ in SCREENS:
            page = (await browser.get(f"/console{path}")).text
            assert f'<html lang="{lang}">' in page, path
            assert told in page, path
            _, _, view = path.partition("?")
            kept = f"{view}&lang=en".removeprefix("&").replace("&", "&amp;")
            assert f'"?{kept}"' in page, "the switch keeps the view"


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Statements that are sent until the end of the block."""
    sent: list[str] = []

    def note(*args: object) -> None:
        sent.append(str(args[2]))

    engines = {database._reader.sync_engine, database._writer.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def test_no_screen_asks_once_for_each_row(installation: Installation) -> None:
    async with furnished(installation, 2) as app, logged_in(app, installation, "admin") as browser:
        few = await costs(browser, installation)
        async with installation.database.write() as session:
            who = await town.official(session, "water")
            for number in range(9):
                issue, _, _ = await town.asked(session, installation.vault, 2, name=f"x{number}")
                answer = await answers.begin(
                    session, issue, by=who, lang="pt", title="", text="Sim."
                )
                await measures.add_measure(session, answer.id, by=who, text="Trocar", due_on=None)
                await notes.add(session, 1, "Again.", by=who)
                told = await rounds.find(session, 1)
                await polls.question(session, installation, told, 2, name=f"why {number}")
        assert await costs(browser, installation) == few
    assert 2 < min(few.values()) <= max(few.values()) <= 30, few


async def costs(browser: AsyncClient, here: Installation) -> dict[str, int]:
    """How many statements each screen takes."""
    found = {}
    for path, _ in SCREENS:
        with counted(here.database) as sent:
            assert (await browser.get(f"/console{path}")).status_code == 200, path
        found[path] = len(sent)
    return found


async def test_pages_take_scripts_and_styles_from_here_alone_and_have_none_inline(
    installation: Installation,
) -> None:
    async with furnished(installation) as app, logged_in(app, installation, "admin") as browser:
        for path, _ in SCREENS:
            page = (await browser.get(f"/console{path}")).text
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", page), path
            for address in re.findall(r'(?:src|<link[^>]* href)="([^"]+)"', page):
                assert address.startswith("/static/"), (path, address)
