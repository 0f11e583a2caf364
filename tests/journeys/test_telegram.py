"""The whole way on Telegram, in each language: asked, receipted, answered, disputed, erased."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from bots.telegram.channel import TelegramChannel
from bots.telegram.sending import CAPABILITIES
from service.installation import Installation
from service.settings import Settings
from tests.doubles.telegram import Telegram
from tests.journeys import test_rounds as rounds
from tests.journeys.conftest import on_telegram
from tests.journeys.telegram_citizen import GROUP, PHOTO, VOICE, TelegramCitizen
from tests.journeys.test_whole_loop import ANSWER, SPANISH, Cabinet, open_cabinet

VIDEO = "https://video.example/bomba"
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


@dataclass(frozen=True)
class Talk:
    """What a citizen says and presses in one language, and what must come back."""

    asked: str
    greets: tuple[str, str]
    received: str
    status: tuple[str, str]
    answer: str
    helpful: tuple[str, str]
    unsolved: tuple[str, str]
    unfollow: tuple[str, str]
    follow: tuple[str, str]
    other: tuple[str, str, str]
    privacy: str
    show: tuple[str, str]
    export: str
    erase: tuple[str, str, str]
    photo: tuple[str, str]
    voice: str
    edited: tuple[str, str]
    group: tuple[str, str]
    join: tuple[str, str]


TALKS = {
    "pt": Talk(
        asked="quando volta a água na rua das flores?",
        greets=("oi", "Olá!"),
        received="Recebemos",
        status=("/situacao", "Você tem 1 pedido"),
        answer=ANSWER,
        helpful=("Ajudou", "Que bom que ajudou"),
        unsolved=("Ainda não resolveu", "Reabrimos o assunto"),
        unfollow=("/parar", "Não avisaremos mais"),
        follow=("/seguir", "Você receberá avisos"),
        other=("/idioma en", "in English from now on", "/idioma pt"),
        privacy="/privacidade",
        show=("Ver meus dados", "mensagens suas"),
        export="Levar meus dados",
        erase=("Apagar meus dados", "Sim, apagar tudo", "Apagamos tudo"),
        photo=("o poste da praça caiu em cima do banco", "Guardamos suas palavras"),
        voice="Ainda não ouvimos áudios",
        edited=("o poste da praça caiu em cima do carro", "Trocamos o que você escreveu"),
        group=("o ônibus 12 não passa mais no bairro", "Recebido. Respondo em particular"),
        join=("Também quero saber", "Você receberá avisos"),
    ),
    "es": Talk(
        asked="¿cuándo vuelve el agua a la calle de las flores?",
        greets=("hola", "¡Hola!"),
        received="Recibido. Su código",
        status=("/estado", "Tiene 1 pedido"),
        answer=SPANISH,
        helpful=("Me ayudó", "ayud"),
        unsolved=("Sigue sin resolverse", "Reabrimos"),
        unfollow=("/dejar", "Ya no avisaremos"),
        follow=("/seguir", "Recibirá avisos"),
        other=("/idioma en", "in English from now on", "/idioma es"),
        privacy="/privacidad",
        show=("Ver mis datos", "mensajes suyos"),
        export="Llevarme mis datos",
        erase=("Borrar mis datos", "Sí, borrar todo", "Borramos todo"),
        photo=("el poste de la plaza cayó encima del banco", "Guardamos sus palabras"),
        voice="Todavía no escuchamos audios",
        edited=("el poste de la plaza cayó encima del coche", "Cambiamos lo que escribió"),
        group=("el autobús 12 ya no pasa por el barrio", "Recibido. Respondo en privado"),
        join=("Yo también quiero saber", "Recibirá avisos"),
    ),
    "en": Talk(
        asked="when will the water be back in flower street?",
        greets=("hello", "Hello!"),
        received="Received",
        status=("/status", "You have 1 request"),
        answer=ANSWER,
        helpful=("Helpful", "helped"),
        unsolved=("Not solved yet", "reopened"),
        unfollow=("/unfollow", "We will not tell you any more"),
        follow=("/follow", "You will be told"),
        other=("/language pt", "agora em português", "/language en"),
        privacy="/privacy",
        show=("Show my data", "messages of yours"),
        export="Export my data",
        erase=("Erase my data", "Yes, erase everything", "We erased everything"),
        photo=("the lamp post in the square fell on the bench", "We keep your words"),
        voice="recording",
        edited=("the lamp post in the square fell on the car", "We changed what you wrote"),
        group=("bus 12 does not come to our quarter any more", "Received. I answer in private"),
        join=("I want to know too", "You will be told"),
    ),
}  # fmt: skip


@pytest.fixture
def settings(
    tmp_path: Path, database_url: str, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """On the web and on Telegram, without a pause between two messages to one person."""
    hurried = replace(CAPABILITIES, pace=None)
    monkeypatch.setattr(TelegramChannel, "capabilities", hurried)
    return on_telegram(tmp_path, database_url, telegram)


@pytest.fixture
async def cabinet(client: AsyncClient, installation: Installation) -> Cabinet:
    return await open_cabinet(client, installation)


async def publish(cabinet: Cabinet, issue: int) -> int:
    """The answer with its video, in Portuguese and Spanish."""
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    body = {"issue_id": issue, "lang": "pt", "title": "Água", "text": ANSWER}
    answer = int((await cabinet.official.post("/answers", body))["id"])
    await cabinet.official.change(f"/answers/{answer}", {"video_url": VIDEO})
    await cabinet.official.change(f"/answers/{answer}", {"lang": "es", "text": SPANISH})
    await cabinet.official.post(f"/answers/{answer}/submit")
    await cabinet.comms.post(f"/answers/{answer}/approve", {})
    await cabinet.comms.post(f"/answers/{answer}/publish")
    return answer


@pytest.mark.parametrize("lang", TALKS)
async def test_a_citizen_asks_is_answered_and_says_whether_it_helped(
    client: AsyncClient, cabinet: Cabinet, telegram: Telegram, lang: str
) -> None:
    talk, ana = TALKS[lang], TelegramCitizen(telegram, lang)
    assert talk.greets[1] in await ana.say(talk.greets[0])
    told = await ana.say(talk.asked)
    assert talk.received in told
    (code,) = CODE.findall(told)
    assert telegram.of("sendChatAction"), "it types while it works"
    status = await ana.say(talk.status[0])
    assert talk.status[1] in status
    assert code in status

    issue = await cabinet.issue_of(talk.asked)
    answer = await publish(cabinet, issue)
    heard = await ana.waits()
    assert talk.answer in heard
    assert VIDEO in heard
    assert code in heard
    assert talk.helpful[1] in await ana.press(talk.helpful[0])
    assert talk.unsolved[1] in await ana.press(talk.unsolved[0])
    shown = await cabinet.comms.get(f"/answers/{answer}")
    assert shown["feedback"] == {"reopen": 1}, "the last word counts"
    assert len(telegram.of("answerCallbackQuery")) == 2
    await cabinet.rests()
    assert VIDEO in await TelegramCitizen(telegram, lang).say(talk.asked), "also at once"

    assert talk.unfollow[1] in await ana.say(talk.unfollow[0])
    assert talk.follow[1] in await ana.say(talk.follow[0])
    assert talk.other[1] in await ana.say(talk.other[0])
    assert talk.other[1] not in await ana.say(talk.other[2])


@pytest.mark.parametrize("lang", TALKS)
async def test_a_citizen_sees_takes_and_erases_what_is_kept(
    client: AsyncClient, cabinet: Cabinet, telegram: Telegram, lang: str
) -> None:
    talk, ana = TALKS[lang], TelegramCitizen(telegram, lang)
    await ana.say(talk.asked)
    await ana.say(talk.privacy)
    shown = await ana.press(talk.show[0])
    assert talk.show[1] in shown
    assert talk.asked in shown
    exported = json.loads(await ana.press(talk.export))
    assert talk.asked in [one["text"] for one in exported["messages"]]
    await ana.press(talk.erase[0])
    assert talk.erase[2] in await ana.press(talk.erase[1])
    again = await TelegramCitizen(telegram, lang).say(talk.status[0])
    assert talk.status[1] not in again
    assert talk.asked not in await ana.say(talk.status[0])


@pytest.mark.parametrize("lang", TALKS)
async def test_captions_are_used_edits_followed_and_groups_answered_in_private(
    client: AsyncClient, cabinet: Cabinet, telegram: Telegram, lang: str
) -> None:
    talk, ana = TALKS[lang], TelegramCitizen(telegram, lang)
    assert talk.voice in await ana.say("", voice=VOICE)
    told = await ana.say("", photo=PHOTO, caption=talk.photo[0])
    assert talk.photo[1] in told
    assert talk.received in told
    bruno = TelegramCitizen(telegram, lang)
    await bruno.say(talk.photo[0])
    assert talk.edited[1] in await bruno.edit(talk.edited[0])
    assert await cabinet.issue_of(talk.edited[0])

    carla = TelegramCitizen(telegram, lang)
    carla.mention(talk.group[0])
    assert talk.received in await carla.waits()
    await telegram.until(lambda: any(c.said["chat_id"] == str(GROUP) for c in telegram.sent))
    public = [c.said["text"] for c in telegram.sent if str(c.said["chat_id"]) == str(GROUP)]
    assert [one for one in public if talk.group[1] not in one] == []
    assert not any(CODE.search(one) for one in public), "no receipt is shown to a group"


@pytest.mark.parametrize("lang", TALKS)
async def test_links_lead_to_an_issue_and_carry_a_campaign(
    client: AsyncClient, cabinet: Cabinet, telegram: Telegram, lang: str
) -> None:
    talk, ana = TALKS[lang], TelegramCitizen(telegram, lang)
    await ana.say(talk.asked)
    issue = await cabinet.issue_of(talk.asked)
    await cabinet.admin.post(f"/issues/{issue}/rename", {"name": "Água na Rua das Flores"})
    bruno, carla = TelegramCitizen(telegram, lang), TelegramCitizen(telegram, lang)
    assert "Água na Rua das Flores" in await bruno.say(f"/start issue-{issue}")
    assert talk.join[1] in await bruno.press(talk.join[0])
    await carla.say("/start spring-2027")
    await carla.say(talk.group[0])
    lines = (
        await client.get(
            "/api/v1/export/messages", params={"format": "jsonl"}, headers=cabinet.admin.headers
        )
    ).text.splitlines()
    campaigns = {one["text"]: one["campaign"] for one in map(json.loads, lines)}
    assert campaigns[talk.group[0]] == "spring-2027"
    await publish(cabinet, issue)
    for citizen in (ana, bruno):
        assert talk.answer in await citizen.waits()


@pytest.mark.parametrize("lang", TALKS)
async def test_a_question_of_a_round_is_asked_supported_and_answered_to_both(
    client: AsyncClient,
    cabinet: Cabinet,
    telegram: Telegram,
    installation: Installation,
    lang: str,
) -> None:
    talk, round_id = rounds.TALKS[lang], await rounds.open_round(cabinet)
    ana, bruno = TelegramCitizen(telegram, lang), TelegramCitizen(telegram, lang)
    assert rounds.TEXTS[lang]["title"] in await ana.say(f"/start round-{round_id}")
    await ana.press(talk.ask)
    assert talk.entered in await ana.say(talk.asked)
    issue = await cabinet.issue_of(talk.asked)
    await cabinet.comms.post(f"/issues/{issue}/rename", {"name": rounds.NAME})
    assert rounds.NAME in await bruno.say(talk.command)
    press = bruno.button(talk.support)["callback_data"]
    assert talk.counts in await bruno.press_action(press)
    assert talk.already in await bruno.press_action(press), "a double tap"
    (question,) = (await rounds.shown(cabinet, round_id))["questions"]
    assert question["supporters"] == 2
    await rounds.end_in_time(installation)
    for citizen in (ana, bruno):
        assert talk.ended in await citizen.waits()
    assert talk.over in await bruno.press_action(press)
    await publish(cabinet, issue)
    for citizen in (ana, bruno):
        heard = await citizen.waits()
        assert heard.count(talk.answer) == 1
        assert VIDEO in heard
