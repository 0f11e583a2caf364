"""All issues: narrowed by the address, so that a view can be shared; assigned and merged from the
list.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from service.console.forms import (
    HIGHEST,
    SHOWN,
    Line,
    Number,
    Numbers,
    Writer,
    pages_of,
    skipped,
)
from service.console.live import Since
from service.console.now import SOON
from service.database import Session, now
from service.departments import queries as departments
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.api import scope_of, seen
from service.issues.comparing import queries as comparing
from service.issues.listing import queries as listing
from service.issues.listing.queries import Filter, Sort
from service.issues.models import Proposal
from service.shell.pages import back, page
from service.shell.requests import Here, Reading, Writing
from service.staff import queries as staff
from service.staff.access import Asker, Staffer

router = APIRouter(prefix="/console", include_in_schema=False)

STATES = ("open", "assigned", "answered", "declined", "closed")
MOST_MERGED = 6
ProposalId = Annotated[int, Path(ge=1, le=HIGHEST)]


def _chosen(value: Any) -> Any:
    """A field of a form that was left empty chooses nothing."""
    return None if value == "" else value


Id = Annotated[int | None, Field(ge=1, le=HIGHEST), BeforeValidator(_chosen)]
Word = Annotated[str, Field(max_length=200)]


class View(BaseModel):
    """What the address says of the list: what it is narrowed to, its order and page."""

    q: Word = ""
    state: Word = ""
    department: Word = ""
    theme: Id = None
    spoken: Word = ""
    channel: Word = ""
    official: Id = None
    due: Literal["", "soon", "late"] = ""
    emerging: bool = False
    singles: bool = False
    sort: Sort = "growth"
    at: Annotated[int, Field(ge=1, le=100_000)] = 1

    def chosen(self, moment: datetime) -> Filter:
        """The same for the list's query."""
        return Filter(
            q=self.q.replace("\0", ""),
            state=(self.state,) if self.state else (),
            department=self.department or None,
            theme=self.theme,
            lang=self.spoken or None,
            channel=self.channel or None,
            official=self.official,
            overdue=self.due == "late",
            due_by=moment + SOON if self.due == "soon" else None,
            emerging=self.emerging or None,
            singles=self.singles,
        )

    def address(self) -> str:
        """The view without its page, to go on from."""
        told = self.model_dump(exclude_defaults=True, exclude={"at"})
        kept = {key: "true" if value is True else value for key, value in told.items()}
        return urlencode(kept) + "&" if kept else ""


@router.get("/issues")
async def issue_list(
    request: Request,
    asker: Asker,
    since: Since,
    here: Here,
    session: Reading,
    view: Annotated[View, Query()],
) -> Response:
    """Issues that a view leaves."""
    moment, scope = now(), scope_of(asker)
    rows, total = await listing.page(
        session, view.chosen(moment), scope, moment, sort=view.sort, limit=SHOWN,
        offset=skipped(view.at),
    )  # fmt: skip
    return page(
        request, "issues.html", asker=asker, since=since, rows=rows, total=total, now=moment,
        view=view, pages=pages_of(total), states=STATES, bodies=await departments.everyone(session),
        themes=(await listing.themes(session, scope))[:40],
        officials=[one for one in await staff.everyone(session) if one.active],
        pulses=await listing.pulses(
            session, [row.issue.id for row in rows], here.settings.zone, moment
        ),
    )  # fmt: skip


@router.post("/issues/assign")
async def assign_many(
    request: Request,
    asker: Writer,
    here: Here,
    session: Writing,
    issue: Numbers | None = None,
    department: Line = "",
) -> Response:
    """Route the marked issues to a department."""
    if not issue:
        return back(came_from(request), "none_marked")
    for issue_id in sorted(set(issue)):
        await seen(session, asker, issue_id)
        await issues.assign(session, here.settings, issue_id, department_key=department, by=asker)
    return back(came_from(request), "assigned")


def came_from(request: Request) -> str:
    """The list a form was sent from, with its view; the start page where it is not told."""
    path, _, query = request.headers.get("referer", "").partition("?")
    if path.endswith("/console/issues"):
        return f"/console/issues?{query}" if query else "/console/issues"
    return "/console"


@router.get("/merge")
async def compare(
    request: Request,
    asker: Writer,
    session: Reading,
    issue: Annotated[list[int], Query(max_length=200)] = [],  # noqa: B006 - read only
) -> Response:
    """Issues side by side, before they are made one."""
    ids = sorted(set(issue))[:MOST_MERGED]
    found = await listing.listed(session, ids, scope_of(asker))
    rows = [found[id_] for id_ in issue if id_ in found and found[id_].issue.merged_into is None]
    rows = list({row.issue.id: row for row in rows}.values())[:MOST_MERGED]
    return page(request, "merge.html", asker=asker, rows=rows, **await _beside(session, rows))


async def _beside(session: Session, rows: list[listing.Listed]) -> dict[str, Any]:
    ids = [row.issue.id for row in rows]
    return {
        "voices": await comparing.voices(session, [row.issue for row in rows]),
        "mixes": await listing.mixes(session, ids),
        "together": await comparing.people(session, ids),
    }


@router.get("/proposals")
async def proposals(request: Request, asker: Writer, session: Reading) -> Response:
    """Pairs that the service would merge; staff decide."""
    scope = scope_of(asker)
    found = await listing.proposals(session, scope, limit=SHOWN)
    ids = {id_ for one in found for id_ in (one.issue_id, one.into_id)}
    return page(
        request, "proposals.html", asker=asker, rows=found,
        listed=await listing.listed(session, ids, scope),
    )  # fmt: skip


@router.post("/proposals/{proposal_id}/accept")
async def accept(asker: Writer, here: Here, session: Writing, proposal_id: ProposalId) -> Response:
    """Merge the two as proposed."""
    proposal = await _seen(session, asker, proposal_id)
    await issues.accept(session, here.vault, here.settings, proposal_id, by=asker)
    undo = f"/console/issues/{proposal.issue_id}/unmerge" if proposal else ""
    return back("/console/proposals", "merged", undo=undo)


@router.post("/proposals/{proposal_id}/refuse")
async def refuse(asker: Writer, session: Writing, proposal_id: ProposalId) -> Response:
    """Leave the two apart for good."""
    await _seen(session, asker, proposal_id)
    await issues.refuse(session, proposal_id, by=asker)
    return back("/console/proposals", "refused")


async def _seen(session: Session, asker: Staffer, proposal_id: int) -> Proposal | None:
    proposal = await issue_queries.proposal(session, proposal_id)
    if proposal is not None:
        await seen(session, asker, proposal.issue_id)
        await seen(session, asker, proposal.into_id)
    return proposal


@router.post("/merge")
async def merge_many(
    asker: Writer, here: Here, session: Writing, issue: Numbers, into: Number, why: Line = ""
) -> Response:
    """Make the issues one; each merge can be taken back."""
    await seen(session, asker, into)
    others = sorted(set(issue) - {into})
    for issue_id in others:
        await seen(session, asker, issue_id)
        await issues.merge(
            session, here.vault, here.settings, issue_id, into, by=asker, why=why or None
        )
    undo = f"/console/issues/{others[0]}/unmerge" if len(others) == 1 else ""
    return back(f"/console/issues/{into}", "merged" if others else "", undo=undo)
