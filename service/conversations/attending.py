"""Meetings in chat: a seat is taken or left to the next, and every press is answered truthfully."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.consultations.meeting import letters, queries
from service.consultations.meeting.answering import actions
from service.consultations.meeting.models import Invitation, Meeting
from service.consultations.meeting.seating.actions import whole_of
from service.conversations.hearing import Heard
from service.conversations.room import Reply, Room
from service.database import now
from service.errors import GabineteError
from service.people.models import Person
from service.phrases import say

REFUSALS: dict[type[GabineteError], str] = {
    actions.AnsweredAlready: "meeting.declined_before",
    actions.AnsweredTooLate: "meeting.late",
    actions.MeetingOver: "meeting.over",
    actions.UnknownInvitation: "meeting.unknown",
}
Act = Callable[..., Awaitable[tuple[Invitation, Meeting, bool]]]


async def _attend(room: Room, one: Heard, numbers: list[int]) -> Reply:
    return await _answer(room, one, numbers, actions.accept, "meeting.accepted_before")


async def _absent(room: Room, one: Heard, numbers: list[int]) -> Reply:
    return await _answer(room, one, numbers, actions.decline, "meeting.declined_before")


async def _answer(room: Room, one: Heard, numbers: list[int], act: Act, before: str) -> Reply:
    (number,) = numbers
    lang, person = room.lang(one), room.person(one)
    assert person is not None, "chats are with people"
    try:
        told, row, new = await act(room.session, room.here, number, person)
    except tuple(REFUSALS) as error:
        return say(REFUSALS[type(error)], lang), ()
    said = [] if new else [say(before, lang)]
    if told.state == "accepted":
        said.append(letters.accepted(told, row, lang, room.here))
    elif new:
        said.append(say("meeting.declined", lang))
    return "\n\n".join(said), letters.answers(told, lang)


async def kept(room: Room, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """The seats a person was offered or waits for, for who takes their data away."""
    return {
        "invitations": [
            {
                "consultation": row.consultation_id, "as": one.kind, "state": one.state,
                "lot": one.lot,
                "invited": one.invited_at.isoformat() if one.invited_at else None,
                "answered": one.answered_at.isoformat() if one.answered_at else None,
            }
            for one, row in await queries.of_person(room.session, person_id)
        ]
    }  # fmt: skip


async def forget(room: Room, person: Person, lang: str) -> list[str]:
    """Erase whose seats they were; what is said of those that go on."""
    offered = await actions.forget(room.session, room.here, person)
    return [say("erase.seat", lang)] if offered else []


async def standing(room: Room, person: Person, consultation_id: int, lang: str) -> Reply | None:
    """The seat that a person holds or is offered in a consultation, said again until it begins."""
    for one, row in await queries.of_person(room.session, person.id):
        ahead = row.called_off_at is None and row.starts_at > now()
        if row.consultation_id == consultation_id and ahead:
            buttons = letters.answers(one, lang)
            if one.state == "accepted":
                return letters.accepted(one, row, lang, room.here), buttons
            if one.state == "invited":
                whole = await whole_of(room.session, row)
                return "\n".join(letters.asked(one, row, whole, lang, room.here)), buttons
    return None


PRESSES: dict[str, Callable[[Room, Heard, list[int]], Awaitable[Reply]]] = {
    "attend": _attend,
    "absent": _absent,
}
