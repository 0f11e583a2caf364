"""The whole service on Telegram: what the platform does on a bad day, and what is seen of it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import select

from bots.telegram.channel import TelegramChannel
from bots.telegram.sending import CAPABILITIES
from nlp.embed import HashEmbedder
from service.app import create_app
from service.bot import create_bot
from service.channels.models import ChannelPresence, Delivery, InboxRow
from service.installation import Installation
from service.opening import SampleOnly
from service.retrieval.keeper import Keeper
from service.settings import Settings
from tests.bots.telegram.town import SECRET
from tests.doubles.telegram import CUT, TOKEN, Telegram
from tests.journeys.colleague import hire
from tests.journeys.conftest import on_telegram
from tests.journeys.telegram_citizen import TelegramCitizen

ASKED = "falta água na rua das flores desde ontem"


@pytest.fixture
def settings(
    tmp_path: Path, database_url: str, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """On the web and on Telegram, without pauses, and trying again at once."""
    monkeypatch.setattr(TelegramChannel, "capabilities", replace(CAPABILITIES, pace=None))
    monkeypatch.setattr("service.channels.deliveries.BACK_OFF", (0,))
    return on_telegram(tmp_path, database_url, telegram)


@pytest.fixture
def citizen(app: FastAPI, telegram: Telegram) -> TelegramCitizen:
    return TelegramCitizen(telegram)


async def test_what_telegram_repeats_is_answered_once(
    telegram: Telegram, citizen: TelegramCitizen, installation: Installation
) -> None:
    assert "Recebemos" in await citizen.say(ASKED)
    citizen.again()
    await telegram.until(lambda: not telegram.waiting)
    assert "Olá" in await citizen.say("oi")
    assert len(citizen.heard()) == 2
    async with installation.database.read() as session:
        assert len((await session.scalars(select(InboxRow))).all()) == 2


@pytest.mark.parametrize(
    ("status", "times", "parameters"),
    [(429, 2, {"retry_after": 0}), (502, 4, {}), (500, 2, {}), (503, 3, {})],
)
async def test_a_bad_moment_of_telegram_delays_the_reply_and_no_more(
    telegram: Telegram,
    citizen: TelegramCitizen,
    status: int,
    times: int,
    parameters: dict[str, Any],
) -> None:
    telegram.fail("sendMessage", status, times=times, **parameters)
    assert "Recebemos" in await citizen.say(ASKED)
    assert telegram.counts["sendMessage"] == times + 1
    assert len(citizen.heard()) == 1


async def test_a_cut_in_either_direction_loses_nothing_that_was_said(
    telegram: Telegram, citizen: TelegramCitizen
) -> None:
    telegram.fail("getUpdates", CUT, times=3)
    assert "Recebemos" in await citizen.say(ASKED)
    await telegram.close()
    await telegram.open()
    assert "Olá" in await citizen.say("oi")


async def test_who_blocked_us_is_named_and_hears_it_all_once_they_are_back(
    telegram: Telegram, citizen: TelegramCitizen, client: AsyncClient, installation: Installation
) -> None:
    telegram.gone[str(citizen.id)] = "blocked"
    citizen.post(ASKED)
    comms = await hire(client, installation, "comms")
    async with asyncio.timeout(60):
        while not (failed := (await comms.get("/deliveries", state="failed"))["items"]):
            await asyncio.sleep(0.02)
    assert (failed[0]["failure"], failed[0]["error_code"], failed[0]["error"]) == (
        "recipient_gone",
        "blocked",
        "has blocked us on Telegram",
    )
    del telegram.gone[str(citizen.id)]
    citizen.post("/start")
    await telegram.until(lambda: len(citizen.heard()) == 2, 20)
    heard = await citizen.waits()
    assert "Recebemos" in heard
    assert "Olá" in heard


async def test_a_reply_without_an_answer_is_uncertain_and_staff_send_it_again(
    telegram: Telegram, citizen: TelegramCitizen, client: AsyncClient, installation: Installation
) -> None:
    telegram.lose("sendMessage")
    await citizen.say(ASKED)
    comms = await hire(client, installation, "comms")
    async with asyncio.timeout(60):
        while not (doubtful := (await comms.get("/deliveries", state="uncertain"))["items"]):
            await asyncio.sleep(0.02)
    assert len(citizen.heard()) == 1, "nothing is repeated by itself"
    await comms.post(f"/deliveries/{doubtful[0]['id']}/resend")
    assert "Recebemos" in await citizen.waits()


async def test_no_words_of_a_citizen_become_markup(
    telegram: Telegram, citizen: TelegramCitizen
) -> None:
    await citizen.say("/start")
    shown = await citizen.say("<b>falta</b> *água* [aqui](https://evil.example) desde `ontem`")
    shown += await citizen.say("/situacao")
    assert "<b>falta</b> *água* [aqui](https://evil.example)" in shown
    assert not any("parse_mode" in call.said or "entities" in call.said for call in telegram.sent)


async def test_staff_see_how_the_channel_stands(
    telegram: Telegram, app: FastAPI, client: AsyncClient, installation: Installation
) -> None:
    admin = await hire(client, installation, "admin")

    async def standing() -> tuple[str, str]:
        shown = {one["channel"]: one for one in await admin.get("/channels")}
        assert shown["web"]["state"] == "up"
        return shown["telegram"]["state"], shown["telegram"]["says"]

    async with asyncio.timeout(60):
        while await standing() != ("up", "listens as @GabineteBot"):
            await asyncio.sleep(0.05)
        telegram.fail("getUpdates", 409, "Conflict: terminated by other getUpdates", times=1000)
        telegram.ring()
        TelegramCitizen(telegram).post("oi")
        while "somebody else takes" not in (await standing())[1]:
            await asyncio.sleep(0.05)


async def test_commands_and_small_talk_are_answered_while_the_encoder_loads(
    telegram: Telegram, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, load = asyncio.Event(), Keeper.open

    async def slowly(self: Keeper, embedder: object = None) -> object:
        await loaded.wait()
        return await load(self, HashEmbedder())

    monkeypatch.setattr(Keeper, "open", slowly)
    app = create_app(installation)
    async with app.router.lifespan_context(app):
        ana, bruno = TelegramCitizen(telegram), TelegramCitizen(telegram)
        assert "Olá" in await ana.say("/start")
        assert "Olá" in await bruno.say("bom dia")
        ana.post(ASKED)
        ana.post("/situacao")
        assert "/privacidade" in await bruno.say("/ajuda")
        assert len(ana.heard()) == 1, "what has to be placed waits, and what was said after it"
        assert not app.state.running.ready.is_set()
        loaded.set()
        await telegram.until(lambda: len(ana.heard()) == 3, 20)
        told = [said["text"] for said in ana.heard()]
        assert "Recebemos" in told[1]
        assert "Você tem 1 pedido" in told[2]


@pytest.fixture
async def hooked(
    tmp_path: Path, installation: Installation, telegram: Telegram
) -> AsyncIterator[AsyncClient]:
    """The service where Telegram calls it, with an HTTP client as Telegram's."""
    more = {
        "telegram_mode": "webhook",
        "telegram_webhook_secret": SECRET,
        "public_url": "https://vale.example",
    }
    url = installation.settings.database_url
    here = replace(installation, settings=on_telegram(tmp_path, url, telegram, **more))
    app = create_app(here)
    app.state.embedder = HashEmbedder()
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="https://vale.example") as client,
    ):
        await telegram.until(lambda: telegram.hook)
        yield client


