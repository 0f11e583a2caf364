"""A day at the desk, by keyboard alone, until the citizen reads the answer in the web chat."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium import browser, window
from tests.browser.conftest import Place

pytestmark = pytest.mark.browser

QUESTION = "quando abre a piscina municipal do bairro novo?"
ANSWER = "A piscina abre no sábado, às nove horas."


async def focus(page: Page, selector: str) -> None:
    """Reach something with the Tab key, as nobody would who has a mouse."""
    reached = "(sel) => document.activeElement.matches(sel)"
    for _ in range(150):
        await page.keyboard.press("Tab")
        if await page.evaluate(reached, selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")


async def press(page: Page, selector: str) -> None:
    """Reach a button or link by keyboard and press it."""
    await focus(page, selector)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def write(page: Page, selector: str, text: str) -> None:
    """Reach a field by keyboard and write in it."""
    await focus(page, selector)
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type(text)


async def test_a_question_is_answered_by_keyboard_alone_and_read_in_the_chat(place: Place) -> None:
    async with (
        browser() as chromium,
        window(chromium, place.base, lang="pt-BR") as citizen,
        window(chromium, place.base, link=place.link("admin")) as desk,
        window(chromium, place.base, link=place.link("comms")) as comms,
    ):
        await citizen.open("/chat")
        await citizen.page.locator("#text").fill(QUESTION)
        await citizen.page.keyboard.press("Enter")
        page = desk.page
        await expect(citizen.page.locator("#log")).to_contain_text("-")
        await desk.open("/console/issues?q=piscina&singles=true")
        await expect(page.locator("[data-row]")).to_have_count(1)
        await page.keyboard.press("j")
        await page.keyboard.press("a")
        assert await page.evaluate("document.activeElement.matches('[data-assign]')")
        await press(page, "#bulk button:not(.quiet)")
        await expect(page.locator(".flash")).to_be_visible()
        await desk.open("/console/issues?q=piscina&singles=true")
        await page.keyboard.press("j")
        async with page.expect_navigation():
            await page.keyboard.press("o")
        await press(page, "form[action$='/claim'] button")
        await focus(page, "#own summary")
        await page.keyboard.press("Enter")
        await write(page, "#text", ANSWER)
        await focus(page, "#alang")
        await page.keyboard.type("Port")
        await press(page, "#own form button")
        await expect(page.locator("#preview")).to_contain_text(ANSWER)
        assert await page.evaluate("document.activeElement.id") == "title", "a title is missing"
        assert await page.locator("form[action$='/submit']").count() == 0
        await page.keyboard.type("Piscina municipal")
        await write(page, "textarea[name=text]", f"{ANSWER} Traga a toalha.")
        await expect(page.locator("#preview")).to_contain_text("Traga a toalha.")
        await press(page, ".texts form button")
        await press(page, "form[action$='/submit'] button")
        where = page.url.split("/console")[1]
        await expect(page.locator("body")).to_contain_text("somebody else approves it")
        await comms.open(f"/console{where}")
        await press(comms.page, "form[action$='/approve'] button")
        await press(comms.page, "form[action$='/publish'] button")
        await expect(comms.page.locator("#deliveries")).to_contain_text("1 of 1 arrived")
        await expect(citizen.page.locator("#log")).to_contain_text("Traga a toalha.")
        assert [*desk.complaints, *comms.complaints, *citizen.complaints] == []


async def test_two_issues_are_merged_and_parted_again_by_keyboard(place: Place) -> None:
    async with (
        browser() as chromium,
        window(chromium, place.base, link=place.link("admin")) as shown,
    ):
        page = shown.page
        await shown.open("/console/issues?q=water")
        for key in "jxj":
            await page.keyboard.press(key)
        async with page.expect_navigation():
            await page.keyboard.press("m")
        await expect(page.locator(".sides section")).to_have_count(2)
        await press(page, "form[action='/console/merge'] button")
        await expect(page.locator(".flash")).to_contain_text("Merged.")
        await press(page, ".flash button")
        await expect(page.locator(".flash")).to_contain_text("undone")
        assert shown.complaints == []


async def test_keys_are_explained_and_can_be_turned_off(place: Place) -> None:
    async with (
        browser() as chromium,
        window(chromium, place.base, link=place.link("admin")) as shown,
    ):
        page = shown.page
        await shown.open("/console/issues")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await focus(page, "#keys-on")
        await page.keyboard.press("Space")
        await page.keyboard.press("Escape")
        await page.keyboard.press("j")
        assert not await page.evaluate("!!document.activeElement.closest('[data-row]')")
        await page.reload()
        await page.keyboard.press("j")
        assert not await page.evaluate("!!document.activeElement.closest('[data-row]')")


async def test_a_page_that_is_open_shows_what_a_colleague_does(place: Place) -> None:
    async with (
        browser() as chromium,
        window(chromium, place.base, link=place.link("admin")) as shown,
        window(chromium, place.base, link=place.link("comms")) as colleague,
    ):
        where = f"/console/issues/{place.issues[3]}"
        await shown.open("/console/issues?q=square")
        await expect(shown.page.locator("[data-listen].on")).to_be_visible()
        box = shown.page.locator("[data-row] input")
        await box.check()
        await colleague.open(where)
        await colleague.page.locator("#naming summary").click()
        await colleague.page.locator("#name").fill("The square stays dark")
        await colleague.page.locator("#naming button").click()
        await expect(shown.page.locator("[data-row]")).to_contain_text("The square stays dark")
        await expect(box).to_be_checked()


async def test_the_queue_is_screened_by_keyboard(place: Place) -> None:
    async with (
        browser() as chromium,
        window(chromium, place.base, link=place.link("comms")) as shown,
    ):
        page = shown.page
        await shown.open(f"/console/consultations/{place.public['asked']}/queue?what=waiting")
        await expect(page.locator("[data-row]")).to_have_count(2)
        await page.keyboard.press("j")
        await page.keyboard.press("t")
        assert await page.evaluate("document.activeElement.matches('[action$=together] button')")
        await page.keyboard.press("e")
        assert await page.evaluate("document.activeElement.name") == "text"
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("j")
        await page.keyboard.press("r")
        assert await page.evaluate("document.activeElement.name") == "reason"
        await page.keyboard.type("Another consultation asks for this.")
        await page.keyboard.press("Tab")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await expect(page.locator(".flash")).to_contain_text("Refused")
        assert "what=waiting" in page.url
        await page.keyboard.press("j")
        async with page.expect_navigation():
            await page.keyboard.press("a")
        await expect(page.locator(".flash")).to_contain_text("Admitted.")
        await expect(page.locator("[data-row]")).to_have_count(0)
        assert shown.complaints == []
