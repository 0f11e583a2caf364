"""Captured updates, and what the service is told of each."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.telegram.parsing import Heard, Me, Place, hear
from service.channels.contract import Address, Inbound

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telegram"
US = Me(7001, "GabineteBot", "main", frozenset({"start", "ajuda"}))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PRIVATE, GROUP = "40001:312", "-1001234567890:312"
SUPERGROUP = Place(-1001234567890)


@dataclass(frozen=True)
class Expected:
    """What differs between inbounds."""

    kind: str
    text: str = ""
    external_id: str = PRIVATE
    medium: str | None = None
    payload: str | None = None
    version: int = 0
    reply_to: str | None = None


SAID = {
    "text": Expected("text", "Falta água na rua das Flores desde ontem 😡"),
    "command": Expected("command", "/ajuda"),
    "command_with_our_name": Expected("command", "/situacao 17"),
    "deep_link": Expected("command", "/start issue_17"),
    "slash_in_words": Expected("text", "1/2 dia sem luz"),
    "reply": Expected("text", "sim, ainda falta", reply_to="40001:300"),
    "forwarded": Expected("text", "A ponte caiu."),
    "photo": Expected("media", "Buraco na calçada", medium="photo"),
    "photo_of_an_album": Expected("media", medium="photo"),
    "voice": Expected("media", medium="voice"),
    "audio": Expected("media", medium="voice"),
    "video": Expected("media", "O rio subiu", medium="video"),
    "animation": Expected("media", medium="video"),
    "video_note": Expected("media", medium="video"),
    "document": Expected("media", "Nosso abaixo-assinado", medium="document"),
    "location": Expected("media", medium="location"),
    "venue": Expected("media", medium="location"),
    "contact": Expected("media", medium="contact"),
    "sticker": Expected("media", medium="sticker"),
    "poll": Expected("media", medium="other"),
    "dice": Expected("media", medium="other"),
    "edited": Expected("edited", "Falta água na rua das Palmas", version=1772452890),
    "edited_caption": Expected("edited", "Dois buracos", medium="photo", version=1772452891),
    "button": Expected("button", external_id="cb:171798691840000001", payload="helpful:17"),
    "button_under_an_old_message": Expected(
        "button", external_id="cb:171798691840000002", payload="follow:9"
    ),
}
GROUPS = {
    "group_mention": Expected("text", "😀 Olá, falta luz no Centro 💡", GROUP),
    "group_mention_first": Expected("text", "o ônibus 12 não passa", "-987654:312"),
    "group_mention_last_in_topic": Expected(
        "text", "o ônibus não passa", GROUP, reply_to="-1001234567890:42"
    ),
    "group_text_mention": Expected("text", "quando abre o posto?", GROUP),
    "group_bare_mention": Expected("command", "/start", GROUP),
    "group_reply_to_us": Expected("text", "e no bairro Sul?", GROUP, reply_to="-1001234567890:290"),
    "group_command_to_us": Expected("command", "/situacao 17", GROUP),
    "group_command_of_our_menu": Expected("command", "/ajuda", GROUP),
    "group_photo": Expected("media", "esgoto aberto", GROUP, medium="photo"),
    "group_edited": Expected("edited", "Olá falta luz no Sul", GROUP, version=1772452990),
}
PLACES = {
    "group_mention_first": Place(-987654),
    "group_mention_last_in_topic": Place(-1001234567890, 42),
    "group_edited": None,
}
NOTHING = [
    "live_location_moved", "game_button", "added_to_a_group", "group_topic_without_mention",
    "group_mention_of_another", "group_talk", "group_reply_to_a_neighbour",
    "group_command_to_another", "group_command_unknown", "group_anonymous_admin", "group_joined",
    "another_bot", "pinned", "channel_post", "from_the_future",
]  # fmt: skip


def payload(name: str) -> dict[str, Any]:
    """A captured update."""
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def heard(raw: dict[str, Any]) -> Heard:
    """What is heard of an update that says something."""
    found = hear(raw, US)
    assert found is not None
    return found


def of(inbound: Inbound) -> Expected:
    """What differs."""
    return Expected(
        inbound.kind,
        inbound.text,
        inbound.external_id,
        inbound.medium,
        inbound.payload,
        inbound.version,
        inbound.reply_to,
    )


@pytest.mark.parametrize("name", [*SAID, *GROUPS])
def test_what_is_said_is_understood_and_answered_in_private(name: str) -> None:
    inbound = heard(payload(name)).inbound
    assert of(inbound) == {**SAID, **GROUPS}[name]
    assert inbound.address == Address("telegram", "main", "40001")
    assert (inbound.sender, inbound.lang) == ("40001", "pt-br")
    if inbound.kind not in ("edited", "button"):
        assert inbound.occurred_at == NOON


@pytest.mark.parametrize("name", GROUPS)
def test_the_place_of_what_was_said_in_a_group_is_known(name: str) -> None:
    assert heard(payload(name)).place == PLACES.get(name, SUPERGROUP)


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_not_for_us_says_nothing(name: str) -> None:
    assert hear(payload(name), US) is None


@pytest.mark.parametrize(("name", "kind"), [("blocked", "blocked"), ("unblocked", "joined")])
def test_who_blocks_us_and_comes_back_is_noticed(name: str, kind: str) -> None:
    raw = payload(name)
    inbound = heard(raw).inbound
    assert (inbound.kind, inbound.external_id) == (kind, f"update:{raw['update_id']}")
    assert inbound.address.conversation == inbound.sender == "40001"


def test_edits_share_the_id_of_their_message() -> None:
    said, edited = (heard(payload(name)).inbound for name in ("text", "edited"))
    assert said.external_id == edited.external_id
    assert edited.version > said.version
    assert edited.occurred_at > said.occurred_at


def test_only_pressed_buttons_are_answered_as_such() -> None:
    assert heard(payload("button")).callback == "171798691840000001"
    assert heard(payload("text")).callback is None


def test_every_captured_update_is_in_a_table() -> None:
    known = {*SAID, *GROUPS, *NOTHING, "blocked", "unblocked"}
    assert {path.stem for path in PAYLOADS.glob("*.json")} == known


@given(st.text(max_size=40), st.text(max_size=40))
def test_our_name_is_cut_wherever_it_stands_and_no_other_word(before: str, after: str) -> None:
    raw = payload("group_mention")
    name, text = "@GabineteBot", f"{before}@GabineteBot{after}"
    start = len(before.encode("utf-16-le")) // 2
    mention = {"type": "mention", "offset": start, "length": len(name)}
    raw["message"] |= {"text": text, "entities": [mention]}
    found = heard(raw).inbound.text
    wanted = (before + after).split()
    if found != "/start":
        assert "".join(found.split()).strip(",:;") == "".join(wanted).strip(",:;")


@given(st.integers(0, 60), st.integers(0, 60))
def test_marks_that_do_not_fit_their_text_do_no_harm(offset: int, length: int) -> None:
    raw = payload("group_mention")
    raw["message"]["text"] = "😀😀@GabineteBot😀 \ud83d"
    raw["message"]["entities"].append({"type": "mention", "offset": offset, "length": length})
    hear(raw, US)
