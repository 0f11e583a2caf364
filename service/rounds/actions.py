"""The life of a round: planned, opened, extended, ended, answered; each move with its trail."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from service import jobs
from service.database import Session, now
from service.errors import Conflict, GabineteError, NotFound
from service.issues import actions as issues
from service.issues.actions import NoReason
from service.rounds import clock, queries, tally
from service.rounds.models import Nomination, Round, RoundText
from service.rounds.queries import Question
from service.settings import Settings
from service.staff.access import Staffer
from service.trail import actions as trail

MOVES = {
    "planned": {"open", "closed"},
    "open": {"due", "closed"},
    "due": {"closed"},
    "closed": set[str](),
}


class UnknownRound(NotFound):
    """There is no such round."""

    code = "unknown_round"


class WrongRoundState(Conflict):
    """The round is in a state that does not allow this."""

    code = "wrong_round_state"


class RoundNotOpen(Conflict):
    """The round has not begun."""

    code = "round_not_open"


class RoundEnded(Conflict):
    """The round is over."""

    code = "round_ended"


class WrongDates(GabineteError):
    """A round ends after it begins, and after now; an extension makes it longer."""

    code = "wrong_round_dates"


class NoRoundText(GabineteError):
    """A round needs a title in its own language."""

    code = "no_round_text"


async def create(
    session: Session,
    *,
    by: Staffer,
    lang: str,
    texts: Mapping[str, tuple[str, str]],
    opens_at: datetime,
    closes_at: datetime,
    answer_days: int = 10,
    per_theme: int = 0,
    counts_shown: str = "live",
) -> Round:
    """Plan a round; one whose time has come is open at once.

    `texts` are title and text by language. Raises `WrongDates`, `NoRoundText`.
    """
    _check_dates(opens_at, closes_at)
    told = Round(
        state="planned", lang=lang, opens_at=opens_at, closes_at=closes_at,
        answer_days=answer_days, per_theme=per_theme, counts_shown=counts_shown,
        seed=secrets.token_hex(16), created_by=by.id, created_at=now(),
    )  # fmt: skip
    session.add(told)
    await session.flush()
    await _put_texts(session, told, texts)
    await trail.record(session, "round", told.id, "begin", actor=by.actor, became="planned")
    if told.opens_at <= now():
        await _move(session, told, "open", actor=by.actor)
    return told


def _check_dates(opens_at: datetime, closes_at: datetime) -> None:
    if closes_at <= max(opens_at, now()):
        raise WrongDates("A round ends after it begins, and not in the past.")


async def _put_texts(session: Session, told: Round, texts: Mapping[str, tuple[str, str]]) -> None:
    """Replace what is said in these languages; a language without a title is taken away."""
    held = {one.lang: one for one in await queries.texts(session, told.id)}
    for lang, (title, text) in texts.items():
        row = held.get(lang)
        if row is None and title.strip():
            row = held[lang] = RoundText(round_id=told.id, lang=lang, title="", text="")
            session.add(row)
        if row is not None and title.strip():
            row.title, row.text = title.strip(), text.strip()
        elif row is not None:
            await session.delete(held.pop(lang))
    if told.lang not in held:
        raise NoRoundText("A round needs a title in its own language.")
    await session.flush()


async def find(session: Session, round_id: int) -> Round:
    """A round to act on. Raises `UnknownRound`."""
    told = await queries.for_act(session, round_id)
    if told is None:
        raise UnknownRound("There is no such round.")
    return told


async def running(session: Session, round_id: int) -> Round:
    """A round in which questions are supported right now, by its dates.

    Raises `UnknownRound`, `RoundNotOpen`, `RoundEnded`.
    """
    told = await queries.while_open(session, round_id)
    if told is None:
        raise UnknownRound("There is no such round.")
    if told.state == "planned":
        raise RoundNotOpen("This round has not begun.")
    if told.state != "open" or told.closes_at <= now():
        raise RoundEnded("This round is over.")
    return told


async def _move(
    session: Session, told: Round, became: str, *, actor: str, why: str | None = None
) -> None:
    """The only place where a round's state changes."""
    if became not in MOVES[told.state]:
        raise WrongRoundState(f"A round that is {told.state} does not become {became}.")
    was, told.state = told.state, became
    await session.flush()
    act = "open" if became == "open" else "end"
    await trail.record(session, "round", told.id, act, actor=actor, was=was, became=became, why=why)


