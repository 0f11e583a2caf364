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
    assert talk.counts in await bruno.forge(f"support:{round_id}:{issue}")
    assert [q["supporters"] for q in (await shown(cabinet, round_id))["questions"]] == [2]

    await end_in_time(installation)
    for citizen in (ana, bruno):
        assert talk.ended in await citizen.waits()
    assert talk.over in await bruno.forge(f"support:{round_id}:{issue}")
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


async def shown(cabinet: Cabinet, round_id: int) -> Any:
    """A round as staff see it."""
    return await cabinet.comms.get(f"/rounds/{round_id}")
