"""What channels say of themselves: a closed list that staff read in their own language."""

import pytest
from fastapi import FastAPI

from service.channels import queries
from service.channels.contract import SAYINGS, saying, understood
from service.channels.models import Delivery
from service.console.sayings import in_words
from service.database import now
from service.installation import Installation
from tests.service.issues import town
from tests.service.staff.desk_browser import logged_in

PLACES = {"name": "Discord", "why": "TimeoutError", "status": "503", "most": "64"}


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


async def test_what_did_not_arrive_is_told_by_reason_in_the_readers_language(
    app: FastAPI, installation: Installation
) -> None:
    gone = [saying("blocked", name="Telegram"), saying("blocked", name="Telegram"), "Odd <b>words"]
    async with installation.database.write() as session:
        _, reader = await town.person(session, channel="telegram")
        session.add_all(
            Delivery(
                identity_id=reader, channel="telegram", cause="answer", cause_id=1, key=f"k{n}",
                priority=0, buttons=[], state="failed", created_at=now(), next_at=now(),
                failure="recipient_gone", error=says,
            )
            for n, says in enumerate(gone)
        )  # fmt: skip
    async with installation.database.read() as session:
        found = await queries.reasons(session, answer_id=1)
        assert await queries.reasons(session, answer_id=2) == {}
    told = [(one.says, one.count) for one in found["recipient_gone"]]
    assert told == [(gone[0], 2), (gone[2], 1)]
    async with logged_in(app, installation, "comms") as browser:
        page = (await browser.get("/console/deliveries?lang=pt")).text
    assert "3 × a pessoa já não pode ser alcançada" in page
    assert "2 × Telegram: nos bloqueou no Telegram" in page
    assert '1 × Telegram: <q lang="en">Odd &lt;b&gt;words</q>' in page


async def test_the_pages_say_it_in_the_readers_language(
    app: FastAPI, installation: Installation
) -> None:
    async with logged_in(app, installation, "comms") as browser:
        for lang, said in (("pt", "faz parte do servidor web"), ("es", "forma parte del servidor")):
            for page in ("deliveries", "health"):
                assert said in (await browser.get(f"/console/{page}?lang={lang}")).text, page
        (web,) = (await browser.get("/api/v1/channels")).json()
    assert (web["code"], web["says"]) == ("part", "is part of the web server")
