"""Answer an invitation, once and in time; erase who was invited; two people become one."""

import secrets

from service.consultations.meeting import queries
from service.consultations.meeting.models import Invitation, Meeting
from service.consultations.meeting.seating.actions import (
    AnsweredAlready,
    MeetingOver,
    check_not_over,
    fill,
    lapse,
    move,
    whole_of,
)
from service.database import Session, now
from service.errors import Conflict, NotFound
from service.installation import Installation
from service.people.models import Person

TOKEN_BYTES = 24
BETTER = ("accepted", "invited", "waiting", "declined", "lapsed")


class UnknownInvitation(NotFound):
    """There is no such invitation, or it is not yours."""

    code = "unknown_invitation"


class AnsweredTooLate(Conflict):
    """The time to answer is over, and the seat passed on."""

    code = "invitation_lapsed"


async def accept(
    session: Session, here: Installation, invitation_id: int, person: Person
) -> tuple[Invitation, Meeting, bool]:
    """Take the seat that is offered; gives whether that is new.

    Raises `UnknownInvitation`, `AnsweredAlready`, `AnsweredTooLate`, `MeetingOver`.
    """
    one, row = await _theirs(session, here, invitation_id, person)
    if one.state == "accepted":
        return one, row, False
    if one.state == "lapsed":
        raise AnsweredTooLate("The time to answer is over.")
    await move(session, one, "accepted", f"person:{person.code}")
    one.answered_at, one.calendar = now(), one.calendar or secrets.token_urlsafe(TOKEN_BYTES)
    await session.flush()
    return one, row, True


async def decline(
    session: Session, here: Installation, invitation_id: int, person: Person
) -> tuple[Invitation, Meeting, bool]:
    """Leave the seat to the next, also after having accepted it; gives whether that is new.

    Raises `UnknownInvitation`, `AnsweredTooLate`, `MeetingOver`.
    """
    one, row = await _theirs(session, here, invitation_id, person)
    if one.state == "declined":
        return one, row, False
    if one.state == "lapsed":
        raise AnsweredTooLate("The time to answer is over.")
    await move(session, one, "declined", f"person:{person.code}")
    one.answered_at, one.calendar = now(), None
    await session.flush()
    await fill(session, here, row)
    return one, row, True


async def _theirs(
    session: Session, here: Installation, invitation_id: int, person: Person
) -> tuple[Invitation, Meeting]:
    """Nobody answers for another, nor while they only wait; who is late loses the seat now."""
    found = await queries.invitation(session, invitation_id)
    if found is None or found.person_id != person.id or found.state == "waiting":
        raise UnknownInvitation("There is no such invitation of yours.")
    row = await queries.for_act(session, found.meeting_id)
    one = await queries.invitation(session, invitation_id)
    assert row is not None, "an invitation has a meeting"
    assert one is not None, "invitations are not deleted"
    check_not_over(row)
    if (await whole_of(session, row)).row.state != "shortlisted":
        raise MeetingOver("The consultation is past its meeting.")
    if one.state == "invited" and one.answer_until is not None and one.answer_until <= now():
        await lapse(session, here, row)
    return one, row


async def forget(session: Session, here: Installation, person: Person) -> list[Invitation]:
    """Erase a person: their seats go to the next, and nothing says whose they were. Gives what
    they had been offered.
    """
    offered = []
    for found, _ in await queries.of_person(session, person.id):
        if await _erase(session, here, found, f"person:{person.code}"):
            offered.append(found)
    return offered


async def _erase(session: Session, here: Installation, found: Invitation, actor: str) -> bool:
    """Nothing says whose it was, and the seat goes to the next; gives whether they were offered
    one that is still to be had.
    """
    row = await queries.for_act(session, found.meeting_id)
    one = await queries.invitation(session, found.id)
    assert row is not None, "an invitation has a meeting"
    assert one is not None, "invitations are not deleted"
    seated = one.state in queries.HOLDING
    await move(session, one, "erased", actor)
    one.person_id = one.identity_id = one.lang = one.calendar = None
    await session.flush()
    if not seated or (await whole_of(session, row)).row.state != "shortlisted":
        return False
    await fill(session, here, row)
    return True


async def unite(session: Session, here: Installation, kept: Person, gone: Person) -> None:
    """Two people are one, and have one place in each meeting: the better of theirs."""
    mine = {meeting.id: one for one, meeting in await queries.of_person(session, kept.id)}
    for one, meeting in await queries.of_person(session, gone.id):
        held = mine.get(meeting.id)
        if held is not None:
            worse = max(held, one, key=lambda place: BETTER.index(place.state))
            await _erase(session, here, worse, f"person:{kept.code}")
        if one.person_id is not None:
            one.person_id = kept.id
        await session.flush()


__all__ = [
    "AnsweredAlready", "AnsweredTooLate", "MeetingOver", "UnknownInvitation", "accept", "decline",
    "forget", "unite",
]  # fmt: skip
