"""Read what citizens said."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import bindparam, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from nlp.embed import FloatArray
from service.channels.models import InboxRow
from service.database import Session
from service.messages.models import Contribution, ContributionVector, Conversation, Message, Sketch
from service.people.models import Identity

BY_DIGEST = select(Conversation).where(
    tuple_(Conversation.channel, Conversation.account, Conversation.digest).in_(
        bindparam("keys", expanding=True)
    )
)


async def conversations(
    session: Session, keys: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], Conversation]:
    """Conversations by (channel, account, digest)."""
    if not keys:
        return {}
    found = await session.scalars(BY_DIGEST, {"keys": list(keys)})
    return {(c.channel, c.account, c.digest): c for c in found.all()}


async def open_since(
    session: Session, conversation_ids: Sequence[int], since: datetime
) -> dict[int, Contribution]:
    """The newest contribution of each conversation, where it was made after `since` and waits, or
    was answered.
    """
    if not conversation_ids:
        return {}
    newest = (
        select(func.max(Contribution.id))
        .where(Contribution.conversation_id.in_(conversation_ids))
        .group_by(Contribution.conversation_id)
    )
    found = await session.scalars(
        select(Contribution).where(
            Contribution.id.in_(newest),
            Contribution.created_at >= since,
            Contribution.state.in_(("received", "answered")),
        )
    )
    return {c.conversation_id: c for c in found.all() if c.conversation_id is not None}


async def states(session: Session, contribution_ids: Sequence[int]) -> dict[int, str]:
    """The state of each contribution."""
    if not contribution_ids:
        return {}
    rows = await session.execute(
        select(Contribution.id, Contribution.state).where(Contribution.id.in_(contribution_ids))
    )
    return {row.id: row.state for row in rows.all()}


async def ids_of_person(session: Session, person_id: int) -> list[int]:
    """All contributions of a person, oldest first."""
    found = await session.scalars(
        select(Contribution.id).where(Contribution.person_id == person_id).order_by(Contribution.id)
    )
    return list(found.all())


STANDING = Contribution.state.not_in(("withdrawn", "erased"))


async def of_person(session: Session, person_id: int, *, limit: int = 20) -> Sequence[Contribution]:
    """A person's newest contributions that are not withdrawn or erased."""
    found = await session.scalars(
        select(Contribution)
        .where(Contribution.person_id == person_id, STANDING)
        .order_by(Contribution.id.desc())
        .limit(limit)
    )
    return found.all()


async def count_of_person(session: Session, person_id: int) -> int:
    """How many contributions of a person are not withdrawn or erased."""
    mine = select(func.count()).where(Contribution.person_id == person_id, STANDING)
    return await session.scalar(mine) or 0


async def threads(session: Session, person_id: int) -> Sequence[Conversation]:
    """All conversations of a person."""
    found = await session.scalars(
        select(Conversation)
        .join(Identity, Identity.id == Conversation.identity_id)
        .where(Identity.person_id == person_id)
    )
    return found.all()


async def messages_of_person(session: Session, person_id: int) -> Sequence[Message]:
    """Everything a person wrote, oldest first."""
    mine = await ids_of_person(session, person_id)
    held = [thread.id for thread in await threads(session, person_id)]
    found = await session.scalars(
        select(Message)
        .where(or_(Message.conversation_id.in_(held), Message.contribution_id.in_(mine)))
        .order_by(Message.id)
    )
    return found.all()


@dataclass(frozen=True)
class Earlier:
    """A message that was said before: who said it where, the contribution it is part of, and what
    else is part of it, as (message id, masked text) in order.
    """

    message: Message
    thread: Conversation
    identity: Identity
    contribution: Contribution | None
    parts: tuple[tuple[int, str], ...]

    def parts_with(self, text: str) -> list[str]:
        """The contribution's texts with this one's replaced, or without it when that is empty."""
        said = [text if id_ == self.message.id else other for id_, other in self.parts]
        return [one for one in said if one]


async def earlier(session: Session, channel: str, account: str, external_id: str) -> Earlier | None:
    """The newest version of a message, by the id its platform gave it."""
    row = (
        await session.execute(
            select(Message, Conversation, Identity)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .join(Identity, Identity.id == Conversation.identity_id)
            .where(Message.external_id == external_id, Message.live)
            .where(Conversation.channel == channel, Conversation.account == account)
            .order_by(Message.id.desc())
            .limit(1)
        )
    ).first()
    if row is None:
        return None
    message, thread, identity = row
    if message.contribution_id is None:
        return Earlier(message, thread, identity, None, ())
    parts = await session.execute(
        select(Message.id, Message.text)
        .where(Message.contribution_id == message.contribution_id, Message.live)
        .order_by(Message.said_at, Message.id)
    )
    contribution = await session.get_one(Contribution, message.contribution_id)
    return Earlier(message, thread, identity, contribution, tuple((p[0], p[1]) for p in parts))


