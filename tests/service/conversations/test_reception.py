"""What channels are told of news: soon after a first message, and next to nothing until then."""

import asyncio
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from service.channels.contract import Address, Inbound
from service.channels.inbox import Intake
from service.conversations.reception import Reception
from service.installation import Installation
from tests.service.conversations.platform import inbound, settled

ANA = Address("web", "main", "a" * 43)


async def test_a_silent_visitor_costs_next_to_nothing_and_a_first_reply_comes_soon(
    app: FastAPI, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    known = Reception._known

    async def counted(self: Reception, address: Address) -> int | None:
        nonlocal looks
        looks += 1
        return await known(self, address)

    monkeypatch.setattr(Reception, "_known", counted)
    bell = app.state.bell
    intake = Intake(
        installation.database,
        installation.vault,
        installation.settings,
        lambda: bell.ring(["inbox"]),
    )
    reception = Reception(installation, intake, bell)
    news = reception.news(ANA)
    await anext(news)
    coming = asyncio.ensure_future(anext(news))
    await asyncio.sleep(1.6)
    assert looks <= 6, "each look waits twice as long as the one before"
    assert not coming.done()
    said = Inbound("text", "1", ANA, ANA.conversation, "bom dia", datetime.now(UTC))
    await reception.accept([said])
    async with asyncio.timeout(15):
        await coming
    (told,) = await reception.waiting(ANA)
    assert "Olá" in told.text


async def test_whom_a_channel_heard_last_comes_first(
    app: FastAPI, installation: Installation
) -> None:
    reception = Reception(installation, app.state.bell, app.state.bell)
    bia = Address("web", "main", "b" * 43)
    for number, address in enumerate((bia, ANA, bia, ANA)):
        said = {"address": address, "sender": address.conversation}
        await settled(app, installation, inbound("text", str(number), "bom dia", **said))
    other = {"address": Address("other", "main", "c"), "sender": "c"}
    await settled(app, installation, inbound("text", "9", "bom dia", **other))
    assert await reception.lately("web", "main", limit=5) == [ANA, bia]
    assert await reception.lately("web", "main", limit=1) == [ANA]
