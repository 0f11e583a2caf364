"""The Governor Responds, for everybody: what can be supported and until when, what is due an
answer, and every round before.
"""

import re
import secrets
from typing import Any

from fastapi import APIRouter, Request, Response

from service.database import Session, now
from service.errors import NotFound
from service.public import queries
from service.public.answers import At, Id
from service.public.keeping import kept
from service.rounds import clock
from service.rounds import queries as rounds
from service.rounds.queries import OVER, Question, Told
from service.shell.pages import page
from service.shell.requests import Here, Reading

router = APIRouter(include_in_schema=False)

SHOWN = 30
ORDER = "order"
VISIT = re.compile(r"[A-Za-z0-9_-]{8,32}")


@router.get("/rounds")
async def everything(request: Request, here: Here, session: Reading) -> Response:
    """Rounds that run, that wait for an answer, that come, and those before."""
    found, moment = await rounds.page(session), now()
    running = {one.round.id: one for one in await rounds.running(session, moment)}
    shown = page(
        request, "public_rounds.html", running=list(running.values()), **_clock(here),
        due=[one for one in found if one.round.state == "due"],
        coming=[one for one in found if one.round.state == "planned"],
        past=[one for one in found if _past(one, running)], many=await counts(session, running),
        owed=await owed(session),
    )  # fmt: skip
    return kept(request, shown)


def _past(one: Told, running: dict[int, Told]) -> bool:
    """Over; in the minute between its end and its count, too."""
    return one.round.state == "closed" or (
        one.round.state == "open" and one.round.id not in running
    )


async def owed(session: Session) -> dict[int, list[Question]]:
    """The questions that wait for the answer they won, by round, the most pressing first."""
    found: dict[int, list[Question]] = {}
    for told, question in await rounds.due(session):
        found.setdefault(told.round.id, []).append(question)
    return found


async def counts(session: Session, running: dict[int, Told]) -> dict[int, int]:
    """How many questions of each can be supported."""
    return {
        id_: sum(one.open for one in await rounds.questions(session, told.round))
        for id_, told in running.items()
    }


def _clock(here: Any) -> dict[str, Any]:
    moment, zone = now(), here.settings.zone
    return {"left": lambda at: clock.days_until(at, moment, zone), "now": moment}


@router.get("/rounds/{round_id}")
async def one_round(
    request: Request, here: Here, session: Reading, round_id: Id, at: At = 1
) -> Response:
    """One round with its questions: in an order drawn for the reader's visit while they can be
    supported, by their support afterwards.
    """
    told = await rounds.told(session, round_id)
    if told is None:
        raise NotFound("There is no such round.")
    visit = request.cookies.get(ORDER, "")
    known = VISIT.fullmatch(visit) is not None
    visit = visit if known else secrets.token_urlsafe(9)
    asked = await rounds.questions(session, told.round)
    found = in_order(asked, told, visit)
    first = (at - 1) * SHOWN
    if at > 1 and first >= len(found):
        raise NotFound("There is no such page.")
    rows = found[first : first + SHOWN]
    shown = page(
        request, "public_round.html", told=told, rows=rows, total=len(found), at=at,
        pages=-(-len(found) // SHOWN),
        people=(await rounds.people(session, [told.round]))[round_id],
        answers=await queries.newest_of(session, [one.issue_id for one in rows if one.answered]),
        history=await rounds.history(session, round_id), over=told.round.state in OVER,
        runs=told.round.state == "open" and told.round.closes_at > now(),
        hidden=sum(waits(one) for one in asked), **_clock(here),
    )  # fmt: skip
    if not known and told.round.state == "open":
        shown.set_cookie(ORDER, visit, samesite="lax", httponly=True)
    return kept(request, shown)


def waits(one: Question) -> bool:
    """Whether nobody may read it yet, because staff have not named it."""
    return not one.named and one.aside is None and one.supporters > 0


def in_order(found: list[Question], told: Told, visit: str) -> list[Question]:
    """The questions that the public reads: drawn by `visit`, or what won first, then by support.

    What won is shown before it has a name too: all see that an answer is due.
    """
    if told.round.state not in OVER:
        return rounds.shuffled([one for one in found if one.open], visit)
    able = [one for one in found if one.open or one.due_at]
    return sorted(able, key=lambda one: one.due_at is None)
