"""What the transaction of a batch works with: its people and threads, and what is to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service.channels import deliveries
from service.channels.contract import Button
from service.channels.deliveries import Letter
from service.conversations.hearing import SILENT, Heard, Key
from service.database import Session, now
from service.installation import Installation
from service.messages import actions as messages
from service.messages import queries as message_queries
from service.messages.models import Conversation
from service.messages.queries import Earlier
from service.people import actions as people
from service.people import queries as people_queries
from service.people.actions import Stranger
from service.people.models import Identity, Person

Reply = tuple[str, tuple[Button, ...]]


@dataclass
class Room:
    """What a batch's transaction works with, and what it gathers to send."""

    session: Session
    here: Installation
    model: str
    people: dict[Key, tuple[Identity, Person]] = field(default_factory=dict)
    threads: dict[Key, Conversation] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    wake: set[int] = field(default_factory=set)
    earlier: dict[int, Earlier] = field(default_factory=dict)
    shown: dict[int, str] = field(default_factory=dict)

    def show(self, heard: Heard, picture: str) -> None:
        """The answer to it comes with a picture."""
        self.shown[heard.row_id] = picture

    def identity(self, heard: Heard) -> Identity | None:
        """Who wrote it; None for imported ones without a person."""
        return self.people[heard.who][0] if heard.who else None

    def person(self, heard: Heard) -> Person | None:
        """The person who wrote it."""
        return self.people[heard.who][1] if heard.who else None

    def conversation(self, heard: Heard) -> Conversation | None:
        """The conversation it is part of."""
        return self.threads[heard.thread] if heard.thread else None

    def lang(self, heard: Heard) -> str:
        """The language to answer in: what the person chose, else what they wrote."""
        person = self.person(heard)
        return (person.lang if person else None) or heard.lang


async def meet(room: Room, heard: Sequence[Heard]) -> None:
    """People and conversations not known yet are made; all are loaded. Nobody is met who only goes:
    who erased everything and then blocks us leaves nothing behind.
    """
    heard = [one for one in heard if one.inbound.kind not in SILENT]
    everyone = {one.who: one for one in reversed(heard) if one.who}
    room.people = await people_queries.by_digest(room.session, list(everyone))
    strangers = [one for key, one in everyone.items() if key not in room.people]
    await people.meet(room.session, [_stranger(one, room.here) for one in strangers])
    if strangers:
        room.people = await people_queries.by_digest(room.session, list(everyone))
    wrote = {one.who for one in heard if one.who and one.inbound.kind != "deleted"}
    await people.heard(room.session, [room.people[who][1].id for who in wrote])
    threads = {one.thread: one for one in heard if one.thread}
    room.threads = await message_queries.conversations(room.session, list(threads))
    fresh = [one for key, one in threads.items() if key not in room.threads]
    await messages.open_conversations(room.session, [_conversation(one, room) for one in fresh])
    if fresh:
        room.threads = await message_queries.conversations(room.session, list(threads))
    await _note_languages(room, heard)


async def _note_languages(room: Room, heard: Sequence[Heard]) -> None:
    """A conversation goes on in the language last spoken in it."""
    spoken = {one.thread: one.lang for one in heard if one.thread and one.told}
    by_lang: dict[str, list[int]] = {}
    for key, lang in spoken.items():
        if room.threads[key].lang != lang:
            by_lang.setdefault(lang, []).append(room.threads[key].id)
    for lang, ids in by_lang.items():
        await messages.spoke(room.session, ids, lang)


def _stranger(one: Heard, here: Installation) -> Stranger:
    address = one.inbound.address
    sealed = here.vault.seal(deliveries.address_text(address, one.inbound.sender))
    channel, account, digest = one.who or ("", "", "")
    return Stranger(channel, account, digest, sealed, None)


def _conversation(one: Heard, room: Room) -> dict[str, Any]:
    channel, account, digest = one.thread or ("", "", "")
    identity = room.identity(one)
    return {
        "identity_id": identity.id if identity else None,
        "channel": channel,
        "account": account,
        "digest": digest,
        "lang": one.lang,
        "created_at": now(),
    }
