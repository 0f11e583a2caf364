"""Rounds over HTTP: comms plan, change, extend and end them; everybody of staff reads them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from service.database import Session, now
from service.rounds import actions, queries
from service.rounds.actions import UnknownRound
from service.rounds.schemas import (
    Extension,
    RoundChange,
    RoundIn,
    RoundOut,
    RoundWhole,
    TextIn,
    Why,
    out,
    question,
)
from service.rounds.support import actions as support
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker, Staffer, require

router = APIRouter(tags=["rounds"])

LASTS = timedelta(days=30)
HIGHEST = 2**53
Publisher = Annotated[Staffer, Depends(require("comms"), scope="function")]
Id = Annotated[int, Path(ge=1, le=HIGHEST)]


async def whole(session: Session, asker: Staffer, round_id: int) -> RoundWhole:
    """A round with the questions that the asker may see. Raises `UnknownRound`."""
    told = await queries.told(session, round_id)
    if told is None:
        raise UnknownRound("There is no such round.")
    people = await queries.people(session, [told.round])
    head = out(told, people[round_id])
    found = await queries.questions(session, told.round)
    shown = [question(one) for one in found if one.open or asker.sees(one.department_key)]
    return RoundWhole(**head.model_dump(), questions=shown)


def texts_of(texts: Mapping[str, TextIn] | None) -> dict[str, tuple[str, str]]:
    """Title and text by language."""
    return {lang: (one.title, one.text) for lang, one in (texts or {}).items()}


@router.get("/rounds")
async def page(asker: Asker, session: Reading) -> list[RoundOut]:
    """Rounds, the newest first."""
    found = await queries.page(session)
    people = await queries.people(session, [told.round for told in found])
    return [out(told, people[told.round.id]) for told in found]


@router.post("/rounds", status_code=201)
async def create(asker: Publisher, session: Writing, body: RoundIn) -> RoundWhole:
    """Plan a round, or open it at once."""
    opens_at = body.opens_at or now()
    told = await actions.create(
        session, by=asker, lang=body.lang, texts=texts_of(body.texts), opens_at=opens_at,
        closes_at=body.closes_at or opens_at + LASTS, answer_days=body.answer_days,
        per_theme=body.per_theme, counts_shown=body.counts_shown,
    )  # fmt: skip
    return await whole(session, asker, told.id)


@router.get("/rounds/{round_id}")
async def show(asker: Asker, session: Reading, round_id: Id) -> RoundWhole:
    """A round with its questions; other departments' only where everybody reads them."""
    return await whole(session, asker, round_id)


@router.patch("/rounds/{round_id}")
async def change(asker: Publisher, session: Writing, round_id: Id, body: RoundChange) -> RoundWhole:
    """Change what it says and shows, and its rules until it begins."""
    await actions.change(
        session, round_id, by=asker, texts=texts_of(body.texts), counts_shown=body.counts_shown,
        opens_at=body.opens_at, closes_at=body.closes_at, answer_days=body.answer_days,
        per_theme=body.per_theme,
    )  # fmt: skip
    return await whole(session, asker, round_id)


@router.post("/rounds/{round_id}/begin")
async def begin(asker: Publisher, session: Writing, round_id: Id) -> RoundWhole:
    """Open a planned round now."""
    await actions.begin(session, round_id, actor=asker.actor)
    return await whole(session, asker, round_id)


@router.post("/rounds/{round_id}/extend")
async def extend(asker: Publisher, session: Writing, round_id: Id, body: Extension) -> RoundWhole:
    """Let it end later, for a reason that everybody reads."""
    await actions.extend(session, round_id, by=asker, until=body.until, reason=body.reason)
    return await whole(session, asker, round_id)


@router.post("/rounds/{round_id}/end")
async def end(
    asker: Publisher, here: Here, session: Writing, round_id: Id, body: Why
) -> RoundWhole:
    """End it before its time, or close it although an answer is due; everybody reads why."""
    await actions.end(session, here.settings, round_id, actor=asker.actor, reason=body.reason)
    return await whole(session, asker, round_id)


@router.post("/rounds/{round_id}/questions/{issue_id}/set_aside")
async def set_aside(
    asker: Publisher, here: Here, session: Writing, round_id: Id, issue_id: Id, body: Why
) -> RoundWhole:
    """Do not put a question to the vote; its supporters read why."""
    await support.set_aside(session, here, round_id, issue_id, by=asker, reason=body.reason)
    return await whole(session, asker, round_id)


@router.post("/rounds/{round_id}/questions/{issue_id}/let_in")
async def let_in(asker: Publisher, session: Writing, round_id: Id, issue_id: Id) -> RoundWhole:
    """Put it to the vote again."""
    await support.let_in(session, round_id, issue_id, by=asker)
    return await whole(session, asker, round_id)
