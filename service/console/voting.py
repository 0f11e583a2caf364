"""The voting of a consultation: live counts, what looks suspicious, the ranking, the shortlist."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from service.console.forms import HIGHEST, At, Id, Publisher, pages_of, skipped
from service.console.live import SinceVotes
from service.console.screening import known
from service.consultations import queries as consultations
from service.consultations.voting import actions, queries, results
from service.consultations.voting.ranking import queries as ranking
from service.shell.pages import back, page
from service.shell.requests import Reading, Writing
from service.staff.access import Asker

router = APIRouter(prefix="/console/consultations", include_in_schema=False)

RANKED = 30
ThemeOf = Annotated[int | None, Query(ge=1, le=HIGHEST)]


@router.get("/{consultation_id}/voting")
async def voting(
    request: Request,
    asker: Asker,
    since: SinceVotes,
    session: Reading,
    consultation_id: Id,
    theme: ThemeOf = None,
    at: At = 1,
) -> Response:
    """What the votes say so far, also while the public does not read it."""
    whole = await known(session, consultation_id)
    found = await queries.reading(session, consultation_id)
    chosen = next((one for one in whole.themes if found and theme in (None, one.id)), None)
    rows: list[ranking.Placed] = []
    total = 0
    if chosen is not None:
        rows, total = await ranking.placed(
            session, consultation_id, chosen.id, limit=RANKED, offset=skipped(at, RANKED)
        )
    listed = await ranking.shortlist(session, consultation_id)
    return page(
        request, "asked_voting.html", asker=asker, since=since, whole=whole, found=found,
        chosen=chosen, rows=rows, pages=pages_of(total, RANKED), at=at, closed=results.CLOSED,
        theme_name=consultations.theme_name, listed={one.proposal_id: one for one in listed},
    )  # fmt: skip


@router.post("/{consultation_id}/shortlist/{proposal_id}")
async def adjust(
    asker: Publisher,
    session: Writing,
    consultation_id: Id,
    proposal_id: Id,
    listed: Annotated[bool, Form()],
    reason: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Put a proposal on the shortlist or take it off, with a reason that the public reads."""
    row = await actions.adjust(
        session, consultation_id, proposal_id, listed=listed, reason=reason, by=asker
    )
    where = f"/console/consultations/{consultation_id}/voting?theme={row.theme_id}"
    return back(where, "listed" if listed else "unlisted")
