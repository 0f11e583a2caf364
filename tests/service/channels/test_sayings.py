"""What channels say of themselves: a closed list that staff read in their own language."""

import pytest
from fastapi import FastAPI

from service.channels.contract import SAYINGS, saying, understood
from service.console.sayings import in_words
from service.installation import Installation
from tests.service.staff.desk_browser import logged_in

PLACES = {"name": "Discord", "why": "TimeoutError", "status": "503"}


@pytest.mark.parametrize("code", SAYINGS)
def test_every_sentence_is_understood_and_worded_in_every_language(code: str) -> None:
    says = saying(code, **PLACES)
    found = understood(says)
    assert found is not None
    assert found[0] == code
    assert saying(code, **found[1]) == says
    worded = {lang: in_words(says, lang) for lang in ("pt", "es", "en")}
    assert worded["pt"] != worded["en"], code
    assert worded["es"] != worded["en"], code
    for place in found[1].values():
        assert all(place in (told or "") for told in worded.values()), code


def test_a_sentence_within_a_sentence_is_worded_too() -> None:
    says = saying("again", why=saying("unreachable", name="Discord", why="TimeoutError"))
    told = in_words(says, "pt")
    assert told == "Discord não pode ser alcançado (TimeoutError); tentando de novo"


def test_a_platforms_own_words_stay_as_they_are() -> None:
    assert understood("Bad Gateway") is None
    assert in_words("Bad Gateway", "pt") is None
    assert in_words(saying("undelivered", name="Telegram", why="Bad Gateway"), "es") == (
        "Telegram no puede entregarnos: Bad Gateway"
    )


async def test_the_pages_say_it_in_the_readers_language(
    app: FastAPI, installation: Installation
) -> None:
    async with logged_in(app, installation, "comms") as browser:
        for lang, said in (("pt", "faz parte do servidor web"), ("es", "forma parte del servidor")):
            for page in ("deliveries", "health"):
                assert said in (await browser.get(f"/console/{page}?lang={lang}")).text, page
        (web,) = (await browser.get("/api/v1/channels")).json()
    assert (web["code"], web["says"]) == ("part", "is part of the web server")
