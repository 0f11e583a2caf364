"""One issue: what was said, who has it, what could be answered, and what is done with it."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from service.answers import actions as answers
from service.answers import queries as answer_queries
from service.answers import tasks as answer_tasks
from service.console import rough
from service.console.forms import (
    LANGS,
    At,
    Field,
    Id,
    Language,
    Line,
    Number,
    Numbers,
    Publisher,
    Writer,
    pages_of,
    skipped,
)
from service.console.live import Since
from service.database import Session, now
from service.departments import queries as departments
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.api import seen, similar
from service.issues.charting import queries as charting
from service.issues.grouping import queries as grouping
from service.issues.listing import queries as listing
from service.issues.listing.queries import Listed
from service.issues.notes import actions as notes
from service.issues.notes import queries as note_queries
from service.issues.showing import actions as showing
from service.issues.showing import queries as shown
from service.issues.standing.actions import WAITING
from service.shell.pages import back, language, page
from service.shell.requests import Here, Reading, Writing
from service.staff import queries as staff
from service.staff.access import Asker, Staffer
from service.trail import queries as trail
from service.trail.models import Event

router = APIRouter(prefix="/console", include_in_schema=False)

VOICES = 25
ALIKE = 0.2
Asked = Annotated[list[int], Query(alias=rough.ASKED, max_length=2 * VOICES)]


@router.get("/issues/{issue_id}")
async def issue(
    request: Request,
    asker: Asker,
    since: Since,
    here: Here,
    session: Reading,
    issue_id: Id,
    at: At = 1,
    every: bool = False,
    asked: Asked = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """One issue; `every` shows each copy of a text, `asked` names contributions to be rendered in
    the reader's language.
    """
    own = await seen(session, asker, issue_id)
    said, total = await listing.contributions(
        session, own.issue.root_id, limit=VOICES, offset=skipped(at, VOICES), folded=not every
    )
    heard = await _heard(session, own, here.settings.zone, first=at == 1)
    retriever = getattr(request.app.state, "retriever", None)
    lang = language(request, asker.lang)
    return page(
        request, "issue.html", asker=asker, since=since, row=own, issue=own.issue,
        now=now(), langs=LANGS, said=said, total=total, at=at, every=every,
        pages=pages_of(total, VOICES),
        similar=[
            one for one in await similar(session, asker, own.issue, retriever) if one[1] >= ALIKE
        ],
        claimable=_claimable(own, asker),
        public=shown.standing(own, here.settings.public_minimum, here.settings.zone),
        rough=await rough.offered(request, [*heard["voices"], *said], asked, lang),
        **heard,
        **await _done(session, asker, own),
    )  # fmt: skip


def _claimable(own: Listed, asker: Staffer) -> bool:
    """Whether `claim` would take it: a colleague's it is not, and it is the asker's to have."""
    if own.issue.state not in WAITING or own.issue.official_id is not None:
        return False
    if own.department_key is None:
        return len(asker.departments) == 1
    return own.department_key in asker.departments or asker.may("moderator")


async def _heard(session: Session, own: Listed, zone: Any, *, first: bool) -> dict[str, Any]:
    """When, in which languages and where it was spoken of, and what speaks for it."""
    root = own.issue.root_id
    chosen = own.issue.representatives[:4] if first else []
    return {
        "chart": await charting.chart(session, root, zone),
        "mix": (await listing.mixes(session, [root])).get(root, listing.Mix()),
        "voices": await listing.some(session, root, chosen),
        "campaigns": await listing.campaigns(session, root) if first else [],
    }


async def _done(session: Session, asker: Staffer, own: Listed) -> dict[str, Any]:
    """Who waits, and what staff did: drafts, answers, merges, notes, the trail."""
    root = own.issue.root_id
    drafts = await answer_queries.drafts(session, root)
    events = await trail.of(session, "issue", own.issue.id, limit=40)
    merged = await listing.merged(session, root)
    inside = [root, *(one.id for one in merged)]
    return {
        "waiting": (await issue_queries.waiting(session, [root])).get(root, 0),
        "drafts": drafts,
        "written": await answer_queries.of_issue(session, root),
        "merged": [one for one in merged if one.merged_into == root],
        "bodies": await departments.everyone(session),
        "officials": await departments.officials(session, own.department_key or ""),
        "notes": await note_queries.of(session, root),
        "events": events,
        "moves": await _moves(session, asker, events),
        "alarm": await trail.latest(session, "issue", inside, "emerge"),
        "names": await staff.names(session),
    }


async def _moves(session: Session, asker: Staffer, events: Sequence[Event]) -> dict[str, bool]:
    """Batches of moves that can still be put back, and whether by the asker, who must see both
    sides.
    """
    batches = [one.details["batch"] for one in events if one.act == "shift" and one.details]
    standing = await grouping.standing(session, batches)
    return {batch: all(asker.sees(key) for key in keys) for batch, keys in standing.items()}


def _to(issue_id: int, fragment: str = "") -> str:
    return f"/console/issues/{issue_id}{fragment}"


@router.post("/issues/{issue_id}/rename")
async def rename(asker: Writer, session: Writing, issue_id: Id, name: Line) -> Response:
    """Give it a name."""
    await seen(session, asker, issue_id)
    await issues.rename(session, issue_id, name, by=asker)
    return back(_to(issue_id), "renamed")


@router.post("/issues/{issue_id}/assign")
async def assign(
    asker: Writer,
    here: Here,
    session: Writing,
    issue_id: Id,
    department: Line = "",
    official: Annotated[str, Form(pattern=r"^\d{0,15}$")] = "",
) -> Response:
    """Route it to a department, to an official, or both."""
    await seen(session, asker, issue_id)
    await issues.assign(
        session, here.settings, issue_id, by=asker, department_key=department or None,
        official_id=int(official) if official else None,
    )  # fmt: skip
    return back(_to(issue_id), "assigned")


@router.post("/issues/{issue_id}/due")
async def redate(
    asker: Writer,
    here: Here,
    session: Writing,
    issue_id: Id,
    on: Annotated[date, Form()],
    why: Line,
) -> Response:
    """Give it another due date."""
    await seen(session, asker, issue_id)
    await issues.redate(session, here.settings, issue_id, on, by=asker, why=why)
    return back(_to(issue_id, "#routing"), "redated")


@router.post("/issues/{issue_id}/claim")
async def claim(asker: Writer, here: Here, session: Writing, issue_id: Id) -> Response:
    """Take it oneself."""
    await seen(session, asker, issue_id)
    await issues.claim(session, issue_id, by=asker, settings=here.settings)
    return back(_to(issue_id), "claimed")


@router.post("/issues/{issue_id}/merge")
async def merge(
    asker: Writer, here: Here, session: Writing, issue_id: Id, into: Number
) -> Response:
    """Merge it into another."""
    await seen(session, asker, issue_id)
    await seen(session, asker, into)
    await issues.merge(session, here.vault, here.settings, issue_id, into, by=asker)
    return back(_to(into), "merged", undo=f"/console/issues/{issue_id}/unmerge")


@router.post("/issues/{issue_id}/unmerge")
async def unmerge(asker: Writer, session: Writing, issue_id: Id) -> Response:
    """Take a merge back."""
    await seen(session, asker, issue_id)
    await issues.unmerge(session, issue_id, by=asker)
    return back(_to(issue_id), "unmerged")


@router.post("/issues/{issue_id}/split")
async def split(
    asker: Writer,
    session: Writing,
    issue_id: Id,
    contribution: Numbers | None = None,
    name: Line = "",
) -> Response:
    """Take contributions out into an issue of their own."""
    await seen(session, asker, issue_id)
    marked = _marked(contribution)
    fresh = await issues.split(session, issue_id, marked, by=asker, name=name or None)
    batch = await issue_queries.last_batch(session, fresh.id)
    return back(_to(fresh.id), "split", undo=f"/console/moves/{batch}/undo")


@router.post("/issues/{issue_id}/move")
async def move(
    asker: Writer,
    session: Writing,
    issue_id: Id,
    to: Number,
    contribution: Numbers | None = None,
) -> Response:
    """Put contributions of this issue into another one."""
    own = await seen(session, asker, issue_id)
    target = await seen(session, asker, to)
    marked = _marked(contribution)
    roots = await issue_queries.roots_of(session, marked)
    if any(roots.get(id_) != own.issue.root_id for id_ in marked):
        raise issues.UnknownContribution("Name contributions that are in this issue.")
    batch = await issues.move(session, marked, to, by=asker)
    return back(_to(target.issue.root_id), "moved", undo=f"/console/moves/{batch}/undo")


def _marked(contribution: list[int] | None) -> list[int]:
    if not contribution:
        raise issues.UnknownContribution("Name contributions that are in this issue.")
    return contribution


@router.post("/moves/{batch}/undo")
async def undo(asker: Writer, session: Writing, batch: str) -> Response:
    """Put back what a split took out."""
    moves = await issue_queries.moves(session, batch)
    for id_ in {id_ for move in moves for id_ in (move.from_issue, move.to_issue)}:
        await seen(session, asker, id_)
    await issues.undo(session, batch, by=asker)
    home = await issue_queries.root_id(session, moves[0].from_issue) if moves else None
    return back(_to(home) if home else "/console/issues", "undone")


@router.post("/issues/{issue_id}/end")
async def end(
    asker: Writer, here: Here, session: Writing, issue_id: Id, how: Line, reason: Field
) -> Response:
    """Decline or close it; everybody who asked is told why."""
    await seen(session, asker, issue_id)
    act = issues.decline if how == "decline" else issues.close
    await act(session, here.vault, here.settings, issue_id, by=asker, reason=reason)
    return back(_to(issue_id), "ended")


@router.post("/issues/{issue_id}/reopen")
async def reopen(asker: Writer, here: Here, session: Writing, issue_id: Id, why: Field) -> Response:
    """Let it wait again."""
    await seen(session, asker, issue_id)
    await issues.reopen(session, here.settings, issue_id, actor=asker.actor, why=why)
    return back(_to(issue_id), "reopened")


@router.post("/issues/{issue_id}/show")
async def show(asker: Publisher, session: Writing, issue_id: Id) -> Response:
    """Let the public read of it."""
    await seen(session, asker, issue_id)
    await showing.show(session, issue_id, by=asker)
    return back(_to(issue_id, "#public"), "shown")


@router.post("/issues/{issue_id}/hide")
async def hide(asker: Publisher, session: Writing, issue_id: Id, why: Line = "") -> Response:
    """Take it off the public pages."""
    await seen(session, asker, issue_id)
    await showing.hide(session, issue_id, by=asker, why=why.strip() or None)
    return back(_to(issue_id, "#public"), "hidden")


@router.post("/issues/{issue_id}/notes")
async def note(asker: Writer, session: Writing, issue_id: Id, text: Field) -> Response:
    """Note something for colleagues."""
    await seen(session, asker, issue_id)
    await notes.add(session, issue_id, text, by=asker)
    return back(_to(issue_id, "#notes"), "noted")


@router.post("/issues/{issue_id}/notes/{note_id}/remove")
async def remove_note(asker: Writer, session: Writing, issue_id: Id, note_id: Id) -> Response:
    """Take a note of one's own away."""
    await seen(session, asker, issue_id)
    await notes.remove(session, note_id, by=asker)
    return back(_to(issue_id, "#notes"), "note_removed")


@router.post("/issues/{issue_id}/drafts")
async def compose(request: Request, asker: Writer, here: Here, issue_id: Id) -> Response:
    """Compose drafts now."""
    async with here.database.read() as session:
        own = await seen(session, asker, issue_id)
    await request.app.state.running.loaded()
    await answer_tasks.compose_drafts(here, request.app.state.retriever, own.issue.root_id)
    return back(_to(issue_id, "#drafts"), "composed")


@router.post("/issues/{issue_id}/answers")
async def begin(
    asker: Writer,
    session: Writing,
    issue_id: Id,
    draft: Annotated[int, Form()] = 0,
    text: Field = "",
    title: Line = "",
    lang: Annotated[Language | None, Form()] = None,
) -> Response:
    """Begin an answer, from a draft or from nothing."""
    own = await seen(session, asker, issue_id)
    chosen = await answer_queries.draft(session, draft) if draft else None
    spoken = chosen.lang if chosen else lang or asker.lang
    answer = await answers.begin(
        session, own.issue.root_id, by=asker, lang=spoken, title=title, text=text, draft=chosen
    )
    return back(f"/console/answers/{answer.id}", "begun")