async def versions(session: Session, message_ids: Sequence[int]) -> list[int]:
    """These messages, and the other versions of each."""
    other = aliased(Message)
    found = await session.scalars(
        select(other.id)
        .join(Message, Message.external_id == other.external_id)
        .where(Message.id.in_(message_ids), Message.conversation_id == other.conversation_id)
    )
    return [*message_ids, *found.all()]


async def emptied(session: Session, message_ids: Sequence[int]) -> list[int]:
    """The contributions that these messages were part of, and that have no words any more."""
    other = aliased(Message)
    found = await session.scalars(
        select(other.contribution_id)
        .join(Message, Message.contribution_id == other.contribution_id)
        .where(Message.id.in_(message_ids))
        .group_by(other.contribution_id)
        .having(func.max(func.length(other.text)) == 0)
    )
    return [id_ for id_ in found.all() if id_ is not None]


async def history(session: Session, conversation_id: int, *, limit: int) -> Sequence[Message]:
    """The newest messages of a conversation, oldest first; of edited ones the newest version."""
    found = await session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.live)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    return list(reversed(found.all()))


async def by_receipt(session: Session, digest: str) -> Contribution | None:
    """The contribution of a receipt, by the keyed hash of its code."""
    return await session.scalar(select(Contribution).where(Contribution.receipt == digest))


async def by_source(session: Session, source: str) -> Contribution | None:
    """An imported contribution, by the id it was imported with."""
    return await session.scalar(select(Contribution).where(Contribution.source == source))


async def contribution(session: Session, contribution_id: int) -> Contribution | None:
    """One contribution."""
    return await session.get(Contribution, contribution_id)


async def texts(session: Session, contribution_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Masked text and language of contributions."""
    rows = await session.execute(
        select(Contribution.id, Contribution.text, Contribution.lang).where(
            Contribution.id.in_(contribution_ids)
        )
    )
    return {row.id: (row.text, row.lang) for row in rows.all()}


async def sketched(session: Session, bands: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Fingerprint and text of the contributions that are known by these numbers, oldest first."""
    if not bands:
        return {}
    rows = await session.execute(
        select(Sketch.band, Contribution.fingerprint, Contribution.text)
        .join(Contribution, Contribution.id == Sketch.contribution_id)
        .where(Sketch.band.in_(bands))
        .order_by(Contribution.id)
    )
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for band, fingerprint, text in rows.all():
        found[band].append((fingerprint, text))
    return found


async def vectors(
    session: Session, contribution_ids: Sequence[int], model: str
) -> tuple[list[int], FloatArray]:
    """Contributions that have a vector of `model`, and those vectors (n, size)."""
    rows = (
        await session.execute(
            select(ContributionVector.contribution_id, ContributionVector.vector)
            .where(
                ContributionVector.contribution_id.in_(contribution_ids),
                ContributionVector.model == model,
            )
            .order_by(ContributionVector.contribution_id)
        )
    ).all()
    arrays = [np.frombuffer(row.vector, dtype=np.float32) for row in rows]
    ids = [row.contribution_id for row in rows]
    return ids, np.stack(arrays) if arrays else np.zeros((0, 0), dtype=np.float32)


async def sealed_before(session: Session, moment: datetime, *, limit: int) -> Sequence[int]:
    """Messages that came before a moment, imported ones included, whose originals are still
    kept.
    """
    found = await session.scalars(
        select(Message.id)
        .join(InboxRow, InboxRow.id == Message.inbox_id)
        .where(InboxRow.received_at < moment, Message.sealed.is_not(None))
        .limit(limit)
    )
    return found.all()


async def newest_vectors(
    session: Session, model: str, *, limit: int
) -> list[tuple[str, FloatArray]]:
    """Language and vector of the newest contributions encoded by `model`."""
    rows = await session.execute(
        select(Contribution.lang, ContributionVector.vector)
        .join(ContributionVector, ContributionVector.contribution_id == Contribution.id)
        .where(ContributionVector.model == model)
        .order_by(Contribution.id.desc())
        .limit(limit)
    )
    return [(row[0], np.frombuffer(row[1], dtype=np.float32)) for row in rows.all()]


async def count(session: Session) -> int:
    """How many contributions there are."""
    return await session.scalar(select(func.count()).select_from(Contribution)) or 0
