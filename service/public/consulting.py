"""Consultations as everybody reads them: what is asked, how far it is, what was proposed, and what
the votes say once that is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from service.consultations import queries as consultations
from service.consultations.meeting import queries as meetings
from service.consultations.meeting.models import Outcome
from service.consultations.meeting.schemas import PublicMeetingOut, public
from service.consultations.models import Extension
from service.consultations.proposals import queries as proposals
from service.consultations.proposals.listing import queries as listing
from service.consultations.proposals.listing.queries import Wanted
from service.consultations.queries import Whole
from service.consultations.voting import charting, results
from service.consultations.voting import queries as voting
from service.consultations.voting.models import Reading as Ballots
from service.consultations.voting.models import Shortlisted
from service.consultations.voting.ranking import queries as ranking
from service.consultations.voting.results import ScoresNotShown
from service.database import Session, now
from service.errors import NotFound
from service.issues.showing.queries import rounded
from service.public import searching
from service.public.answers import Asked, At, Id, cleaned
from service.public.keeping import kept
from service.public.voting import asked
from service.shell import pictures
from service.shell.pages import language, page
from service.shell.requests import Here, Reading

router = APIRouter(include_in_schema=False)

LISTED, SHOWN, AGREED = 20, 20, 5
ThemeOf = Annotated[int | None, Query(ge=1, le=2**53)]
PHASES = ("proposing", "screening", "voting")
BEGUN = {"proposing": 0, "screening": 1, "voting": 2}


@dataclass(frozen=True)
class Phase:
    """A phase of a consultation on its clock. `standing`: past, now or ahead; of the one that runs
    `left` is how long it still does.
    """

    key: str
    begins: datetime
    ends: datetime
    standing: str
    left: timedelta | None
    put_off: list[Extension]


@dataclass(frozen=True)
class Figures:
    """How many took part so far."""

    proposals: int
    people: int
    votes: int
    voters: int


def clock(whole: Whole, moment: datetime) -> list[Phase]:
    """The phases of a consultation in their order."""
    row, at = whole.row, BEGUN.get(whole.row.state, len(PHASES))
    begins = [row.proposing_from, row.proposing_until, row.screening_until]
    ends = [row.proposing_until, row.screening_until, row.voting_until]
    return [
        Phase(
            key, begins[n], ends[n], "past" if n < at else "now" if n == at else "ahead",
            max(ends[n] - moment, timedelta()) if n == at else None,
            [one for one in whole.extensions if one.phase == key],
        )
        for n, key in enumerate(PHASES)
    ]  # fmt: skip


async def figures(session: Session, ids: Sequence[int]) -> dict[int, Figures]:
    """How many took part in consultations, in three statements."""
    counts = await proposals.counts(session, ids)
    people = await listing.people(session, ids)
    votes = await voting.readings(session, ids)
    return {
        id_: Figures(
            counts[id_].get("admitted", 0), people[id_],
            votes[id_].votes if id_ in votes else 0, votes[id_].voters if id_ in votes else 0,
        )
        for id_ in ids
    }  # fmt: skip


@router.get("/consultations")
async def consultation_list(request: Request, session: Reading, at: At = 1) -> Response:
    """All consultations but those that are being written, the newest first."""
    rows, total = await consultations.page(
        session, public=True, limit=LISTED, offset=(at - 1) * LISTED
    )
    if at > 1 and not rows:
        raise NotFound("There is no such page.")
    shown = page(
        request, "public_consultations.html", rows=await consultations.wholes(session, rows),
        figures=await figures(session, [row.id for row in rows]), at=at,
        pages=-(-total // LISTED), open=consultations.OPEN, clock=clock, now=now(),
    )  # fmt: skip
    return kept(request, shown)


@router.get("/consultations/{consultation_id}")
async def consultation(
    request: Request,
    here: Here,
    session: Reading,
    consultation_id: Id,
    q: Asked = "",
    theme: ThemeOf = None,
    at: At = 1,
) -> Response:
    """One consultation, and what was proposed in it."""
    whole, q, moment = await asked(session, consultation_id), cleaned(q), now()
    first, found = (at - 1) * SHOWN, None
    if q:
        lang = language(request)
        found = await searching.proposed(request, session, consultation_id, q, lang)
    if found is not None:
        places = await listing.heads(session, consultation_id, theme, found)
        total, items = len(places), await listing.some(session, places[first : first + SHOWN])
    else:
        items, total = await listing.page(
            session, consultation_id, Wanted(theme, q), limit=SHOWN, offset=first,
            on=moment.astimezone(here.settings.zone).date(),
        )  # fmt: skip
    if at > 1 and not items:
        raise NotFound("There is no such page.")
    told = {key: value for key, value in (("q", q), ("theme", theme)) if value}
    shown = page(
        request, "public_consultation.html", whole=whole, id=consultation_id, items=items, q=q,
        total=total, theme=theme, at=at, pages=-(-total // SHOWN), clock=clock(whole, moment),
        query=f"{urlencode(told)}&" if told else "", theme_name=consultations.theme_name,
        by_words=bool(q) and found is None, by_meaning=found is not None,
        figures=(await figures(session, [consultation_id]))[consultation_id],
        results=await _ready(session, whole), together=any(one.beside for one in items),
        least=here.settings.public_minimum,
        rounded=rounded, gathering=await _gathering(session, here, whole),
        outcome=await _outcome(session, whole, language(request)),
    )  # fmt: skip
    return kept(request, shown)


async def _gathering(session: Session, here: Here, whole: Whole) -> PublicMeetingOut | None:
    """The meeting, as far as the public reads of it."""
    if whole.row.state not in results.CLOSED:
        return None
    held = await meetings.of_consultation(session, whole.row.id)
    if held is None:
        return None
    counts = await meetings.counts(session, held.id)
    return public(held, counts, here.settings.public_minimum)


async def _outcome(session: Session, whole: Whole, lang: str) -> Outcome | None:
    """What came of it, in the reader's language or the consultation's own."""
    if whole.row.state != "reported":
        return None
    said = await meetings.outcomes(session, whole.row.id)
    return said.get(lang) or said.get(whole.row.lang)


async def _ready(session: Session, whole: Whole) -> bool:
    """Whether the public may read results now."""
    if whole.row.state == "voting":
        return whole.row.scores_shown == "live"
    if whole.row.state not in results.CLOSED:
        return False
    found = await voting.reading(session, whole.row.id)
    return found is not None and found.closed


@router.get("/consultations/{consultation_id}/results")
async def result_page(
    request: Request,
    session: Reading,
    consultation_id: Id,
    theme: ThemeOf = None,
    at: At = 1,
) -> Response:
    """What the votes say, one theme at a time; before that is shown, when it will be."""
    whole = await asked(session, consultation_id)
    try:
        found = await results.readable(session, whole.row)
    except ScoresNotShown:
        return kept(request, page(request, "public_no_results.html", whole=whole))
    chosen = next((one for one in whole.themes if theme in (None, one.id)), None)
    if chosen is None:
        raise NotFound("There is no such theme.")
    first = (at - 1) * SHOWN
    rows, total = await ranking.placed(
        session, consultation_id, chosen.id, limit=SHOWN, offset=first
    )
    if at > 1 and not rows:
        raise NotFound("There is no such page.")
    listed = await _listed(session, consultation_id, chosen.id)
    shared = await ranking.agreed(session, consultation_id, AGREED)
    named = {one.proposal_id for one in listed} | set(shared) | _preferred(found)
    shown = page(
        request, "public_results.html", whole=whole, id=consultation_id, found=found, at=at,
        chosen=chosen, rows=rows, pages=-(-total // SHOWN), shared=shared, listed=listed,
        texts=await proposals.some(session, named), theme_name=consultations.theme_name,
        query=f"theme={theme}&" if theme else "",
    )  # fmt: skip
    return kept(request, shown)


@router.get("/consultations/{consultation_id}/results/chart.png")
async def picture(request: Request, here: Here, session: Reading, consultation_id: Id) -> Response:
    """The first places as a picture, for chats and for where the address is shared."""
    whole = await asked(session, consultation_id)
    lang = language(request)
    drawn = await charting.ranking(session, whole.row, lang, here.settings.government)
    return kept(request, pictures.PngResponse(drawn.png))


async def _listed(session: Session, consultation_id: int, theme_id: int) -> list[Shortlisted]:
    """The theme's shortlist, then what staff took off it."""
    rows = await ranking.shortlist(session, consultation_id)
    mine = [one for one in rows if one.theme_id == theme_id]
    return sorted(mine, key=lambda one: (not one.listed, one.rank))


def _preferred(found: Ballots) -> set[int]:
    """The proposals that opinion groups are described by."""
    return {liked["proposal_id"] for group in found.groups for liked in group["prefers"]}
