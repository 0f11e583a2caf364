"""The start page: what waits for me, what is due, what is emerging."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response

from service.answers import queries as answers
from service.answers.commenting import queries as comments
from service.answers.models import Answer
from service.console import queries
from service.console.live import Since
from service.database import Session, now
from service.departments import queries as departments
from service.issues.api import scope_of
from service.issues.listing import queries as listing
from service.issues.listing.queries import Filter, Listed
from service.issues.standing.actions import WAITING
from service.rounds import queries as rounds
from service.shell.pages import page
from service.shell.requests import Here, Reading
from service.staff.access import Asker, Staffer

router = APIRouter(prefix="/console", include_in_schema=False)

SOME = 8
SOON = timedelta(days=3)


@dataclass(frozen=True)
class Part:
    """One list of the page: its first issues, how many there are, and where all of them are."""

    key: str
    rows: list[Listed]
    total: int
    address: str


@router.get("")
async def start(
    request: Request, asker: Asker, since: Since, here: Here, session: Reading
) -> Response:
    """What waits, what is due, what is emerging."""
    moment, scope = now(), scope_of(asker)
    parts = await _parts(session, asker, scope, moment)
    shown = {row.issue.id for part in parts for row in part.rows}
    mine = await _answers(session, asker)
    return page(
        request, "now.html", asker=asker, since=since, now=moment, parts=parts,
        figures=await queries.figures(session, scope, moment),
        waiting_answers=mine,
        asked_for=await comments.asked_for(
            session, [one.id for one, _ in mine if one.state == "drafted"]
        ),
        proposed=len(await listing.proposals(session, scope, limit=100)),
        bodies=await departments.everyone(session),
        owed=[(t, q) for t, q in await rounds.due(session) if asker.sees(q.department_key)],
        pulses=await listing.pulses(session, sorted(shown), here.settings.zone, moment),
    )  # fmt: skip


async def _parts(
    session: Session, asker: Staffer, scope: listing.Scope, moment: datetime
) -> list[Part]:
    """An issue stands in the first list it belongs to."""
    mine = Filter(state=tuple(WAITING), official=asker.id, singles=True)
    due = Filter(due_by=moment + SOON, singles=True)
    new = Filter(emerging=True, singles=True)
    growing = Filter(state=tuple(WAITING))
    wanted: list[tuple[str, Filter, listing.Sort, str]] = [
        ("mine", mine, "due_at", f"?official={asker.id}&sort=due_at&singles=true"),
        ("due", due, "due_at", "?due=soon&sort=due_at&singles=true"),
        ("emerging", new, "growth", "?emerging=true&singles=true"),
        ("growing", growing, "growth", "?state=open"),
    ]
    found, shown = [], set[int]()
    for key, chosen, sort, query in wanted:
        rows, total = await listing.page(
            session, chosen, scope, moment, sort=sort, limit=SOME + len(shown)
        )
        fresh = [row for row in rows if row.issue.id not in shown][:SOME]
        shown |= {row.issue.id for row in fresh}
        found.append(Part(key, fresh, total, f"/console/issues{query}"))
    return found


async def _answers(session: Session, asker: Staffer) -> list[tuple[Answer, str | None]]:
    """Answers on which the next step is the reader's."""
    publishes = asker.may("comms")
    states = ["in_review", "approved"] if publishes else ["drafted"]
    if asker.roles <= {"auditor"}:
        return []
    mine = await departments_of(session, asker)
    rows, _ = await answers.page(
        session, states=states, corrections=publishes, department_ids=mine, limit=SOME
    )
    return rows


async def departments_of(session: Session, asker: Staffer) -> list[int] | None:
    """The departments whose answers an asker is bound to; None when they see all."""
    if asker.may("comms", "moderator", "auditor"):
        return None
    bodies = await departments.by_keys(session)
    return [bodies[key].id for key in asker.departments if key in bodies]
