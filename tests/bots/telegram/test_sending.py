"""What is asked of Telegram for each message of ours, and what its refusals mean."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import BadRequest, ChatMigrated, TelegramError, TimedOut

from bots.telegram.channel import TelegramChannel
from bots.telegram.failures import failure_of
from bots.telegram.sending import parts_of
from service.channels.contract import Button, Failure, Outbound, SendError
from tests.bots.telegram.town import PIXEL, channel, outbound, picture
from tests.doubles.telegram import TOKEN, Telegram, units

QUIET = {"is_disabled": True}
HELPED = Button("Ajudou", action="helpful:1")
OPEN = Button("Abrir", url="https://porto.example/a/1")


async def test_who_needs_the_line_while_it_closes_finds_it_open(
    telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = channel(telegram)._line
    for request in line._requests:
        shut = request.shutdown

        async def slowly(shut: Any = shut) -> None:
            await shut()
            await asyncio.sleep(0.01)

        monkeypatch.setattr(request, "shutdown", slowly)
    async with line.held():
        pass
    closing = asyncio.create_task(line.let_go())
    await asyncio.sleep(0)
    async with line.held() as bot:
        await asyncio.sleep(0.05)
        assert (await bot.get_me()).is_bot
    await closing


@pytest.fixture
async def made(telegram: Telegram) -> AsyncIterator[TelegramChannel]:
    """A channel that only sends."""
    sender = channel(telegram)
    yield sender
    await sender.stop()


def text(said: str, **more: Any) -> dict[str, Any]:
    """A request to send a text to Ana."""
    return {"chat_id": "40001", "text": said, "link_preview_options": QUIET, **more}


def keys(*rows: dict[str, str]) -> dict[str, Any]:
    """A keyboard of one button a row."""
    return {"reply_markup": {"inline_keyboard": [[row] for row in rows]}}


PRESS = {"text": "Ajudou", "callback_data": "helpful:1"}
VISIT = {"text": "Abrir", "url": "https://porto.example/a/1"}
PHOTO = {"chat_id": "40001", "photo": PIXEL, "caption": "Mapa da obra"}

REQUESTS: list[tuple[str, Outbound, list[dict[str, Any]]]] = [
    ("text", outbound("Olá, Ana"), [text("Olá, Ana")]),
    ("no markup", outbound("*a* _b_ <b>c</b> @x"), [text("*a* _b_ <b>c</b> @x")]),
    ("buttons", outbound("Resolveu?", HELPED, OPEN), [text("Resolveu?", **keys(PRESS, VISIT))]),
    ("topic", outbound("Olá", thread="42"), [text("Olá", message_thread_id="42")]),
    (
        "long",
        outbound("a" * 4000 + "\n\n" + "b" * 4000, HELPED),
        [text("a" * 4000), text("b" * 4000, **keys(PRESS))],
    ),
    ("twice as wide", outbound("😀" * 2049), [text("😀" * 2048), text("😀")]),
    (
        "picture",
        outbound("Veja", HELPED, pictures=(picture(),)),
        [text("Veja", **keys(PRESS)), PHOTO],
    ),
    ("picture alone", outbound("", HELPED, pictures=(picture(),)), [{**PHOTO, **keys(PRESS)}]),
    (
        "picture with much to say",
        outbound("Veja", pictures=(picture("c" * 1025),)),
        [text("Veja"), {"chat_id": "40001", "photo": PIXEL}, text("c" * 1025)],
    ),
    ("second part", outbound("a" * 4096 + "b", taken=("40001:1",)), [text("b")]),
    ("all parts", outbound("a", taken=("40001:1",)), []),
]


@pytest.mark.parametrize(("sent", "asked"), [one[1:] for one in REQUESTS], ids=lambda _: "")
async def test_a_message_becomes_these_requests(
    telegram: Telegram, made: TelegramChannel, sent: Outbound, asked: list[dict[str, Any]]
) -> None:
    ids = await made.send(sent)
    assert [call.said for call in telegram.sent] == asked
    fresh = tuple(f"40001:{1001 + n}" for n in range(len(asked)))
    assert ids == (*sent.taken, *fresh)
    assert all("parse_mode" not in call.said for call in telegram.calls)


REFUSED = [
    (outbound(""), Failure.rejected),
    (outbound("  \n "), Failure.rejected),
    (outbound("Olá", Button("Longo", action="é" * 33)), Failure.rejected),
    (outbound("Olá", Button("Nada")), Failure.rejected),
    (outbound("Olá", Button("Onde", url="javascript:alert(1)")), Failure.rejected),
    (outbound("half \ud83d"), Failure.rejected),
    (outbound("Olá", to="ana"), Failure.recipient_gone),
    (outbound("Olá", to=""), Failure.recipient_gone),
]


@pytest.mark.parametrize(("sent", "failure"), REFUSED, ids=lambda _: "")
async def test_what_cannot_be_sent_fails_loudly_and_nothing_arrives(
    telegram: Telegram, made: TelegramChannel, sent: Outbound, failure: Failure
) -> None:
    with pytest.raises(SendError) as refused:
        await made.send(sent)
    assert refused.value.failure is failure
    assert telegram.sent == []


ANSWERS: list[tuple[int, str, dict[str, Any], Failure, float | None]] = [
    (403, "Forbidden: bot was blocked by the user", {}, Failure.recipient_gone, None),
    (403, "Forbidden: user is deactivated", {}, Failure.recipient_gone, None),
    (400, "Bad Request: chat not found", {}, Failure.recipient_gone, None),
    (400, "Bad Request: PEER_ID_INVALID", {}, Failure.recipient_gone, None),
    (400, "Bad Request: x", {"migrate_to_chat_id": -1009}, Failure.recipient_gone, None),
    (400, "Bad Request: BUTTON_URL_INVALID", {}, Failure.rejected, None),
    (413, "Request Entity Too Large", {}, Failure.rejected, None),
    (401, "Unauthorized", {}, Failure.configuration, None),
    (404, "Not Found", {}, Failure.configuration, None),
    (429, "Too Many Requests", {"retry_after": 7}, Failure.retry, 7.0),
    (429, "Too Many Requests", {}, Failure.retry, 1.0),
    (500, "Internal Server Error", {}, Failure.retry, None),
    (502, "Bad Gateway", {}, Failure.retry, None),
    (503, "Service Unavailable", {}, Failure.retry, None),
    (504, "Gateway Time-out", {}, Failure.ambiguous, None),
    (200, "<html>", {}, Failure.ambiguous, None),
    (200, "{}", {}, Failure.ambiguous, None),
    (0, "", {}, Failure.ambiguous, None),
]


@pytest.mark.parametrize(("status", "words", "more", "failure", "after"), ANSWERS)
async def test_a_refusal_is_one_of_the_closed_list(
    telegram: Telegram,
    made: TelegramChannel,
    status: int,
    words: str,
    more: dict[str, Any],
    failure: Failure,
    after: float | None,
) -> None:
    telegram.fail("sendMessage", status, words, **more)
    with pytest.raises(SendError) as refused:
        await made.send(outbound())
    assert (refused.value.failure, refused.value.after) == (failure, after)
    assert refused.value.taken == ()
    assert "-1009" not in str(refused.value)
    assert telegram.counts["sendMessage"] == 1, "the delivery loop repeats, nobody else"


async def test_the_parts_that_arrived_before_a_failure_are_named(
    telegram: Telegram, made: TelegramChannel
) -> None:
    telegram.fail("sendPhoto", 502, times=1)
    long = outbound("a" * 9000, pictures=(picture(),), taken=())
    with pytest.raises(SendError) as refused:
        await made.send(long)
    assert refused.value.taken == ("40001:1001", "40001:1002", "40001:1003")
    again = outbound("a" * 9000, pictures=(picture(),), taken=refused.value.taken)
    assert len(await made.send(again)) == 4
    assert [len(call.said.get("text", "")) for call in telegram.sent] == [4096, 4096, 808, 0]


async def test_nothing_was_sent_where_nobody_listens() -> None:
    sender = channel(None)
    with pytest.raises(SendError) as refused:
        await sender.send(outbound())
    await sender.stop()
    assert refused.value.failure is Failure.retry


async def test_a_send_that_got_no_answer_is_ambiguous(
    telegram: Telegram, made: TelegramChannel
) -> None:
    telegram.lose("sendMessage")
    with pytest.raises(SendError) as refused:
        await made.send(outbound())
    assert refused.value.failure is Failure.ambiguous
    assert len(telegram.sent) == 1


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    """An error as the library raises it."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (caused(TimedOut(), httpx.ReadTimeout("")), Failure.ambiguous),
        (caused(TimedOut(), httpx.WriteTimeout("")), Failure.ambiguous),
        (caused(TimedOut(), httpx.ConnectTimeout("")), Failure.retry),
        (caused(TimedOut(), httpx.PoolTimeout("")), Failure.retry),
        (caused(TelegramError("x"), httpx.InvalidURL(TOKEN)), Failure.configuration),
        (ChatMigrated(-1009), Failure.recipient_gone),
        (BadRequest("Bad Request: not enough rights to send text"), Failure.recipient_gone),
        (TelegramError(f"strange {TOKEN}"), Failure.ambiguous),
        (KeyError(TOKEN), Failure.ambiguous),
    ],
)
def test_troubles_of_the_network_are_told_apart(error: Exception, failure: Failure) -> None:
    found = failure_of(error, lambda words: words)
    assert found.failure is failure
    assert TOKEN not in str(found)


