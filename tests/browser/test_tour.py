"""Once round the loop on the sample installation, as the README shows it.

GABINETE_TEST_TOUR=1 draws the README's pictures anew, in docs/tour; else they are kept with the
other shots.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize, expect

from tests import processes
from tests.browser.chromium import SHOTS, Window, browser, installed, window
from tests.browser.pictures import reduced

pytestmark = pytest.mark.browser

DRAWN = Path(__file__).parents[2] / "docs" / "tour"
ANEW = "GABINETE_TEST_TOUR"
QUESTION = "A linha 214 agora só passa de hora em hora. Quando volta ao normal?"
TITLE = "Horários da linha 214"
TALL: ViewportSize = {"width": 1180, "height": 760}
PHONE: ViewportSize = {"width": 390, "height": 800}
LARGEST = 80_000


@dataclass(frozen=True)
class Sample:
    """A running sample: its address, and one-time log-in links by role."""

    base: str
    links: dict[str, str]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """The sample with the bundled encoder, as `make run` serves it."""
    installed()
    folder, port = tmp_path_factory.mktemp("tour"), processes.free_port()
    base, log = f"http://127.0.0.1:{port}", folder / "log"
    env = processes.environment(folder, port, GABINETE_CHANNELS="web")
    del env["GABINETE_EMBEDDING_MODEL"], env["GABINETE_GOVERNMENT"]
    with processes.running(["gabinete", "sample", "run"], env, log) as child:
        processes.answers(f"{base}/login", child, log, patience=300)
        processes.says("Ctrl-C stops", child, log)
        told = re.findall(r"Log in once as (\w+): +(\S+)", log.read_text())
        yield Sample(base, dict(told))


async def keep(shown: Window, name: str, size: ViewportSize, at: str = "") -> None:
    """A picture of the page's top, or of what is seen from the element `at` on."""
    folder = DRAWN if os.environ.get(ANEW) else SHOTS
    folder.mkdir(parents=True, exist_ok=True)
    await shown.page.set_viewport_size(size)
    await shown.page.evaluate(
        "at => at ? document.querySelector(at).scrollIntoView() : scrollTo(0, 0)", at
    )
    await shown.page.evaluate("document.activeElement.blur()")
    made = shown.page.context.browser
    assert made is not None
    picture = await reduced(made, await shown.page.screenshot(animations="disabled"))
    assert len(picture) <= LARGEST, name
    (folder / f"{name}.png").write_bytes(picture)


async def test_once_round_the_loop(sample: Sample) -> None:
    async with (
        browser() as chromium,
        window(chromium, sample.base, lang="pt-BR", wide=PHONE["width"]) as citizen,
        window(chromium, sample.base, link=sample.links["official"], lang="en-GB") as official,
        window(chromium, sample.base, link=sample.links["comms"], lang="en-GB") as comms,
    ):
        await ask(citizen)
        await official.open("/console?lang=en")
        await expect(official.page.locator("[data-row]").first).to_be_visible()
        await keep(official, "2-now", TALL)
        answer = await draft(official)
        await comms.open(f"{answer}?lang=en")
        await keep(comms, "4-review", TALL)
        await publish(comms)
        await told(citizen)
        await comms.open("/console/report?days=30&lang=en")
        await keep(comms, "6-report", TALL)
        assert [*citizen.complaints, *official.complaints, *comms.complaints] == []


async def ask(citizen: Window) -> None:
    """A citizen writes, and has a code at once."""
    await citizen.open("/chat")
    await citizen.page.locator("#text").fill(QUESTION)
    await citizen.page.keyboard.press("Enter")
    await expect(citizen.page.locator("#log .out").first).to_contain_text("-")
    await keep(citizen, "1-ask", PHONE, "#log li")


async def draft(official: Window) -> str:
    """The official opens the issue the question joined, and begins the answer from a draft."""
    page = official.page
    await official.open("/console/issues?sort=last_seen&singles=true")
    await page.locator("[data-row] a").first.click()
    await expect(page.locator("#said-list")).to_contain_text(QUESTION)
    await page.locator("form[action$='/claim'] button").click()
    if not await page.locator("#drafts article").count():
        await page.locator("form[action$='/drafts'] button").click()
    await expect(page.locator("#drafts article").first).to_be_visible()
    await keep(official, "3-issue", TALL)
    await page.locator("#drafts article button").first.click()
    await page.wait_for_url("**/console/answers/*")
    if not await page.locator("#title").input_value():
        await page.locator("#title").fill(TITLE)
        await page.locator("form:has(#title) button").click()
    await page.locator("form[action$='/submit'] button").click()
    await expect(page.locator("form[action$='/submit']")).to_have_count(0)
    return page.url.removeprefix(official.base)


async def publish(comms: Window) -> None:
    """Somebody else approves it and publishes it."""
    page = comms.page
    await page.locator("form[action$='/approve'] button").click()
    await page.locator("form[action$='/publish'] button").click()
    await expect(page.locator("#deliveries")).to_contain_text("arrived")


async def told(citizen: Window) -> None:
    """The answer comes to who asked, without being asked for."""
    await expect(citizen.page.locator("#log .out")).to_have_count(2)
    await keep(citizen, "5-answer", PHONE, "#log .out:last-child")
