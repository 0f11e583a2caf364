"""The whole loop over HTTP: asked, claimed, drafted, reviewed, published, delivered, disputed."""

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import func, select

from nlp.embed import BUNDLED, load
from service.database import now
from service.installation import Installation
from service.jobs import Job
from tests.conftest import serving
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import Colleague, hire

DOCUMENT = (
    "# Abastecimento\n\nA água da Rua das Flores volta na terça-feira, depois da troca da bomba. "
    "Caminhões-pipa atendem a rua todas as manhãs."
)
ANSWER = "A água volta na terça-feira, depois da troca da bomba."
SPANISH = "El agua vuelve el martes, después del cambio de la bomba."
ASKED = "quando volta a água na rua das flores?"
WORDS = {
    "pt": (ASKED, "Ajudou", "Ainda não resolveu"),
    "es": (
        "¿cuándo vuelve el agua a la calle de las flores?",
        "Me ayudó",
        "Sigue sin resolverse",
    ),
    "en": ("when will the water be back in flower street?", "Helpful", "Not solved yet"),
}


@dataclass(frozen=True)
class Cabinet:
    """Who works here."""

    here: Installation
    official: Colleague
    comms: Colleague
    admin: Colleague

    async def rests(self) -> None:
        """Wait until every job that is due is done."""
        due = select(func.count()).where(Job.state == "waiting", Job.run_at <= now())
        async with asyncio.timeout(60):
            while True:
                async with self.here.database.read() as session:
                    if not await session.scalar(due):
                        return
                await asyncio.sleep(0.02)

    async def issue_of(self, text: str) -> int:
        """The issue that holds a contribution with these words."""
        for issue in (await self.admin.get("/issues", singles=True, limit=200))["items"]:
            said = await self.admin.get(f"/issues/{issue['id']}/contributions")
            if any(text in one["text"] for one in said["items"]):
                return int(issue["id"])
        raise AssertionError(f"nobody said {text!r}")

    async def publish(self, issue_id: int, texts: dict[str, str], **more: str) -> int:
        """An answer of the official's, approved and published by comms; the first text is the
        original, `more` what else is changed of it before.
        """
        (lang, text), *others = texts.items()
        body = {"issue_id": issue_id, "lang": lang, "title": "Água", "text": text}
        answer = await self.official.post("/answers", body)
        for other, words in others:
            await self.official.change(f"/answers/{answer['id']}", {"lang": other, "text": words})
        if more:
            await self.official.change(f"/answers/{answer['id']}", more)
        await self.official.post(f"/answers/{answer['id']}/submit")
        await self.comms.post(f"/answers/{answer['id']}/approve", {})
        await self.comms.post(f"/answers/{answer['id']}/publish")
        return int(answer["id"])


@pytest.fixture
async def cabinet(client: AsyncClient, installation: Installation) -> Cabinet:
    return await open_cabinet(client, installation)


async def open_cabinet(client: AsyncClient, installation: Installation) -> Cabinet:
    """A water department with an official, somebody of comms and an admin."""
    admin = await hire(client, installation, "admin")
    await admin.post(
        "/departments",
        {"key": "water", "name": "Águas", "remit": "Água, canos, bombas.", "norm_days": 5},
    )
    official = await hire(client, installation, "official", departments=("water",))
    return Cabinet(installation, official, await hire(client, installation, "comms"), admin)


