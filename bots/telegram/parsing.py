"""What Telegram's updates say, as the service understands it."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from telegram import CallbackQuery, ChatMemberUpdated, Message, MessageEntity, Update, User

from service.channels.contract import Address, Inbound, InboundKind, Medium

GROUPS = ("group", "supergroup")
MEDIA: tuple[tuple[str, Medium], ...] = (
    ("photo", "photo"),
    ("live_photo", "photo"),
    ("voice", "voice"),
    ("audio", "voice"),
    ("animation", "video"),
    ("video", "video"),
    ("video_note", "video"),
    ("document", "document"),
    ("venue", "location"),
    ("location", "location"),
    ("contact", "contact"),
    ("sticker", "sticker"),
    ("dice", "other"),
    ("poll", "other"),
    ("story", "other"),
    ("game", "other"),
    ("paid_media", "other"),
    ("checklist", "other"),
)
GREETING = "/start"


@dataclass(frozen=True)
class Me:
    """Who we are there: by this name and these commands we are addressed in groups."""

    id: int
    username: str
    account: str
    commands: frozenset[str] = frozenset()

    def is_named(self, name: str) -> bool:
        """Whether it is our user name, written in any way."""
        return bool(name) and name.lower() == self.username.lower()


@dataclass(frozen=True)
class Place:
    """The group, and its topic, where something was said."""

    chat: int
    topic: int | None = None


@dataclass(frozen=True)
class Heard:
    """What arrived, and what must be answered at once: a pressed button, the group."""

    inbound: Inbound
    callback: str | None = None
    place: Place | None = None


def hear(raw: dict[str, Any], me: Me) -> Heard | None:
    """What an update says to us; None where it says nothing. Raises what the library raises for
    an update that it cannot read.
    """
    update = Update.de_json(raw, None)
    if message := update.message or update.edited_message:
        return _message(message, me, edited=update.message is None)
    if query := update.callback_query:
        return _button(query, me)
    if change := update.my_chat_member:
        return _membership(change, update.update_id, me)
    return None


def _message(message: Message, me: Me, *, edited: bool) -> Heard | None:
    sender = message.from_user
    if sender is None or sender.is_bot or message.sender_chat is not None:
        return None
    in_group = message.chat.type in GROUPS
    if in_group and not _is_for_us(message, me):
        return None
    if not in_group and message.chat.type != "private":
        return None
    text = _without_our_name(message, me) if in_group else _plain_command(message, me)
    medium = next((medium for name, medium in MEDIA if message[name]), None)
    nothing_said = medium is None and message.text is None
    if nothing_said or (edited and not text.strip()):
        return None
    if medium is None and not text.strip():
        text = GREETING
    inbound = _inbound(message, sender, me, text, medium)
    if edited:
        moment = message.edit_date or message.date
        version = int(moment.timestamp())
        return Heard(replace(inbound, kind="edited", occurred_at=moment, version=version))
    return Heard(inbound, place=_place(message) if in_group else None)


def _inbound(message: Message, sender: User, me: Me, text: str, medium: Medium | None) -> Inbound:
    kind: InboundKind = "media" if medium else "text"
    if medium is None and (text == GREETING or _command(message)):
        kind = "command"
    replied = message.reply_to_message
    return Inbound(
        kind=kind,
        external_id=f"{message.chat.id}:{message.message_id}",
        address=_private(sender, me),
        sender=str(sender.id),
        text=text,
        occurred_at=message.date,
        reply_to=f"{message.chat.id}:{replied.message_id}" if replied else None,
        lang=sender.language_code,
        medium=medium,
    )


def _button(query: CallbackQuery, me: Me) -> Heard | None:
    if query.data is None or query.from_user.is_bot:
        return None
    inbound = Inbound(
        kind="button",
        external_id=f"cb:{query.id}",
        address=_private(query.from_user, me),
        sender=str(query.from_user.id),
        text="",
        payload=query.data,
        occurred_at=datetime.now(UTC),
        lang=query.from_user.language_code,
    )
    return Heard(inbound, callback=query.id)


def _membership(change: ChatMemberUpdated, update_id: int, me: Me) -> Heard | None:
    """In private, a bot is a member or was blocked; what becomes of it in groups is nobody's
    word.
    """
    kinds: dict[str, InboundKind] = {"kicked": "blocked", "member": "joined"}
    kind = kinds.get(change.new_chat_member.status)
    if kind is None or change.chat.type != "private" or change.from_user.is_bot:
        return None
    inbound = Inbound(
        kind=kind,
        external_id=f"update:{update_id}",
        address=_private(change.from_user, me),
        sender=str(change.from_user.id),
        text="",
        occurred_at=change.date,
        lang=change.from_user.language_code,
    )
    return Heard(inbound)


def _private(sender: User, me: Me) -> Address:
    return Address("telegram", me.account, str(sender.id))


def _place(message: Message) -> Place:
    """Replies outside forums have a thread too, to which nothing can be posted."""
    topic = message.message_thread_id if message.is_topic_message else None
    return Place(message.chat.id, topic)


def _is_for_us(message: Message, me: Me) -> bool:
    """Whether it names us, answers us or is one of our commands."""
    replied = message.reply_to_message
    to_us = replied and replied.from_user and replied.from_user.id == me.id
    if replied and to_us and not replied.forum_topic_created:
        return True
    if any(_names_us(message, entity, me) for entity in _entities(message)):
        return True
    name, _, whose = _command(message).partition("@")
    return bool(name) and (me.is_named(whose) if whose else name.lstrip("/") in me.commands)


def _names_us(message: Message, entity: MessageEntity, me: Me) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    if entity.type != MessageEntity.MENTION:
        return False
    return me.is_named(_span(_text(message), entity).removeprefix("@"))


def _without_our_name(message: Message, me: Me) -> str:
    """The text without the mentions of us, which were no part of the matter."""
    text = _text(message)
    ours = [entity for entity in _entities(message) if _names_us(message, entity, me)]
    for entity in sorted(ours, key=lambda one: one.offset, reverse=True):
        before, after = _around(text, entity)
        text = _joined(before, after)
    name, _, whose = _command(message).partition("@")
    if me.is_named(whose):
        return name + text.removeprefix(f"{name}@{whose}")
    return text


def _plain_command(message: Message, me: Me) -> str:
    """The text, with a command as it is written in private."""
    text = _text(message)
    name, _, whose = _command(message).partition("@")
    return name + text.removeprefix(f"{name}@{whose}") if me.is_named(whose) else text


def _command(message: Message) -> str:
    """The command that the text begins with, as "/name" or "/name@bot"; empty where none does."""
    for entity in message.entities:
        if entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0:
            return _span(_text(message), entity)
    return ""


def _text(message: Message) -> str:
    return message.text or message.caption or ""


def _entities(message: Message) -> tuple[MessageEntity, ...]:
    return tuple(message.entities or message.caption_entities)


def _span(text: str, entity: MessageEntity) -> str:
    """What an entity marks: Telegram counts in units of UTF-16."""
    start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
    return _decoded(_units(text)[start:end])


def _around(text: str, entity: MessageEntity) -> tuple[str, str]:
    units = _units(text)
    start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
    return _decoded(units[:start]), _decoded(units[end:])


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _decoded(units: bytes) -> str:
    return units.decode("utf-16-le", "replace")


def _joined(before: str, after: str) -> str:
    """Two ends of a cut, without the blanks and the comma that the name left behind."""
    if not before.strip():
        return re.sub(r"^[\s,:;]+", "", after)
    if not after.strip() or re.match(r"[\s,.:;!?]", after):
        return before.rstrip() + after.rstrip()
    return before + after
