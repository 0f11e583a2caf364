"""The booth in a real browser: by keyboard alone, by touch, without a script, without a network."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.chromium import Scheme, Window, browser, window
from tests.browser.conftest import Place

pytestmark = pytest.mark.browser

LIGHT = 100_000


async def begin(shown: Window, place: Place) -> None:
    """Lead a browser to its first pair, from the consultation's page."""
    await shown.open(f"/consultations/{place.public['voting']}")
    await shown.page.get_by_role("button", name="Begin to vote").press("Enter")
    await shown.page.wait_for_load_state()
    await expect(shown.page.locator(".ballot")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [320, 1280])
async def test_the_booth_can_be_used_by_everybody(place: Place, wide: int, scheme: Scheme) -> None:
    async with (
        browser() as chromium,
        window(chromium, place.base, wide=wide, scheme=scheme) as shown,
    ):
        await begin(shown, place)
        found = [*await shown.audit()]
        await shown.page.keyboard.press("ArrowDown")
        found += await shown.audit()
        await shown.shoot(f"booth-{wide}-{scheme}")
        await shown.page.keyboard.press("Escape")
        assert not await shown.too_wide()
        for n in range(20):
            await expect(shown.page.locator(".ballot")).to_be_visible()
            await shown.page.keyboard.press(("ArrowLeft", "ArrowRight")[n % 2])
            await expect(shown.page.locator("#booth")).to_contain_text(_compared(n + 1))
        await expect(shown.page.locator("#booth")).to_contain_text("A good moment for a pause")
        found += await shown.audit()
        await shown.shoot(f"booth-pause-{wide}-{scheme}")
        assert found == []
        assert shown.complaints == []


def _compared(n: int) -> re.Pattern[str]:
    return re.compile(rf"\b{n} pairs? compared")


async def test_it_is_driven_by_keyboard_and_keeps_the_focus(place: Place) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        await begin(shown, place)
        page = shown.page
        where, pair = page.url, page.locator("input[name=pair]")
        first = await pair.get_attribute("value")
        await page.keyboard.press("ArrowLeft")
        await expect(pair).not_to_have_attribute("value", first or "")
        assert await page.evaluate("document.activeElement.id") == "which"
        await expect(page.locator("#said")).to_contain_text("1 pair compared.")
        for _ in range(2):
            await page.keyboard.press("ArrowDown")
        assert await page.evaluate("document.activeElement.value") == "unknown"
        await page.keyboard.press("ArrowUp")
        assert await page.evaluate("document.activeElement.value") == "same"
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_contain_text("2 pairs compared.")
        assert page.url == where, "nothing was loaded anew"
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.activeElement.id") == "which"
        assert shown.complaints == []


async def test_a_key_that_is_held_votes_once(place: Place) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        await begin(shown, place)
        for _ in range(3):
            await shown.page.keyboard.down("ArrowRight")
        await expect(shown.page.locator("#said")).to_contain_text("1 pair compared.")
        await shown.page.keyboard.up("ArrowRight")


async def test_a_choice_that_is_not_sent_says_so_and_can_be_made_again(place: Place) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        await begin(shown, place)
        await shown.page.context.set_offline(True)
        await shown.page.keyboard.press("ArrowLeft")
        await expect(shown.page.locator(".failed")).to_contain_text("was not counted")
        await shown.page.context.set_offline(False)
        await shown.page.keyboard.press("ArrowLeft")
        await expect(shown.page.locator("#said")).to_contain_text("1 pair compared.")
        assert all("ERR_INTERNET_DISCONNECTED" in one for one in shown.complaints)


async def test_it_works_without_a_script_and_is_light(place: Place) -> None:
    async with browser() as chromium:
        context = await chromium.new_context(
            java_script_enabled=False, viewport={"width": 390, "height": 800}, locale="pt-BR"
        )
        page = await context.new_page()
        line = await context.new_cdp_session(page)
        await line.send("Network.enable")
        sizes: list[int] = []
        line.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
        await page.goto(f"{place.base}/consultations/{place.public['voting']}/vote")
        await page.get_by_role("button", name="Começar a votar").click()
        await page.get_by_role("button", name="Escolher B").click()
        await expect(page.locator("main")).to_contain_text("Sua escolha foi contada.")
        await expect(page.locator("main")).to_contain_text("1 par comparado.")
        assert 3_000 < sum(sizes) < LIGHT, sizes
        await context.close()


async def test_a_page_leads_into_the_chat_about_it(place: Place) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        await shown.open(f"/consultations/{place.public['asked']}")
        await shown.page.get_by_role("link", name="Take part in the chat").click()
        await expect(shown.page.locator("#log .out").first).to_contain_text("What first?")
        assert "start=" not in shown.page.url
        await shown.page.reload()
        await expect(shown.page.locator("#log .in")).to_have_count(1)
