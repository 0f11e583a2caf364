"""Write what citizens said; forget it when they ask."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, cast, delete, insert, update

from service.database import Session, insert_many
from service.messages import queries
from service.messages.days import actions as days
from service.messages.models import Contribution, ContributionVector, Conversation, Message, Sketch
from service.trail import actions as trail

STATES = {
    "received": {"answered", "declined", "closed", "withdrawn", "erased"},
    "answered": {"received", "declined", "closed", "withdrawn", "erased"},
    "declined": {"received", "answered", "closed", "withdrawn", "erased"},
    "closed": {"received", "answered", "declined", "withdrawn", "erased"},
    "withdrawn": {"erased"},
    "erased": set(),
}


async def open_conversations(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert conversations: identity_id, channel, account, digest, lang, created_at."""
    if rows:
        await session.execute(insert(Conversation), list(rows))


async def contribute(session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert contributions; gives their ids in the order of `rows`."""
    if not rows:
        return []
    ids = await insert_many(session, Contribution, rows)
    await trail.record_many(
        session, [trail.event("contribution", id_, "receive", became="received") for id_ in ids]
    )
    return ids


async def keep_messages(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert inbound messages."""
    if rows:
        await session.execute(insert(Message), list(rows))


async def keep_message(session: Session, row: dict[str, Any]) -> int:
    """Insert one inbound message; gives its id."""
    (made,) = await insert_many(session, Message, [row])
    return made


async def keep_vectors(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert contributions' vectors."""
    if rows:
        await session.execute(insert(ContributionVector), list(rows))


async def keep_sketches(session: Session, rows: Sequence[dict[str, int]]) -> None:
    """Insert what near copies of new contributions are known by: contribution_id, band."""
    if rows:
        await session.execute(insert(Sketch), list(rows))


async def extend(
    session: Session,
    contribution_id: int,
    *,
    text: str,
    fingerprint: str,
    model: str,
    vector: bytes,
) -> None:
    """A contribution grew by what was said right after it: its text and vector are replaced."""
    await session.execute(
        update(Contribution)
        .where(Contribution.id == contribution_id)
        .values(text=text, fingerprint=fingerprint)
    )
    await session.execute(
        update(ContributionVector)
        .where(ContributionVector.contribution_id == contribution_id)
        .values(vector=vector, digest=fingerprint, model=model)
    )


async def move_state(
    session: Session,
    contribution_ids: Sequence[int],
    became: str,
    *,
    actor: str,
    why: str | None = None,
) -> list[int]:
    """Change contributions' state where the move is allowed, on the trail; gives those that
    moved.
    """
    states = await queries.states(session, contribution_ids)
    moved = [id_ for id_, was in states.items() if became in STATES[was]]
    if moved:
        await session.execute(
            update(Contribution).where(Contribution.id.in_(moved)).values(state=became)
        )
        events = [
            trail.event(
                "contribution", i, "move", actor=actor, was=states[i], became=became, why=why
            )
            for i in moved
        ]
        await trail.record_many(session, events)
    return moved


async def expect(session: Session, conversation_id: int, pending: dict[str, Any] | None) -> None:
    """Remember what the next message of a conversation answers to."""
    await session.execute(
        update(Conversation).where(Conversation.id == conversation_id).values(pending=pending)
    )


async def spoke(session: Session, conversation_ids: Sequence[int], lang: str) -> None:
    """The language last spoken in these conversations."""
    await session.execute(
        update(Conversation).where(Conversation.id.in_(conversation_ids)).values(lang=lang)
    )


async def retire(session: Session, message_ids: Sequence[int]) -> None:
    """These messages have newer versions."""
    await session.execute(update(Message).where(Message.id.in_(message_ids)).values(live=False))


async def blank(session: Session, message_ids: Sequence[int]) -> list[int]:
    """Their author deleted these messages: no word of them stays, nor of their older versions.

    Gives the contributions of which nothing is left.
    """
    versions = await queries.versions(session, message_ids)
    await session.execute(
        update(Message)
        .where(Message.id.in_(versions))
        .values(sealed=None, text="", found=[], external_id=None, live=False)
    )
    return await queries.emptied(session, versions)


async def withdraw(session: Session, contribution_id: int, *, actor: str) -> None:
    """Its author took it back: its words and vector go, and nobody owes them an answer."""
    await _forget_words(session, [contribution_id])
    await move_state(session, [contribution_id], "withdrawn", actor=actor)


async def came_by(session: Session, conversation_id: int, campaign: str) -> None:
    """The link a conversation began with; the first one counts."""
    await session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.campaign.is_(None))
        .values(campaign=campaign)
    )


async def erase(session: Session, person_id: int, *, actor: str) -> list[int]:
    """Remove a person's words and vectors.

    Their contributions stay as blank members, so counts hold.
    """
    ids = await queries.ids_of_person(session, person_id)
    threads = [thread.id for thread in await queries.threads(session, person_id)]
    await session.execute(
        update(Message)
        .where(Message.conversation_id.in_(threads))
        .values(sealed=None, text="", found=[], external_id=None)
    )
    if ids:
        await _forget_words(session, ids)
        await move_state(session, ids, "erased", actor=actor)
    return ids


async def unite(session: Session, kept_id: int, gone_id: int) -> list[int]:
    """What one person wrote is another's now, who is the same; gives which contributions."""
    ids = await queries.ids_of_person(session, gone_id)
    await session.execute(
        update(Contribution).where(Contribution.person_id == gone_id).values(person_id=kept_id)
    )
    await days.changed(session, ids)
    return ids


async def _forget_words(session: Session, contribution_ids: Sequence[int]) -> None:
    await session.execute(
        update(Message)
        .where(Message.contribution_id.in_(contribution_ids))
        .values(sealed=None, text="", found=[], external_id=None)
    )
    await session.execute(
        delete(ContributionVector).where(ContributionVector.contribution_id.in_(contribution_ids))
    )
    await session.execute(delete(Sketch).where(Sketch.contribution_id.in_(contribution_ids)))
    await session.execute(
        update(Contribution)
        .where(Contribution.id.in_(contribution_ids))
        .values(text="", fingerprint="", receipt=None, sealed_receipt=None, place=None)
    )
    await days.changed(session, contribution_ids)


async def let_go(session: Session, identity_ids: Sequence[int]) -> None:
    """Erased people's threads cannot be found again: who comes back begins a new one."""
    unfindable = "erased-" + cast(Conversation.id, String)
    await session.execute(
        update(Conversation)
        .where(Conversation.identity_id.in_(identity_ids))
        .values(digest=unfindable, pending=None)
    )


async def blank_originals(session: Session, message_ids: Sequence[int]) -> None:
    """Retention: originals go, masked texts stay."""
    await session.execute(update(Message).where(Message.id.in_(message_ids)).values(sealed=None))
