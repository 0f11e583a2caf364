"""What Discord's gateway tells, as the service's inbounds. Reads only; raises on what is broken."""

import mimetypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from discord.utils import snowflake_time

from service.channels.contract import Address, Inbound, InboundKind, Medium

Data = Mapping[str, Any]

NAME = "discord"
GREETING = "/start"
MATTER = "gabinete"
WORDS = (0, 19)
VOICE = 1 << 13
COMMAND, COMPONENT = 2, 3
WITH_BOT = 1
MEDIA: dict[str, Medium] = {"image": "photo", "audio": "voice", "video": "video"}


@dataclass(frozen=True)
class Place:
    """A message in a server's channel, to answer under it."""

    channel: str
    message: str
    guild: str


@dataclass(frozen=True)
class Asked:
    """An interaction that waits to be acknowledged. `apart`: it was not in our own conversation."""

    id: str
    token: str = field(repr=False)
    application: str
    user: str
    apart: bool
    pressed: bool


@dataclass(frozen=True)
class Heard:
    """An inbound, and where else it is acknowledged: in a server, or as an interaction."""

    inbound: Inbound
    channel: str = ""
    place: Place | None = None
    asked: Asked | None = None


def hear(
    event: str, data: Data, account: str, me: str, moment: datetime, locale: str | None = None
) -> Sequence[Heard]:
    """What an event of the gateway says to us. `locale` is the language of its server."""
    found: Heard | None = None
    if event == "MESSAGE_CREATE":
        found = message(data, account, me, locale)
    elif event == "MESSAGE_UPDATE":
        found = edit(data, account, me, locale)
    elif event == "INTERACTION_CREATE":
        found = interaction(data, account)
    elif event in ("MESSAGE_DELETE", "MESSAGE_DELETE_BULK"):
        return deletions(data, account, moment)
    return [found] if found else []


def message(data: Data, account: str, me: str, locale: str | None = None) -> Heard | None:
    """A new message, or None if it is not for us."""
    if not _is_for_us(data, me):
        return None
    place = _place(data) if data.get("guild_id") else None
    text = _without_mention(data.get("content") or "", me)
    kind, text, medium = _kind(data, text)
    inbound = _inbound(data, account, kind, text, medium, locale)
    return Heard(inbound, str(data["channel_id"]), place)


def edit(data: Data, account: str, me: str, locale: str | None = None) -> Heard | None:
    """A message whose words changed, or None: previews that appear are updates too."""
    edited = data.get("edited_timestamp")
    if not edited or not data.get("author") or not _is_for_us(data, me):
        return None
    version = round(datetime.fromisoformat(edited).timestamp() * 1000)
    text = _without_mention(data.get("content") or "", me)
    inbound = _inbound(data, account, "edited", text, _medium(data), locale, version)
    return Heard(inbound, str(data["channel_id"]))


def deletions(data: Data, account: str, moment: datetime) -> list[Heard]:
    """One or many messages that were taken back; Discord does not say by whom."""
    ids = data["ids"] if "ids" in data else [data["id"]]
    channel = str(data["channel_id"])
    address = Address(NAME, account, "")
    return [
        Heard(Inbound("deleted", f"{channel}:{int(id_)}", address, "", "", moment)) for id_ in ids
    ]


def interaction(data: Data, account: str) -> Heard | None:
    """A slash command or a pressed button."""
    if data["type"] not in (COMMAND, COMPONENT):
        return None
    user = (data.get("member") or data)["user"]
    asked = _asked(data, str(user["id"]))
    kind, text, payload = _chosen(data["data"], pressed=asked.pressed)
    inbound = Inbound(
        kind=kind,
        external_id=f"i:{asked.id}",
        address=Address(NAME, account, asked.user),
        sender=asked.user,
        text=text,
        occurred_at=snowflake_time(int(asked.id)),
        payload=payload,
        reply_to=_name_of(data["message"]) if asked.pressed else None,
        lang=data.get("locale") or data.get("guild_locale"),
    )
    return Heard(inbound, asked=asked)


