"""Webhook mode: what Telegram is told, what it may call, and what it hears back."""

import json
import time
from collections.abc import AsyncIterator

import pytest
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr
from starlette.applications import Starlette

from bots.telegram.channel import TelegramChannel
from service.channels.contract import Failure, Outcome, SendError
from tests.bots.telegram.test_parsing import payload
from tests.bots.telegram.town import SECRET, Door, channel, listening
from tests.doubles.telegram import Telegram

PATH = "/telegram/webhook"
SIGNED = {"x-telegram-bot-api-secret-token": SECRET}
HOOK = "https://porto.example/telegram/webhook"


def caller(made: TelegramChannel) -> AsyncClient:
    """Telegram's end of a webhook."""
    transport = ASGITransport(Starlette(routes=list(made.routes())))
    return AsyncClient(transport=transport, base_url="https://porto.example")


@pytest.fixture
async def hooked(telegram: Telegram, door: Door) -> AsyncIterator[TelegramChannel]:
    """A channel that waits to be called."""
    async with listening(telegram, door, mode="webhook") as made:
        await telegram.until(lambda: made.health()[0] == "up")
        yield made


async def test_telegram_is_told_where_and_with_which_secret(
    telegram: Telegram, hooked: TelegramChannel
) -> None:
    assert telegram.of("setWebhook") == [
        {
            "url": HOOK,
            "secret_token": SECRET,
            "allowed_updates": [
                "message", "edited_message", "callback_query", "my_chat_member",
            ],
        }
    ]  # fmt: skip
    assert telegram.counts["getUpdates"] == 0


async def test_a_call_is_answered_after_the_commit(
    telegram: Telegram, hooked: TelegramChannel, door: Door
) -> None:
    async with caller(hooked) as client:
        for _ in range(2):
            assert (await client.post(PATH, json=payload("text"), headers=SIGNED)).is_success
        assert (await client.post(PATH, json=payload("group_talk"), headers=SIGNED)).is_success
    assert [one.external_id for one in door.taken] == ["40001:312"]
    await telegram.until(lambda: telegram.counts["sendChatAction"] == 1)


async def test_what_could_not_be_stored_is_asked_for_again(
    hooked: TelegramChannel, door: Door
) -> None:
    door.outcomes = [Outcome.failed]
    door.breaks = 1
    async with caller(hooked) as client:
        answers = [await client.post(PATH, json=payload("text"), headers=SIGNED) for _ in range(3)]
    assert [one.status_code for one in answers] == [503, 503, 200]
    assert len(door.taken) == 1


@pytest.mark.parametrize("given", [{}, {"x-telegram-bot-api-secret-token": SECRET + "x"}])
async def test_nobody_else_is_heard(
    hooked: TelegramChannel, door: Door, given: dict[str, str]
) -> None:
    async with caller(hooked) as client:
        answer = await client.post(PATH, json=payload("text"), headers=given)
        assert answer.status_code == 401
        assert (await client.get(PATH, headers=SIGNED)).status_code == 405
    assert door.asked == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b"{}", 200),
        (json.dumps({"update_id": 1, "message": "x"}).encode(), 200),
        (b" " * 1_000_001, 413),
    ],
    ids=lambda one: str(one)[:20],
)
async def test_what_is_no_update_is_passed_over(
    hooked: TelegramChannel, door: Door, body: bytes, status: int
) -> None:
    async with caller(hooked) as client:
        answer = await client.post(PATH, content=body, headers=SIGNED)
    assert answer.status_code == status
    assert door.taken == []


async def test_before_and_after_it_is_there_telegram_keeps_the_update(
    telegram: Telegram, door: Door
) -> None:
    made = channel(telegram, mode="webhook")
    async with caller(made) as client:
        early = await client.post(PATH, json=payload("text"), headers=SIGNED)
        await made.start(door)
        await telegram.until(lambda: made.health()[0] == "up")
        await made.stop()
        late = await client.post(PATH, json=payload("text"), headers=SIGNED)
    assert (early.status_code, late.status_code) == (503, 503)
    assert door.taken == []


async def test_polling_has_no_routes(telegram: Telegram) -> None:
    assert channel(telegram).routes() == []


@pytest.mark.parametrize("secret", [None, SecretStr(""), SecretStr("two words")])
async def test_without_a_secret_it_does_not_start(
    telegram: Telegram, door: Door, secret: SecretStr | None
) -> None:
    made = channel(telegram, mode="webhook", webhook_secret=secret)
    for refused in (made.start(door), made.check()):
        with pytest.raises(SendError, match="GABINETE_TELEGRAM_WEBHOOK_SECRET") as error:
            await refused
        assert error.value.failure is Failure.configuration
    async with caller(made) as client:
        header = {"x-telegram-bot-api-secret-token": ""}
        assert (await client.post(PATH, json={}, headers=header)).status_code == 401


async def test_a_webhook_that_was_taken_away_is_set_again(
    telegram: Telegram, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.listening.WATCH", 0.01)
    async with listening(telegram, door, mode="webhook"):
        await telegram.until(lambda: telegram.hook)
        telegram.hook = None
        await telegram.until(lambda: telegram.hook)
    assert telegram.of("setWebhook")[-1]["secret_token"] == SECRET


async def test_when_telegram_cannot_reach_us_staff_are_told(telegram: Telegram, door: Door) -> None:
    telegram.hook_error = (int(time.time()), f"Wrong response: 502 {SECRET}")
    async with listening(telegram, door, mode="webhook") as made:
        await telegram.until(lambda: made.health()[0] == "degraded")
        assert made.health()[1] == "Telegram cannot deliver to us: Wrong response: 502 …"
