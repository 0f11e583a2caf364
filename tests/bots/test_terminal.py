"""A conversation in a terminal: lines and numbers in, sentences and numbered choices out."""

from collections.abc import AsyncIterator, Sequence

import pytest

from bots.terminal.channel import TerminalChannel
from service.channels.contract import Address, Button, Inbound, Outbound, Outcome, Said

LINK = Button("Read", url="https://gov.example/a")
HELPFUL, REOPEN = Button("Helpful", action="helpful:1"), Button("Reopen", action="reopen:1")


class Door:
    """A service that keeps what it was given."""

    def __init__(self) -> None:
        self.outcome = Outcome.stored
        self.taken: list[Inbound] = []

    async def accept(self, inbounds: Sequence[Inbound]) -> list[Outcome]:
        self.taken += inbounds
        return [self.outcome for _ in inbounds]

    async def history(self, address: Address, *, limit: int = 200) -> list[Said]:
        return []

    async def lately(self, channel: str, account: str, *, limit: int) -> list[Address]:
        return []

    async def waiting(self, address: Address) -> list[Outbound]:
        return []

    async def fetched(self, address: Address, ids: Sequence[int]) -> None:
        raise AssertionError("a terminal is sent its messages")

    async def news(self, address: Address) -> AsyncIterator[None]:
        yield


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def lines() -> list[str]:
    """What the terminal shows."""
    return []


@pytest.fixture
async def chat(door: Door, lines: list[str]) -> TerminalChannel:
    """Ana's terminal."""
    made = TerminalChannel(lines.append, conversation="ana")
    await made.start(door)
    return made


def told(chat: TerminalChannel, text: str, *buttons: Button) -> Outbound:
    """A message of the bot."""
    return Outbound(7, chat.address, text, buttons)


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("sem água", "text"), ("/ajuda", "command"), ("2", "text"), ("²", "text"), ("", "text")],
)
async def test_a_line_is_said_as_it_was_typed(
    chat: TerminalChannel, door: Door, typed: str, kind: str
) -> None:
    assert await chat.say(typed) is Outcome.stored
    (one,) = door.taken
    assert (one.kind, one.text, one.payload, one.sender) == (kind, typed, None, "ana")
    assert one.address == Address("terminal", "ana", "ana")
    assert one.occurred_at.tzinfo is not None


async def test_the_same_line_twice_is_two_messages(chat: TerminalChannel, door: Door) -> None:
    await chat.say("oi")
    await chat.say("oi")
    assert len({one.external_id for one in door.taken}) == 2


async def test_the_service_decides_what_became_of_a_line(chat: TerminalChannel, door: Door) -> None:
    door.outcome = Outcome.too_long
    assert await chat.say("sem água") is Outcome.too_long


async def test_choices_are_numbered_and_a_number_presses_one(
    chat: TerminalChannel, door: Door, lines: list[str]
) -> None:
    await chat.send(told(chat, "Solved?", HELPFUL, REOPEN, LINK))
    assert lines == ["Solved?\n\n1. Helpful\n2. Reopen\n3. Read: https://gov.example/a"]
    await chat.say("2")
    (pressed,) = door.taken
    assert (pressed.kind, pressed.payload, pressed.text) == ("button", "reopen:1", "")
    await chat.say("1")
    assert (door.taken[1].kind, door.taken[1].text) == ("text", "1"), "pressed once, they are gone"


@pytest.mark.parametrize("typed", ["0", "3", "4", "-1", "²", "1.", "one"])
async def test_what_is_no_number_of_a_choice_is_a_line(
    chat: TerminalChannel, door: Door, typed: str
) -> None:
    await chat.send(told(chat, "Solved?", HELPFUL, REOPEN, LINK))
    await chat.say(typed)
    assert (door.taken[0].kind, door.taken[0].text) == ("text", typed)


async def test_choices_stay_while_the_bot_only_talks_on(chat: TerminalChannel, door: Door) -> None:
    await chat.send(told(chat, "Solved?", HELPFUL))
    await chat.send(told(chat, "Here is what we know."))
    await chat.say("1")
    assert door.taken[0].payload == "helpful:1"
    await chat.send(told(chat, "And now?", REOPEN))
    await chat.say("1")
    assert door.taken[1].payload == "reopen:1", "newer choices take the older ones' place"


async def test_the_transcript_keeps_both_sides_in_order(
    chat: TerminalChannel, lines: list[str]
) -> None:
    await chat.say("sem água")
    shown = await chat.send(told(chat, "Recebemos.", HELPFUL))
    await chat.press("helpful:1")
    assert shown == ("7",)
    assert chat.transcript == [
        ("citizen", "sem água"),
        ("bot", "Recebemos."),
        ("citizen", "[helpful:1]"),
    ]


async def test_a_long_answer_is_shown_whole_in_parts(
    chat: TerminalChannel, lines: list[str]
) -> None:
    answer = "A água volta na terça. " * 400
    await chat.send(told(chat, answer))
    assert len(lines) > 1
    assert " ".join(lines).split() == answer.split()


async def test_nothing_is_typed_into_a_chat_that_has_not_started(chat: TerminalChannel) -> None:
    await chat.stop()
    with pytest.raises(AssertionError, match="start"):
        await chat.say("oi")
    assert list(chat.routes()) == []
