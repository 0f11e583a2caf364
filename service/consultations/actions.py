"""The life of a consultation: draft, word, open, move, extend, cancel; and letting people in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from service import jobs
from service.consultations import queries
from service.consultations.entering.actions import (
    SHORTEST_CODE,
    NotLetIn,
    check_code,
    digest,
    forget,
    let_in,
)
from service.consultations.meeting.standing import actions as ending
from service.consultations.models import (
    Consultation,
    ConsultationText,
    ConsultationTheme,
    Extension,
)
from service.consultations.standing.actions import (
    DATED,
    MOVES,
    UnknownConsultation,
    WrongConsultationState,
    drafted,
    find,
)
from service.consultations.standing.actions import move as move_on
from service.database import Session, now
from service.errors import Conflict, GabineteError
from service.staff.access import Staffer
from service.trail import actions as trail
from service.vault import Vault

__all__ = [
    "DATED", "DATES", "MOVES", "NoPublicReason", "NotComplete", "NotLetIn", "NothingToVoteOn",
    "Plan", "UnknownConsultation", "WrongConsultationState", "WrongDates", "WrongOpening",
    "WrongThemes", "advance", "cancel", "change", "check_code", "divide", "draft", "extend",
    "find", "forget", "keep_theme_vectors", "let_in", "move", "open_", "word",
]  # fmt: skip

DATES = ("proposing_from", "proposing_until", "screening_until", "voting_until")
# In which states the date that ends a phase can still be put off.
EXTENSIBLE: dict[str, tuple[str, ...]] = {
    "proposing": ("proposing", "screening"),
    "screening": ("proposing", "screening"),
    "voting": ("proposing", "screening", "voting"),
}
MOST_THEMES = 10


class NotComplete(Conflict):
    """Something is missing before anybody may read it."""

    code = "consultation_not_complete"


class NothingToVoteOn(Conflict):
    """No theme has two admitted proposals."""

    code = "nothing_to_vote_on"


class WrongDates(GabineteError):
    """The dates are not one after the other, or a new one is not later."""

    code = "wrong_dates"


class WrongThemes(GabineteError):
    """A consultation has one to ten themes, each with a name in its own language."""

    code = "wrong_themes"


class WrongOpening(GabineteError):
    """Open to a place needs the place, open by code a code of six signs or more."""

    code = "wrong_opening"


class NoPublicReason(GabineteError):
    """This needs a reason that the public can read."""

    code = "no_public_reason"


@dataclass(frozen=True)
class Plan:
    """What staff decide of a consultation. `entry_code` is stored as a keyed hash only."""

    lang: str
    proposing_from: datetime
    proposing_until: datetime
    screening_until: datetime
    voting_until: datetime
    open_to: str = "all"
    place: str | None = None
    entry_code: str | None = None
    picture_url: str | None = None
    video_url: str | None = None
    scores_shown: str = "after"
    shortlist_size: int = 10


async def draft(session: Session, vault: Vault, plan: Plan, *, by: Staffer) -> Consultation:
    """Begin a consultation; nobody reads it yet. Raises `WrongDates`, `WrongOpening`."""
    row = Consultation(state="drafted", created_by=by.id, created_at=now())
    _take(row, plan, vault)
    session.add(row)
    await session.flush()
    await trail.record(
        session, "consultation", row.id, "draft", actor=by.actor, became="drafted"
    )  # fmt: skip
    return row


async def change(
    session: Session, vault: Vault, consultation_id: int, plan: Plan, *, by: Staffer
) -> Consultation:
    """Plan a drafted one anew; it must be opened again then.

    Raises `WrongConsultationState`, `WrongDates`, `WrongOpening`.
    """
    row = await drafted(session, consultation_id)
    _take(row, plan, vault)
    await session.flush()
    await trail.record(session, "consultation", row.id, "change", actor=by.actor)
    return row


def _take(row: Consultation, plan: Plan, vault: Vault) -> None:
    dates = [getattr(plan, name) for name in DATES]
    if sorted(set(dates)) != dates:
        raise WrongDates("Proposing, screening and voting end one after the other.")
    for name in (*DATES, "lang", "open_to", "picture_url", "video_url", "scores_shown"):
        setattr(row, name, getattr(plan, name))
    row.shortlist_size = plan.shortlist_size
    row.place = (plan.place or "").strip() if plan.open_to == "place" else None
    if plan.open_to == "place" and not row.place:
        raise WrongOpening("Say which place it is open to.")
    kept = row.entry_digest if plan.entry_code is None else digest(vault, plan.entry_code)
    row.entry_digest = kept if plan.open_to == "code" else None
    if plan.open_to == "code" and not row.entry_digest:
        raise WrongOpening(f"A code has {SHORTEST_CODE} letters or digits at least.")
    row.ready_at = None


async def word(
    session: Session,
    consultation_id: int,
    lang: str,
    *,
    title: str,
    question: str,
    text: str | None = None,
    by: Staffer,
) -> ConsultationText:
    """What is asked in one language; a translation can still be added or mended when it is open,
    its original only while it is drafted. Raises `WrongConsultationState`.
    """
    row = await find(session, consultation_id)
    if row.state != "drafted" and (lang == row.lang or row.state not in queries.OPEN):
        raise WrongConsultationState("What is asked does not change once people answer.")
    held = await queries.text(session, row.id, lang)
    said = held or ConsultationText(consultation_id=row.id, lang=lang)
    said.title, said.question = title.strip(), question.strip()
    said.text = (text or "").strip() or None
    session.add(said)
    await session.flush()
    if lang == row.lang:
        await _encode_again(session, row)
    await trail.record(
        session, "consultation", row.id, "word", actor=by.actor, details={"langs": [lang]}
    )
    return said


async def divide(
    session: Session, consultation_id: int, themes: Sequence[Mapping[str, str]], *, by: Staffer
) -> list[ConsultationTheme]:
    """Put the themes of a drafted one, in order, each by its names in languages.

    Raises `WrongThemes`, `WrongConsultationState`.
    """
    row = await drafted(session, consultation_id)
    if not 1 <= len(themes) <= MOST_THEMES or not all(one.get(row.lang) for one in themes):
        raise WrongThemes("One to ten themes, each named in the consultation's own language.")
    made = (await queries.themes_of(session, [row.id])).get(row.id, [])
    for gone in made[len(themes) :]:
        if await queries.has_proposals(session, gone.id):
            raise WrongThemes("A theme that has proposals stays: move them first.")
        await session.delete(gone)
    del made[len(themes) :]
    for at, names in enumerate(themes, 1):
        if at > len(made):
            made.append(ConsultationTheme(consultation_id=row.id, position=at))
        made[at - 1].names = dict(names)
    session.add_all(made)
    await session.flush()
    await _encode_again(session, row)
    await trail.record(
        session, "consultation", row.id, "divide", actor=by.actor, details={"themes": len(made)}
    )
    return made


async def _encode_again(session: Session, row: Consultation) -> None:
    """Themes are compared by question and name together."""
    row.ready_at = None if row.state == "drafted" else row.ready_at
    await session.execute(
        update(ConsultationTheme)
        .where(ConsultationTheme.consultation_id == row.id)
        .values(model=None, vector=None)
    )
    await jobs.add(session, "encode_proposals", key="encode_proposals")


async def open_(session: Session, consultation_id: int, *, by: Staffer) -> Consultation:
    """It may be read and answered: now, or from its first date on.

    Raises `NotComplete`, `WrongConsultationState`, `WrongDates`.
    """
    row = await drafted(session, consultation_id)
    whole = (await queries.wholes(session, [row]))[0]
    if row.lang not in whole.texts or not whole.themes:
        raise NotComplete("Write the question in its own language and name its themes first.")
    if row.proposing_until <= now():
        raise WrongDates("The time for proposals is over before it began: set later dates.")
    row.ready_at = now()
    await session.flush()
    await trail.record(session, "consultation", row.id, "open", actor=by.actor)
    if row.proposing_from <= row.ready_at:
        await move_on(session, row, "proposing", by.actor)
    return row


async def move(
    session: Session, consultation_id: int, became: str, *, by: Staffer, why: str
) -> Consultation:
    """Staff move it by hand; the date that would have done it becomes this moment.

    Raises `NothingToVoteOn`, `WrongDates`, `WrongConsultationState`, `NoPublicReason`, and before
    it is met or reported `MeetingAhead`, `NoOutcome`, `NotReplied`.
    """
    if not why.strip():
        raise NoPublicReason("Say to the public why.")
    row = await find(session, consultation_id)
    if row.state == "drafted" or became in ("proposing", "cancelled"):
        raise WrongConsultationState("Open, extend or cancel it instead.")
    if became == "voting" and not await queries.can_vote(session, row.id):
        raise NothingToVoteOn("Admit two proposals of a theme before people compare them.")
    if became == "voting" and row.voting_until <= now():
        raise WrongDates("The time to vote is over before it began: put its end off first.")
    await ending.check(session, row, became)
    date, following = DATED.get(row.state, ("", ""))
    if became == following and getattr(row, date) > now():
        setattr(row, date, now())
    await move_on(session, row, became, by.actor, why=why.strip())
    if became == "reported":
        await ending.tell_soon(session, row)
    return row


async def advance(session: Session, consultation_id: int) -> str | None:
    """The next move that a date makes; gives what it became, None where none is due. While there is
    nothing to compare, or no time to, no date begins the voting: staff screen, extend or cancel.
    """
    row = await find(session, consultation_id)
    date, became = DATED.get(row.state, ("", ""))
    if not date or getattr(row, date) > now() or (row.state == "drafted" and not row.ready_at):
        return None
    if became == "voting" and not await _votable(session, row):
        return None
    await move_on(session, row, became, trail.MACHINE, why="its date")
    return became


async def _votable(session: Session, row: Consultation) -> bool:
    return row.voting_until > now() and await queries.can_vote(session, row.id)


async def extend(
    session: Session,
    consultation_id: int,
    phase: str,
    until: datetime,
    *,
    by: Staffer,
    reason: str,
) -> list[Extension]:
    """Put the end of a phase off, with a reason for the public; what follows it is put off by as
    much, where the order of the dates asks for it. Proposing can begin again while it is screened.

    Raises `NoPublicReason`, `WrongDates`, `WrongConsultationState`.
    """
    if not reason.strip():
        raise NoPublicReason("Say to the public why the date is put off.")
    row = await find(session, consultation_id)
    if row.state not in EXTENSIBLE.get(phase, ()):
        raise WrongConsultationState(f"The {phase} of this consultation cannot be extended now.")
    if until <= max(getattr(row, f"{phase}_until"), now()):
        raise WrongDates("An extension ends later than it would have.")
    made = _put_off(row, phase, until, by, reason.strip())
    session.add_all(made)
    await session.flush()
    for one in made:
        await trail.record(
            session, "consultation", row.id, "extend", actor=by.actor, why=one.reason,
            was=one.was.isoformat(), became=one.became.isoformat(), details={"phase": one.phase},
        )  # fmt: skip
    if phase == "proposing" and row.state == "screening":
        await move_on(session, row, "proposing", by.actor, why=reason.strip())
    return made


def _put_off(
    row: Consultation, phase: str, until: datetime, by: Staffer, reason: str
) -> list[Extension]:
    phases = list(EXTENSIBLE)[list(EXTENSIBLE).index(phase) :]
    by_so_much = until - getattr(row, f"{phase}_until")
    made, least = [], until
    for one in phases:
        was = getattr(row, f"{one}_until")
        became = until if one == phase else was if was > least else was + by_so_much
        least = became
        if became != was:
            setattr(row, f"{one}_until", became)
            made.append(
                Extension(
                    consultation_id=row.id, phase=one, was=was, became=became, reason=reason,
                    staff_id=by.id, at=now(),
                )
            )  # fmt: skip
    return made


async def cancel(
    session: Session, consultation_id: int, *, by: Staffer, reason: str
) -> Consultation:
    """End it for good; who proposed something hears why. Raises `NoPublicReason`."""
    if not reason.strip():
        raise NoPublicReason("Say to the public why it is cancelled.")
    row = await find(session, consultation_id)
    await move_on(session, row, "cancelled", by.actor, why=reason.strip())
    row.reason = reason.strip()
    await session.flush()
    await jobs.add(
        session, "tell_cancelled", key=f"tell_cancelled:{row.id}", consultation_id=row.id
    )
    return row


async def keep_theme_vectors(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """What the encoder gave for themes: id, model, vector."""
    if rows:
        await session.execute(update(ConsultationTheme), list(rows))
