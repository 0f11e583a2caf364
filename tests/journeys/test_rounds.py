"""The Governor Responds, from the first question of a round to the answer that all who support it
read: in three languages in the web chat, and on Telegram and Discord.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import update

from service.database import now
from service.installation import Installation
from service.rounds import tasks
from service.rounds.models import Round
from tests.journeys.citizen import Citizen
from tests.journeys.test_whole_loop import ANSWER, SPANISH, Cabinet, cabinet

__all__ = ["cabinet"]

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
TEXTS = {
    "pt": {"title": "Perguntas de março", "text": "Apoie o que importa."},
    "es": {"title": "Preguntas de marzo", "text": "Apoye lo que importa."},
    "en": {"title": "Questions of March", "text": "Support what matters."},
}
NAME = "A água da Rua das Flores"


@dataclass(frozen=True)
class Talk:
    """What a citizen says and presses in one language, and what must come back."""

    command: str
    ask: str
    asked: str
    entered: str
    support: str
    counts: str
    already: str
    back: str
    taken: str
    ended: str
    over: str
    answer: str


TALKS = {
    "pt": Talk(
        "/rodada", "Fazer uma pergunta", "quando volta a água na rua das flores?",
        "Sua pergunta está na rodada “Perguntas de março”", "Apoiar 1", "Seu apoio conta",
        "Você já apoia", "Retirar meu apoio", "Retiramos o seu apoio", "terá resposta",
        "terminou em", ANSWER,
    ),
    "es": Talk(
        "/ronda", "Hacer una pregunta", "¿cuándo vuelve el agua a la calle de las flores?",
        "Su pregunta está en la ronda «Preguntas de marzo»", "Apoyar 1", "Su apoyo cuenta",
        "Usted ya apoya", "Retirar mi apoyo", "Retiramos su apoyo", "tendrá respuesta",
        "terminó el", SPANISH,
    ),
    "en": Talk(
        "/round", "Ask a question", "when will the water be back in flower street?",
        "Your question is in the round “Questions of March”", "Support 1", "Your support counts",
        "You support this already", "Take my support back", "We took your support back",
        "is due an answer", "ended on", ANSWER,
    ),
}  # fmt: skip


async def open_round(cabinet: Cabinet, **more: Any) -> int:
    """A round that has begun."""
    made = await cabinet.comms.post("/rounds", {"lang": "pt", "texts": TEXTS, **more})
    assert made["state"] == "open"
    return int(made["id"])


async def end_in_time(here: Installation) -> None:
    """Every round that is open has come to its end, and its minute comes round."""
    async with here.database.write() as session:
        over = now() - timedelta(seconds=1)
        await session.execute(update(Round).where(Round.state == "open").values(closes_at=over))
    await tasks.move_on(here)


@pytest.mark.parametrize("lang", TALKS)
async def test_a_question_is_asked_supported_won_and_answered_to_all(
    client: AsyncClient, cabinet: Cabinet, installation: Installation, lang: str
) -> None:
    talk, round_id = TALKS[lang], await open_round(cabinet)
    ana, bruno = Citizen(client, lang), Citizen(client, lang)
    assert TEXTS[lang]["title"] in await ana.say(talk.command)
    await ana.press(talk.ask)
    receipt = await ana.say(talk.asked)
    assert CODE.search(receipt), "a question of a round is received as any other"
    assert talk.entered in receipt
    issue = await cabinet.issue_of(talk.asked)

    assert NAME not in await bruno.say(f"/start round-{round_id}"), "words of others stay unread"
    await cabinet.comms.post(f"/issues/{issue}/rename", {"name": NAME})
    assert NAME in await bruno.say(talk.command)
    assert talk.counts in await bruno.press(talk.support)
    assert talk.already in await bruno.press(talk.support), "a double tap"
    assert talk.taken in await bruno.press(talk.back)
    assert talk.counts in await bruno.forge(f"back:{round_id}:{issue}")
    assert [q["supporters"] for q in (await shown(cabinet, round_id))["questions"]] == [2]

    await end_in_time(installation)
    for citizen in (ana, bruno):
        assert talk.ended in await citizen.waits()
    assert talk.over in await bruno.forge(f"back:{round_id}:{issue}")
    ended = await shown(cabinet, round_id)
    assert (ended["state"], ended["people"]) == ("due", 2)

    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    await cabinet.publish(issue, {"pt": ANSWER, "es": SPANISH})
    for citizen in (ana, bruno):
        heard = await citizen.waits()
        assert talk.answer in heard
        assert heard.count(talk.answer) == 1
    await tasks.move_on(installation)
    assert (await shown(cabinet, round_id))["state"] == "closed"


QUESTIONS = (
    "quando abre o posto de saúde do bairro novo?",
    "por que a biblioteca fecha aos sábados de manhã?",
    "a ponte do córrego fundo vai ser consertada?",
    "vai haver vacina contra a gripe nas escolas?",
    "por que subiu o preço da passagem de trem?",
)


async def asked(client: AsyncClient, cabinet: Cabinet, round_id: int, text: str) -> int:
    """A question that somebody asked in a round, under its title."""
    citizen = Citizen(client)
    await citizen.forge(f"nominate:{round_id}")
    assert "está na rodada" in await citizen.say(text)
    issue = await cabinet.issue_of(text)
    await cabinet.comms.post(f"/issues/{issue}/rename", {"name": text.capitalize()})
    return issue


async def test_only_the_next_whole_matter_is_asked_in_the_round(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    round_id = await open_round(cabinet)
    ana = Citizen(client)
    await ana.say("/rodada")
    await ana.press("Fazer uma pergunta")
    assert "está na rodada" not in await ana.say("bom dia")
    assert "está na rodada" in await ana.say(QUESTIONS[0])
    assert "está na rodada" not in await ana.say(QUESTIONS[1])
    await ana.press("Fazer uma pergunta")
    assert "não entra na rodada" in await ana.press("Agora não")
    assert "está na rodada" not in await ana.say(QUESTIONS[2])
    await ana.press("Fazer uma pergunta")
    assert "já apoiava" in await ana.say(QUESTIONS[0]), "the same question once more"
    (question,) = (await shown(cabinet, round_id))["questions"]
    assert question["supporters"] == 1


async def test_a_link_to_an_issue_offers_support_in_the_round(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    ana, bruno = Citizen(client), Citizen(client)
    await ana.say(QUESTIONS[0])
    issue = await cabinet.issue_of(QUESTIONS[0])
    await cabinet.comms.post(f"/issues/{issue}/rename", {"name": "O posto de saúde"})
    round_id = await open_round(cabinet)
    assert "O posto de saúde" in await bruno.say(f"/start issue-{issue}")
    assert "Seu apoio conta" in await bruno.press("Apoiar na rodada")
    (question,) = (await shown(cabinet, round_id))["questions"]
    assert question["supporters"] == 1, "supporting an issue that exists nominates it"


async def test_questions_come_a_few_at_a_time_each_once(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    round_id = await open_round(cabinet)
    for text in QUESTIONS:
        await asked(client, cabinet, round_id, text)
    reader = Citizen(client)
    first = await reader.say("/rodada")
    assert len((await shown(cabinet, round_id))["questions"]) == len(QUESTIONS), first
    again = await reader.say("/rodada")
    assert first.partition("1. ")[2].partition("\n\nSuas mensagens")[0] in again, "the same order"
    more = await reader.press("Mais perguntas")
    told = [sum(text.capitalize() in page for page in (first, more)) for text in QUESTIONS]
    assert told == [1] * len(QUESTIONS)
    assert "Seu apoio conta" in await reader.press("Apoiar 5")
    assert "você apoia" in await reader.say("/rodada") + await reader.press("Mais perguntas")


async def test_truthful_answers_to_what_cannot_count(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    ana = Citizen(client)
    assert "Não há rodada" in await ana.say("rodada")
    assert "Não conhecemos essa rodada" in await ana.say("/start round-99")
    assert "Não conhecemos essa rodada" in await ana.forge("back:99:1")
    assert "já não vale" in await ana.forge("back:1")
    assert "já não vale" in await ana.forge(f"back:1:{'9' * 19}")
    round_id = await open_round(cabinet)
    assert "não está na rodada" in await ana.forge(f"back:{round_id}:99")
    issue = await asked(client, cabinet, round_id, QUESTIONS[0])
    secret = Citizen(client)
    await secret.say(QUESTIONS[1])
    unnamed = await cabinet.issue_of(QUESTIONS[1])
    assert "não está na rodada" in await ana.forge(f"back:{round_id}:{unnamed}")
    path = f"/rounds/{round_id}/questions/{issue}"
    await cabinet.comms.post(f"{path}/set_aside", {"reason": "Dados pessoais."})
    assert "Dados pessoais." in await ana.forge(f"back:{round_id}:{issue}")
    await cabinet.comms.post(f"{path}/let_in")
    assert "Você não apoiava" in await ana.forge(f"unback:{round_id}:{issue}")
    await ana.forge(f"nominate:{round_id}")
    await end_in_time(installation)
    assert "terminou antes disso" in await ana.say(QUESTIONS[2]), "nominated too late"
    assert "terminou em" in await ana.forge(f"back:{round_id}:{issue}")
    assert "Você receberá avisos" in await ana.press("Também quero saber")
    assert "Resposta devida até" in await ana.say(f"/rodada {round_id}")
    assert "Terminou em" in await ana.forge(f"nominate:{round_id}")


async def test_several_rounds_are_told_apart(client: AsyncClient, cabinet: Cabinet) -> None:
    await open_round(cabinet)
    later = {"pt": {"title": "Perguntas sobre a saúde"}}
    await open_round(cabinet, texts=later)
    ana = Citizen(client)
    assert "Há 2 rodadas abertas" in await ana.say("/rodada")
    assert "Termina em" in await ana.press("Perguntas sobre a saúde")


async def test_who_erases_everything_leaves_no_voice_and_can_give_one_again(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    round_id = await open_round(cabinet)
    issue = await asked(client, cabinet, round_id, QUESTIONS[0])
    ana = Citizen(client)
    await ana.say("/rodada")
    await ana.press("Apoiar 1")
    assert '"question": ' in await ana.forge("export")
    await ana.say("/apagar")
    assert "apoio a 1 pergunta" in await ana.press("Sim, apagar tudo")
    (question,) = (await shown(cabinet, round_id))["questions"]
    assert question["supporters"] == 1
    assert "Seu apoio conta" in await ana.forge(f"back:{round_id}:{issue}")
    (question,) = (await shown(cabinet, round_id))["questions"]
    assert question["supporters"] == 2


async def test_corrections_and_measures_reach_who_supports(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    round_id = await open_round(cabinet)
    issue = await asked(client, cabinet, round_id, QUESTIONS[0])
    ana = Citizen(client, "es")
    await ana.say("/ronda")
    await ana.press("Apoyar 1")
    await end_in_time(installation)
    assert "tendrá respuesta" in await ana.waits()
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    body = {"video_url": "https://video.example/posto"}
    answer = await cabinet.publish(issue, {"pt": "Em maio.", "es": "En mayo."}, **body)
    heard = await ana.waits()
    assert "En mayo." in heard
    assert body["video_url"] in heard
    fixed = {"texts": {"es": "En junio."}, "reason": "La obra se atrasó."}
    await cabinet.comms.post(f"/answers/{answer}/correct", fixed)
    await cabinet.admin.post(f"/answers/{answer}/approve", {})
    assert "En junio." in await ana.waits()
    made = await cabinet.official.post(f"/answers/{answer}/measures", {"text": "Contratar médicos"})
    await cabinet.official.post(f"/measures/{made['id']}/move", {"state": "under_way"})
    assert "Contratar médicos" in await ana.waits()


async def shown(cabinet: Cabinet, round_id: int) -> Any:
    """A round as staff see it."""
    return await cabinet.comms.get(f"/rounds/{round_id}")
