"""A machine's rough rendering of what was said in a language that the reader may not know."""

import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from nlp.pivot import AsIs, Glossary
from service.installation import Installation
from tests.conftest import serving
from tests.service.issues import town
from tests.service.staff.desk_browser import logged_in

GLOSSARY = Glossary({("pt", "en"): {"água": "water", "falta": "no"}})
LINK = r'<a class="button quiet small" id="render-c-{id}" href="([^"]+)" data-swap>([^<]+)</a>'


@pytest.fixture
async def app(installation: Installation) -> AsyncIterator[FastAPI]:
    async with serving(installation, worker=False) as running:
        running.state.retriever.pivot = GLOSSARY
        yield running


async def spoken(here: Installation, **texts: str) -> tuple[int, list[int]]:
    """An issue, and what was said in it: a text by its language."""
    async with here.database.write() as session:
        people = [await town.person(session) for _ in texts]
        said = [
            await town.contribution(session, here.vault, who, text, lang=lang)
            for who, (lang, text) in zip(people, texts.items(), strict=True)
        ]
        return await town.issue(session, said, [one for one, _ in people]), said


async def test_a_rendering_is_shown_on_request_and_hidden_again(
    app: FastAPI, installation: Installation
) -> None:
    issue, (pt, _, _) = await spoken(
        installation, pt="falta água <b>", en="no water", es="no hay agua"
    )
    where = f"/console/issues/{issue}"
    async with logged_in(app, installation, "moderator") as browser:
        plain = (await browser.get(f"{where}?every=true")).text
        assert plain.count("data-swap") == 1, "not for one's own language, nor for Spanish"
        address, label = re.findall(LINK.format(id=pt), plain)[0]
        assert label == "Read in English"
        assert "no water &lt;b&gt;" not in plain
        shown = (await browser.get(where + address.replace("&amp;", "&"))).text
        assert '<p class="pre" lang="en">no water &lt;b&gt;</p></div>' in shown
        assert "falta água &lt;b&gt;" in shown, "the words themselves stay"
        assert "machine&#39;s rough rendering" in shown
        address, label = re.findall(LINK.format(id=pt), shown)[0]
        assert (address, label) == (f"?every=true#said-c-{pt}", "Hide the rendering")
        portuguese = (await browser.get(f"{where}?lang=pt&rendered={pt}")).text
    assert "data-swap" not in portuguese
    assert 'class="rough"' not in portuguese


async def test_what_cannot_be_rendered_is_not_offered_and_what_fails_says_so(
    app: FastAPI, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue, (pt,) = await spoken(installation, pt="falta água")
    where = f"/console/issues/{issue}?rendered={pt}"
    async with logged_in(app, installation, "moderator") as browser:
        monkeypatch.setattr(GLOSSARY, "render", lambda texts, source, target: [None])
        failed = (await browser.get(where)).text
        assert "could not render this now" in failed
        assert "falta água" in failed
        app.state.retriever.pivot = AsIs()
        assert "data-swap" not in (await browser.get(where)).text
        app.state.retriever = None
        assert (await browser.get(where)).status_code == 200, "while the encoder still loads"
