"""Read the trail."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from service.database import Session
from service.trail.models import Event


async def of(session: Session, thing: str, thing_id: int, *, limit: int = 200) -> Sequence[Event]:
    """What happened to one thing, newest first."""
    found = await session.scalars(
        select(Event)
        .where(Event.thing == thing, Event.thing_id == thing_id)
        .order_by(Event.id.desc())
        .limit(limit)
    )
    return found.all()


async def latest(
    session: Session, thing: str, thing_ids: Collection[int], act: str
) -> Event | None:
    """The newest event of a kind that any of these things had."""
    query = select(Event).where(Event.thing == thing, Event.thing_id.in_(thing_ids))
    found = await session.scalars(query.where(Event.act == act).order_by(Event.id.desc()).limit(1))
    return found.first()


async def page(
    session: Session,
    *,
    before: int | None = None,
    thing: str | None = None,
    actor: str | None = None,
    limit: int = 50,
) -> Sequence[Event]:
    """The newest events, or those before the event `before`; of one kind of thing, by one actor."""
    query = select(Event).order_by(Event.id.desc()).limit(limit)
    if thing:
        query = query.where(Event.thing == thing)
    if actor:
        query = query.where(Event.actor == actor)
    if before is not None:
        query = query.where(Event.id < before)
    return (await session.scalars(query)).all()


async def first_event(session: Session) -> datetime | None:
    """When anything was first done here."""
    return await session.scalar(select(Event.at).order_by(Event.id).limit(1))
