"""Sittings of all sorts: what is woven, what stays apart, what is only talk, what goes wrong."""

import re
from collections.abc import Sequence

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select

from service.installation import Installation
from service.messages.models import Contribution
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import hire
from tests.service.channels import sabotage
from tests.service.conversations.platform import inbound, settled

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
Said = tuple[str, str]

TALK: dict[str, Sequence[Said]] = {
    "pt": (
        ("kkkk", "Não entendemos"),
        ("boa noite!", "Olá"),
        ("tenho uma reclamação", "Claro, pode escrever"),
        ("o posto de saúde está sem médico desde março", "código"),
        ("valeu", "agradecemos"),
        ("seus palhaços", "Entendemos a irritação"),
    ),
    "es": (
        ("buenas tardes", "Hola"),
        ("tengo una queja", "Claro, escriba"),
        ("la escuela está cerrada hace semanas y nadie responde", "código"),
        ("gracias", "Gracias"),
    ),
    "en": (
        ("hello there", "Hello"),
        ("I have a question", "Of course, go ahead"),
        ("when does the clinic on oak street open on saturdays?", "code"),
        ("thanks", "Thank you"),
    ),
}


async def contributions(here: Installation) -> list[Contribution]:
    """What was made of all that was said."""
    async with here.database.read() as session:
        return list((await session.scalars(select(Contribution).order_by(Contribution.id))).all())


@pytest.mark.parametrize("lang", TALK)
async def test_talk_is_answered_and_only_the_matter_becomes_a_contribution(
    client: AsyncClient, installation: Installation, lang: str
) -> None:
    citizen = Citizen(client, lang)
    for said, expected in TALK[lang]:
        answer = await citizen.say(said)
        assert re.search(expected, answer), f"{said!r} was answered {answer!r}"
    (only,) = await contributions(installation)
    assert only.lang == lang


async def test_two_matters_in_one_sitting_get_a_code_each(
    client: AsyncClient, installation: Installation
) -> None:
    citizen = Citizen(client)
    first = await citizen.say("falta água na rua das flores")
    await citizen.say("desde segunda-feira")
    second = await citizen.say("o ônibus da linha 12 não passa mais no bairro")
    codes = {found.group() for found in map(CODE.search, (first, second)) if found}
    assert len(codes) == 2
    water, bus = await contributions(installation)
    assert water.text == "falta água na rua das flores\ndesde segunda-feira"
    assert bus.text == "o ônibus da linha 12 não passa mais no bairro"


async def test_a_fragment_alone_waits_for_its_matter(
    client: AsyncClient, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say("na rua das flores")
    await citizen.say("falta água desde ontem e ninguém atende o telefone")
    said = [one.text for one in await contributions(installation)]
    assert said == ["na rua das flores", "falta água desde ontem e ninguém atende o telefone"]


async def test_the_language_follows_the_citizen_in_mid_conversation(client: AsyncClient) -> None:
    citizen = Citizen(client, "pt")
    assert "Olá" in await citizen.say("bom dia")
    assert "English" in await citizen.say("/idioma en")
    assert "Received" in await citizen.say("falta água na rua das flores")
    assert "español" in await citizen.say("/language es")
    assert "Tiene 1 pedido" in await citizen.say("/estado")


async def test_what_tells_no_language_is_answered_in_the_one_spoken_last(
    app: FastAPI, installation: Installation
) -> None:
    """Platforms that tell no locale, and a command that every language spells alike."""

    async def replies(number: int, *said: str) -> list[str]:
        told = [inbound("text", f"{number}-{n}", text) for n, text in enumerate(said)]
        return await settled(app, installation, *told)

    assert "ainda não tem pedidos" in (await replies(1, "/status"))[-1], "the installation's own"
    assert "You have 1 request" in (await replies(2, "the street lamp is broken", "/status"))[-1]
    assert "You have 1 request" in (await replies(3, "/status"))[-1]
    assert "Tiene 2 pedidos" in (await replies(4, "¿cuándo abre la escuela?", "/status"))[-1]
    strange = "Wie kann ich einen Reisepass beantragen?"
    assert "Tiene 3 pedidos" in (await replies(5, strange, "/status"))[-1]


async def test_too_long_a_message_is_refused_with_the_limit(client: AsyncClient) -> None:
    token = (await client.post("/chat/v1/conversations")).json()["token"]
    answer = await client.post(
        "/chat/v1/messages",
        json={"id": "a", "text": "água " * 1000},
        headers={"authorization": f"Bearer {token}", "accept-language": "pt"},
    )
    assert answer.status_code == 413
    assert "4000" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["joined", "left", "blocked", "deleted"])
async def test_what_a_platform_tells_is_kept_quietly(
    app: FastAPI, installation: Installation, kind: str
) -> None:
    assert await settled(app, installation, inbound(kind)) == []


async def test_a_message_that_cannot_be_kept_is_set_aside_shown_and_read_again(
    app: FastAPI, client: AsyncClient, installation: Installation
) -> None:
    said = ("falta água na rua das flores", "isto é veneno puro", "o ônibus 343 atrasa sempre")
    comms, auditor = [await hire(client, installation, role) for role in ("comms", "auditor")]
    await sabotage.poison(installation.database, "veneno")
    await settled(app, installation, *(inbound("text", text, text) for text in said))
    assert [one.text for one in await contributions(installation)] == [said[0], said[2]]
    (aside,) = await auditor.get("/inbox/set-aside")
    assert aside["channel"] == "web"
    assert aside["error"] in ("IntegrityError", "ProgrammingError"), "each database has its own"
    assert "veneno" not in str(aside), "words stay sealed"
    path = f"/inbox/{aside['id']}/retry"
    assert await auditor.refused(path) == "forbidden"
    await sabotage.mend(installation.database, "message")
    await comms.post(path)
    assert await comms.refused(path) == "message_not_set_aside"
    await settled(app, installation)
    assert [one.text for one in await contributions(installation)][2] == said[1]
    assert await auditor.get("/inbox/set-aside") == []
    events = await auditor.get("/trail", thing="inbox", thing_id=aside["id"])
    assert {(one["act"], one["became"]) for one in events} == {
        ("set_aside", "set_aside"),
        ("retry", "waiting"),
    }
