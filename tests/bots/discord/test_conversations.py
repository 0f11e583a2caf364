"""Whole conversations through the real library: what arrives, what is answered at once."""

import asyncio
from dataclasses import replace

import pytest

from bots.discord import reacting
from bots.discord.channel import DiscordChannel
from service.channels.contract import Button, Failure, Outcome, SendError
from service.phrases import say
from tests.bots.discord.conftest import ANA, BIA, Door, out
from tests.doubles.discord import Discord
from tests.doubles.discord_shapes import BOT, HALL, mention

ORIGINAL = r"/webhooks/\d+/[^/]+/messages/@original"
FOLLOW_UP = r"/webhooks/\d+/[^/]+"


def texts(platform: Discord, channel: str) -> list[str]:
    """What was said in a channel by the bot."""
    said = [one for one in platform.messages[channel] if one["author"].get("bot")]
    return [one["content"] for one in said]


async def test_a_private_message_is_stored_and_then_we_are_seen_writing(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    made = await platform.say(ANA, "sem água na rua")
    await platform.until(lambda: platform.of("POST", r"/channels/\d+/typing"))
    (taken,) = door.taken
    assert (taken.kind, taken.text, taken.sender) == ("text", "sem água na rua", ANA)
    assert taken.external_id == f"{made['channel_id']}:{made['id']}"
    assert taken.address.conversation == ANA
    assert bot.health() == ("up", "listens as gabinete")


async def test_our_own_messages_are_not_heard(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    (there,) = await bot.send(out(7, "Recebido."))
    await platform.say(ANA, "obrigada")
    await door.until(lambda: door.taken)
    assert [one.text for one in door.taken] == ["obrigada"]
    assert there.startswith(platform.conversation(ANA) + ":")
    await bot.send(out(8, "De nada."))
    assert len(platform.of("POST", "/users/@me/channels")) == 1, "the conversation is remembered"


async def test_edits_and_deletions_follow_the_message(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    made = await platform.say(ANA, "sem agua")
    await platform.tell("MESSAGE_UPDATE", made)
    await platform.edit(made, "sem água")
    await platform.tell("MESSAGE_DELETE", {"id": made["id"], "channel_id": made["channel_id"]})
    await door.until(lambda: len(door.taken) == 3)
    said, edited, deleted = door.taken
    assert [one.kind for one in door.taken] == ["text", "edited", "deleted"]
    assert said.external_id == edited.external_id == deleted.external_id
    assert edited.text == "sem água"
    assert edited.version > 0
    assert (deleted.sender, deleted.address.conversation) == ("", "")


async def test_the_same_message_told_twice_is_stored_once(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    made = await platform.say(ANA, "oi")
    await platform.tell("MESSAGE_CREATE", made)
    await door.until(lambda: len(door.asked) == 2)
    assert len(door.taken) == 1


async def test_in_a_server_only_what_is_said_to_us_is_heard_and_answered_in_private(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await platform.say(BIA, "bom dia a todos", HALL)
    made = await platform.say(ANA, f"<@{BOT}> sem água", HALL, mentions=mention())
    await platform.until(lambda: texts(platform, HALL))
    (taken,) = door.taken
    assert (taken.text, taken.address.conversation, taken.lang) == ("sem água", ANA, "pt-BR")
    assert texts(platform, HALL) == [say("channel.group", "pt")]
    (note,) = platform.of("POST", f"/channels/{HALL}/messages")
    assert note.told["message_reference"]["message_id"] == made["id"]
    assert note.told["allowed_mentions"] == {"parse": [], "replied_user": False}
    assert texts(platform, platform.conversation(ANA)) == []


async def test_who_cannot_be_reached_in_private_is_told_where_they_called_us(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    platform.closed_to_us.add(ANA)
    await platform.say(ANA, f"<@{BOT}> sem água", HALL, mentions=mention())
    await platform.until(lambda: texts(platform, HALL))
    with pytest.raises(SendError) as refused:
        await bot.send(out(1))
    assert refused.value.failure is Failure.recipient_gone
    assert texts(platform, HALL)[1:] == [say("channel.group.closed", "pt")]
    (row,) = platform.messages[HALL][-1]["components"]
    assert row["components"][0]["url"].endswith(BOT)


@pytest.mark.parametrize("outcome", [Outcome.too_long, Outcome.too_many])
async def test_what_is_refused_is_told_in_private(
    platform: Discord, bot: DiscordChannel, door: Door, outcome: Outcome
) -> None:
    door.outcomes = [outcome]
    await platform.say(ANA, f"<@{BOT}> ai", HALL, mentions=mention())
    private = platform.conversation(ANA)
    await platform.until(lambda: texts(platform, private))
    assert texts(platform, private) == [say(f"channel.{outcome.value}", "pt", max=100)]
    assert texts(platform, HALL) == []


async def test_what_could_not_be_stored_is_tried_again_in_order(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    door.outcomes = [Outcome.failed] * 3
    await platform.say(ANA, "um")
    await door.until(lambda: door.asked)
    await platform.say(ANA, "dois")
    await door.until(lambda: len(door.taken) == 2)
    assert [one.text for one in door.taken] == ["um", "dois"]


async def test_a_command_in_private_is_acknowledged_after_it_was_stored_and_then_answered(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    door.slow = asyncio.Event()
    asked = await platform.command(ANA, "start", "r7")
    await door.until(lambda: door.asked)
    assert platform.callbacks == {}
    door.slow.set()
    await platform.until(lambda: platform.callbacks)
    (taken,) = door.taken
    assert (taken.kind, taken.text, taken.lang) == ("command", "/start r7", "pt-BR")
    assert taken.external_id == f"i:{asked['id']}"
    assert platform.callbacks[asked["id"]] == {"type": 5}
    await bot.send(out(1, "Bem-vinda"))
    await bot.send(out(2, "O que está acontecendo?"))
    original = platform.originals[asked["token"]]
    assert original
    assert original["content"] == "Bem-vinda"
    private = texts(platform, platform.conversation(ANA))
    assert private == ["O que está acontecendo?"], "what follows goes as messages"


async def test_a_matter_from_a_server_is_answered_for_its_asker_only(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    asked = await platform.command(ANA, "gabinete", "sem água", guild=True)
    await platform.until(lambda: platform.callbacks)
    assert (door.taken[0].kind, door.taken[0].text) == ("text", "sem água")
    assert platform.callbacks[asked["id"]] == {"type": 5, "data": {"flags": 64}}
    await bot.send(out(1, "Recebido"))
    await bot.send(out(2, "Onde?", Button("Centro", action="place:1")))
    (follow,) = platform.of("POST", FOLLOW_UP)
    assert follow.told["content"] == "Onde?"
    assert follow.told["flags"] & 64
    assert "nonce" not in follow.told
    assert platform.of("POST", r"/channels/\d+/messages") == []


async def test_an_acknowledged_interaction_that_ended_is_answered_by_message(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    asked = await platform.command(ANA, "gabinete", "sem água", guild=True)
    await platform.until(lambda: platform.callbacks)
    del platform.originals[asked["token"]]
    await bot.send(out(1, "Recebido"))
    assert texts(platform, platform.conversation(ANA)) == ["Recebido"]


async def test_a_button_is_acknowledged_after_it_was_stored(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await bot.send(out(1, "Ajudou?", Button("Sim", action="helpful:1")))
    shown = platform.messages[platform.conversation(ANA)][-1]
    assert shown["components"][0]["components"][0]["custom_id"] == "helpful:1"
    asked = await platform.press(ANA, shown, "helpful:1")
    await platform.until(lambda: platform.callbacks)
    (taken,) = door.taken
    assert (taken.kind, taken.payload) == ("button", "helpful:1")
    assert taken.reply_to == f"{shown['channel_id']}:{shown['id']}"
    assert platform.callbacks[asked["id"]] == {"type": 6}
    await bot.send(out(2, "Que bom!"))
    assert texts(platform, platform.conversation(ANA))[-1] == "Que bom!"


async def test_a_button_in_a_server_is_answered_where_it_was_pressed(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    shown = await platform.say(BIA, "ephemeral", HALL)
    await platform.press(ANA, shown, "helpful:1", guild=True)
    await platform.until(lambda: platform.callbacks)
    await bot.send(out(2, "Que bom!"))
    assert platform.of("PATCH", ORIGINAL) == [], "the message with the button stays as it is"
    assert platform.of("POST", FOLLOW_UP)[0].told["content"] == "Que bom!"


@pytest.mark.parametrize("outcome", [Outcome.too_long, Outcome.too_many, Outcome.failed])
async def test_a_refused_command_ends_its_thinking_with_the_reason(
    platform: Discord, bot: DiscordChannel, door: Door, outcome: Outcome
) -> None:
    door.outcomes = [outcome]
    asked = await platform.command(ANA, "gabinete", "x", guild=True, locale="es-ES")
    await platform.until(lambda: platform.of("PATCH", ORIGINAL))
    original = platform.originals[asked["token"]]
    assert original
    assert original["content"] == say(f"channel.{outcome.value}", "es", max=100)


async def test_what_nobody_just_asked_for_goes_where_it_stays(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await platform.command(ANA, "status", guild=True)
    await platform.until(lambda: platform.callbacks)
    await bot.send(replace(out(1, "A ponte abriu"), unasked=True))
    assert texts(platform, platform.conversation(ANA)) == ["A ponte abriu"]
    await bot.send(out(2, "Nada ainda"))
    assert platform.of("PATCH", ORIGINAL)[0].told["content"] == "Nada ainda"


async def test_an_ignored_command_ends_its_thinking_with_nothing(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    door.outcomes = [Outcome.ignored]
    asked = await platform.command(ANA, "gabinete", "x", guild=True)
    await platform.until(lambda: platform.of("DELETE", ORIGINAL))
    assert platform.originals[asked["token"]] is None


async def test_a_slow_commit_does_not_cost_the_interaction(
    platform: Discord, bot: DiscordChannel, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reacting, "SOON", 0.01)
    door.slow = asyncio.Event()
    await platform.command(ANA, "gabinete", "x", guild=True)
    await platform.until(lambda: platform.callbacks)
    assert door.taken == []
    door.slow.set()
    await door.until(lambda: door.taken)


async def test_thinking_that_nobody_ended_is_ended_when_its_time_is_up(
    platform: Discord, bot: DiscordChannel, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reacting, "LIFE", 0.01)
    await platform.command(ANA, "status")
    await platform.until(lambda: platform.of("DELETE", ORIGINAL))
    await bot.send(out(1, "Nada ainda"))
    assert texts(platform, platform.conversation(ANA)) == ["Nada ainda"]


@pytest.mark.parametrize("closed", [False, True])
async def test_who_waits_in_a_server_too_long_is_told_where_the_reply_comes(
    platform: Discord,
    bot: DiscordChannel,
    door: Door,
    monkeypatch: pytest.MonkeyPatch,
    closed: bool,
) -> None:
    monkeypatch.setattr(reacting, "LIFE", 0.01)
    if closed:
        platform.closed_to_us.add(ANA)
    asked = await platform.command(ANA, "status", guild=True)
    await platform.until(lambda: platform.of("PATCH", ORIGINAL))
    original = platform.originals[asked["token"]]
    assert original
    key = "channel.group.closed" if closed else "channel.group"
    assert original["content"] == say(key, "pt")
    assert bool(original["components"]) == closed


async def test_a_follow_up_whose_answer_was_lost_is_not_sent_twice(
    platform: Discord, bot: DiscordChannel, door: Door
) -> None:
    await platform.command(ANA, "gabinete", "sem água", guild=True)
    await platform.until(lambda: platform.callbacks)
    await bot.send(out(1, "Recebido"))
    platform.trouble("POST", FOLLOW_UP, after=True)
    for _ in range(2):
        with pytest.raises(SendError) as lost:
            await bot.send(out(2, "Onde?"))
        assert lost.value.failure is Failure.ambiguous
    await bot.send(out(3, "Obrigada"))
    told = [one.told["content"] for one in platform.of("POST", FOLLOW_UP)]
    assert told == ["Onde?", "Obrigada"]
