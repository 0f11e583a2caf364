"""What consultations give to programs: rows of open data, and results that have landed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.consultations import queries as consultations
from service.consultations.models import Consultation
from service.consultations.proposals import queries as proposals
from service.consultations.proposals.listing import queries as listing
from service.consultations.proposals.queries import Line
from service.consultations.queries import Whole
from service.consultations.voting import queries as voting
from service.consultations.voting import results
from service.consultations.voting.models import Reading
from service.consultations.voting.results import ScoresNotShown
from service.consultations.voting.schemas import ListedOut, ResultOut
from service.database import Session
from service.installation import Installation
from service.issues.showing.queries import rounded

PART = 500
ASKED = (
    "id", "url", "title", "question", "lang", "state", "reason", "proposing_from",
    "proposing_until", "screening_until", "voting_until", "proposals", "participants", "votes",
    "voters", "suspicious_votes",
)  # fmt: skip
PROPOSED = (
    "id", "consultation_id", "url", "theme", "origin", "lang", "text", "original", "shown_with",
    "supports", "rank", "score", "low", "high", "rank_with_all", "score_with_all", "shortlisted",
    "shortlist_reason", "reply", "replied_at", "admitted_at",
)  # fmt: skip
DATES = ("proposing_from", "proposing_until", "screening_until", "voting_until")


@dataclass(frozen=True)
class Landed:
    """Results that everybody may read since `at`."""

    consultation_id: int
    title: str
    question: str
    lang: str
    at: datetime


@dataclass(frozen=True)
class _Found:
    """What the votes say of each proposal, as far as it is shown."""

    scores: dict[int, ResultOut]
    listed: dict[int, ListedOut]


async def landed(session: Session, lang: str, limit: int) -> list[Landed]:
    """Results that were counted to the end, the newest first, as a reader of `lang` has them."""
    read = await voting.closed(session, limit)
    rows = await consultations.some(session, [one.consultation_id for one in read])
    wholes = {one.row.id: one for one in await consultations.wholes(session, rows)}
    found = []
    for one in read:
        said = wholes[one.consultation_id].text(lang)
        found.append(Landed(one.consultation_id, said.title, said.question, said.lang, one.at))
    return found


async def asked(session: Session, here: Installation) -> AsyncIterator[dict[str, Any]]:
    """Every consultation that was opened, in its own language."""
    async for rows in _opened(session):
        ids = [row.id for row in rows]
        counts = await proposals.counts(session, ids)
        people = await listing.people(session, ids)
        votes = await voting.readings(session, ids)
        for whole in await consultations.wholes(session, rows):
            id_ = whole.row.id
            admitted = counts[id_].get("admitted", 0)
            yield _asked(whole, here.settings.url, admitted, people[id_], votes.get(id_))


async def _opened(session: Session) -> AsyncIterator[list[Consultation]]:
    first = 0
    while True:
        rows, total = await consultations.page(session, public=True, limit=PART, offset=first)
        yield rows
        first += PART
        if first >= total:
            return


def _asked(
    whole: Whole, url: str, admitted: int, people: int, votes: Reading | None
) -> dict[str, Any]:
    said = whole.text(whole.row.lang)
    return {
        "id": whole.row.id,
        "url": f"{url}/consultations/{whole.row.id}",
        "title": said.title,
        "question": said.question,
        "lang": said.lang,
        "state": whole.row.state,
        "reason": whole.row.reason,
        **{name: getattr(whole.row, name).isoformat() for name in DATES},
        "proposals": admitted,
        "participants": people,
        "votes": votes.votes if votes else 0,
        "voters": votes.voters if votes else 0,
        "suspicious_votes": votes.suspicious.get("votes", 0) if votes else 0,
    }


async def proposed(session: Session, here: Installation) -> AsyncIterator[dict[str, Any]]:
    """Every admitted proposal, with its score once that is shown."""
    least, url = here.settings.public_minimum, here.settings.url
    async for rows in _opened(session):
        for whole in await consultations.wholes(session, rows):
            found = await _results(session, whole.row)
            async for line in _admitted(session, whole.row.id):
                yield _proposed(line, whole.row, found, least, url)


async def _results(session: Session, row: Consultation) -> _Found:
    try:
        told = await results.shown(session, row)
    except ScoresNotShown:
        return _Found({}, {})
    return _Found(
        {one.proposal_id: one for theme in told.themes for one in theme.proposals},
        {one.proposal_id: one for theme in told.themes for one in theme.shortlist},
    )


async def _admitted(session: Session, consultation_id: int) -> AsyncIterator[Line]:
    first = 0
    while True:
        rows, total = await proposals.page(
            session, consultation_id, states=("admitted",), limit=PART, offset=first
        )
        for line in await proposals.lines(session, rows):
            yield line
        first += PART
        if first >= total:
            return


def _proposed(line: Line, row: Consultation, found: _Found, least: int, url: str) -> dict[str, Any]:
    one, score = line.row, found.scores.get(line.row.id)
    listed = found.listed.get(one.id)
    return {
        "id": one.id,
        "consultation_id": row.id,
        "url": f"{url}/consultations/{row.id}",
        "theme": line.names[row.lang],
        "origin": one.origin,
        "lang": one.lang,
        "text": one.shown,
        "original": one.text,
        "shown_with": one.shown_with,
        "supports": rounded(line.supports, least) if line.supports >= least else None,
        "rank": score.rank if score else None,
        "score": round(score.trusted.score, 4) if score else None,
        "low": round(score.trusted.low, 4) if score else None,
        "high": round(score.trusted.high, 4) if score else None,
        "rank_with_all": score.rank_all if score else None,
        "score_with_all": round(score.all.score, 4) if score else None,
        "shortlisted": listed.listed if listed else False,
        "shortlist_reason": listed.reason if listed else None,
        "reply": one.reply,
        "replied_at": one.replied_at.isoformat() if one.replied_at else None,
        "admitted_at": one.admitted_at.isoformat() if one.admitted_at else None,
    }
