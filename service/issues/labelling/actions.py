"""Write what the machine says of issues; a name that staff gave stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, update

from service.database import Session
from service.issues.models import Issue
from service.trail import actions as trail

ISSUES = cast(Table, Issue.__table__)


@dataclass(frozen=True)
class Labelled:
    """What an issue is to be called, if the machine may; `size` is how large it was when read."""

    id: int
    name: str | None
    phrases: Sequence[str]
    representatives: Sequence[int]
    size: int


async def label_many(session: Session, rows: Sequence[Labelled]) -> None:
    """Write phrases and representatives, and the names of those that no member of staff named."""
    facts = [
        {
            "row": row.id,
            "phrases": list(row.phrases),
            "representatives": list(row.representatives),
            "labelled_size": row.size,
        }
        for row in rows
    ]
    await _each(session, ("phrases", "representatives", "labelled_size"), facts)
    named = [{"row": row.id, "name": row.name} for row in rows if row.name]
    await _each(session, ("name",), named, ISSUES.c.named_by == trail.MACHINE)


async def _each(
    session: Session, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *conditions: Any
) -> None:
    """One UPDATE for many rows, each found by its `row`."""
    if not rows:
        return
    statement = (
        update(ISSUES)
        .where(ISSUES.c.id == bindparam("row"), *conditions)
        .values({name: bindparam(f"new_{name}", type_=ISSUES.c[name].type) for name in columns})
    )
    values = [{"row": row["row"], **{f"new_{name}": row[name] for name in columns}} for row in rows]
    await (await session.connection()).execute(statement, values)


async def grow_many(
    session: Session,
    growths: Mapping[int, tuple[float, bool]],
    fresh: Mapping[int, Mapping[str, Any]],
) -> None:
    """Write growth and emergence of issues; those that emerge only now with their evidence."""
    rows = [
        {"row": id_, "growth": growth, "emerging": emerging}
        for id_, (growth, emerging) in growths.items()
    ]
    await _each(session, ("growth", "emerging"), rows)
    events = [trail.event("issue", id_, "emerge", details=dict(why)) for id_, why in fresh.items()]
    await trail.record_many(session, events)
