"""Proposals that are sent twice, and codes that look like something else or are guessed."""

from httpx2 import AsyncClient
from sqlalchemy import select

from service.installation import Installation
from service.messages.models import Contribution
from tests.journeys.citizen import Citizen
from tests.journeys.hearing_room import LIKE, OTHER, open_hearing


async def test_a_proposal_that_is_sent_twice_is_one_and_no_request(
    client: AsyncClient, installation: Installation
) -> None:
    await open_hearing(client, installation)
    ana, bruno = Citizen(client), Citizen(client)
    await ana.say("/consulta")
    assert "Recebemos sua proposta" in await ana.say(LIKE)
    assert "ela conta uma vez" in await ana.say(LIKE)
    assert "Recebemos. Seu código" in await ana.say(OTHER), "another text is another matter"
    await bruno.say("/consulta")
    for _ in range(2):
        await bruno.post({"text": OTHER})
    said = await bruno.waits()
    while "ela conta uma vez" not in said:
        said += await bruno.waits()
    assert "Recebemos sua proposta" in said
    assert "Seu código" not in said
    async with installation.database.read() as session:
        assert len((await session.scalars(select(Contribution))).all()) == 1


async def test_a_code_that_looks_like_a_receipt_lets_in_and_codes_are_not_guessed(
    client: AsyncClient, installation: Installation
) -> None:
    await open_hearing(client, installation, open_to="code", entry_code="FEIR-2026-SAUD")
    guests = [Citizen(client) for _ in range(5)]
    for one in guests:
        assert "código" in await one.say("/consulta")
    for n in range(20):
        assert "não é" in await guests[n % 4].say(f"chute-{n:04}")
    assert "muitos códigos" in await guests[4].say("FEIR-2026-SAUD")
    other = Citizen(client)
    client.headers["user-agent"] = "another browser"
    assert "código" in await other.say("/consulta")
    assert "Escreva agora a sua proposta" in await other.say("feir-2026-saud")
