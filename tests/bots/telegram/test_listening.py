"""Long polling through the real library, against Telegram on loopback."""

import asyncio
import time
from typing import Any

import pytest

from service.channels.contract import Failure, Outcome, SendError
from service.phrases import say
from tests.bots.telegram.test_parsing import payload
from tests.bots.telegram.town import MENU, Door, channel, listening, outbound
from tests.doubles.telegram import ME, TOKEN, Telegram

GROUP = "-1001234567890"


def numbered(count: int, text: str = "linha") -> list[dict[str, Any]]:
    """Messages that follow each other."""
    found = [payload("text") for _ in range(count)]
    for number, one in enumerate(found):
        one["message"] |= {"message_id": number, "text": f"{text} {number}"}
    return found


async def test_a_message_is_stored_confirmed_and_answered(telegram: Telegram, door: Door) -> None:
    async with listening(telegram, door) as made:
        telegram.feed(payload("text"))
        await telegram.until(lambda: door.taken and not telegram.waiting)
        await telegram.until(lambda: telegram.counts["sendChatAction"])
        assert made.health() == ("up", "listens as @GabineteBot")
        assert await made.send(outbound("Recebido")) == ("40001:1001",)
    assert [one.text for one in door.taken] == ["Falta água na rua das Flores desde ontem 😡"]
    assert telegram.of("sendChatAction") == [{"chat_id": "40001", "action": "typing"}]
    assert telegram.of("getUpdates")[0]["allowed_updates"] == [
        "message", "edited_message", "callback_query", "my_chat_member",
    ]  # fmt: skip
    assert telegram.of("deleteWebhook") == [{"drop_pending_updates": "false"}]


async def test_everything_that_is_said_comes_in_its_order(telegram: Telegram, door: Door) -> None:
    names = ["deep_link", "text", "edited", "button", "voice", "blocked", "unblocked"]
    async with listening(telegram, door):
        telegram.feed(*(payload(name) for name in names))
        await telegram.until(lambda: len(door.taken) == 7 and not telegram.waiting)
        await telegram.until(lambda: telegram.counts["answerCallbackQuery"])
    assert [one.kind for one in door.taken] == [
        "command", "text", "edited", "button", "media", "blocked", "joined",
    ]  # fmt: skip
    assert door.taken[0].text == "/start issue_17"
    assert telegram.of("answerCallbackQuery") == [{"callback_query_id": "171798691840000001"}]
    assert telegram.counts["sendChatAction"] == 1, "one hint is enough for a moment"


async def test_menus_are_shown_in_every_language(telegram: Telegram, door: Door) -> None:
    async with listening(telegram, door):
        await telegram.until(lambda: telegram.counts["setMyCommands"] == 3)
    shown: dict[str | None, list[tuple[str, str]]] = {
        one.get("language_code"): [(c["command"], c["description"]) for c in one["commands"]]
        for one in telegram.of("setMyCommands")
    }
    assert shown.pop(None) == MENU["pt"]
    assert shown == MENU


async def test_without_menus_it_listens_all_the_same(telegram: Telegram, door: Door) -> None:
    telegram.fail("setMyCommands", 400, "Bad Request: BOT_COMMAND_INVALID")
    async with listening(telegram, door):
        telegram.feed(payload("text"))
        await telegram.until(lambda: door.taken)


@pytest.mark.parametrize(
    ("name", "topic"), [("group_mention", None), ("group_mention_last_in_topic", "42")]
)
async def test_a_group_hears_only_that_it_was_received(
    telegram: Telegram, door: Door, name: str, topic: str | None
) -> None:
    async with listening(telegram, door):
        telegram.feed(payload(name), payload("group_talk"))
        await telegram.until(lambda: telegram.sent)
    (taken,) = door.taken
    (note,) = telegram.sent
    assert taken.address.conversation == "40001"
    assert note.said["chat_id"] == GROUP
    assert note.said.get("message_thread_id") == topic
    assert note.said["text"] == say("channel.group", "pt")
    assert "reply_markup" not in note.said
    assert telegram.of("sendChatAction")[0]["chat_id"] == "40001"


