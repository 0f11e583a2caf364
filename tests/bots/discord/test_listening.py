"""The session: cut, resumed, lost, refused, and watched over."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from bots.discord import listening, taking
from bots.discord.channel import DiscordChannel
from service.channels.contract import Failure, Outcome, Said, SendError
from service.conversations.commands import menu
from service.phrases import say
from tests.bots.discord.conftest import ANA, BIA, NOON, Door, channel, out
from tests.doubles.discord import TOKEN, Discord
from tests.doubles.discord_shapes import APPLICATION, BOT

CONTENT = 1 << 15
HISTORY = r"/channels/\d+/messages"


def words(door: Door) -> list[str]:
    """What the service has."""
    return [one.text for one in door.taken]


async def test_a_cut_session_is_resumed_and_nothing_is_lost(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await platform.say(ANA, "um")
    await door.until(lambda: door.taken)
    await platform.until(lambda: len(platform.of("GET", HISTORY)) == 2)
    await platform.cut()
    await platform.say(ANA, "dois")
    await door.until(lambda: len(door.taken) == 2)
    assert words(door) == ["um", "dois"]
    assert len(platform.resumed) == 1
    assert len(platform.of("GET", HISTORY)) == 2, "nothing more had to be looked up"
    assert bot.health()[0] == "up"


async def test_after_a_session_that_was_lost_private_conversations_are_read_on(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await platform.say(ANA, "um")
    await platform.say(BIA, "dois")
    await door.until(lambda: len(door.taken) == 2)
    platform.forget_session()
    await platform.cut()
    for number in range(120):
        await platform.say(ANA, f"três {number}", tell=False)
    await door.until(lambda: len(door.taken) == 122)
    assert words(door)[2:] == [f"três {number}" for number in range(120)]
    assert len(platform.identified) == 2
    await platform.say(ANA, "quatro")
    await door.until(lambda: len(door.taken) == 123)


async def test_after_a_restart_a_conversation_is_read_from_where_the_service_has_it(
    platform: Discord, door: Door
) -> None:
    old = [await platform.say(ANA, text, tell=False) for text in ("um", "dois")]
    name = f"{old[0]['channel_id']}:{old[0]['id']}"
    door.said = [Said("in", 1, name, "um", NOON), Said("out", 2, "x:9", "oi", NOON)]
    made = channel(platform)
    await made.start(door)
    await platform.until(lambda: platform.sockets)
    await platform.say(ANA, "três")
    await platform.say(BIA, "quatro")
    await door.until(lambda: len(door.taken) == 3)
    assert sorted(words(door)) == ["dois", "quatro", "três"]
    await made.stop()


async def test_without_the_privileged_intent_it_listens_all_the_same(door: Door) -> None:
    async with Discord(content=False) as platform:
        made = channel(platform)
        await made.start(door)
        await platform.until(lambda: platform.sockets)
        await platform.say(ANA, "oi")
        await door.until(lambda: door.taken)
        asked = [bool(one["intents"] & CONTENT) for one in platform.identified]
        assert asked == [True, False]
        assert made.health() == ("up", "listens as gabinete, without the message content intent")
        await made.stop()


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("MESSAGE_CREATE", {}),
        ("MESSAGE_CREATE", None),
        ("MESSAGE_CREATE", {"id": "x", "channel_id": "1", "author": {"id": "7"}, "content": "oi"}),
        ("MESSAGE_CREATE", ["segredo"]),
        ("MESSAGE_UPDATE", {"id": "1", "edited_timestamp": "yesterday", "author": {"id": "7"}}),
        ("MESSAGE_DELETE", {"id": "1"}),
        ("MESSAGE_DELETE_BULK", {"ids": 7, "channel_id": "1"}),
        ("INTERACTION_CREATE", {"type": 2, "token": "segredo"}),
        ("GUILD_CREATE", {"unavailable": True}),
        ("SOMETHING_NEW", {"segredo": 1}),
    ],
)
async def test_an_event_that_cannot_be_read_is_passed_over(
    platform: Discord,
    bot: DiscordChannel,
    door: Door,
    event: str,
    data: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await platform.tell(event, data)
    await platform.say(ANA, "oi")
    await door.until(lambda: door.taken)
    assert words(door) == ["oi"]
    assert len(platform.identified) == 1
    assert "segredo" not in capsys.readouterr().out


async def test_a_session_that_breaks_is_followed_by_another(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await platform.say(ANA, "um")
    await door.until(lambda: door.taken)
    for socket in platform.sockets:
        await socket.send_str('"no frame"')
    await platform.until(lambda: len(platform.identified) == 2 and platform.sockets)
    await platform.say(ANA, "dois")
    await door.until(lambda: len(door.taken) == 2)


async def test_it_waits_for_a_platform_that_is_not_there_yet(platform: Discord, door: Door) -> None:
    platform.trouble("GET", "/users/@me", 2, status=503, body={"message": "no", "code": 0})
    platform.trouble("GET", "/gateway/bot", 1)
    made = channel(platform)
    await made.start(door)
    assert made.health() == ("down", "is connecting to Discord")
    await platform.until(lambda: platform.sockets)
    await platform.say(ANA, "oi")
    await door.until(lambda: door.taken)
    await made.stop()


async def test_it_says_that_the_platform_cannot_be_reached(door: Door) -> None:
    made = channel()
    await made.start(door)
    async with asyncio.timeout(60):
        while "cannot be reached" not in made.health()[1]:
            await asyncio.sleep(0)
    assert made.health()[0] == "down"
    await made.stop()
    assert made.health() == ("down", "is stopped")


async def test_a_wrong_token_is_said_and_tried_again(platform: Discord, door: Door) -> None:
    platform.token = "another"
    made = channel(platform)
    await made.start(door)
    await platform.until(lambda: len(platform.of("GET", "/users/@me")) >= 3)
    assert made.health() == ("down", "Discord refuses the token; trying again")
    with pytest.raises(SendError) as refused:
        await made.check()
    assert refused.value.failure is Failure.configuration
    platform.token = TOKEN
    await platform.until(lambda: platform.sockets)
    await made.stop()


async def test_a_token_refused_at_the_gateway_is_said(platform: Discord, door: Door) -> None:
    made = channel(platform, gateway_url=platform.gateway_url)
    await made.start(door)
    await platform.until(lambda: platform.sockets)
    assert platform.of("GET", "/gateway/bot") == [], "the gateway that is set is taken"
    await platform.cut(4004)
    await platform.until(lambda: len(platform.identified) == 2)
    await made.stop()


@pytest.mark.parametrize("token", [None, SecretStr(""), SecretStr("  ")])
async def test_a_missing_token_is_said_at_once(door: Door, token: SecretStr | None) -> None:
    made = channel(token=token)
    for attempt in (made.start(door), made.check(), made.send(out())):
        with pytest.raises(SendError, match="GABINETE_DISCORD_TOKEN is empty") as refused:
            await attempt
        assert refused.value.failure is Failure.configuration
    await made.stop()


@pytest.mark.parametrize("content", [True, False])
async def test_check_says_who_we_are_and_where_servers_let_us_in(content: bool) -> None:
    async with Discord(content=content) as platform:
        told = await channel(platform).check()
    without = "" if content else ", without the message content intent"
    address = f"https://discord.com/oauth2/authorize?client_id={APPLICATION}&scope=bot"
    assert told.startswith(f"is gabinete ({BOT}){without}; invite it at {address}")


async def test_the_menu_is_registered_in_every_language(
    platform: Discord, bot: DiscordChannel
) -> None:
    by_name = {one["name"]: one for one in platform.commands}
    assert set(by_name) == {"start", "gabinete", *(name for name, _ in menu()["en"])}
    for at, (name, described) in enumerate(menu()["en"]):
        one = by_name[name]
        portuguese = menu()["pt"][at]
        assert one["description"] == described
        assert one["name_localizations"].get("pt-BR", name) == portuguese[0]
        assert one["description_localizations"]["pt-BR"] == portuguese[1]
        assert one["description_localizations"]["es-419"] == menu()["es"][at][1]
        assert (one["integration_types"], one["contexts"]) == ([0, 1], [0, 1, 2])
        assert one["options"][0]["required"] is False
    (text,) = by_name["gabinete"]["options"]
    assert (text["name"], text["required"]) == ("text", True)
    assert text["description_localizations"]["es-ES"] == say("discord.words", "es")
    assert by_name["start"]["options"][0]["name"] == "code"


async def test_a_menu_that_is_refused_hinders_nothing(platform: Discord, door: Door) -> None:
    platform.trouble("PUT", ".*", status=400, body={"code": 50035, "message": "no"})
    made = channel(platform)
    await made.start(door)
    await platform.until(lambda: platform.sockets and platform.of("PUT", ".*"))
    await platform.say(ANA, "oi")
    await door.until(lambda: door.taken)
    await made.stop()


async def test_stopping_stores_what_was_told_already(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    door.slow = asyncio.Event()
    await platform.say(ANA, "um")
    await platform.say(ANA, "dois")
    await door.until(lambda: door.asked)
    stopping = asyncio.create_task(bot.stop())
    await platform.until(lambda: not platform.sockets)
    door.slow.set()
    async with asyncio.timeout(60):
        await stopping
    assert words(door)[:1] == ["um"]


async def test_stopping_ends_within_seconds_whatever_hangs(
    platform: Discord, bot: DiscordChannel, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PATIENCE", 0.01)
    platform.silent = True
    door.slow = asyncio.Event()
    asked = await platform.command(ANA, "gabinete", "sem água")
    await platform.say(BIA, "oi")
    await door.until(lambda: door.asked)
    async with asyncio.timeout(60):
        await bot.stop()
    original = platform.originals[asked["token"]]
    assert original
    assert original["content"] == say("channel.failed", "pt"), "its asker is not left waiting"


async def test_stopped_while_the_service_cannot_store_nobody_is_left_in_doubt(
    platform: Discord, bot: DiscordChannel, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PATIENCE", 0.01)
    door.outcomes = [Outcome.failed] * 10_000
    await platform.say(ANA, "oi")
    await door.until(lambda: len(door.asked) > 2)
    assert bot.health() == ("degraded", "messages cannot be stored now")
    await bot.stop()
    told = [one["content"] for one in platform.messages[platform.conversation(ANA)][1:]]
    assert told == [say("channel.failed", "pt")]


async def test_it_can_be_started_again(platform: Discord, bot: DiscordChannel, door: Door) -> None:
    await bot.stop()
    await bot.start(door)
    await platform.until(lambda: len(platform.identified) == 2 and platform.sockets)
    await platform.say(ANA, "oi")
    await door.until(lambda: door.taken)


async def test_sessions_that_end_at_once_are_begun_ever_more_slowly(
    platform: Discord, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    enough = asyncio.Event()

    class Hasty:
        """asyncio, without the pauses."""

        def __getattr__(self, name: str) -> Any:
            return getattr(asyncio, name)

        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 8:
                enough.set()
                await asyncio.Event().wait()

    monkeypatch.setattr(listening, "FIRST_WAIT", 1.0)
    monkeypatch.setattr(listening, "LONGEST_WAIT", 60.0)
    monkeypatch.setattr(listening, "asyncio", Hasty())
    platform.trouble("GET", "/users/@me", 100, status=503, body={"message": "no", "code": 0})
    made = channel(platform)
    await made.start(door)
    async with asyncio.timeout(60):
        await enough.wait()
    await made.stop()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
