"""Who has an issue: its department and its official. What staff decide teaches the routing."""

from service.database import Session
from service.departments import actions as departments
from service.departments import queries as department_queries
from service.errors import Conflict, NotFound
from service.issues import queries
from service.issues.members import queries as members
from service.issues.models import Issue
from service.issues.standing import actions as standing
from service.settings import Settings
from service.staff.access import Staffer
from service.trail import actions as trail


class UnknownOfficial(NotFound):
    """There is no such official in the issue's department."""

    code = "unknown_official"


class AlreadyClaimed(Conflict):
    """Another official has it."""

    code = "issue_already_claimed"


class NoDepartment(Conflict):
    """The issue must have a department first."""

    code = "issue_without_department"


async def assign(
    session: Session,
    settings: Settings,
    issue_id: int,
    *,
    department_key: str | None = None,
    official_id: int | None = None,
    by: standing.Author,
) -> Issue:
    """Give an issue to a department, an official, or both. A new department teaches the routing.

    Raises `UnknownDepartment`, `UnknownOfficial`, `NoDepartment`, `WrongState`, `IssueMerged`.
    """
    issue = await standing.waiting(session, issue_id)
    if department_key is not None:
        await _route(session, settings, issue, department_key, by)
    if official_id is not None:
        await _give(session, issue, official_id, by)
    standing.touch(issue, by)
    await session.flush()
    return issue


async def _route(
    session: Session, settings: Settings | None, issue: Issue, key: str, by: standing.Author
) -> None:
    department = await department_queries.by_key(session, key)
    if department is None or not department.active:
        raise departments.UnknownDepartment(f"There is no department “{key}”.")
    issue.routed_by, issue.confidence = "staff", 1.0
    if issue.department_id == department.id:
        return
    before = await standing.department_of(session, issue)
    issue.department_id, issue.route_reason = department.id, []
    if before is None:
        await standing.set_due(session, settings, issue, department)
    await _release(session, issue, key, by)
    for one in await members.speaking(session, issue.id):
        await departments.learn(session, department.id, issue.id, one.text, one.vector, one.model)
    await trail.record(
        session,
        "issue",
        issue.id,
        "route",
        actor=by.actor,
        was=before.key if before else None,
        became=key,
    )


async def _release(session: Session, issue: Issue, key: str, by: standing.Author) -> None:
    """An official does not take an issue along to a department that is not theirs."""
    if issue.official_id is None:
        return
    holder = await queries.official(session, issue.official_id)
    if holder is None or key not in holder.departments:
        issue.official_id = None
        if issue.state == "assigned":
            await standing.move_state(
                session, issue, "open", actor=by.actor, why="other department"
            )


async def _give(session: Session, issue: Issue, official_id: int, by: standing.Author) -> None:
    department = await standing.department_of(session, issue)
    if department is None:
        raise NoDepartment("Choose a department for this issue first.")
    holder = await queries.official(session, official_id)
    if holder is None or not (
        department.key in holder.departments or {"admin", "moderator"} & set(holder.roles)
    ):
        raise UnknownOfficial(f"There is no such official in {department.name}.")
    issue.official_id = holder.id
    if issue.state == "open":
        await standing.move_state(session, issue, "assigned", actor=by.actor)
    details = {"official": holder.id}
    await trail.record(session, "issue", issue.id, "assign", actor=by.actor, details=details)


async def claim(
    session: Session, issue_id: int, *, by: Staffer, settings: Settings | None = None
) -> Issue:
    """Take an issue; one from the triage desk comes to the official's only department.

    Raises `AlreadyClaimed`, `NoDepartment`, `WrongState`, `IssueMerged`.
    """
    issue = await standing.waiting(session, issue_id)
    if issue.official_id not in (None, by.id):
        raise AlreadyClaimed("Another official has this issue already.")
    if issue.department_id is None and len(by.departments) == 1:
        await _route(session, settings, issue, next(iter(by.departments)), by)
    await _give(session, issue, by.id, by)
    standing.touch(issue, by)
    await session.flush()
    return issue
