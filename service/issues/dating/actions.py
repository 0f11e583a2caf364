"""Due dates that come with what is put into an issue, and go with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update

from service.database import Session
from service.issues import queries
from service.issues.dating import queries as dating
from service.issues.models import Issue
from service.issues.standing import actions as standing
from service.trail import actions as trail
from service.trail.models import Event


async def inherit(session: Session, pairs: Sequence[tuple[int, int]]) -> datetime | None:
    """What is due in one issue is due no later in the one it goes to (first into second); gives
    when the first of it is due. Its events stand before those that tell what came.
    """
    held = await dating.due(session, {id_ for pair in pairs for id_ in pair})
    sooner, events = dict[int, datetime](), []
    for one, into in pairs:
        due, own = held[one], held[into]
        if due is not None and (own is None or due < own):
            events.append(_event(into, own, due, trail.MACHINE))
            held[into] = sooner[into] = due
    rows = [{"id": id_, "due_at": due} for id_, due in sooner.items()]
    if rows:
        await session.execute(update(Issue), rows)
    await trail.record_many(session, events)
    return min((due for one, _ in pairs if (due := held[one]) is not None), default=None)


def _event(
    issue_id: int, was: datetime | None, became: datetime | None, actor: str
) -> dict[str, Any]:
    return trail.event(
        "issue", issue_id, "inherit_due", actor=actor,
        was=was.isoformat() if was else None, became=became.isoformat() if became else None,
    )  # fmt: skip


async def release(session: Session, issue_id: int, *, actor: str) -> None:
    """What came into an issue has left again: it is due when it was before, or as soon as the rest
    of what came is. Where its date was set since, or it waits no more, that stands.
    """
    events = await dating.told(session, issue_id)
    dates = [one for one in events if one.act in ("inherit_due", "due")]
    issue = await queries.for_act(session, issue_id)
    if not dates or issue is None or issue.state not in standing.WAITING:
        return
    if dates[-1].act == "due" or _moment(dates[-1].became) != issue.due_at:
        return
    first = _beginning(dates)
    left = await _left(session, issue_id, [one for one in events if one.id > first.id])
    own = _moment(first.was)
    became = min(left if own is None else [own, *left], default=None)
    if became != issue.due_at:
        await trail.record_many(session, [_event(issue_id, issue.due_at, became, actor)])
        issue.due_at = became
        await session.flush()


def _beginning(dates: Sequence[Event]) -> Event:
    """The first of the changes that led to the last without another date between them."""
    first = dates[-1]
    for one in reversed(dates[:-1]):
        if one.act == "due" or one.became != first.was:
            break
        first = one
    return first


async def _left(session: Session, issue_id: int, events: Sequence[Event]) -> list[datetime]:
    """When that is due which came with these events and is still there."""
    came = [one.details for one in events if one.actor == trail.MACHINE and one.details]
    moved = {one["batch"]: datetime.fromisoformat(one["due"]) for one in came if "due" in one}
    merged = [one["issue"] for one in came if "issue" in one]
    there = await dating.there(session, moved)
    return [moved[batch] for batch in there] + await dating.below(session, issue_id, merged)


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None
