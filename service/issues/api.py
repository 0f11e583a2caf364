"""Issues over HTTP.

An official sees and acts on issues of their departments and of the triage desk only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request

from service.database import Session, now
from service.errors import Forbidden
from service.issues import actions, queries, schemas
from service.issues.listing import queries as listing
from service.issues.listing.queries import Filter, Listed, Sort
from service.issues.models import Issue
from service.messages import queries as messages
from service.retrieval import queries as retrieval
from service.retrieval.retriever import Retriever
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker, Staffer, require
from service.trail import queries as trail

router = APIRouter(tags=["issues"])
Acting = Annotated[Staffer, Depends(require("official", "moderator", "comms", "admin"))]
Limit = Annotated[int, Query(ge=1, le=200)]
Page = Annotated[int, Query(ge=1, le=1_000_000)]
IdQuery = Annotated[int | None, Query(ge=1, le=schemas.HIGHEST)]
IdPath = Annotated[int, Path(ge=1, le=schemas.HIGHEST)]
SIMILAR = 5


def scope_of(asker: Staffer) -> listing.Scope:
    """The departments an asker is bound to; None when they see all."""
    if asker.may("admin", "comms", "moderator", "auditor"):
        return None
    if not asker.may("official"):
        raise Forbidden("Your role does not show issues.")
    return asker.departments


async def seen(session: Session, asker: Staffer, issue_id: int) -> Listed:
    """An issue the asker may see, by its survivor's department. Raises `UnknownIssue`."""
    root = await queries.root_id(session, issue_id)
    found = await listing.listed(session, {issue_id, root or issue_id})
    if root is None or not asker.sees(found[root].department_key):
        raise actions.UnknownIssue("There is no such issue.")
    return found[issue_id]


