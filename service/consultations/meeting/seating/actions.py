"""Offer seats in their order, and pass on what comes free."""

from datetime import datetime, timedelta

from service.channels import deliveries
from service.consultations import queries as consultations
from service.consultations.meeting import letters, queries
from service.consultations.meeting.models import Invitation, Meeting
from service.consultations.queries import Whole
from service.consultations.standing.actions import UnknownConsultation
from service.database import Session, now
from service.errors import Conflict
from service.installation import Installation
from service.trail import actions as trail

MOVES: dict[str, set[str]] = {
    "waiting": {"invited", "erased"},
    "invited": {"accepted", "declined", "lapsed", "erased"},
    "accepted": {"invited", "declined", "erased"},
    "declined": {"erased"},
    "lapsed": {"erased"},
    "erased": set(),
}
# Who gets a seat that somebody gave on has this long to answer, if the meeting is not sooner.
TO_ANSWER = timedelta(days=2)
DAY_BEFORE = timedelta(days=1)


class MeetingOver(Conflict):
    """The meeting began, was held or was called off."""

    code = "meeting_over"


class AnsweredAlready(Conflict):
    """The invitation was answered, and the seat passed on."""

    code = "invitation_answered"


def check_not_over(row: Meeting) -> None:
    """Raises `MeetingOver`."""
    if row.called_off_at is not None or row.starts_at <= now():
        raise MeetingOver("The meeting began or was called off.")


async def move(session: Session, one: Invitation, became: str, actor: str) -> None:
    """The only place where an invitation's state changes: where the table allows it, on the trail.

    Raises `AnsweredAlready`.
    """
    was = one.state
    if became not in MOVES[was]:
        raise AnsweredAlready(f"An invitation that is {was} cannot become {became}.")
    one.state = became
    await session.flush()
    await trail.record(
        session, "invitation", one.id, "move", actor=actor, was=was, became=became
    )  # fmt: skip


async def fill(
    session: Session, here: Installation, row: Meeting, *, until: datetime | None = None
) -> None:
    """Offer every free seat to who is next, to be answered `until` then or in two days; none once
    the meeting began.
    """
    if row.called_off_at is not None or row.starts_at <= now():
        return
    whole = await whole_of(session, row)
    last = until or min(row.starts_at, max(row.answer_until, now() + TO_ANSWER))
    while (one := await _next(session, row)) is not None:
        one.invited_at, one.answer_until = now(), last
        await move(session, one, "invited", trail.MACHINE)
        told = await queries.invitees(session, row.id, ("invited",), only=one.id)
        written = [letters.invited(who, row, whole, here) for who in told]
        await deliveries.post(session, here.vault, written)


async def offer_again(session: Session, here: Installation, row: Meeting) -> None:
    """A meeting that was called off is planned anew: who held a seat, or was offered one, is asked
    again, until the same moment; who had declined, or not answered, is not.
    """
    whole = await whole_of(session, row)
    held = await queries.invitees(session, row.id)
    for one in held:
        one.row.invited_at, one.row.answered_at = now(), None
        one.row.answer_until = row.answer_until
        if one.row.state == "accepted":
            await move(session, one.row, "invited", trail.MACHINE)
    written = [letters.again(one, row, whole, here) for one in held]
    await deliveries.post(session, here.vault, written)


async def _next(session: Session, row: Meeting) -> Invitation | None:
    """Authors first, as far as there are seats for them; then the lottery, first those of strata
    that hold fewer seats than theirs. What one side leaves empty is the other's.
    """
    held = await queries.held(session, row.id)
    if sum(held.values()) >= row.author_seats + row.lottery_seats:
        return None
    authors = sum(count for (kind, _), count in held.items() if kind == "author")
    drawn = {at: count for (kind, at), count in held.items() if kind == "lottery"}
    author = await queries.next_waiting(session, row.id, "author")
    if author is not None and authors < row.author_seats:
        return author
    strata = (row.draw or {}).get("strata", [])
    behind = [at for at, one in enumerate(strata) if drawn.get(at, 0) < one["seats"]]
    theirs = await queries.next_waiting(session, row.id, "lottery", behind) if behind else None
    return theirs or await queries.next_waiting(session, row.id, "lottery") or author


async def lapse(session: Session, here: Installation, row: Meeting) -> int:
    """Who did not answer in time loses the seat; before the meeting begins they hear so, once, and
    the seats go on. Gives how many.
    """
    late = await queries.overdue(session, row.id, now())
    whole = await whole_of(session, row)
    ahead = row.starts_at > now()
    for one in late:
        one.answered_at = now()
        await move(session, one, "lapsed", trail.MACHINE)
        told = await queries.invitees(session, row.id, ("lapsed",), only=one.id) if ahead else []
        written = [letters.lapsed(who, row, whole, here) for who in told]
        await deliveries.post(session, here.vault, written)
    if late:
        await fill(session, here, row)
    return len(late)


async def remind(session: Session, here: Installation, row: Meeting) -> int:
    """Who took their seat a day before the meeting or earlier hears of it once more, and again only
    where the meeting is moved; gives how many.
    """
    soon = now() < row.starts_at <= now() + DAY_BEFORE
    if row.called_off_at is not None or row.reminded_at is not None or not soon:
        return 0
    row.reminded_at = now()
    whole = await whole_of(session, row)
    coming = await queries.invitees(session, row.id, ("accepted",))
    written = [
        letters.reminder(one, row, whole, here)
        for one in coming
        if one.row.answered_at and one.row.answered_at <= row.starts_at - DAY_BEFORE
    ]
    return await deliveries.post(session, here.vault, written)


async def whole_of(session: Session, row: Meeting) -> Whole:
    """The consultation of a meeting."""
    whole = await consultations.whole(session, row.consultation_id)
    if whole is None:
        raise UnknownConsultation("There is no such consultation.")
    return whole
