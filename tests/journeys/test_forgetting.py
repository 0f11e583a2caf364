"""Erasing: nothing of what was said stays anywhere, and who comes back is a stranger."""

import asyncio

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select, update

from service.answers.models import Draft
from service.channels.models import Delivery, InboxRow
from service.database import now
from service.installation import Installation
from service.jobs import Job
from service.messages.models import Message
from service.people.models import Identity
from tests.journeys.citizen import Citizen
from tests.journeys.test_whole_loop import ANSWER, ASKED, Cabinet, cabinet
from tests.service.channels import sabotage
from tests.service.conversations.platform import inbound, settled

__all__ = ["cabinet"]

WORDS = "minha filha Zuleica foi mordida no abrigo secreto da rua Xangrilá"


async def erase(citizen: Citizen) -> None:
    """Say it, and say yes."""
    await citizen.say("/apagar")
    assert "Apagamos tudo" in await citizen.press("Sim, apagar tudo")


async def ten_minutes_later(here: Installation) -> None:
    """The address that the last word needed is gone too."""
    async with here.database.write() as session:
        await session.execute(update(Job).where(Job.kind == "let_go").values(run_at=now()))
    async with asyncio.timeout(60):
        while True:
            async with here.database.read() as session:
                states = await session.scalars(select(Job.state).where(Job.kind == "let_go"))
                if set(states.all()) == {"done"}:
                    return
            await asyncio.sleep(0.02)


async def test_who_erased_waits_no_more(client: AsyncClient) -> None:
    ana, rui = Citizen(client), Citizen(client)
    for citizen in (ana, rui):
        await citizen.say(ASKED)
    assert "2 pessoas esperam por isto" in await ana.say("/situacao")
    await erase(rui)
    assert "1 pessoa espera por isto" in await ana.say("/situacao")


async def test_who_erased_and_came_back_is_told_the_answer(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say("bom dia")
    await erase(citizen)
    await ten_minutes_later(installation)
    await citizen.say(ASKED)
    issue = await cabinet.issue_of(ASKED)
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    await cabinet.publish(issue, {"pt": ANSWER})
    async with installation.database.read() as session:
        told = (await session.scalars(select(Delivery).where(Delivery.cause == "answer"))).all()
    assert len(told) == 1
    assert ANSWER in await citizen.waits()


async def test_who_erases_everything_and_then_blocks_us_leaves_no_address(
    app: FastAPI, installation: Installation
) -> None:
    said = [inbound("text", "1", "bom dia"), inbound("button", "2", payload="erase:yes")]
    await settled(app, installation, *said, inbound("blocked", "3"))
    await ten_minutes_later(installation)
    await settled(app, installation, inbound("blocked", "4"))
    async with installation.database.read() as session:
        (only,) = (await session.scalars(select(Identity))).all()
    assert only.sealed is None


async def test_who_comes_back_can_erase_everything_again(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say("bom dia")
    await erase(citizen)
    await ten_minutes_later(installation)
    await citizen.say("bom dia, sou Maria Souza")
    await citizen.say("obrigada")
    assert "Maria Souza" in await citizen.say("/mostrar")
    await erase(citizen)
    async with installation.database.read() as session:
        kept = (await session.scalars(select(Message))).all()
    assert [one.text for one in kept if one.sealed or one.text] == []


async def test_drafts_forget_the_words_they_were_made_from(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say(WORDS)
    issue = await cabinet.issue_of("Zuleica")
    assert "Zuleica" in str(await cabinet.admin.post(f"/issues/{issue}/drafts"))
    await erase(citizen)
    async with installation.database.read() as session:
        assert (await session.scalars(select(Draft))).all() == []


async def test_what_was_set_aside_is_erased_too(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say("bom dia")
    await sabotage.poison(installation.database, "Zuleica")
    await citizen.post({"text": WORDS})
    async with asyncio.timeout(60):
        while not await cabinet.admin.get("/inbox/set-aside"):
            await asyncio.sleep(0.05)
    await sabotage.mend(installation.database, "message")
    await erase(citizen)
    assert await cabinet.admin.get("/inbox/set-aside") == []
    async with installation.database.read() as session:
        kept = await session.scalars(select(InboxRow.id).where(InboxRow.sealed.is_not(None)))
        assert kept.all() == []
