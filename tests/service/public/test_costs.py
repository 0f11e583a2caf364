"""What a page costs: as many statements for a long list as for a short one; kept where it may."""

import re

import pytest
from fastapi import FastAPI

from service.installation import Installation
from tests.conftest import serving
from tests.service.console.test_screens import counted
from tests.service.public.printing import published, spoken_of
from tests.service.staff.desk_browser import blank

LISTS = ("/", "/answers", "/answers/feed.atom", "/heard", "/data/answers.json", "/data/heard.csv")


async def costs(app: FastAPI, here: Installation) -> dict[str, int]:
    """How many statements each list takes."""
    found = {}
    async with blank(app) as reader:
        for path in LISTS:
            with counted(here.database) as sent:
                assert (await reader.get(path)).status_code == 200, path
            found[path] = len(sent)
    return found


async def write(here: Installation, times: int) -> None:
    """So many issues that are heard, each with an answer."""
    async with here.database.write() as session:
        for _ in range(times):
            await published(session, here, await spoken_of(session, here, 10))


async def test_no_list_asks_for_each_of_its_rows(installation: Installation) -> None:
    async with serving(installation, worker=False) as app:
        await write(installation, 1)
        few = await costs(app, installation)
        await write(installation, 4)
        assert await costs(app, installation) == few
    assert max(few.values()) <= 16, few


@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_pages_speak_the_readers_language_and_name_the_government(
    app: FastAPI, installation: Installation, lang: str
) -> None:
    async with blank(app) as reader:
        reader.headers["accept-language"] = f"{lang};q=0.9"
        for path in ("/", "/answers", "/heard", "/data", "/privacy", "/accessibility", "/nowhere"):
            page = await reader.get(path)
            assert f'<html lang="{lang}">' in page.text, path
            assert "Vale Claro" in page.text, path
            assert not re.search(r"\{\w+\}", page.text), path


async def test_a_page_that_remembers_a_choice_is_kept_by_nobody_else(app: FastAPI) -> None:
    async with blank(app) as reader:
        plain = await reader.get("/privacy")
        assert plain.headers["cache-control"] == "public, max-age=60"
        assert "cookie" in plain.headers["vary"].lower()
        assert "accept-language" in plain.headers["vary"].lower()
        chosen = await reader.get("/privacy?lang=es")
        assert chosen.headers["cache-control"] == "private, no-cache"
        css = re.findall(r'href="(/static/public[^"]+)"', plain.text)[0]
        assert "immutable" in (await reader.get(css)).headers["cache-control"]
        assert (await reader.get(css.split("?")[0])).headers["cache-control"] == "no-cache"


async def test_statements_say_what_is_set(app: FastAPI, installation: Installation) -> None:
    async with blank(app) as reader:
        text = (await reader.get("/privacy")).text
        assert "10 people or more" in text
        assert "no limit" in text