def _filter(
    here: Here,
    state: Annotated[list[str] | None, Query()] = None,
    department: str | None = None,
    theme: IdQuery = None,
    emerging: bool | None = None,
    q: Annotated[str, Query(max_length=200)] = "",
    lang: str | None = None,
    channel: str | None = None,
    official: IdQuery = None,
    overdue: bool = False,
    due_by: datetime | None = None,
    singles: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Filter:
    """A moment without a time zone is meant in the installation's."""
    since, until, due_by = (
        moment.replace(tzinfo=here.settings.zone) if moment and moment.tzinfo is None else moment
        for moment in (since, until, due_by)
    )
    return Filter(
        state=tuple(state or ()),
        department=department,
        theme=theme,
        emerging=emerging,
        q=q.replace("\0", ""),
        lang=lang,
        channel=channel,
        official=official,
        overdue=overdue,
        due_by=due_by,
        singles=singles,
        since=since,
        until=until,
    )


@router.get("/issues")
async def list_issues(
    session: Reading,
    asker: Asker,
    chosen: Annotated[Filter, Depends(_filter)],
    sort: Sort = "growth",
    limit: Limit = 50,
    page: Page = 1,
) -> schemas.IssuePage:
    """Issues that two people or more ask (`singles=true`: all), those that grow first."""
    moment, offset = now(), (page - 1) * limit
    rows, total = await listing.page(
        session, chosen, scope_of(asker), moment, sort=sort, limit=limit, offset=offset
    )
    mixes = await listing.mixes(session, [row.issue.id for row in rows])
    items = [schemas.line(row, moment, mixes.get(row.issue.id)) for row in rows]
    return schemas.IssuePage(items=items, total=total)


@router.get("/issues/proposals")
async def list_proposals(session: Reading, asker: Asker) -> list[schemas.ProposalLine]:
    """Regroupings that the machine would make and staff decide."""
    found = await listing.proposals(session, scope_of(asker))
    return [schemas.proposal(row) for row in found]


@router.post("/issues/proposals/{proposal_id}/accept")
async def accept_proposal(
    session: Writing, asker: Acting, here: Here, proposal_id: IdPath
) -> schemas.IssueLine:
    """Merge the two."""
    await _seen_proposal(session, asker, proposal_id)
    into = await actions.accept(session, here.vault, here.settings, proposal_id, by=asker)
    return await _shown(session, into)


@router.post("/issues/proposals/{proposal_id}/refuse", status_code=204)
async def refuse_proposal(session: Writing, asker: Acting, proposal_id: IdPath) -> None:
    """Leave the two apart for good."""
    await _seen_proposal(session, asker, proposal_id)
    await actions.refuse(session, proposal_id, by=asker)


async def _seen_proposal(session: Session, asker: Staffer, proposal_id: IdPath) -> None:
    proposal = await queries.proposal(session, proposal_id)
    if proposal is not None:
        await seen(session, asker, proposal.issue_id)
        await seen(session, asker, proposal.into_id)


async def _shown(session: Session, issue: Issue) -> schemas.IssueLine:
    """An issue as it is after an act, whoever may see it from now on."""
    await session.flush()
    found = await listing.listed(session, [issue.id])
    return schemas.line(found[issue.id], now())


@router.get("/issues/{issue_id}")
async def show_issue(
    session: Reading, asker: Asker, here: Here, request: Request, issue_id: IdPath
) -> schemas.IssueDetail:
    """One issue with its voices, its days, its likes, and what was done to it."""
    own = await seen(session, asker, issue_id)
    root = own.issue.root_id
    mix = (await listing.mixes(session, [root])).get(root)
    merged = await listing.merged(session, root)
    retriever: Retriever | None = getattr(request.app.state, "retriever", None)
    return schemas.detail(
        schemas.line(own, now(), mix),
        root,
        representatives=await listing.some(session, root, own.issue.representatives),
        timeline=await listing.timeline(session, root, here.settings.zone),
        campaigns=await listing.campaigns(session, root),
        merged=[issue.id for issue in merged],
        similar=[
            schemas.Similar(issue=schemas.line(one, now()), similarity=score)
            for one, score in await similar(session, asker, own.issue, retriever)
        ],
        trail=await trail.of(session, "issue", issue_id),
    )


async def similar(
    session: Session, asker: Staffer, issue: Issue, retriever: Retriever | None
) -> list[tuple[listing.Listed, float]]:
    """Other living issues that are most alike, within the reader's departments; none before the
    index is open.
    """
    _, vectors = await retrieval.vectors(session, "issue", [issue.id])
    if retriever is None or not len(vectors):
        return []
    (hits,) = retriever.near_issues(vectors, SIMILAR * 3)
    found = await listing.listed(session, [hit.id for hit in hits], scope_of(asker))
    return [
        (found[hit.id], hit.score)
        for hit in hits
        if hit.id in found
        and found[hit.id].issue.root_id != issue.root_id
        and found[hit.id].issue.merged_into is None
    ][:SIMILAR]


@router.get("/issues/{issue_id}/contributions")
async def list_contributions(
    session: Reading,
    asker: Asker,
    issue_id: IdPath,
    limit: Limit = 50,
    page: Page = 1,
    folded: bool = False,
) -> schemas.SaidPage:
    """What people said, masked, newest first; `folded=true` shows each text once."""
    own = await seen(session, asker, issue_id)
    offset = (page - 1) * limit
    rows, total = await listing.contributions(
        session, own.issue.root_id, limit=limit, offset=offset, folded=folded
    )
    return schemas.SaidPage(items=[schemas.said(row) for row in rows], total=total)


@router.get("/issues/{issue_id}/trail")
async def show_trail(session: Reading, asker: Asker, issue_id: IdPath) -> list[schemas.EventLine]:
    """Who decided what about this issue, newest first."""
    await seen(session, asker, issue_id)
    found = await trail.of(session, "issue", issue_id)
    return [schemas.EventLine.model_validate(event) for event in found]


@router.post("/issues/{issue_id}/rename")
async def rename(
    session: Writing, asker: Acting, issue_id: IdPath, body: schemas.Rename
) -> schemas.IssueLine:
    """Give it a name that the machine leaves alone."""
    await seen(session, asker, issue_id)
    return await _shown(session, await actions.rename(session, issue_id, body.name, by=asker))


@router.post("/issues/{issue_id}/assign")
async def assign(
    session: Writing, asker: Acting, here: Here, issue_id: IdPath, body: schemas.Assign
) -> schemas.IssueLine:
    """Give it to a department, an official, or both; a correction of the department counts at
    once.
    """
    await seen(session, asker, issue_id)
    issue = await actions.assign(
        session,
        here.settings,
        issue_id,
        department_key=body.department,
        official_id=body.official_id,
        by=asker,
    )
    return await _shown(session, issue)


@router.post("/issues/{issue_id}/claim")
async def claim(session: Writing, asker: Acting, here: Here, issue_id: IdPath) -> schemas.IssueLine:
    """Take it oneself."""
    await seen(session, asker, issue_id)
    issue = await actions.claim(session, issue_id, by=asker, settings=here.settings)
    return await _shown(session, issue)


@router.post("/issues/{issue_id}/merge")
async def merge(
    session: Writing, asker: Acting, here: Here, issue_id: IdPath, body: schemas.Merge
) -> schemas.IssueLine:
    """Merge it into another; gives the survivor. Its authors hear of it."""
    await seen(session, asker, issue_id)
    await seen(session, asker, body.into)
    into = await actions.merge(
        session, here.vault, here.settings, issue_id, body.into, by=asker, why=body.why
    )
    return await _shown(session, into)


@router.post("/issues/{issue_id}/unmerge")
async def unmerge(
    session: Writing, asker: Acting, issue_id: IdPath, body: schemas.Why
) -> schemas.IssueLine:
    """Let a merged issue stand for itself again."""
    await seen(session, asker, issue_id)
    return await _shown(session, await actions.unmerge(session, issue_id, by=asker, why=body.why))


@router.post("/issues/{issue_id}/split", status_code=201)
async def split(
    session: Writing, asker: Acting, issue_id: IdPath, body: schemas.Split
) -> schemas.Batch:
    """Make some of its contributions an issue of their own."""
    await seen(session, asker, issue_id)
    fresh = await actions.split(session, issue_id, body.contributions, by=asker, name=body.name)
    batch = await queries.last_batch(session, fresh.id) or ""
    return schemas.Batch(batch=batch, issue=await _shown(session, fresh))


@router.post("/contributions/move")
async def move(session: Writing, asker: Acting, body: schemas.Move) -> schemas.Batch:
    """Put contributions into another issue."""
    await _seen_contributions(session, asker, body.contributions)
    target = await seen(session, asker, body.to)
    batch = await actions.move(session, body.contributions, body.to, by=asker)
    return schemas.Batch(batch=batch, issue=await _shown(session, target.issue))


async def _seen_contributions(session: Session, asker: Staffer, ids: Sequence[int]) -> None:
    roots = set((await queries.roots_of(session, ids)).values())
    found = await listing.listed(session, roots)
    if not roots or any(not asker.sees(row.department_key) for row in found.values()):
        raise actions.UnknownContribution("One of these contributions is not known.")


@router.post("/moves/{batch}/undo", status_code=204)
async def undo(session: Writing, asker: Acting, batch: str) -> None:
    """Put back what a split or move took elsewhere."""
    moves = await queries.moves(session, batch)
    for issue_id in {id_ for move in moves for id_ in (move.from_issue, move.to_issue)}:
        await seen(session, asker, issue_id)
    await actions.undo(session, batch, by=asker)


@router.post("/issues/{issue_id}/decline")
async def decline(
    session: Writing, asker: Acting, here: Here, issue_id: IdPath, body: schemas.Because
) -> schemas.IssueLine:
    """It will not be answered; everybody who asked is told why."""
    await seen(session, asker, issue_id)
    issue = await actions.decline(
        session, here.vault, here.settings, issue_id, by=asker, reason=body.reason
    )
    return await _shown(session, issue)


@router.post("/issues/{issue_id}/close")
async def close(
    session: Writing, asker: Acting, here: Here, issue_id: IdPath, body: schemas.Because
) -> schemas.IssueLine:
    """It needs no answer any more; everybody who asked is told why."""
    await seen(session, asker, issue_id)
    issue = await actions.close(
        session, here.vault, here.settings, issue_id, by=asker, reason=body.reason
    )
    return await _shown(session, issue)


@router.post("/issues/{issue_id}/reopen")
async def reopen(
    session: Writing, asker: Acting, here: Here, issue_id: IdPath, body: schemas.Reopen
) -> schemas.IssueLine:
    """It waits again, with a new due date."""
    await seen(session, asker, issue_id)
    issue = await actions.reopen(session, here.settings, issue_id, actor=asker.actor, why=body.why)
    return await _shown(session, issue)


@router.post("/issues/{issue_id}/due")
async def redate(
    session: Writing, asker: Acting, here: Here, issue_id: IdPath, body: schemas.Due
) -> schemas.IssueLine:
    """It is due at the close of another day; those who ask how it stands are told that one."""
    await seen(session, asker, issue_id)
    issue = await actions.redate(session, here.settings, issue_id, body.day, by=asker, why=body.why)
    return await _shown(session, issue)


@router.get("/themes")
async def list_themes(session: Reading, asker: Asker) -> list[schemas.ThemeLine]:
    """Coarse groups of issues, the largest first."""
    return [schemas.theme(row) for row in await listing.themes(session, scope_of(asker))]


@router.get("/contributions/{contribution_id}/rendering")
async def render_contribution(
    request: Request,
    session: Reading,
    asker: Asker,
    contribution_id: IdPath,
    lang: Annotated[Literal["pt", "es", "en"], Query()],
) -> schemas.Rendering:
    """One contribution roughly in another language, for staff to read: made by a machine, read by
    nobody. `text` is null where none can be made here.
    """
    await _seen_contributions(session, asker, [contribution_id])
    text, spoken = (await messages.texts(session, [contribution_id]))[contribution_id]
    retriever: Retriever | None = getattr(request.app.state, "retriever", None)
    made = await retriever.render(text, spoken, lang) if retriever else None
    return schemas.Rendering(text=made, source=spoken, lang=lang, machine_made=spoken != lang)


@router.get("/contributions/{contribution_id}")
async def show_contribution(
    session: Reading, asker: Asker, contribution_id: IdPath
) -> schemas.SaidLine:
    """One contribution, masked."""
    roots = await queries.roots_of(session, [contribution_id])
    await _seen_contributions(session, asker, [contribution_id])
    (found,) = await listing.some(session, roots[contribution_id], [contribution_id])
    return schemas.said(found)
