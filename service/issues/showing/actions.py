"""Show an issue to the public, and hide it again."""

from service.database import Session, now
from service.errors import Conflict
from service.issues.models import Issue
from service.issues.standing.actions import Author, live, touch
from service.trail import actions as trail


class IssueNotNamed(Conflict):
    """The machine names issues with what citizens said; the public reads staff's words only."""

    code = "issue_not_named"


async def show(session: Session, issue_id: int, *, by: Author) -> Issue:
    """The public may read of it, once enough people speak of it; saying so twice changes nothing.

    Raises `UnknownIssue`, `IssueMerged`, `IssueNotNamed`.
    """
    issue = await live(session, issue_id)
    if issue.named_by == trail.MACHINE:
        raise IssueNotNamed("Name the issue first: the public does not read citizens' words.")
    if issue.shown_at is None:
        issue.shown_at = now()
        touch(issue, by)
        await session.flush()
        await trail.record(session, "issue", issue.id, "show", actor=by.actor)
    return issue


async def hide(session: Session, issue_id: int, *, by: Author, why: str | None = None) -> Issue:
    """The public reads about it no more. Raises `UnknownIssue`, `IssueMerged`."""
    issue = await live(session, issue_id)
    if issue.shown_at is not None:
        issue.shown_at = None
        touch(issue, by)
        await session.flush()
        await trail.record(session, "issue", issue.id, "hide", actor=by.actor, why=why)
    return issue
