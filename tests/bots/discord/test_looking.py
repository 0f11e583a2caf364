"""What no session told: found where it was said, once, and nobody else's."""

from typing import Any

import pytest

from bots.discord import looking
from bots.discord.channel import DiscordChannel
from service.channels.contract import Address, Said
from tests.bots.discord.conftest import ANA, BIA, NOON, Door, channel, out
from tests.doubles.discord import Discord
from tests.doubles.discord_shapes import BOT, HALL, mention

HISTORY = r"/channels/\d+/messages"


def words(door: Door) -> list[str]:
    """What the service has."""
    return [one.text for one in door.taken]


def broken(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A message as no library can read it."""
    return {**message, "author": None, **more}


@pytest.mark.parametrize("known", [True, False])
async def test_a_message_that_could_not_be_read_is_found_in_its_conversation(
    platform: Discord, bot: DiscordChannel, door: Door, known: bool
) -> None:
    if known:
        await platform.say(ANA, "um")
        await door.until(lambda: door.taken)
    made = await platform.say(ANA, "dois", tell=False)
    await platform.tell("MESSAGE_CREATE", broken(made))
    await platform.say(BIA, "três")
    await door.until(lambda: {"dois", "três"} <= set(words(door)))
    assert len(platform.identified) == 1
    assert words(door).count("dois") == 1


async def test_a_message_that_says_not_even_where_is_looked_for_in_what_is_known(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await platform.say(ANA, "um")
    await platform.until(lambda: len(platform.of("GET", HISTORY)) == 2)
    await platform.say(ANA, "dois", tell=False)
    await platform.tell("MESSAGE_CREATE", None)
    await door.until(lambda: len(door.taken) == 2)
    assert words(door) == ["um", "dois"]


async def test_what_others_say_in_a_server_is_never_taken_for_a_private_word(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    made = await platform.say(BIA, "entre vizinhos", HALL, tell=False)
    await platform.tell("MESSAGE_CREATE", broken(made))
    del made["guild_id"]
    await platform.tell("MESSAGE_CREATE", broken(made))
    await platform.until(lambda: platform.of("GET", f"/channels/{HALL}"))
    await platform.say(ANA, "oi")
    await door.until(lambda: door.taken)
    assert words(door) == ["oi"]
    assert platform.of("GET", f"/channels/{HALL}/messages") == []


async def test_a_message_that_stays_unreadable_hides_nothing(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    made = await platform.say(ANA, "um", tell=False)
    made["author"] = {"name": "no id"}
    await platform.say(ANA, "dois", tell=False)
    await platform.tell("MESSAGE_CREATE", made)
    await door.until(lambda: door.taken)
    await platform.say(ANA, "três")
    await door.until(lambda: len(door.taken) == 2)
    assert words(door) == ["dois", "três"]


async def test_after_a_restart_a_stranger_is_read_from_our_last_word(
    platform: Discord, door: Door
) -> None:
    made = channel(platform)
    await platform.say(ANA, "apague meus dados", tell=False)
    await made.send(out(1, "Apagamos tudo"))
    await platform.say(ANA, "dois", tell=False)
    await platform.say(BIA, "um", tell=False)
    await made.start(door)
    await platform.until(lambda: platform.sockets)
    await platform.say(ANA, "três")
    await platform.say(BIA, "quatro")
    await door.until(lambda: len(door.taken) == 4)
    assert sorted(words(door)) == ["dois", "quatro", "três", "um"]
    await made.stop()


async def test_after_a_lost_session_a_server_is_read_on_where_we_were_called(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await platform.say(ANA, f"<@{BOT}> um", HALL, mentions=mention())
    await door.until(lambda: door.taken)
    platform.forget_session()
    await platform.cut()
    await platform.say(BIA, "bom dia", HALL, tell=False)
    await platform.say(BIA, f"<@{BOT}> dois", HALL, tell=False, mentions=mention())
    await door.until(lambda: len(door.taken) == 2)
    assert words(door) == ["um", "dois"]
    assert door.taken[1].address.conversation == BIA


async def test_a_history_that_cannot_be_read_now_is_read_later(
    platform: Discord, door: Door
) -> None:
    old = [await platform.say(ANA, text, tell=False) for text in ("um", "dois")]
    door.said = [Said("in", 1, f"{old[0]['channel_id']}:{old[0]['id']}", "um", NOON)]
    made = channel(platform)
    await made.start(door)
    await platform.until(lambda: platform.sockets)
    down = {"status": 503, "body": {"message": "no", "code": 0}}
    platform.trouble("GET", HISTORY, looking.TRIES - 1, **down)
    await platform.say(ANA, "três")
    await door.until(lambda: len(door.taken) == 2)
    assert sorted(words(door)) == ["dois", "três"]
    await made.stop()


async def test_at_a_start_those_heard_last_are_read_on(platform: Discord, door: Door) -> None:
    old = await platform.say(ANA, "um", tell=False)
    hall = await platform.say(ANA, "na rua", HALL, tell=False)
    await platform.say(ANA, "dois", tell=False)
    await platform.say(BIA, "de outra pessoa", HALL, tell=False)
    names = [f"{one['channel_id']}:{one['id']}" for one in (old, hall)]
    door.said = [Said("in", n, name, "um", NOON) for n, name in enumerate((*names, "i:7"))]
    door.known = [Address("discord", "main", ANA)]
    made = channel(platform)
    await made.start(door)
    await door.until(lambda: door.taken)
    await platform.say(BIA, "oi")
    await door.until(lambda: len(door.taken) == 2)
    assert words(door) == ["dois", "oi"]
    assert platform.of("POST", "/users/@me/channels") == [], "nobody's conversation is opened"
    await made.stop()