async def test_who_never_wrote_to_us_is_shown_the_way(telegram: Telegram, door: Door) -> None:
    telegram.gone["40001"] = "closed"
    async with listening(telegram, door):
        telegram.feed(payload("group_mention"))
        await telegram.until(lambda: telegram.sent)
    (note,) = telegram.sent
    assert note.said["text"] == say("channel.group.closed", "pt")
    assert note.said["reply_markup"] == {
        "inline_keyboard": [
            [{"text": say("channel.group.open", "pt"), "url": "https://t.me/GabineteBot"}]
        ]
    }


async def test_a_busy_group_is_spared(telegram: Telegram, door: Door) -> None:
    said = [payload("group_mention") for _ in range(25)]
    for number, one in enumerate(said):
        one["message"]["message_id"] = number
    async with listening(telegram, door):
        telegram.feed(*said)
        await telegram.until(lambda: telegram.counts["sendChatAction"] == 25)
        await telegram.until(lambda: len(telegram.sent) == 20)
    assert len(telegram.sent) == 20
    assert len(door.taken) == 25


async def test_after_a_minute_a_group_hears_again(
    telegram: Telegram, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.reacting.MINUTE", 0.0)
    monkeypatch.setattr("bots.telegram.reacting.NOTES_A_MINUTE", 1)
    other = payload("group_mention_first")
    other["message"]["message_id"] = 313
    async with listening(telegram, door):
        telegram.feed(payload("group_mention_first"), other)
        await telegram.until(lambda: len(telegram.sent) == 2)


async def test_an_update_that_comes_again_is_acknowledged_and_shown_nothing(
    telegram: Telegram, door: Door
) -> None:
    async with listening(telegram, door):
        telegram.feed(payload("group_mention"))
        await telegram.until(lambda: telegram.sent and not telegram.waiting)
        telegram.feed(payload("group_mention"))
        await telegram.until(lambda: door.asked == 2 and not telegram.waiting)
    assert len(door.taken) == len(telegram.sent) == 1


@pytest.mark.parametrize("outcome", [Outcome.too_long, Outcome.too_many])
async def test_what_is_not_taken_is_told_in_private(
    telegram: Telegram, door: Door, outcome: Outcome
) -> None:
    door.always = outcome
    async with listening(telegram, door):
        telegram.feed(payload("group_mention"), *numbered(3))
        await telegram.until(lambda: telegram.sent and not telegram.waiting)
    assert [(one.said["chat_id"], one.said["text"]) for one in telegram.sent] == [
        ("40001", say(f"channel.{outcome.value}", "pt", max=4000))
    ], "once is enough for a moment"
    assert telegram.counts["sendChatAction"] == 0


async def test_a_button_pressed_too_often_says_so_where_it_was_pressed(
    telegram: Telegram, door: Door
) -> None:
    door.always = Outcome.too_many
    async with listening(telegram, door):
        telegram.feed(payload("button"))
        await telegram.until(lambda: telegram.counts["answerCallbackQuery"])
    (answer,) = telegram.of("answerCallbackQuery")
    assert answer["text"] == say("channel.too_many", "pt")
    assert telegram.sent == []


async def test_what_could_not_be_stored_comes_again(telegram: Telegram, door: Door) -> None:
    door.outcomes = [Outcome.stored, Outcome.failed, Outcome.stored, Outcome.failed]
    door.breaks = 1
    async with listening(telegram, door) as made:
        telegram.feed(*numbered(3))
        await telegram.until(lambda: door.asked == 2)
        assert made.health()[0] == "degraded"
        await telegram.until(lambda: len(door.taken) == 3 and not telegram.waiting)
        await telegram.until(lambda: made.health()[0] == "up")
    assert {one.text for one in door.taken} == {"linha 0", "linha 1", "linha 2"}
    assert telegram.counts["sendChatAction"] == 1


async def test_an_unreadable_update_hides_no_other(
    telegram: Telegram, door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = payload("text")
    broken["message"]["entities"] = [{"type": "mention", "offset": "segredo"}]
    del broken["message"]["date"]
    lacking = payload("button")
    del lacking["callback_query"]["from"]
    async with listening(telegram, door):
        telegram.feed(*numbered(1), broken, lacking, {"message": "segredo"}, payload("command"))
        await telegram.until(lambda: len(door.taken) == 2 and not telegram.waiting)
    told = capsys.readouterr().out
    assert told.count("telegram_update_unreadable") == 3
    assert "segredo" not in told
    assert "água" not in told


async def test_more_than_one_batch_is_taken_each_once(telegram: Telegram, door: Door) -> None:
    async with listening(telegram, door):
        telegram.feed(*numbered(250))
        await telegram.until(lambda: not telegram.waiting)
    assert [one.text for one in door.taken] == [f"linha {number}" for number in range(250)]


async def test_a_storm_of_failures_loses_nothing(telegram: Telegram, door: Door) -> None:
    for status in (500, 502, 503, 504, 0):
        telegram.fail("getUpdates", status, times=2)
    telegram.fail("getUpdates", 429, retry_after=0.01)
    telegram.lose("getUpdates", times=2)
    async with listening(telegram, door) as made:
        telegram.feed(*numbered(5))
        await telegram.until(lambda: len(door.taken) == 5 and not telegram.waiting)
        await telegram.until(lambda: made.health()[0] == "up")


async def test_it_says_that_it_hears_nothing_and_why(telegram: Telegram, door: Door) -> None:
    telegram.fail("getUpdates", 502, times=1_000_000)
    async with listening(telegram, door) as made:
        await telegram.until(lambda: made.health()[0] == "degraded")
        await telegram.until(lambda: made.health()[0] == "down")
        assert "502" in made.health()[1]


async def test_after_a_cut_it_goes_on_where_it_was(telegram: Telegram, door: Door) -> None:
    async with listening(telegram, door) as made:
        telegram.feed(*numbered(2))
        await telegram.until(lambda: len(door.taken) == 2)
        await telegram.close()
        telegram.feed(*numbered(4))
        await telegram.until(lambda: made.health()[0] != "up")
        await telegram.open()
        await telegram.until(lambda: len(door.taken) == 4 and not telegram.waiting)


async def test_another_poller_is_named_and_waited_for(telegram: Telegram, door: Door) -> None:
    telegram.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request", times=3)
    async with listening(telegram, door) as made:
        await telegram.until(lambda: made.health()[0] == "degraded")
        assert "somebody else" in made.health()[1]
        telegram.feed(payload("text"))
        await telegram.until(lambda: door.taken)
        await telegram.until(lambda: made.health()[0] == "up")


async def test_two_pollers_disturb_each_other_and_lose_nothing(
    telegram: Telegram, door: Door
) -> None:
    async with listening(telegram, door) as one, listening(telegram, door) as other:
        await telegram.until(lambda: telegram.statuses[409] > 1)
        assert "degraded" in (one.health()[0], other.health()[0])
        telegram.feed(*numbered(9))
        await telegram.until(lambda: len(door.taken) == 9 and not telegram.waiting)


async def test_a_webhook_set_meanwhile_is_taken_away(telegram: Telegram, door: Door) -> None:
    async with listening(telegram, door):
        await telegram.until(lambda: telegram.counts["getUpdates"])
        telegram.hook = {"url": "https://elsewhere.example"}
        telegram.feed(payload("text"), payload("command"))
        await telegram.until(lambda: len(door.taken) == 2 and not telegram.waiting)
    assert telegram.counts["deleteWebhook"] == 2
    assert telegram.counts["setMyCommands"] == 3


async def test_a_platform_that_is_not_there_ends_nothing(door: Door) -> None:
    telegram = Telegram()
    await telegram.open()
    await telegram.close()
    async with listening(telegram, door) as made:
        await telegram.until(lambda: "cannot be reached" in made.health()[1])
        assert made.health()[0] == "down"
        await telegram.open()
        telegram.feed(payload("text"))
        await telegram.until(lambda: door.taken)
    await telegram.close()


async def test_a_wrong_token_is_named_and_tried_again(door: Door) -> None:
    async with Telegram(token="7001:another") as telegram, listening(telegram, door) as made:
        await telegram.until(lambda: "token" in made.health()[1])
        assert made.health()[0] == "down"
        telegram.token = TOKEN
        telegram.feed(payload("text"))
        await telegram.until(lambda: door.taken)


async def test_stopping_while_waiting_is_quick(telegram: Telegram, door: Door) -> None:
    async with listening(telegram, door) as made:
        await telegram.until(lambda: telegram.counts["getUpdates"])
        begun = time.monotonic()
        await made.stop()
        assert time.monotonic() - begun < 2
        assert made.health()[0] == "down"


async def test_stopping_while_storing_loses_nothing_and_confirms_what_was_stored(
    telegram: Telegram, door: Door
) -> None:
    door.hold = asyncio.Event()
    async with listening(telegram, door) as made:
        telegram.feed(*numbered(3))
        await telegram.until(lambda: door.asked)
        stopping = asyncio.create_task(made.stop())
        await asyncio.sleep(0)
        door.hold.set()
        await stopping
        assert len(door.taken) == 3
        assert telegram.waiting == []
        await made.start(door)
        telegram.feed(payload("command"))
        await telegram.until(lambda: len(door.taken) == 4)


async def test_stopping_does_not_wait_for_a_store_that_hangs(
    telegram: Telegram, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.listening.PATIENCE", 0.01)
    door.hold = asyncio.Event()
    async with listening(telegram, door) as made:
        telegram.feed(*numbered(2))
        await telegram.until(lambda: door.asked)
        await made.stop()
        assert made.health()[0] == "down"
    assert len(telegram.waiting) == 2, "Telegram keeps what was not stored"


async def test_an_answer_that_cannot_be_read_is_asked_for_again(
    telegram: Telegram, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    for method in ("getMe", "getUpdates", "sendChatAction"):
        telegram.fail(method, 200, "[segredo]")
        telegram.fail(method, 200, "<segredo>")
    telegram.fail("getUpdates", 200, '{"ok": true, "result": [{"update_id": "segredo"}]}')
    async with listening(telegram, door):
        telegram.feed(*numbered(2), payload("group_mention"))
        await telegram.until(lambda: len(door.taken) == 3 and not telegram.waiting)
        await telegram.until(lambda: telegram.sent)
    assert "segredo" not in caplog.text


async def test_reactions_that_fail_are_nobodys_trouble(telegram: Telegram, door: Door) -> None:
    telegram.fail("sendChatAction", 502, times=5)
    telegram.fail("answerCallbackQuery", 400, "Bad Request: query is too old", times=5)
    telegram.fail("sendMessage", 403, "Forbidden: bot was kicked from the group", times=5)
    async with listening(telegram, door) as made:
        telegram.feed(payload("group_mention"), payload("button"))
        await telegram.until(lambda: telegram.statuses.total() and len(door.taken) == 2)
        await telegram.until(lambda: telegram.counts["sendMessage"] and not telegram.waiting)
        assert made.health()[0] == "up"


async def test_without_a_token_it_does_not_start(telegram: Telegram, door: Door) -> None:
    made = channel(telegram, token=None)
    for refused in (made.start(door), made.check(), made.send(outbound())):
        with pytest.raises(SendError, match="GABINETE_TELEGRAM_TOKEN is empty") as error:
            await refused
        assert error.value.failure is Failure.configuration
    await made.stop()
    assert telegram.calls == []


async def test_asked_who_we_are_telegram_says_so(telegram: Telegram) -> None:
    assert await channel(telegram).check() == "is @GabineteBot"
    telegram.me = {**ME, "can_read_all_group_messages": True}
    assert "turn its privacy mode on" in await channel(telegram).check()
    telegram.token = "7001:another"
    with pytest.raises(SendError) as refused:
        await channel(telegram).check()
    assert refused.value.failure is Failure.configuration
