"""Every page in both colour schemes, on a phone and at a desk: axe-core finds nothing, nothing has
to be moved sideways, nothing a stranger wrote runs. A picture of each is kept.
"""

import pytest

from tests.browser.chromium import Scheme, browser, window
from tests.browser.conftest import EVIL, Place

pytestmark = pytest.mark.browser

PAGES = (
    ("now", "/console"),
    ("issues", "/console/issues?singles=true"),
    ("issues-none", "/console/issues?q=nothing"),
    ("issue", "/console/issues/{issue}"),
    ("merge", "/console/merge?issue={issue}&issue={other}"),
    ("proposals", "/console/proposals"),
    ("answers", "/console/answers"),
    ("answer", "/console/answers/1"),
    ("answer-untitled", "/console/answers/{untitled}"),
    ("issue-shown", "/console/issues/{crowd}"),
    ("measures", "/console/measures"),
    ("rounds", "/console/rounds"),
    ("round", "/console/rounds/{round_open}"),
    ("round-due", "/console/rounds/{round_due}"),
    ("round-planned", "/console/rounds/{round_planned}"),
    ("knowledge", "/console/knowledge"),
    ("departments", "/console/departments"),
    ("department", "/console/departments/water"),
    ("report", "/console/report"),
    ("people", "/console/people"),
    ("staffer", "/console/people/1"),
    ("deliveries", "/console/deliveries"),
    ("health", "/console/health"),
    ("trail", "/console/trail"),
    ("asked", "/console/consultations"),
    ("asked-new", "/console/consultations/new"),
    ("asked-one", "/console/consultations/{asked}"),
    ("asked-queue", "/console/consultations/{asked}/queue"),
    ("asked-review", "/console/consultations/{asked}/queue?what=review"),
    ("asked-proposals", "/console/consultations/{asked}/proposals"),
    ("asked-proposal", "/console/consultations/{asked}/proposals/{proposal}"),
    ("asked-voting", "/console/consultations/{ended}/voting"),
    ("asked-meeting", "/console/consultations/{ended}/meeting"),
    ("asked-no-meeting", "/console/consultations/{voting}/meeting"),
    ("asked-no-votes", "/console/consultations/{voting}/voting"),
    ("login", "/login"),
    ("missing", "/console/nowhere"),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [320, 1280])
async def test_every_page_can_be_used_by_everybody(place: Place, wide: int, scheme: Scheme) -> None:
    found: list[str] = []
    numbers = {"issue": place.issues[2], "other": place.issues[0], **place.public}
    async with (
        browser() as chromium,
        window(chromium, place.base, link=place.link("admin"), wide=wide, scheme=scheme) as shown,
    ):
        for name, path in PAGES:
            status = await shown.open(path.format(**numbers))
            assert status == (404 if name == "missing" else 200), name
            await shown.page.evaluate(
                "document.querySelectorAll('details').forEach(d => d.open = true)"
            )
            found += [f"{name}: {one}" for one in await shown.audit()]
            if await shown.too_wide():
                found.append(f"{name} is wider than {wide} px")
            await shown.shoot(f"{name}-{wide}-{scheme}")
        complaints = [one for one in shown.complaints if "404" not in one]
    assert found == []
    assert complaints == [], "nothing a stranger wrote runs, and the content policy holds"


async def test_what_a_stranger_wrote_is_shown_as_it_was_written(place: Place) -> None:
    async with (
        browser() as chromium,
        window(chromium, place.base, link=place.link("admin")) as shown,
    ):
        rounds = f"/console/rounds/{place.public['round_open']}"
        for path in (f"/console/issues/{place.issues[2]}", "/console/answers/1", rounds):
            await shown.open(path)
            assert EVIL in await shown.page.inner_text("main"), path
        assert shown.complaints == []


async def test_what_is_counted_is_named_without_breaking_words(place: Place) -> None:
    lines = """[...document.querySelectorAll('.sides .shares th')]
        .filter(one => !/[ -]/.test(one.textContent.trim()))
        .map(one => { const words = document.createRange(); words.selectNodeContents(one);
            return [one.textContent, words.getClientRects().length]; })"""
    async with (
        browser() as chromium,
        window(chromium, place.base, link=place.link("admin")) as shown,
    ):
        assert await shown.open("/console/report?lang=pt") == 200
        told = await shown.page.evaluate(lines)
    assert "inglês" in [name for name, _ in told]
    assert [name for name, count in told if count > 1] == []


async def test_the_first_page_is_light(place: Place) -> None:
    async with (
        browser() as chromium,
        window(chromium, place.base, link=place.link("comms")) as shown,
    ):
        line = await shown.page.context.new_cdp_session(shown.page)
        await line.send("Network.enable")
        await line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes: list[int] = []
        line.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
        await shown.open("/console")
        await shown.page.wait_for_load_state("load")
    assert 5_000 < sum(sizes) < 100_000, sizes
