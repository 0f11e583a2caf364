"""No token, nothing that opens an interaction and no words in an error, a log or a repr."""

import logging

import pytest

from bots.discord.channel import DiscordChannel
from service.channels.contract import SendError
from tests.bots.discord.conftest import ANA, Door, channel, out
from tests.doubles.discord import TOKEN, Discord

WORDS = "Zuleica sem água"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 503, 0])
async def test_errors_never_show_a_secret(platform: Discord, status: int) -> None:
    body = {"message": f"Refused Bot {TOKEN}: {WORDS}", "code": 0}
    platform.trouble("POST", r"/channels/\d+/messages", status=status, body=body)
    made = channel(platform)
    with pytest.raises(SendError) as refused:
        await made.send(out(1, WORDS))
    shown = f"{refused.value} {refused.value!r} {made!r} {vars(made)!r} {vars(made._line)!r}"
    assert TOKEN not in shown
    assert "Zuleica" not in shown
    await made.stop()


async def test_logs_and_health_never_show_a_secret_nor_words(
    platform: Discord,
    bot: DiscordChannel,
    door: Door,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = await platform.command(ANA, "gabinete", WORDS, guild=True)
    await platform.until(lambda: platform.callbacks)
    platform.patience("PATCH", ".*@original", 0.01)
    platform.trouble("GET", r"/channels/.*", status=400, body={"message": TOKEN, "code": 0})
    await bot.send(out(1, WORDS))
    made = await platform.say(ANA, WORDS)
    await platform.tell("MESSAGE_CREATE", {**made, "author": None})
    await platform.cut()
    await platform.until(lambda: platform.resumed)
    for socket in platform.sockets:
        await socket.send_str(f'"{TOKEN}"')
    await platform.until(lambda: len(platform.identified) == 2 and platform.sockets)
    (line,) = [one.getMessage() for one in caplog.records if "rate limited" in one.getMessage()]
    assert "/webhooks/" in line
    out_, err = capsys.readouterr()
    assert "discord_session_ended" in out_
    grant = bot._line.grants.find(ANA)
    told = f"{caplog.text} {out_} {err} {bot.health()} {bot!r} {vars(bot._line)!r} {grant!r}"
    assert grant
    for hidden in (TOKEN, asked["token"], "Zuleica"):
        assert hidden not in told
