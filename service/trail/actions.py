"""Write the trail."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from service.database import Session, now
from service.trail.models import Event

MACHINE = "machine"


async def record(
    session: Session,
    thing: str,
    thing_id: int,
    act: str,
    *,
    actor: str,
    was: str | None = None,
    became: str | None = None,
    why: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Append one event in the transaction of its cause."""
    row = event(thing, thing_id, act, actor=actor, was=was, became=became, why=why, details=details)
    await record_many(session, [row])


def event(
    thing: str,
    thing_id: int,
    act: str,
    *,
    actor: str = MACHINE,
    was: str | None = None,
    became: str | None = None,
    why: str | None = None,
    details: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One event as a row for `record_many`."""
    return {
        "at": now(), "actor": actor, "thing": thing, "thing_id": thing_id, "act": act,
        "was": was, "became": became, "why": why, "details": details,
    }  # fmt: skip


async def record_many(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Append many events in one statement."""
    if rows:
        await session.execute(insert(Event), list(rows))
