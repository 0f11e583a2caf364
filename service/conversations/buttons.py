"""What is under a message: helpful, not what I asked, not solved yet, I want to know too, erase."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from service import jobs
from service.answers import actions as answers
from service.answers import queries as answer_queries
from service.answers.standing import actions as answers_standing
from service.channels import deliveries, inbox
from service.consultations import actions as consultations
from service.consultations.proposals import actions as proposals
from service.conversations import attending, consulting, linking, ranking, rounds, voting
from service.conversations.hearing import Heard
from service.conversations.room import Reply, Room
from service.database import now
from service.errors import GabineteError, NotFound
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.messages import actions as messages
from service.messages import queries as message_queries
from service.messages.models import Contribution
from service.people import actions as people
from service.phrases import say
from service.rounds.support import actions as support
from service.trail.actions import MACHINE

LINKED = re.compile(r"issue-([0-9]{1,12})")
LET_GO = timedelta(minutes=10)
LISTENING = timedelta(hours=1)
HIGHEST = 2**63


async def press(room: Room, one: Heard) -> Reply:
    """What a press does, and what is said to it; a button that means nothing any more says so."""
    act, *numbers = (one.inbound.payload or "").split(":")
    if act == "erase" and numbers:
        return (
            await _erase_now(room, one)
            if numbers == ["yes"]
            else (say("erase.kept", room.lang(one)), ())
        )
    try:
        return await PRESSES[act](room, one, [_number(number) for number in numbers])
    except (KeyError, ValueError):
        return say("button.gone", room.lang(one)), ()
    except GabineteError as error:
        lang = room.lang(one)
        return consulting.refusal(error, lang) or say("button.gone", lang), ()


def _number(text: str) -> int:
    """The number of a row. Raises ValueError for what no database counts to."""
    number = int(text)
    if not 0 < number < HIGHEST:
        raise ValueError("no row has this number")
    return number


async def _erase_now(room: Room, one: Heard) -> Reply:
    """The confirmation still has to reach them: a fresh, empty person keeps the address for a few
    minutes.
    """
    lang, person = room.lang(one), room.person(one)
    assert person is not None, "buttons come from people"
    supported = await support.forget(room.session, person.id)
    ids = await messages.erase(room.session, person.id, actor=f"person:{person.code}")
    for issue_id in await issues.forget_members(room.session, ids):
        await answers_standing.unsay(room.session, issue_id)
    await proposals.forget(room.session, person)
    await consultations.forget(room.session, person.id)
    more = [*await voting.forget(room, person.id, lang)]
    more += await attending.forget(room, person, lang)
    threads = await message_queries.threads(room.session, person.id)
    await inbox.forget(room.session, [thread.digest for thread in threads])
    identities = await people.forget(room.session, person.id)
    await deliveries.forget(room.session, identities)
    await jobs.add(room.session, "let_go", run_at=now() + LET_GO, identities=identities)
    if supported:
        more.append(say("erase.rounds", lang, n=supported))
    return "\n\n".join([say("erase.done", lang), *more]), ()


async def _helpful(room: Room, one: Heard, numbers: list[int]) -> Reply:
    answer_id, contribution = await _own(room, one, numbers)
    await answers.feedback(room.session, answer_id, contribution.id, "helpful")
    return say("helpful.done", room.lang(one)), ()


async def _not_asked(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """The question goes on to the team, as if the published answer had not been there."""
    answer_id, contribution = await _own(room, one, numbers)
    await answers.feedback(room.session, answer_id, contribution.id, "not_asked")
    await _reopen_issue(room, one, contribution, "the published answer was not what was asked")
    code = room.here.vault.open(contribution.sealed_receipt) if contribution.sealed_receipt else "—"
    return say("not_asked.done", room.lang(one), code=code), ()


async def _reopen(room: Room, one: Heard, numbers: list[int]) -> Reply:
    answer_id, contribution = await _own(room, one, numbers)
    await answers.feedback(room.session, answer_id, contribution.id, "reopen")
    issue_id = await _reopen_issue(room, one, contribution, "the answer did not settle it")
    conversation = room.conversation(one)
    if conversation is not None:
        until = (now() + LISTENING).isoformat()
        pending = {"until": until, "issue_id": issue_id, "answer_id": answer_id}
        await messages.expect(room.session, conversation.id, pending)
    return say("reopen.done", room.lang(one)), ()


async def _own(room: Room, one: Heard, numbers: list[int]) -> tuple[int, Contribution]:
    """The answer they were sent and their own contribution; nobody speaks for another."""
    answer_id, contribution_id = numbers
    contribution = await message_queries.contribution(room.session, contribution_id)
    person = room.person(one)
    if contribution is None or person is None or contribution.person_id != person.id:
        raise NotFound("There is no such contribution of yours.")
    if not await answer_queries.was_told(room.session, answer_id, person.id):
        raise NotFound("You were not sent this answer.")
    return answer_id, contribution


async def _reopen_issue(room: Room, one: Heard, contribution: Contribution, why: str) -> int:
    person = room.person(one)
    actor = f"person:{person.code}" if person else "machine"
    where = await issue_queries.issues_of(room.session, [contribution.id])
    issue_id = where[contribution.id]
    await messages.move_state(room.session, [contribution.id], "received", actor=actor, why=why)
    context = await issue_queries.context(room.session, [issue_id])
    if context[issue_id].state in issues.SETTLED:
        await issues.reopen(room.session, room.here.settings, issue_id, actor=actor, why=why)
    return issue_id


async def linked(room: Room, rest: str) -> issue_queries.IssueContext | None:
    """The issue a link names, where a person has given it its name: others' words stay unsaid."""
    found = LINKED.fullmatch(rest)
    if found is None:
        return None
    context = await issue_queries.context(room.session, [int(found.group(1))])
    return next((one for one in context.values() if one.named_by != MACHINE), None)


async def _join(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """They ask the same: they are told what everybody is told, also what was answered before."""
    (issue_id,) = numbers
    person, identity = room.person(one), room.identity(one)
    issue = await linked(room, f"issue-{issue_id}")
    if issue is None or person is None or identity is None:
        raise NotFound("There is no such issue to join.")
    await issues.follow(room.session, person.id, identity.id, issue.root_id)
    await jobs.add(room.session, "catch_up", issue_id=issue.root_id)
    return say("follow.done", room.lang(one), about=issue.name), ()


PRESSES: dict[str, Callable[[Room, Heard, list[int]], Awaitable[Reply]]] = {
    "helpful": _helpful,
    "not_asked": _not_asked,
    "reopen": _reopen,
    "join": _join,
    **consulting.PRESSES,
    **voting.PRESSES,
    **attending.PRESSES,
    **rounds.PRESSES,
    **linking.PRESSES,
    **ranking.PRESSES,
}
