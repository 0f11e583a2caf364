"""A rough rendering is swapped in place, without the page being left, and taken away again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import expect

from nlp.pivot import Glossary
from service.installation import Installation
from service.staff import actions as staff
from tests import processes
from tests.browser.chromium import browser, installed, window
from tests.conftest import serving
from tests.service.issues import town

pytestmark = pytest.mark.browser

GLOSSARY = Glossary({("pt", "en"): {"água": "water", "falta": "no"}})


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """An application that is started already, at an address of its own."""
    port = processes.free_port()
    config = uvicorn.Config(app, port=port, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve())
    app.state.ending = lambda: server.should_exit
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_rendering_is_swapped_in_place_and_keeps_the_focus(
    installation: Installation,
) -> None:
    installed()
    async with installation.database.write() as session:
        who = await town.person(session)
        said = await town.contribution(session, installation.vault, who, "falta água", lang="pt")
        issue = await town.issue(session, [said], [who[0]])
        row = await staff.add(
            session, email="ana@desk.example", name="Ana", roles=["moderator"], departments=[],
            lang="en", actor="cli",
        )  # fmt: skip
        secret = await staff.issue_link(session, row.id)
    async with serving(installation, worker=False) as app, listening(app) as base:
        app.state.retriever.pivot = GLOSSARY
        link = f"{base}/login/once/{secret}"
        async with browser() as chromium, window(chromium, base, link=link, wide=320) as shown:
            page = shown.page
            await shown.open(f"/console/issues/{issue}")
            await page.evaluate("window.stays = true")
            button = page.locator(f"#render-c-{said}")
            await button.focus()
            await page.keyboard.press("Enter")
            await expect(page.locator(".rough")).to_contain_text("no water")
            await expect(button).to_have_text("Hide the rendering")
            await expect(button).to_be_focused()
            assert f"rendered={said}" in page.url, "the view can be shared"
            assert await shown.audit() == []
            assert not await shown.too_wide()
            await shown.shoot("issue-rough-320")
            await page.keyboard.press("Enter")
            await expect(page.locator(".rough")).to_have_count(0)
            assert await page.evaluate("window.stays")
            assert shown.complaints == []