def known_locale(guild: Data) -> str | None:
    """A server's language where somebody chose it: others all say the same default."""
    return guild.get("preferred_locale") if "COMMUNITY" in guild.get("features", ()) else None


def _is_for_us(data: Data, me: str) -> bool:
    author = data["author"]
    if author.get("bot") or author.get("system") or data.get("webhook_id"):
        return False
    if str(author["id"]) == me or data.get("type", 0) not in WORDS:
        return False
    if not data.get("guild_id"):
        return True
    answered = (data.get("referenced_message") or {}).get("author") or {}
    mentioned = any(str(one["id"]) == me for one in data.get("mentions", ()))
    return mentioned or str(answered.get("id")) == me


def _place(data: Data) -> Place:
    return Place(str(int(data["channel_id"])), str(int(data["id"])), str(data["guild_id"]))


def _without_mention(text: str, me: str) -> str:
    """The words without our own name, and without the gap that it leaves."""
    return re.sub(rf"[ \t]*<@!?{re.escape(me)}>(?P<gap>[ \t]?)", r"\g<gap>", text).strip()


def _kind(data: Data, text: str) -> tuple[InboundKind, str, Medium | None]:
    forwarded = [one.get("message") or {} for one in data.get("message_snapshots") or ()]
    said = [text, *(one.get("content") or "" for one in forwarded)]
    text = "\n".join(part for part in said if part)
    if media := [found for one in (data, *forwarded) if (found := _medium(one))]:
        return "media", text, media[0]
    if not text:
        # Somebody who only calls us by name opens the conversation.
        return ("command", GREETING, None) if data.get("guild_id") else ("media", "", "other")
    return ("command" if text.startswith("/") else "text"), text, None


def _medium(data: Data) -> Medium | None:
    """What was sent beside words, if anything was: the first of several says it."""
    for one in data.get("attachments") or ():
        mime = one.get("content_type") or mimetypes.guess_type(one["filename"])[0] or ""
        voice = (data.get("flags") or 0) & VOICE
        return "voice" if voice else MEDIA.get(mime.partition("/")[0], "document")
    if data.get("sticker_items"):
        return "sticker"
    return "other" if data.get("poll") else None


def _inbound(
    data: Data,
    account: str,
    kind: InboundKind,
    text: str,
    medium: Medium | None,
    locale: str | None,
    version: int = 0,
) -> Inbound:
    sender = str(int(data["author"]["id"]))
    reference = data.get("message_reference") or {}
    told = reference.get("message_id") and reference.get("type", 0) == 0
    return Inbound(
        kind=kind,
        external_id=_name_of(data),
        address=Address(NAME, account, sender),
        sender=sender,
        text=text,
        occurred_at=snowflake_time(int(data["id"])).astimezone(UTC),
        reply_to=f"{reference.get('channel_id')}:{reference['message_id']}" if told else None,
        lang=locale,
        version=version,
        medium=medium,
    )


def _name_of(message: Data) -> str:
    return f"{int(message['channel_id'])}:{int(message['id'])}"


def _asked(data: Data, user: str) -> Asked:
    context = data.get("context")
    apart = bool(data.get("guild_id")) if context is None else context != WITH_BOT
    return Asked(
        id=str(int(data["id"])),
        token=data["token"],
        application=str(data["application_id"]),
        user=user,
        apart=apart,
        pressed=data["type"] == COMPONENT,
    )


def _chosen(data: Data, *, pressed: bool) -> tuple[InboundKind, str, str | None]:
    if pressed:
        return "button", "", str(data["custom_id"])
    rest = " ".join(str(one["value"]) for one in data.get("options", ()) if "value" in one).strip()
    if data["name"] == MATTER and rest:
        return "text", rest, None
    return "command", f"/{data['name']} {rest}".strip(), None
