"""A link that leads into the web chat says what it is about, once, whatever is reloaded."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium import browser, window
from tests.browser.conftest import Place

pytestmark = pytest.mark.browser


async def came(page: Page) -> int:
    """How often the reader is shown to have come by a link."""
    return await page.locator("#log li.in", has_text="I came by a link").count()


async def test_a_question_is_supported_from_the_public_page(place: Place) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        page = shown.page
        await shown.open(f"/rounds/{place.public['round_open']}")
        support = page.locator("main a.quiet", has_text="Support in the chat").first
        name = await support.locator(".unseen").inner_text()
        async with page.expect_navigation():
            await support.click()
        await expect(page.locator("#log")).to_contain_text(name.strip(" ·"))
        assert "start=" not in page.url, "a reload does not say it again"
        await page.get_by_role("button", name="Support in the round").click()
        await expect(page.locator("#log")).to_contain_text("Your support counts")
        await page.reload()
        await expect(page.locator("#log")).to_contain_text("Your support counts")
        assert await came(page) == 1
        assert shown.complaints == []


@pytest.mark.parametrize("word", ["round-{round_open}", "consultation-1", "spring-2027"])
async def test_every_kind_of_link_is_followed_once(place: Place, word: str) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        page = shown.page
        await shown.open(f"/chat?lang=en&start={word.format(**place.public)}")
        await expect(page.locator("#log li.out")).to_have_count(1)
        assert re.search(r"/chat\?lang=en$", page.url)
        assert await came(page) == 1
        if word.startswith("round"):
            await expect(page.locator("#log")).to_contain_text("Questions of May")
            buttons = page.get_by_role("button", name=re.compile(r"^Support \d$"))
            await buttons.first.click()
            await expect(page.locator("#log")).to_contain_text("Your support counts")
            await expect(buttons.first).to_be_disabled()
            await expect(buttons.nth(1)).to_be_enabled()


async def test_what_was_stored_but_not_confirmed_is_not_said_twice(place: Place) -> None:
    """The connection breaks after the service took it; the reader reloads."""
    async with browser() as chromium, window(chromium, place.base) as shown:
        page, broken = shown.page, [True]

        async def swallow(route):  # type: ignore[no-untyped-def]
            if route.request.method == "POST" and broken:
                broken.pop()
                await route.fetch()
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/chat/v1/messages", swallow)
        await shown.open("/chat?lang=en&start=spring-2027")
        await expect(page.locator("#log")).to_contain_text("not sent")
        await page.reload()
        await expect(page.locator("#log li.out")).to_have_count(1)
        await expect(page.locator("#log li.in .state")).to_have_text("received ✓")
        await page.wait_for_url(re.compile(r"/chat\?lang=en$"))
        assert await came(page) == 1


async def test_a_start_that_is_no_word_is_not_said(place: Place) -> None:
    async with browser() as chromium, window(chromium, place.base) as shown:
        await shown.open("/chat?lang=en&start=%3Cscript%3E%20hello")
        await expect(shown.page.locator("#welcome")).to_be_visible()
        assert await came(shown.page) == 0
        assert shown.complaints == []