async def test_forty_leave_at_once(telegram: Telegram, made: TelegramChannel) -> None:
    await asyncio.gather(*(made.send(outbound(to=str(n))) for n in range(1, 41)))
    assert {call.said["chat_id"] for call in telegram.sent} == {str(n) for n in range(1, 41)}


@pytest.mark.parametrize(("per_second", "apart"), [(30, 0.0), (None, 1.0)])
async def test_beyond_telegrams_limits_it_asks_for_patience(
    per_second: int | None, apart: float
) -> None:
    async with Telegram(per_second=per_second, apart=apart) as strict:
        sender = channel(strict)
        found = await asyncio.gather(
            *(sender.send(outbound()) for _ in range(35)), return_exceptions=True
        )
        await sender.stop()
    refused = [one for one in found if isinstance(one, SendError)]
    assert len(refused) == (5 if per_second else 34)
    assert {(one.failure, one.after) for one in refused} == {(Failure.retry, 1.0)}


async def test_it_sends_while_and_after_listening_stops(telegram: Telegram) -> None:
    sender = channel(telegram)
    await sender.stop()
    assert await sender.send(outbound()) == ("40001:1001",)
    assert await sender.send(outbound()) == ("40001:1002",)


@given(st.text("aé😀 .\n", min_size=1).filter(str.strip), st.integers(1, 600))
def test_every_part_fits_however_its_signs_are_counted(said: str, times: int) -> None:
    parts = parts_of(outbound(said * times, HELPED))
    assert all(units(part.text) <= 4096 for part in parts)
    assert "".join("".join(part.text for part in parts).split()) == "".join((said * times).split())
    assert [part.buttons for part in parts] == [()] * (len(parts) - 1) + [(HELPED,)]


async def test_a_picture_that_is_refused_takes_nothing_of_the_text_with_it(
    telegram: Telegram, made: TelegramChannel
) -> None:
    told = outbound("Veja", HELPED, pictures=(picture(),))
    telegram.fail("sendPhoto", 400, "Bad Request: IMAGE_PROCESS_FAILED")
    with pytest.raises(SendError) as refused:
        await made.send(told)
    assert (refused.value.failure, refused.value.taken) == (Failure.rejected, ("40001:1001",))
    plain = outbound("Veja", HELPED, taken=refused.value.taken)
    assert await made.send(plain) == ("40001:1001",), "all of it is there already"
    assert [call.said for call in telegram.sent] == [text("Veja", **keys(PRESS))]
