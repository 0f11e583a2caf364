"""No token and no secret in an error, a log, a health sentence or a repr."""

import logging

import pytest

from service.channels.contract import SendError
from tests.bots.telegram.test_parsing import payload
from tests.bots.telegram.town import SECRET, Door, channel, listening, outbound
from tests.doubles.telegram import TOKEN, Telegram

HIDDEN = (TOKEN, TOKEN.partition(":")[2], SECRET)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 504, 0])
async def test_errors_never_show_a_secret(telegram: Telegram, status: int) -> None:
    telegram.fail("sendMessage", status, f"Refused /bot{TOKEN}/sendMessage with {SECRET}")
    made = channel(telegram)
    with pytest.raises(SendError) as refused:
        await made.send(outbound())
    await made.stop()
    shown = f"{refused.value} {refused.value!r} {made!r} {vars(made)['_line']!r}"
    assert not any(secret in shown for secret in HIDDEN)


async def test_logs_and_health_never_show_a_secret_nor_words(
    telegram: Telegram,
    door: Door,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    words = f"Refused /bot{TOKEN}/ {SECRET}"
    telegram.fail("getMe", 401, words)
    telegram.fail("getUpdates", 409, words)
    telegram.fail("getUpdates", 504)
    telegram.fail("sendChatAction", 403, words)
    seen = set()
    async with listening(telegram, door) as made:
        telegram.feed(payload("text"), {"message": TOKEN})

        def done() -> bool:
            seen.add(made.health()[1])
            return bool(door.taken) and not telegram.waiting

        await telegram.until(done)
    out, err = capsys.readouterr()
    told = "\n".join([caplog.text, out, err, *seen])
    assert "telegram_not_listening" in told
    assert not any(secret in told for secret in HIDDEN)
    assert "Falta água" not in told


async def test_an_address_with_the_token_is_not_shown_when_it_is_malformed() -> None:
    made = channel(None, api_url="http://[porto")
    with pytest.raises(SendError) as refused:
        await made.check()
    await made.stop()
    assert TOKEN not in f"{refused.value!r}"