async def change(
    session: Session,
    round_id: int,
    *,
    by: Staffer,
    texts: Mapping[str, tuple[str, str]] | None = None,
    counts_shown: str | None = None,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    answer_days: int | None = None,
    per_theme: int | None = None,
) -> Round:
    """Change what a round says and shows until it is over, its rules and dates until it begins.

    Raises `UnknownRound`, `WrongRoundState`, `WrongDates`, `NoRoundText`.
    """
    told = await find(session, round_id)
    rules = (opens_at, closes_at, answer_days, per_theme)
    if told.state in queries.OVER or (told.state == "open" and any(r is not None for r in rules)):
        raise WrongRoundState("The rules of a round stay as they were when it began.")
    told.opens_at, told.closes_at = opens_at or told.opens_at, closes_at or told.closes_at
    if opens_at or closes_at:
        _check_dates(told.opens_at, told.closes_at)
    told.answer_days = told.answer_days if answer_days is None else answer_days
    told.per_theme = told.per_theme if per_theme is None else per_theme
    told.counts_shown = counts_shown or told.counts_shown
    await _put_texts(session, told, texts or {})
    await trail.record(session, "round", told.id, "change", actor=by.actor)
    return told


async def begin(session: Session, round_id: int, *, actor: str) -> Round:
    """Open a planned round, at its date or before. Raises `UnknownRound`, `WrongRoundState`."""
    told = await find(session, round_id)
    await _move(session, told, "open", actor=actor)
    told.opens_at = min(told.opens_at, now())
    await session.flush()
    return told


async def extend(
    session: Session, round_id: int, *, by: Staffer, until: datetime, reason: str
) -> Round:
    """An open round ends later, for a reason that everybody reads.

    Raises `UnknownRound`, `WrongRoundState`, `WrongDates`, `NoReason`.
    """
    if not reason.strip():
        raise NoReason("Write a reason: everybody will read it.")
    told = await find(session, round_id)
    if told.state != "open":
        raise WrongRoundState(f"A round that is {told.state} is not extended.")
    if until <= max(told.closes_at, now()):
        raise WrongDates("An extension makes a round longer.")
    was, told.closes_at = told.closes_at, until
    await session.flush()
    await trail.record(
        session, "round", told.id, "extend", actor=by.actor, why=reason.strip(),
        details={"was": was.isoformat(), "until": until.isoformat()},
    )  # fmt: skip
    return told


async def end(
    session: Session, settings: Settings, round_id: int, *, actor: str, reason: str | None = None
) -> Round:
    """End an open round: count, choose what is due an answer, and tell who took part.

    Ended before its time it needs a reason, as does calling off a planned one, or closing one whose
    answer is still due. Raises `UnknownRound`, `WrongRoundState`, `NoReason`.
    """
    told = await find(session, round_id)
    why = (reason or "").strip() or None
    in_time = told.state == "open" and told.closes_at <= now()
    if not in_time and told.state != "closed" and why is None:
        raise NoReason("Write a reason: everybody will read it.")
    if told.state == "open":
        await _count(session, settings, told, actor=actor, why=why)
    else:
        await _move(session, told, "closed", actor=actor, why=why)
    told.reason = why or told.reason
    await session.flush()
    return told


async def _count(
    session: Session, settings: Settings, told: Round, *, actor: str, why: str | None
) -> None:
    told.closes_at = min(told.closes_at, now())
    told.people = (await queries.people(session, [told]))[told.id]
    found = await queries.questions(session, told)
    rows = {one.id: one for one in await queries.nominations(session, told.id)}
    for one in found:
        _freeze(rows[one.nomination_id], one)
    due_at = clock.days_after(told.closes_at, told.answer_days, settings.zone)
    chosen = tally.choose(found, told.per_theme, told.seed)
    for won in chosen:
        row = rows[won.question.nomination_id]
        row.due_at, row.by_lot = due_at, won.by_lot
        await _owe(session, settings, told, won.question, due_at)
    await _move(session, told, "due" if chosen else "closed", actor=actor, why=why)
    await jobs.add(session, "tell_round", key=f"tell_round:{told.id}", round_id=told.id)


def _freeze(row: Nomination, one: Question) -> None:
    row.supporters = one.supporters
    if one.aside is None:
        row.aside_at = row.reason = None


async def _owe(
    session: Session, settings: Settings, told: Round, one: Question, due_at: datetime
) -> None:
    """Its issue waits, was it refused or not, and is due when the round says so at the latest."""
    why = f"round {told.id}"
    await issues.reopen(session, settings, one.issue_id, actor=trail.MACHINE, why=why)
    await issues.hasten(session, one.issue_id, due_at, why=why)
    details = {"issue": one.issue_id, "supporters": one.supporters, "due": due_at.isoformat()}
    await trail.record(session, "round", told.id, "owe", actor=trail.MACHINE, details=details)


async def fulfil(session: Session, round_id: int) -> Round:
    """Note which answers that are due have been published; with the last the round is closed.

    Raises `UnknownRound`.
    """
    told = await find(session, round_id)
    if told.state != "due":
        return told
    rows = {one.id: one for one in await queries.nominations(session, told.id)}
    for one in await queries.questions(session, told):
        row = rows[one.nomination_id]
        if row.due_at and row.answered_at is None and one.state == "answered":
            row.answered_at = now()
    if all(one.answered_at for one in rows.values() if one.due_at):
        await _move(session, told, "closed", actor=trail.MACHINE)
    await session.flush()
    return told
