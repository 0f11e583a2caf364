"""Captured events of the gateway, and what the service is told of each."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.discord.parsing import Heard, Place, hear
from service.channels.contract import Address, Inbound

PAYLOADS = Path(__file__).parents[2] / "payloads" / "discord"
US = "1180000000000000001"
ANA = "410000000000000017"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NUMBER, OLD = "1477998909849600312", "1477995554406400290"
DM, HALL, THREAD = "1290000000000000005", "1200000000000000003", "1210000000000000004"
GUILD = "1190000000000000002"
PRIVATE, PUBLIC = f"{DM}:{NUMBER}", f"{HALL}:{NUMBER}"
ASKED = "i:1477998909849600041"


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
    lang: str | None = None


SAID = {
    "text": Expected("text", "Falta água na rua das Flores desde ontem 😡"),
    "command": Expected("command", "/ajuda"),
    "command_with_rest": Expected("command", "/situacao 17"),
    "slash_in_words": Expected("text", "1/2 dia sem luz"),
    "reply": Expected("text", "sim, ainda falta", reply_to=f"{DM}:{OLD}"),
    "forwarded": Expected("text", "A ponte caiu."),
    "forwarded_photo": Expected("media", "olhem o buraco", medium="photo"),
    "photo": Expected("media", "Buraco na calçada", medium="photo"),
    "photos": Expected("media", medium="photo"),
    "photo_without_a_type": Expected("media", medium="photo"),
    "voice": Expected("media", medium="voice"),
    "audio": Expected("media", medium="voice"),
    "video": Expected("media", "O rio subiu", medium="video"),
    "document": Expected("media", "Nosso abaixo-assinado", medium="document"),
    "document_without_a_type": Expected("media", medium="document"),
    "long_text_as_a_file": Expected("media", medium="document"),
    "sticker": Expected("media", medium="sticker"),
    "poll": Expected("media", medium="other"),
    "nothing_to_read": Expected("media", medium="other"),
    "edited": Expected("edited", "Falta água na rua das Palmas", version=1772452890250),
    "edited_caption": Expected("edited", "Dois buracos", medium="photo", version=1772452891000),
}
SERVERS = {
    "server_mention": Expected("text", "😀 Olá, falta luz no Centro 💡", PUBLIC),
    "server_mention_first": Expected("text", "o ônibus 12 não passa", PUBLIC),
    "server_mention_in_a_thread": Expected("text", "quando abre o posto?", f"{THREAD}:{NUMBER}"),
    "server_bare_mention": Expected("command", "/start", PUBLIC),
    "server_reply_to_us": Expected("text", "e no bairro Sul?", PUBLIC, reply_to=f"{HALL}:{OLD}"),
    "server_photo": Expected("media", "esgoto aberto", PUBLIC, medium="photo"),
    "server_mention_with_another": Expected(
        "text", "<@410000000000000029> pergunta aqui: quando volta a água?", PUBLIC
    ),
    "server_edited": Expected("edited", "falta luz no Sul", PUBLIC, version=1772452990000),
}
PLACES = {
    "server_mention_in_a_thread": Place(THREAD, NUMBER, GUILD),
    "server_edited": None,
}


def asked(kind: str, text: str = "", lang: str = "pt-BR", **more: Any) -> Expected:
    """An interaction."""
    return Expected(kind, text, ASKED, lang=lang, **more)


# Each with whether it was made where others are, and so is answered for its asker only.
INTERACTIONS = {
    "slash_matter": (asked("text", "Falta água na rua das Flores"), False),
    "slash_start": (asked("command", "/start"), False),
    "slash_start_with_an_issue": (asked("command", "/start issue-17"), False),
    "slash_start_with_a_campaign": (asked("command", "/start spring-2027"), False),
    "slash_status": (asked("command", "/status"), False),
    "slash_with_rest": (asked("command", "/language en"), False),
    "slash_in_a_server": (asked("command", "/status"), True),
    "slash_without_a_context": (asked("command", "/status"), True),
    "slash_matter_in_a_server": (asked("text", "falta luz", "es-ES"), True),
    "slash_between_friends": (asked("text", "falta luz"), True),
    "button": (asked("button", payload="helpful:17:40", reply_to=f"{DM}:{OLD}"), False),
    "button_in_a_server": (
        asked("button", payload="helpful:17:40", reply_to=f"{HALL}:{OLD}"), True),
}  # fmt: skip
DELETED = {
    "deleted": [PRIVATE],
    "server_deleted": [PUBLIC],
    "server_deleted_in_bulk": [PUBLIC, f"{HALL}:{OLD}"],
}
NOTHING = [
    "server_talk", "server_talk_without_intent", "server_everyone", "server_role",
    "server_mention_of_another", "server_reply_to_a_neighbour", "server_reply_to_a_deleted",
    "server_joined", "server_pinned", "server_thread_started", "server_edited_without_mention",
    "our_own", "another_bot", "webhook", "discord_itself", "preview_appeared", "autocomplete",
    "modal", "ping",
]  # fmt: skip


def payload(name: str) -> dict[str, Any]:
    """A captured frame."""
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def heard(frame: dict[str, Any]) -> list[Heard]:
    """What is heard of it."""
    return list(hear(frame["t"], frame["d"], "main", US, NOON))


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
        inbound.lang,
    )


@pytest.mark.parametrize("name", [*SAID, *SERVERS, *INTERACTIONS])
def test_what_is_said_is_understood_and_answered_in_private(name: str) -> None:
    (found,) = heard(payload(name))
    expected = {**SAID, **SERVERS, **{key: one for key, (one, _) in INTERACTIONS.items()}}
    assert of(found.inbound) == expected[name]
    assert found.inbound.address == Address("discord", "main", ANA)
    assert found.inbound.sender == ANA
    assert found.inbound.occurred_at == NOON


@pytest.mark.parametrize("name", SERVERS)
def test_the_place_of_what_was_said_in_a_server_is_known(name: str) -> None:
    (found,) = heard(payload(name))
    assert found.place == PLACES.get(name, Place(HALL, NUMBER, GUILD))


@pytest.mark.parametrize("name", INTERACTIONS)
def test_an_interaction_is_acknowledged_where_it_was_made(name: str) -> None:
    (found,) = heard(payload(name))
    assert found.asked is not None
    assert found.asked.apart is INTERACTIONS[name][1]
    assert found.asked.pressed is (found.inbound.kind == "button")
    assert found.asked.token not in repr(found)


@pytest.mark.parametrize("name", SAID)
def test_only_interactions_are_acknowledged_as_such(name: str) -> None:
    (found,) = heard(payload(name))
    assert found.asked is None
    assert found.place is None
    assert found.channel == DM


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_not_for_us_says_nothing(name: str) -> None:
    assert heard(payload(name)) == []


@pytest.mark.parametrize("name", DELETED)
def test_what_is_taken_back_is_named_as_it_was_said(name: str) -> None:
    found = [one.inbound for one in heard(payload(name))]
    assert [one.external_id for one in found] == DELETED[name]
    assert {(one.kind, one.sender, one.text) for one in found} == {("deleted", "", "")}


def test_edits_share_the_id_of_their_message() -> None:
    (said,), (edited,) = (heard(payload(name)) for name in ("text", "edited"))
    assert said.inbound.external_id == edited.inbound.external_id
    assert edited.inbound.version > said.inbound.version


def test_the_language_of_a_server_is_taken_for_what_is_said_there() -> None:
    frame = payload("server_mention")
    (found,) = hear(frame["t"], frame["d"], "main", US, NOON, "es-ES")
    assert found.inbound.lang == "es-ES"


def test_every_captured_event_is_in_a_table() -> None:
    known = {*SAID, *SERVERS, *INTERACTIONS, *NOTHING, *DELETED}
    assert {path.stem for path in PAYLOADS.glob("*.json")} == known


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["<@{}>", "<@!{}>"]))
def test_our_name_is_cut_wherever_it_stands_and_no_other_word(
    before: str, after: str, mention: str
) -> None:
    frame = payload("server_mention")
    frame["d"]["content"] = f"{before}{mention.format(US)}{after}"
    (found,) = heard(frame)
    if found.inbound.text != "/start":
        assert "".join(found.inbound.text.split()) == "".join((before + after).split())
