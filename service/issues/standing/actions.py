"""What state an issue is in, and what ends it: answered, declined or closed, with its askers
told.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Protocol

from service import jobs
from service.channels import deliveries
from service.database import Session, now
from service.departments import queries as department_queries
from service.departments.models import Department
from service.departments.norm import close_of, due_here
from service.errors import Conflict, GabineteError, NotFound
from service.issues import letters, queries
from service.issues.models import Issue
from service.messages import actions as messages
from service.settings import Settings
from service.trail import actions as trail
from service.vault import Vault

WAITING = frozenset({"open", "assigned"})
SETTLED = frozenset({"answered", "declined", "closed"})
MOVES = {
    "open": {"assigned", "answered", "declined", "closed"},
    "assigned": {"open", "answered", "declined", "closed"},
    "answered": {"answered", "open", "assigned"},
    "declined": {"open", "assigned"},
    "closed": {"open", "assigned"},
}
CHUNK = 5000
FARTHEST = timedelta(days=1826)


class UnknownIssue(NotFound):
    """There is no such issue, or not for this reader."""

    code = "unknown_issue"


class IssueMerged(Conflict):
    """The issue was merged: act on its survivor."""

    code = "issue_merged"


class WrongState(Conflict):
    """The issue's state does not allow this."""

    code = "issue_wrong_state"


class NoReason(GabineteError):
    """Declining, closing and another due date need a reason that people can read."""

    code = "reason_missing"


class WrongDueDate(GabineteError):
    """A due date is a day from today on, within five years."""

    code = "wrong_due_date"


class Author(Protocol):
    """Who acts: a member of staff, or the machine."""

    @property
    def actor(self) -> str:
        """As the trail names them."""
        ...


@dataclass(frozen=True)
class Machine:
    """The service itself: what it decides is not a touch."""

    actor: str = trail.MACHINE


def touch(issue: Issue, by: Author) -> None:
    """An issue a person has decided about is theirs."""
    if by.actor.startswith("staff:"):
        issue.touched_at = now()


async def live(session: Session, issue_id: int) -> Issue:
    """An issue to act on, locked. Raises `UnknownIssue`, `IssueMerged`."""
    issue = await queries.for_act(session, issue_id)
    if issue is None:
        raise UnknownIssue("There is no such issue.")
    if issue.merged_into is not None:
        raise IssueMerged(f"This issue was merged into issue {issue.root_id}: act on that one.")
    return issue


async def survivor(session: Session, issue_id: int) -> Issue:
    """The issue itself, or what it was merged into. Raises `UnknownIssue`."""
    root = await queries.root_id(session, issue_id)
    if root is None:
        raise UnknownIssue("There is no such issue.")
    return await live(session, root)


async def waiting(session: Session, issue_id: int) -> Issue:
    """An issue to act on that is not settled. Raises `WrongState` too."""
    issue = await live(session, issue_id)
    if issue.state not in WAITING:
        raise WrongState(f"This issue is {issue.state}: reopen it first.")
    return issue


async def move_state(
    session: Session,
    issue: Issue,
    became: str,
    *,
    actor: str,
    why: str | None = None,
    details: dict[str, int] | None = None,
) -> None:
    """The only place where an issue's state changes."""
    if became not in MOVES[issue.state]:
        raise WrongState(f"An issue that is {issue.state} does not become {became}.")
    was, issue.state = issue.state, became
    issue.reason = why if became in queries.ENDED else None
    await session.flush()
    event = trail.event(
        "issue", issue.id, "move", actor=actor, was=was, became=became, why=why, details=details
    )
    await trail.record_many(session, [event])


async def answer(session: Session, issue_id: int, *, actor: str, answer_id: int) -> Issue:
    """An answer was published for the issue: it and its contributions are answered.

    A merged issue's survivor is what is answered. Raises `WrongState` for a declined or closed one.
    """
    issue = await survivor(session, issue_id)
    await move_state(session, issue, "answered", actor=actor, details={"answer": answer_id})
    if actor.startswith("staff:"):
        issue.touched_at = now()
    inside = await queries.members(session, issue.id)
    await move_contributions(session, inside, ["received", *queries.ENDED], "answered", actor=actor)
    return issue


async def decline(
    session: Session, vault: Vault, settings: Settings, issue_id: int, *, by: Author, reason: str
) -> Issue:
    """It will not be answered, and why; everybody who asked is told.

    Raises `NoReason`, `WrongState`.
    """
    return await _end(session, vault, settings, issue_id, "declined", by, reason)


async def close(
    session: Session, vault: Vault, settings: Settings, issue_id: int, *, by: Author, reason: str
) -> Issue:
    """It needs no answer any more, and why; everybody who asked is told.

    Raises `NoReason`, `WrongState`.
    """
    return await _end(session, vault, settings, issue_id, "closed", by, reason)


