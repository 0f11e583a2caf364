"""A browser like a colleague's: its windows, what it complains of, what axe-core finds."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

SHOTS = Path(__file__).parent / "shots"
NAMED = "GABINETE_TEST_CHROMIUM"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PATIENCE = 30_000
Scheme = Literal["light", "dark"]
expect.set_options(timeout=PATIENCE)


@dataclass
class Window:
    """A page and everything its browser complained of."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str) -> int:
        """Go to a page; gives its status."""
        answer = await self.page.goto(self.base + path)
        assert answer is not None
        return answer.status

    async def audit(self) -> list[str]:
        """What axe-core finds: rule, number of places, and the first one. It is run over the
        debugger's line, which the page's content policy does not hold.
        """
        axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
        line = await self.page.context.new_cdp_session(self.page)
        run = f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})"
        ask = f"{axe};{run}.then(found => JSON.stringify(found.violations))"
        told: dict[str, Any] = await line.send(
            "Runtime.evaluate", {"expression": ask, "awaitPromise": True, "returnByValue": True}
        )
        await line.detach()
        return [
            f"{one['id']} ×{len(one['nodes'])}: {one['nodes'][0]['html'][:200]}"
            for one in json.loads(told["result"]["value"])
        ]

    async def too_wide(self) -> bool:
        """Whether the page has to be moved sideways."""
        found = await self.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        return bool(found)

    async def shoot(self, name: str) -> None:
        """Keep a picture of the page."""
        SHOTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def installed() -> str:
    """Chromium's path; skips the test where there is none, and says so."""
    found = os.environ.get(NAMED) or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip(f"browser tests: install Debian's chromium, or name one in {NAMED}")
    return found


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium, until the end of the block."""
    path = installed()
    async with async_playwright() as driver:
        made = await driver.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield made
        finally:
            await made.close()


@asynccontextmanager
async def window(
    made: Browser,
    base: str,
    *,
    link: str = "",
    wide: int = 1280,
    scheme: Scheme = "light",
    lang: str = "en",
) -> AsyncIterator[Window]:
    """A window of its own, logged in by a one-time link where one is given."""
    context: BrowserContext = await made.new_context(
        viewport={"width": wide, "height": 900}, color_scheme=scheme, locale=lang
    )
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    shown = Window(page, base)
    page.on("pageerror", lambda error: shown.complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: shown.complaints.append(f"dialog: {dialog.message}"))
    page.on(
        "console",
        lambda said: shown.complaints.append(said.text) if said.type == "error" else None,
    )
    if link:
        await page.goto(link)
        await page.get_by_role("button").click()
        await page.wait_for_url("**/console")
    try:
        yield shown
    finally:
        await context.close()
