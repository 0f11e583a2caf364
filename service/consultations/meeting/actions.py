"""Plan a meeting, draw the lots and invite, change it, call it off."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from service.channels import deliveries
from service.consultations.actions import NoPublicReason
from service.consultations.meeting import letters, lottery, queries
from service.consultations.meeting.lottery import Entry
from service.consultations.meeting.models import Invitation, Meeting
from service.consultations.meeting.queries import Participant
from service.consultations.meeting.seating.actions import (
    DAY_BEFORE,
    MeetingOver,
    check_not_over,
    fill,
    offer_again,
    whole_of,
)
from service.consultations.models import Consultation
from service.consultations.queries import Whole
from service.consultations.standing.actions import WrongConsultationState, find
from service.consultations.voting.actions import NotShortlisted
from service.consultations.voting.ranking import queries as ranking
from service.database import Session, insert_many, now
from service.errors import Conflict, GabineteError, NotFound
from service.installation import Installation
from service.staff.access import Staffer
from service.trail import actions as trail

__all__ = [
    "MeetingOver", "Plan", "TooFewSeats", "UnknownMeeting", "WrongMeeting", "call_off", "fall",
    "invite", "plan",
]  # fmt: skip

FACTS = ("starts_at", "ends_at", "address", "link")


class UnknownMeeting(NotFound):
    """The consultation has no meeting."""

    code = "unknown_meeting"


class WrongMeeting(GabineteError):
    """Dates that do not follow each other, no place, or no seat."""

    code = "wrong_meeting"


class TooFewSeats(Conflict):
    """More people hold a seat, or were offered one, than there would be."""

    code = "too_few_seats"


@dataclass(frozen=True)
class Plan:
    """What staff decide of a meeting: in a place, at a link, or both."""

    starts_at: datetime
    ends_at: datetime
    answer_until: datetime
    author_seats: int
    lottery_seats: int
    address: str | None = None
    link: str | None = None


async def plan(
    session: Session, here: Installation, consultation_id: int, told: Plan, *, by: Staffer
) -> Meeting:
    """Plan the meeting of a shortlisted consultation, or plan it anew. Once people are invited,
    those who hold a seat hear of another time or place, those who have not answered of another
    deadline; seats can be added, and taken away as far as nobody holds them. One that was called
    off takes place after all: its lots stand, and who held a seat is asked again.

    Raises `WrongMeeting`, `WrongConsultationState`, `TooFewSeats`, `MeetingOver`.
    """
    await _shortlisted(session, consultation_id)
    row = await _held(session, consultation_id)
    _check(told, row)
    if row is None:
        row = Meeting(
            consultation_id=consultation_id, edition=0, created_by=by.id, created_at=now(),
            changed_at=now(), **asdict(told),
        )  # fmt: skip
        session.add(row)
        await session.flush()
        await trail.record(session, "meeting", row.id, "plan", actor=by.actor, became="planned")
        return row
    act = "change" if row.called_off_at is None else "plan_again"
    await _change(session, here, row, told)
    await trail.record(
        session, "meeting", row.id, act, actor=by.actor, details={"edition": row.edition}
    )
    return row


async def _shortlisted(session: Session, consultation_id: int) -> Consultation:
    row = await find(session, consultation_id)
    if row.state != "shortlisted":
        raise WrongConsultationState(f"Not while the consultation is {row.state}.")
    return row


def _check(told: Plan, row: Meeting | None) -> None:
    """A deadline that is over may stay as it was, so that place and time can still be mended."""
    asked = row if row and row.drawn_at and not row.called_off_at else None
    if told.answer_until <= now() and not (asked and asked.answer_until == told.answer_until):
        raise WrongMeeting("The time to answer is over: set a later one.")
    if not max(told.answer_until, now()) < told.starts_at < told.ends_at:
        raise WrongMeeting("First ends the time to answer, then the meeting begins, then it ends.")
    if not (told.address or told.link):
        raise WrongMeeting("Say where it is: an address, a link, or both.")
    if told.author_seats + told.lottery_seats < 1:
        raise WrongMeeting("A meeting has one seat at least.")


async def _held(session: Session, consultation_id: int) -> Meeting | None:
    found = await queries.of_consultation(session, consultation_id)
    return await queries.for_act(session, found.id) if found else None


async def _change(session: Session, here: Installation, row: Meeting, told: Plan) -> None:
    off = row.called_off_at is not None
    if row.drawn_at is not None:
        if not off:
            check_not_over(row)
        await _check_seats(session, row, told)
    moved = row.starts_at != told.starts_at
    fresh = any(getattr(row, name) != getattr(told, name) for name in FACTS)
    later = told.answer_until > row.answer_until
    for name, value in asdict(told).items():
        setattr(row, name, value)
    row.changed_at, row.called_off_at, row.reason = now(), None, None
    if moved or off:
        row.reminded_at = None if told.starts_at > now() + DAY_BEFORE else now()
    if row.drawn_at is None:
        return
    if off:
        row.edition += 1
        await offer_again(session, here, row)
    elif fresh or later:
        row.edition += 1
        await _tell_change(session, here, row, fresh=fresh)
    await fill(session, here, row)


async def _tell_change(session: Session, here: Installation, row: Meeting, *, fresh: bool) -> None:
    """Who was not asked to answer any more hears of another time or place only; nobody has less
    time to answer, unless the meeting itself is sooner.
    """
    told = await queries.invitees(session, row.id, queries.HOLDING if fresh else ("invited",))
    for one in told:
        if one.row.state == "invited":
            until = max(one.row.answer_until or row.answer_until, row.answer_until)
            one.row.answer_until = min(until, row.starts_at)
    whole = await whole_of(session, row)
    await deliveries.post(
        session, here.vault, [letters.changed(one, row, whole, here) for one in told]
    )


async def _check_seats(session: Session, row: Meeting, told: Plan) -> None:
    """Only the sum counts: authors and the lottery sit on what the other side leaves empty."""
    taken = sum((await queries.held(session, row.id)).values())
    if taken > told.author_seats + told.lottery_seats:
        raise TooFewSeats("More people hold a seat or were offered one: they keep it.")


async def invite(
    session: Session, here: Installation, consultation_id: int, *, by: Staffer
) -> Meeting:
    """Draw the lots, once, and offer the seats; called again, it takes in authors whose proposals
    came to the shortlist since. Raises `UnknownMeeting`, `NotShortlisted`, `MeetingOver`,
    `WrongConsultationState`, `WrongMeeting`.
    """
    await _shortlisted(session, consultation_id)
    row = await _found(session, consultation_id)
    check_not_over(row)
    if not await ranking.has_shortlist(session, consultation_id):
        raise NotShortlisted("The last votes are being counted: there is no shortlist yet.")
    if row.drawn_at is None:
        if row.answer_until <= now():
            raise WrongMeeting("The time to answer is over: set a later one.")
        await _draw(session, row, here.settings.public_minimum, by)
        await fill(session, here, row, until=row.answer_until)
    else:
        await _add_authors(session, row, by)
        await fill(session, here, row)
    return row


async def _found(session: Session, consultation_id: int) -> Meeting:
    row = await _held(session, consultation_id)
    if row is None:
        raise UnknownMeeting("No meeting is planned for this consultation.")
    return row


async def _draw(session: Session, row: Meeting, least: int, by: Staffer) -> None:
    """The seed is made at this moment, and the pool marked, so that nobody can choose either."""
    everybody = await queries.participants(session, row.consultation_id)
    known = {one.person_id: one for one in everybody if queries.reachable(one)}
    seed = secrets.token_hex(16)
    authors = await _authors(session, row, known, seed)
    where = await queries.places(session, row.consultation_id)
    mine = {id_ for id_, _ in authors}
    others = {one.code: one for id_, one in known.items() if id_ not in mine}
    spare = max(0, row.author_seats - len(authors))
    entries = [Entry(code, where.get(p.person_id, ""), p.channel) for code, p in others.items()]
    drawn = lottery.draw(entries, row.lottery_seats + spare, seed, least=least)
    rows = [_row(row, known[id_], "author", at, lot) for at, (id_, lot) in enumerate(authors, 1)]
    for one in drawn.drawn:
        rows.append(_row(row, others[one.code], "lottery", one.position, one.lot, one.stratum))
    await insert_many(session, Invitation, rows)
    row.seed, row.drawn_at = seed, now()
    row.draw = {
        "method": lottery.METHOD, "least": least, "pool": drawn.pool, "people": len(others),
        "seats": row.lottery_seats + spare, "authors": len(authors),
        "strata": [asdict(one) for one in drawn.strata],
    }  # fmt: skip
    await session.flush()
    await trail.record(
        session, "meeting", row.id, "draw", actor=by.actor, was="planned", became="drawn",
        details={"seed": seed, **row.draw},
    )  # fmt: skip


async def _authors(
    session: Session, row: Meeting, known: dict[int, Participant], seed: str
) -> list[tuple[int, str]]:
    """Authors of the shortlist who can be written to, the best place first, lots among equals."""
    listed = await queries.listed_authors(session, row.consultation_id)
    found = [
        (rank, lottery.lot(seed, known[id_].code), id_) for id_, rank in listed if id_ in known
    ]
    return [(id_, lot) for _, lot, id_ in sorted(found)]


def _row(
    row: Meeting, one: Participant, kind: str, position: int, lot: str, stratum: int | None = None
) -> dict[str, Any]:
    return {
        "meeting_id": row.id, "person_id": one.person_id, "identity_id": one.identity_id,
        "lang": one.lang, "kind": kind, "stratum": stratum, "position": position, "lot": lot,
        "state": "waiting",
    }  # fmt: skip


async def _add_authors(session: Session, row: Meeting, by: Staffer) -> None:
    """Behind the other authors; who waits in the lottery waits among authors instead."""
    everybody = await queries.participants(session, row.consultation_id)
    known = {one.person_id: one for one in everybody if queries.reachable(one)}
    held = await queries.of_people(session, row.id)
    at = await queries.last_position(session, row.id, "author")
    for id_, lot in await _authors(session, row, known, row.seed or ""):
        one = held.get(id_)
        if one is not None and (one.kind == "author" or one.state != "waiting"):
            continue
        at += 1
        drawn = {"stratum": one.stratum, "position": one.position} if one else None
        made = one or Invitation(**_row(row, known[id_], "author", at, lot))
        made.kind, made.stratum, made.position = "author", None, at
        session.add(made)
        await session.flush()
        await trail.record(
            session, "invitation", made.id, "add_author", actor=by.actor, details=drawn
        )


async def call_off(
    session: Session, here: Installation, consultation_id: int, *, by: Staffer, reason: str
) -> Meeting:
    """It does not take place; who holds a seat or was offered one hears why.

    Raises `NoPublicReason`, `UnknownMeeting`, `MeetingOver`, `WrongConsultationState`.
    """
    if not reason.strip():
        raise NoPublicReason("Say to those invited why.")
    await _shortlisted(session, consultation_id)
    row = await _found(session, consultation_id)
    check_not_over(row)
    await _call_off(session, row, by.actor, reason.strip())
    whole = await whole_of(session, row)
    told = await queries.invitees(session, row.id)
    letters_made = [letters.called_off(one, row, whole) for one in told]
    await deliveries.post(session, here.vault, letters_made)
    return row


async def _call_off(session: Session, row: Meeting, actor: str, reason: str) -> None:
    row.called_off_at = row.changed_at = now()
    row.reason, row.edition = reason, row.edition + 1
    await session.flush()
    await trail.record(
        session, "meeting", row.id, "call_off", actor=actor, became="called_off", why=reason
    )


async def fall(session: Session, here: Installation, whole: Whole) -> None:
    """The consultation was cancelled, and its meeting with it; who holds a seat hears so once."""
    row = await _held(session, whole.row.id)
    if row is None:
        return
    if row.called_off_at is None and row.starts_at > now():
        await _call_off(session, row, trail.MACHINE, whole.row.reason or "")
    holding = await queries.invitees(session, row.id)
    written = [letters.cancelled(one, row, whole) for one in holding]
    await deliveries.post(session, here.vault, written)
