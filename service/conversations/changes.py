"""What platforms tell afterwards: a message was edited, or deleted."""

from dataclasses import replace

from service.answers.standing import actions as answers_standing
from service.consultations.proposals import actions as proposals
from service.consultations.proposals import queries as proposal_queries
from service.conversations import replies
from service.conversations.hearing import Heard
from service.conversations.room import Room
from service.conversations.weaving import Woven
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.messages import actions as messages
from service.messages import queries as message_queries
from service.messages.queries import Earlier
from service.phrases import say
from service.rounds.support import actions as support

WAITING = ("received",)
MENDED = ("received", "answered", "declined", "closed")


def by_its_author(one: Heard, before: Earlier | None) -> Heard:
    """A deletion comes without its author: who said the message, where and in which language."""
    if before is None:
        return one
    channel, account = before.identity.channel, before.identity.account
    return replace(
        one,
        who=(channel, account, before.identity.digest),
        thread=(channel, account, before.thread.digest),
        lang=before.message.lang,
    )


def mend(one: Heard, before: Earlier | None) -> Woven | None:
    """A contribution after one of its messages was edited while it waits, or deleted; None where it
    is not that: an edit is then a message like any other, a deletion leaves nothing.
    """
    deleted = one.inbound.kind == "deleted"
    if before is None or before.contribution is None:
        return None
    if before.contribution.state not in (MENDED if deleted else WAITING):
        return None
    texts = before.parts_with("" if deleted else one.text)
    return Woven([one], grows=before.contribution, mends=texts) if texts else None


async def withdraw(room: Room, one: Heard, told: set[int]) -> None:
    """Who deletes all they said of a matter takes it back, what an edit made of it included."""
    before = room.earlier[one.row_id]
    taken, person = before.contribution, room.person(one)
    await _take_back(room, one, before, told)
    emptied = await messages.blank(room.session, [before.message.id])
    states = await message_queries.states(room.session, emptied)
    theirs = [id_ for id_, state in states.items() if state not in issue_queries.GONE]
    if person is None or not theirs:
        return
    code = room.here.vault.open(taken.sealed_receipt) if taken and taken.sealed_receipt else "—"
    await support.withdraw(room.session, theirs)
    for id_ in theirs:
        await messages.withdraw(room.session, id_, actor=f"person:{person.code}")
    for issue_id in await issues.forget_members(room.session, theirs):
        await answers_standing.unsay(room.session, issue_id)
    if taken and taken.id in theirs:
        body = say("withdrawn", room.lang(one), code=code)
        replies.write(room, one, f"dialogue:{one.row_id}", "talk", None, body, (), told)


async def _take_back(room: Room, one: Heard, before: Earlier, told: set[int]) -> None:
    """Who deletes what they proposed takes it back, whatever was decided on it."""
    versions = await message_queries.versions(room.session, [before.message.id])
    found = await proposal_queries.by_messages(room.session, versions)
    person, lang = room.person(one), room.lang(one)
    for row in found.values():
        if person is None or row.person_id != person.id or row.state in proposal_queries.GONE:
            continue
        await proposals.withdraw(room.session, row.id, person, why="its message was deleted")
        body = say("proposal.withdrawn", lang, number=row.id)
        replies.write(room, one, f"dialogue:{one.row_id}", "talk", None, body, (), told)
