"""The Governor Asks, in each language on the web: proposed, supported, screened, replied to."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from httpx2 import AsyncClient

from service.database import now
from service.installation import Installation
from tests.journeys.citizen import Citizen
from tests.journeys.hearing_room import LIKE, OTHER, SEED, Hearing, open_hearing
from tests.journeys.test_whole_loop import Cabinet

NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Talk:
    """What is said and pressed in one language, and what must come back."""

    command: str
    question: str
    theme: str
    short: tuple[str, str]
    long: str
    proposal: str
    received: str
    admitted: str
    refused: str
    review: tuple[str, str]
    upheld: str
    closed: str
    reply: str
    thanks: tuple[str, str]


TALKS = {
    "pt": Talk(
        command="/consulta",
        question="Como melhorar o atendimento de saúde no seu bairro?",
        theme="Postos de saúde",
        short=("mais médicos no posto", "faltam 29"),
        long="a mais do que os 600 que cabem",
        proposal="Contratar médicos de família para os postos dos bairros mais distantes.",
        received="Recebemos sua proposta",
        admitted="foi aceita",
        refused="não foi aceita. Motivo: fora do tema",
        review=("Pedir nova análise", "Outra pessoa da equipe vai ler"),
        upheld="Outra pessoa leu de novo",
        closed="O prazo para propor terminou",
        reply="Resposta à proposta",
        thanks=("obrigado", "Nós que agradecemos"),
    ),
    "es": Talk(
        command="/consulta",
        question="¿Cómo mejorar la atención de salud en su barrio?",
        theme="Centros de salud",
        short=("más médicos en el centro", "faltan 26"),
        long="más de los 600 que caben",
        proposal="Contratar médicos de familia para los centros de los barrios más lejanos.",
        received="Recibimos su propuesta",
        admitted="fue aceptada",
        refused="no fue aceptada. Motivo: fora do tema",
        review=("Pedir otra revisión", "Otra persona del equipo leerá"),
        upheld="Otra persona leyó de nuevo",
        closed="El plazo para proponer terminó",
        reply="Respuesta a la propuesta",
        thanks=("gracias", "Gracias a usted"),
    ),
    "en": Talk(
        command="/consultation",
        question="How can health care in your neighbourhood get better?",
        theme="Health posts",
        short=("more doctors at the post", "26 more make the 50"),
        long="more than the 600 that fit",
        proposal="Hire family doctors for the health posts of the most distant neighbourhoods.",
        received="We have your proposal",
        admitted="was admitted",
        refused="was not admitted. Reason: fora do tema",
        review=("Ask for a review", "Somebody else of the team will read"),
        upheld="Somebody else read your proposal",
        closed="The time for proposals is over",
        reply="Reply to proposal",
        thanks=("thank you", "Thank you for writing"),
    ),
}


@pytest.fixture
async def hearing(client: AsyncClient, installation: Installation) -> Hearing:
    return await open_hearing(client, installation)


async def proposed(hearing: Hearing, ana: Citizen, text: str) -> tuple[int, str]:
    """Ana proposes; gives the number and what she read."""
    await ana.say("/consulta")
    said = await ana.say(text)
    found = NUMBER.search(said)
    assert found, said
    return int(found.group()), said


@pytest.mark.parametrize("lang", TALKS)
async def test_a_proposal_goes_all_its_way(
    lang: str, client: AsyncClient, hearing: Hearing
) -> None:
    talk, ana = TALKS[lang], Citizen(client, lang)
    led = await ana.say(talk.command)
    assert talk.question in led
    assert talk.theme in led
    assert talk.short[1] in await ana.say(talk.short[0])
    assert talk.thanks[1] in await ana.say(talk.thanks[0])
    assert talk.long in await ana.say(f"{talk.proposal} " * 9)
    said = await ana.say(talk.proposal)
    assert talk.received in said
    (waiting,) = await hearing.queue()
    number = waiting["proposal"]["id"]
    assert str(number) in said
    assert waiting["proposal"]["text"] == talk.proposal

    await hearing.comms.post(f"/proposals/{number}/refuse", {"reason": "fora do tema"})
    assert talk.refused in await ana.waits()
    assert talk.review[1] in await ana.press(talk.review[0])
    assert talk.review[1] in await ana.press(talk.review[0])
    (again,) = await hearing.queue("review")
    assert again["proposal"]["id"] == number
    body = {"reason": "continua fora do tema"}
    assert await hearing.comms.refused(f"/proposals/{number}/refuse", body) == "same_screener"
    assert await hearing.comms.refused(f"/proposals/{number}/admit") == "same_screener"
    await hearing.admin.post(f"/proposals/{number}/admit")
    assert talk.admitted in await ana.waits()
    assert await hearing.queue("review") == []

    await hearing.passes("proposing_until")
    assert talk.closed in await ana.say(talk.command)
    await hearing.comms.post(f"/proposals/{number}/reply", {"text": "Começa em março."})
    told = await ana.waits()
    assert talk.reply in told
    assert "Começa em março." in told


@pytest.mark.parametrize("lang", TALKS)
async def test_a_review_is_the_last_word(lang: str, client: AsyncClient, hearing: Hearing) -> None:
    talk, ana = TALKS[lang], Citizen(client, lang)
    await ana.say(talk.command)
    await ana.say(talk.proposal)
    number = (await hearing.queue())[0]["proposal"]["id"]
    await hearing.comms.post(f"/proposals/{number}/refuse", {"reason": "fora do tema"})
    await ana.waits()
    await ana.press(talk.review[0])
    await hearing.admin.post(f"/proposals/{number}/refuse", {"reason": "não é do estado"})
    told = await ana.waits()
    assert talk.upheld in told
    assert "não é do estado" in told
    assert talk.review[1] not in await ana.press(talk.review[0])
    assert await hearing.queue("review") == []


async def test_who_says_the_same_supports_it_instead(client: AsyncClient, hearing: Hearing) -> None:
    seed = await hearing.seed()
    await _encoded(hearing)
    ana, bruno = Citizen(client), Citizen(client)
    mine, said = await proposed(hearing, ana, LIKE)
    assert SEED in said
    assert f"Nº {seed}: " in said
    told = await ana.press(f"Apoiar a nº {seed}")
    assert f"Você apoia a proposta nº {seed}" in told
    assert "1 pessoa apoia" in told
    assert f"Retiramos sua proposta nº {mine}" in told
    assert "seu apoio conta uma vez" in await ana.press(f"Apoiar a nº {seed}")

    await proposed(hearing, bruno, f"{LIKE} Também aos domingos.")
    assert "2 pessoas apoiam" in await bruno.press(f"Apoiar a nº {seed}")
    kept = await hearing.comms.get(f"/proposals/{mine}")
    assert (kept["state"], kept["text"]) == ("withdrawn", "")
    assert (await hearing.comms.get(f"/proposals/{seed}"))["supports"] == 2
    assert (await hearing.comms.get(f"/proposals/{seed}"))["origin"] == "staff"


async def test_who_says_something_else_keeps_theirs(client: AsyncClient, hearing: Hearing) -> None:
    await hearing.seed()
    await _encoded(hearing)
    ana = Citizen(client)
    mine, _ = await proposed(hearing, ana, LIKE)
    assert "fica, como diferente" in await ana.press("A minha é diferente")
    (waiting,) = await hearing.queue()
    assert waiting["proposal"]["id"] == mine
    assert waiting["proposal"]["differs"]
    assert waiting["near"][0]["shown"] == SEED


async def test_what_is_far_from_everything_is_offered_nothing(
    client: AsyncClient, hearing: Hearing
) -> None:
    await hearing.seed()
    await _encoded(hearing)
    ana = Citizen(client)
    _, said = await proposed(hearing, ana, OTHER)
    assert SEED not in said
    assert "no tema “" in said


async def test_the_same_words_twice_are_one_proposal(client: AsyncClient, hearing: Hearing) -> None:
    ana = Citizen(client)
    await proposed(hearing, ana, OTHER)
    await ana.say("/consulta")
    assert "conta uma vez" in await ana.say(OTHER)
    assert len(await hearing.queue()) == 1


async def test_what_comes_after_the_date_is_told_so_and_nothing_changes(
    client: AsyncClient, hearing: Hearing
) -> None:
    ana = Citizen(client)
    await ana.say("/consulta")
    await hearing.passes("proposing_until")
    assert "não recebe mais isso agora" in await ana.say(OTHER)
    assert await hearing.queue() == []
    assert "Recebemos. Seu código" in await ana.say(OTHER)


async def test_not_now_makes_the_next_words_an_ordinary_message(
    client: AsyncClient, hearing: Hearing
) -> None:
    ana = Citizen(client)
    await ana.say("/consulta")
    assert "como uma mensagem comum" in await ana.press("Agora não")
    assert "Recebemos. Seu código" in await ana.say(OTHER)
    assert await hearing.queue() == []


async def test_after_one_proposal_the_next_words_are_an_ordinary_message(
    client: AsyncClient, hearing: Hearing
) -> None:
    ana = Citizen(client)
    await proposed(hearing, ana, OTHER)
    assert "Recebemos. Seu código" in await ana.say("quando volta a água na rua das flores?")


async def test_joining_another_asks_the_author_and_moves_voices_only_then(
    client: AsyncClient, hearing: Hearing
) -> None:
    seed = await hearing.seed()
    ana, bruno = Citizen(client), Citizen(client)
    mine, _ = await proposed(hearing, ana, LIKE)
    theirs, _ = await proposed(hearing, bruno, f"{LIKE} E nos feriados.")
    await hearing.comms.post(f"/proposals/{mine}/ask-to-join", {"with_id": seed})
    await hearing.comms.post(f"/proposals/{theirs}/ask-to-join", {"with_id": seed})
    assert SEED in await ana.waits()
    await bruno.waits()
    assert (await hearing.comms.get(f"/proposals/{seed}"))["supports"] == 0
    assert "agora faz parte" in await ana.press("Sim, pode juntar")
    assert "fica separada" in await bruno.press("Não, deixe separada")
    joined = await hearing.comms.get(f"/proposals/{seed}")
    assert (joined["supports"], joined["joined"]) == (1, 1)
    assert (await hearing.comms.get(f"/proposals/{mine}"))["text"] == LIKE
    assert (await hearing.comms.get(f"/proposals/{theirs}"))["state"] == "waiting"
    assert "já não vale" in await bruno.press("Sim, pode juntar")


async def test_a_wording_of_staff_stands_beside_what_was_written(
    client: AsyncClient, hearing: Hearing
) -> None:
    ana = Citizen(client)
    mine, _ = await proposed(hearing, ana, LIKE)
    await hearing.comms.post(f"/proposals/{mine}/admit")
    await ana.waits()
    words = "Abrir os postos de saúde dos bairros até as 22 horas, também aos sábados."
    await hearing.comms.put(f"/proposals/{mine}/wording", {"text": words})
    assert words in await ana.waits()
    kept = await hearing.comms.get(f"/proposals/{mine}")
    assert (kept["text"], kept["edited"], kept["shown"]) == (LIKE, words, words)


async def test_a_date_that_is_put_off_says_why_and_takes_proposals_again(
    client: AsyncClient, hearing: Hearing
) -> None:
    ana = Citizen(client)
    await hearing.passes("proposing_until")
    until = (now() + timedelta(days=20)).isoformat()
    body = {"phase": "proposing", "until": until, "reason": "Duas regiões ficaram sem internet."}
    await hearing.comms.post(f"/consultations/{hearing.id}/extend", body)
    assert "Duas regiões ficaram sem internet." in await ana.say("/consulta")
    _, said = await proposed(hearing, ana, OTHER)
    assert "Recebemos sua proposta" in said


async def test_a_cancelled_consultation_tells_who_proposed(
    client: AsyncClient, hearing: Hearing, installation: Installation
) -> None:
    ana = Citizen(client)
    await proposed(hearing, ana, OTHER)
    await proposed(hearing, ana, LIKE)
    body = {"reason": "A lei mudou."}
    await hearing.comms.post(f"/consultations/{hearing.id}/cancel", body)
    told = await ana.waits()
    assert told.count("foi cancelada. Motivo: A lei mudou.") == 1
    assert "Não há consulta aberta" in await ana.say("/consulta")


async def test_a_place_is_taken_at_ones_word(
    client: AsyncClient, installation: Installation
) -> None:
    await open_hearing(client, installation, open_to="place", place="Serra Alta")
    ana = Citizen(client)
    assert "Serra Alta" in await ana.say("/consulta")
    assert "Recebemos. Seu código" in await ana.say(OTHER)
    assert "Escreva agora a sua proposta" in await ana.press("Sim, moro lá")
    assert "Recebemos sua proposta" in await ana.say(LIKE)


async def test_a_code_lets_in_and_a_wrong_one_does_not(
    client: AsyncClient, installation: Installation
) -> None:
    await open_hearing(client, installation, open_to="code", entry_code="FEIRA-2026")
    ana = Citizen(client)
    assert "recebeu um código" in await ana.say("/consulta")
    assert "não é o código" in await ana.say("FEIRA-2025")
    assert "Escreva agora a sua proposta" in await ana.say("feira 2026")
    assert "Recebemos sua proposta" in await ana.say(LIKE)


async def test_a_link_leads_into_a_consultation(client: AsyncClient, hearing: Hearing) -> None:
    ana = Citizen(client)
    assert "Como melhorar" in await ana.say(f"/start consultation-{hearing.id}")
    assert "Recebemos sua proposta" in await ana.say(LIKE)
    assert "Como melhorar" not in await ana.say("/start consultation-999")


async def test_nobody_decides_about_what_another_proposed(
    client: AsyncClient, hearing: Hearing
) -> None:
    ana, bruno = Citizen(client), Citizen(client)
    mine, _ = await proposed(hearing, ana, LIKE)
    for action in (f"takeback:{mine}", f"differs:{mine}", f"review:{mine}", f"joins:{mine}:1"):
        assert "já não vale" in await bruno.forge(action)
    assert "já não vale" in await bruno.forge(f"support:{mine}")
    assert (await hearing.comms.get(f"/proposals/{mine}"))["state"] == "waiting"
    await hearing.comms.post(f"/proposals/{mine}/admit")
    await ana.waits()
    assert "essa proposta é sua" in (await ana.forge(f"support:{mine}")).lower()


async def test_who_erases_everything_takes_proposals_along_and_leaves_voices(
    client: AsyncClient, hearing: Hearing
) -> None:
    seed = await hearing.seed()
    ana = Citizen(client)
    mine, _ = await proposed(hearing, ana, LIKE)
    await ana.forge(f"support:{seed}")
    held = json.loads(await ana.say("/exportar"))
    assert held["proposals"][0]["text"] == LIKE
    assert held["supports"][0]["number"] == seed
    assert f"Proposta nº {mine}" in await ana.say("/situacao")
    await ana.say("/apagar")
    await ana.press("Sim, apagar tudo")
    kept = await hearing.comms.get(f"/proposals/{mine}")
    assert (kept["state"], kept["text"], kept["shown"]) == ("erased", "", "")
    assert (await hearing.comms.get(f"/proposals/{seed}"))["supports"] == 1
    assert await hearing.queue() == []


async def test_personal_data_in_a_proposal_is_masked(client: AsyncClient, hearing: Hearing) -> None:
    ana = Citizen(client)
    await ana.say("/consulta")
    said = await ana.say(f"{OTHER} Meu e-mail é ana.prado@example.org.")
    assert "Escondemos os dados pessoais" in said
    (waiting,) = await hearing.queue()
    assert "ana.prado" not in waiting["proposal"]["text"]


async def _encoded(hearing: Hearing) -> None:
    """Every job that is due is done."""
    await Cabinet(hearing.here, hearing.comms, hearing.comms, hearing.admin).rests()