async def test_a_question_becomes_an_answer_that_everybody_who_asked_gets_once(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    await client.post(
        "/api/v1/documents",
        files={"file": ("agua.md", DOCUMENT.encode(), "text/markdown")},
        headers=cabinet.admin.headers,
    )
    ana, bruno, chuva = Citizen(client), Citizen(client), Citizen(client)
    await ana.say(ASKED)
    assert "Mais 1 pessoa pergunta o mesmo" in await bruno.say(f"{ASKED}!")
    await chuva.say("a bomba do bairro queimou e ficamos sem nada nas torneiras")
    issue, other = await cabinet.issue_of(ASKED), await cabinet.issue_of("torneiras")
    assert issue != other

    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    await cabinet.official.post(f"/issues/{issue}/claim")
    await cabinet.admin.post(f"/issues/{other}/merge", {"into": issue, "why": "a mesma bomba"})
    assert "Agora 3 pessoas" in await chuva.waits()

    drafts = await cabinet.official.post(f"/issues/{issue}/drafts")
    assert any("terça-feira" in one["text"] for one in drafts[0]["sentences"])
    body = {"issue_id": issue, "lang": "pt", "title": "Água", "draft_id": drafts[0]["id"]}
    answer = await cabinet.official.post("/answers", body)
    path = f"/answers/{answer['id']}"
    await cabinet.official.post(f"{path}/submit")
    assert await cabinet.official.refused(f"{path}/approve", {}) == "forbidden"
    await cabinet.comms.post(f"{path}/approve", {})
    shown = await cabinet.comms.post(f"{path}/publish")
    assert sum(shown["deliveries"].values()) == 3

    for citizen in (ana, bruno, chuva):
        heard = await citizen.waits()
        assert "terça-feira" in heard
        assert heard.count("Águas") == 1
    summary = await cabinet.comms.get(f"{path}/deliveries")
    assert summary["states"] == {"sent": 3}


@pytest.mark.parametrize("lang", WORDS)
async def test_each_reads_their_language_and_says_whether_it_helped(
    client: AsyncClient, cabinet: Cabinet, lang: str
) -> None:
    asked, helpful, reopen = WORDS[lang]
    citizen = Citizen(client, lang)
    await citizen.say(asked)
    issue = await cabinet.issue_of(asked)
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    answer = await cabinet.publish(issue, {"pt": ANSWER, "es": SPANISH})
    heard = await citizen.waits()
    assert {"pt": ANSWER, "es": SPANISH, "en": ANSWER}[lang] in heard
    assert ("here is the original" in heard) == (lang == "en")

    await citizen.press(helpful)
    await citizen.press(reopen)
    shown = await cabinet.comms.get(f"/answers/{answer}")
    assert shown["feedback"] == {"reopen": 1}, "the last word counts"
    again = await cabinet.admin.get(f"/issues/{issue}")
    assert again["state"] in ("open", "assigned")

    further = "ainda não chegou água no fim da rua, nem ontem nem hoje"
    await citizen.say(further)
    assert await cabinet.issue_of(further) == issue


async def test_corrections_and_retractions_reach_everybody_who_was_told(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    first = Citizen(client)
    await first.say(ASKED)
    issue = await cabinet.issue_of(ASKED)
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    answer = await cabinet.publish(issue, {"pt": ANSWER})
    await first.waits()
    await cabinet.rests()
    late = Citizen(client)
    assert ANSWER in await late.say(ASKED), "who asks again gets it at once"

    body = {"texts": {"pt": "A água volta na quarta-feira."}, "reason": "a obra atrasou"}
    await cabinet.comms.post(f"/answers/{answer}/correct", body)
    await cabinet.admin.post(f"/answers/{answer}/approve", {})
    for citizen in (first, late):
        heard = await citizen.waits()
        assert "quarta-feira" in heard
        assert "a obra atrasou" in heard

    await cabinet.comms.post(f"/answers/{answer}/retract", {"reason": "a bomba não chegou"})
    for citizen in (first, late):
        assert "a bomba não chegou" in await citizen.waits()
    third = await Citizen(client).say(ASKED)
    assert "quarta-feira" not in third
    assert "Recebemos" in third


async def test_not_what_i_asked_sends_the_question_on(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    await Citizen(client).say(ASKED)
    issue = await cabinet.issue_of(ASKED)
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    await cabinet.publish(issue, {"pt": ANSWER})
    await cabinet.rests()
    late = Citizen(client)
    assert ANSWER in await late.say(f"{ASKED}!")
    assert "segue para a equipe" in await late.press("Não foi isso que perguntei")
    waiting = await cabinet.admin.get("/issues", singles=True, state="open")
    assert waiting["total"] == 1, "the question waits for an official"


async def test_an_answer_past_its_review_date_is_not_sent_at_once(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    await Citizen(client).say(ASKED)
    issue = await cabinet.issue_of(ASKED)
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    body = {"issue_id": issue, "lang": "pt", "title": "Água", "text": ANSWER}
    answer = (await cabinet.official.post("/answers", body))["id"]
    past = (now() - timedelta(days=2)).date().isoformat()
    await cabinet.official.change(f"/answers/{answer}", {"review_by": past})
    await cabinet.official.post(f"/answers/{answer}/submit")
    await cabinet.comms.post(f"/answers/{answer}/approve", {})
    await cabinet.comms.post(f"/answers/{answer}/publish")
    heard = await Citizen(client).say(ASKED)
    assert ANSWER not in heard
    assert "Recebemos" in heard


async def test_declining_tells_everybody_the_reason(client: AsyncClient, cabinet: Cabinet) -> None:
    ana, bruno = Citizen(client), Citizen(client, "en")
    await ana.say(ASKED)
    await bruno.say(ASKED)
    issue = await cabinet.issue_of(ASKED)
    await cabinet.admin.post(f"/issues/{issue}/decline", {"reason": "a rua é de outro município"})
    for citizen in (ana, bruno):
        assert "a rua é de outro município" in await citizen.waits()
    assert (
        await cabinet.admin.refused(f"/issues/{issue}/decline", {"reason": "outra vez"})
        == "issue_wrong_state"
    )


async def test_a_receipt_opens_status_and_answer_on_any_device_and_guessing_is_throttled(
    client: AsyncClient, cabinet: Cabinet, app: FastAPI
) -> None:
    told = await Citizen(client).say(ASKED)
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", told)
    assert found
    code = found.group()
    browser = {"accept": "text/html", "accept-language": "pt"}
    page = await client.post("/receipt", data={"code": code}, headers=browser)
    assert ASKED in page.text
    issue = await cabinet.issue_of(ASKED)
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    await cabinet.publish(issue, {"pt": ANSWER})
    page = await client.post("/receipt", data={"code": code.lower()}, headers=browser)
    assert ANSWER in page.text

    statuses = {
        (
            await client.post("/receipt", data={"code": "AAAA-BBBB-CCCC"}, headers=browser)
        ).status_code
        for _ in range(40)
    }
    assert 429 in statuses


@pytest.mark.encoder
async def test_with_the_real_encoder_people_who_ask_the_same_in_other_words_get_one_answer(
    installation: Installation,
) -> None:
    asked = (
        "When will the water be back in Flower Street?",
        "There is no water in Flower Street again, when does it come back?",
    )
    async with (
        serving(installation, embedder=load(BUNDLED)) as app,
        AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client,
    ):
        cabinet = await open_cabinet(client, installation)
        first, second, other = (Citizen(client, "en") for _ in range(3))
        await first.say(asked[0])
        assert "1 other person asks the same" in await second.say(asked[1])
        await other.say("The night bus to the university was cancelled without a word.")
        issue = await cabinet.issue_of(asked[0])
        assert issue == await cabinet.issue_of(asked[1])
        assert issue != await cabinet.issue_of("night bus")
        await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
        told = "The water in Flower Street is back on Tuesday, when the pump is replaced."
        await cabinet.publish(issue, {"en": told})
        assert told in await first.waits()
        assert told in await second.waits()
        assert len(await other.heard()) == 1, "who asked something else is left in peace"
        await cabinet.rests()
        late = await Citizen(client, "en").say("when is the water back in flower street")
        assert told in late