async def test_a_webhook_comes_through_the_services_own_server(
    telegram: Telegram, hooked: AsyncClient
) -> None:
    ana = TelegramCitizen(telegram)
    update = ana.post(ASKED)
    header = {"x-telegram-bot-api-secret-token": SECRET}
    assert telegram.hook is not None
    path = telegram.hook["url"].removeprefix("https://vale.example")
    assert (await hooked.post(path, json=update)).status_code == 401
    for _ in range(2):
        assert (await hooked.post(path, json=update, headers=header)).status_code == 200
    assert "Recebemos" in await ana.waits()
    assert len(ana.heard()) == 1


async def test_the_token_is_nowhere_in_the_logs_or_the_database(
    telegram: Telegram,
    citizen: TelegramCitizen,
    installation: Installation,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    words = f"Refused /bot{TOKEN}/sendMessage"
    telegram.fail("getUpdates", 404, words)
    telegram.fail("sendMessage", 400, words)
    citizen.post(ASKED)
    failed = select(Delivery.error).where(Delivery.state == "failed")
    async with asyncio.timeout(60):
        while True:
            async with installation.database.read() as session:
                if errors := (await session.scalars(failed)).all():
                    said = (await session.scalars(select(ChannelPresence.says))).all()
                    break
            await asyncio.sleep(0.02)
    hidden = TOKEN.partition(":")[2]
    assert "Refused" in str(errors)
    assert hidden not in f"{errors} {said} {caplog.text}"


async def test_a_sample_takes_no_real_channel(installation: Installation) -> None:
    with pytest.raises(SampleOnly, match="takes no telegram token"):
        create_bot(replace(installation, sample=True), "telegram", worker=False, keeper=None)