async def _end(
    session: Session,
    vault: Vault,
    settings: Settings,
    issue_id: int,
    became: str,
    by: Author,
    reason: str,
) -> Issue:
    if not reason.strip():
        raise NoReason("Write a reason: those who asked will read it.")
    issue = await waiting(session, issue_id)
    await move_state(session, issue, became, actor=by.actor, why=reason.strip())
    touch(issue, by)
    await session.flush()
    await tell_ending(session, vault, settings, issue.id)
    return issue


async def tell_ending(session: Session, vault: Vault, settings: Settings, issue_id: int) -> None:
    """Tell askers why an issue was declined or closed: once a person for each ending, late comers
    too.
    """
    issue = await queries.for_act(session, issue_id)
    if issue is None or issue.state not in queries.ENDED:
        return
    nth = await queries.endings(session, issue.id)
    askers = await queries.askers(session, issue.id)
    await deliveries.post(session, vault, letters.ending(issue, nth, askers, vault, settings))
    inside = await queries.members(session, issue.id)
    await move_contributions(session, inside, ["received"], issue.state, actor=trail.MACHINE)


async def reopen(
    session: Session, settings: Settings, issue_id: int, *, actor: str, why: str
) -> Issue:
    """The issue waits again, with a new due date; one that waits already is left as it is.

    A merged issue's survivor is reopened. Contributions that were declined or closed wait again;
    answered ones too when staff reopen, else only the asker's own does, which the caller sees to.
    """
    issue = await survivor(session, issue_id)
    if issue.state in WAITING:
        return issue
    became = "open" if issue.official_id is None else "assigned"
    await move_state(session, issue, became, actor=actor, why=why)
    issue.due_at = None
    await set_due(session, settings, issue, await department_of(session, issue))
    again = [*queries.ENDED]
    if actor.startswith("staff:"):
        issue.touched_at = now()
        again.append("answered")
    await session.flush()
    inside = await queries.members(session, issue.id)
    await move_contributions(session, inside, again, "received", actor=actor)
    return issue


async def move_contributions(
    session: Session, ids: Collection[int], were: Sequence[str], became: str, *, actor: str
) -> None:
    """Contributions in one of the states `were` become `became`; the others stay."""
    held = list(ids)
    for start in range(0, len(held), CHUNK):
        chosen = await queries.with_state(session, held[start : start + CHUNK], were)
        if chosen:
            await messages.move_state(session, chosen, became, actor=actor)


async def tell_later(session: Session, issue: Issue) -> None:
    """Those who came to a settled issue get what settled it: its answer, or why it ended."""
    kind = "catch_up" if issue.state == "answered" else "tell_ending"
    await jobs.add(session, kind, key=f"{kind}:{issue.id}", issue_id=issue.id)


async def department_of(session: Session, issue: Issue) -> Department | None:
    """The department that has an issue; None at the triage desk."""
    if issue.department_id is None:
        return None
    return await department_queries.by_id(session, issue.department_id)


async def set_due(
    session: Session, settings: Settings | None, issue: Issue, department: Department | None
) -> None:
    """The norm's due date, unless a later one stands or staff set one; without settings a job sets
    it.
    """
    if issue.due_at is not None and await queries.dated_by_hand(session, issue.id):
        return
    if settings is None:
        await jobs.add(session, "date_issue", key=f"date_issue:{issue.id}", issue_id=issue.id)
        return
    due = due_here(settings, now(), department.norm_days if department else None)
    issue.due_at = max(issue.due_at, due) if issue.due_at else due


async def redate(
    session: Session, settings: Settings, issue_id: int, day: Date, *, by: Author, why: str
) -> Issue:
    """Another due date, and why: the close of a day, which those who ask how it stands are told.

    It stands against the norm until the issue is reopened. Raises `NoReason`, `WrongDueDate`,
    `WrongState`.
    """
    if not why.strip():
        raise NoReason("Say why the due date changes.")
    zone = settings.zone
    today = now().astimezone(zone).date()
    if not today <= day <= today + FARTHEST:
        raise WrongDueDate("A due date is a day from today on, within five years.")
    issue = await waiting(session, issue_id)
    was = issue.due_at.astimezone(zone).date().isoformat() if issue.due_at else None
    issue.due_at = close_of(day, zone)
    touch(issue, by)
    await session.flush()
    await trail.record(
        session, "issue", issue.id, "due", actor=by.actor, was=was, became=day.isoformat(),
        why=why.strip(),
    )  # fmt: skip
    return issue


async def date(session: Session, settings: Settings, issue_id: int) -> None:
    """Set the due date of an issue that waits and has none, or one that is past."""
    issue = await queries.for_act(session, issue_id)
    if issue is not None and issue.state in WAITING:
        await set_due(session, settings, issue, await department_of(session, issue))


async def hasten(session: Session, issue_id: int, due_at: datetime, *, why: str) -> None:
    """An issue that waits is due at this moment at the latest."""
    issue = await queries.for_act(session, issue_id)
    if issue is None or issue.state not in WAITING:
        return
    if issue.due_at is None or issue.due_at > due_at:
        issue.due_at = due_at
        await session.flush()
        await trail.record(session, "issue", issue.id, "due", actor=trail.MACHINE, why=why)
