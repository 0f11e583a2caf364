"""Every public page in both colour schemes, at three widths: axe-core finds nothing, nothing has to
be moved sideways, nothing anybody wrote runs, each page is light. A picture of each is kept.
"""

import pytest
from playwright.async_api import expect

from tests.browser.chromium import Scheme, browser, window
from tests.browser.conftest import EVIL, Place

pytestmark = pytest.mark.browser

PAGES = (
    ("home", "/", 200),
    ("public-answers", "/answers", 200),
    ("public-search", "/answers?q=night+buses&in=pt", 200),
    ("public-nothing", "/answers?department=nobody", 200),
    ("public-answer", "/answers/{answer}", 200),
    ("public-original", "/answers/{answer}?lang=es", 200),
    ("public-gone", "/answers/{gone}", 410),
    ("public-waiting", "/answers/{waiting}", 200),
    ("heard", "/heard?lang=en", 200),
    ("heard-none", "/heard?department=nobody", 200),
    ("heard-issue", "/heard/{crowd}", 200),
    ("consultations", "/consultations", 200),
    ("consultation", "/consultations/{asked}", 200),
    ("consultation-voting", "/consultations/{voting}", 200),
    ("consultation-none", "/consultations/{ended}?q=nothing", 200),
    ("vote-begin", "/consultations/{voting}/vote", 200),
    ("vote-closed", "/consultations/{ended}/vote", 200),
    ("no-results", "/consultations/{voting}/results", 200),
    ("results", "/consultations/{ended}/results", 200),
    ("public-rounds", "/rounds", 200),
    ("public-round", "/rounds/{round_open}", 200),
    ("public-round-due", "/rounds/{round_due}", 200),
    ("public-round-closed", "/rounds/{round_closed}", 200),
    ("public-round-planned", "/rounds/{round_planned}", 200),
    ("data", "/data", 200),
    ("privacy", "/privacy", 200),
    ("accessibility", "/accessibility", 200),
    ("receipt", "/receipt", 200),
    ("public-missing", "/nowhere", 404),
)
HEAVIEST = 100_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [320, 390, 1280])
async def test_every_public_page_can_be_used_by_everybody(
    place: Place, wide: int, scheme: Scheme
) -> None:
    found: list[str] = []
    async with (
        browser() as chromium,
        window(chromium, place.base, wide=wide, scheme=scheme) as shown,
    ):
        for name, path, wanted in PAGES:
            status = await shown.open(path.format(**place.public))
            assert status == wanted, name
            await shown.page.evaluate(
                "document.querySelectorAll('details').forEach(d => d.open = true)"
            )
            found += [f"{name}: {one}" for one in await shown.audit()]
            if await shown.too_wide():
                found.append(f"{name} is wider than {wide} px")
            await shown.shoot(f"{name}-{wide}-{scheme}")
        complaints = [one for one in shown.complaints if "404" not in one and "410" not in one]
    assert found == []
    assert complaints == [], "nothing anybody wrote runs, and the content policy holds"


async def test_what_was_written_is_shown_as_it_was_written(place: Place) -> None:
    paths = (
        "/", "/answers", "/answers/{answer}", "/answers/{gone}", "/heard", "/heard/{crowd}",
        "/consultations/{asked}", "/consultations/{ended}/results",
        "/rounds", "/rounds/{round_open}", "/rounds/{round_due}",
    )  # fmt: skip
    async with browser() as chromium, window(chromium, place.base) as shown:
        for path in paths:
            await shown.open(path.format(**place.public))
            assert EVIL in await shown.page.inner_text("main"), path
        assert [one for one in shown.complaints if "410" not in one] == []


async def test_every_public_page_is_light(place: Place) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        line = await shown.page.context.new_cdp_session(shown.page)
        await line.send("Network.enable")
        await line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes: list[int] = []
        line.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
        for name, path, _ in PAGES:
            sizes.clear()
            await shown.open(path.format(**place.public))
            await shown.page.wait_for_load_state("load")
            assert 3_000 < sum(sizes) < HEAVIEST, (name, sizes)


async def test_a_question_is_searched_and_narrowed_by_keyboard(place: Place) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        await shown.open("/answers")
        for _ in range(20):
            await shown.page.keyboard.press("Tab")
            if await shown.page.evaluate("document.activeElement.id") == "q":
                break
        await shown.page.keyboard.type("night buses")
        async with shown.page.expect_navigation():
            await shown.page.keyboard.press("Enter")
        assert "Night buses" in await shown.page.inner_text(".hits")
        assert "q=night+buses" in shown.page.url


@pytest.mark.parametrize("lang", ["pt-BR", "es", "en"])
async def test_on_a_phone_the_way_around_is_one_line_and_opens_by_keyboard_without_a_script(
    place: Place, lang: str
) -> None:
    async with browser() as chromium:
        context = await chromium.new_context(
            java_script_enabled=False, viewport={"width": 320, "height": 800}, locale=lang
        )
        page = await context.new_page()
        await page.goto(f"{place.base}/answers")
        box = await page.locator(".public-top").bounding_box()
        assert box is not None
        assert box["height"] < 64, "one line"
        for _ in range(3):
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator(".menu nav a")).to_have_count(5)
        await expect(page.locator(".menu nav [aria-current]")).to_be_visible()
        for _ in range(4):
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/rounds")
        await context.close()
