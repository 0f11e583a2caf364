"""Answer commands and buttons: start, help, status, language, follow, privacy, and what is under
an answer.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from service import jobs
from service.answers import actions as answers
from service.answers import queries as answer_queries
from service.channels import deliveries, inbox
from service.channels.contract import Button
from service.conversations import commands, replies
from service.conversations.hearing import Heard
from service.conversations.writing import Room, message
from service.database import now
from service.errors import GabineteError, NotFound
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.messages import actions as messages
from service.messages import queries as message_queries
from service.messages import receipts
from service.messages.models import Contribution
from service.people import actions as people
from service.phrases import LANGUAGES, say

Reply = tuple[str, tuple[Button, ...]]
Answerer = Callable[[Room, Heard, str], Awaitable[Reply]]
SHOWN = 20
SILENT = ("joined", "left", "blocked", "deleted")
LET_GO = timedelta(minutes=10)
LISTENING = timedelta(hours=1)
HIGHEST = 2**63


async def answer_all(room: Room, heard: Sequence[Heard]) -> None:
    """Answer each command and button of a batch, in order."""
    told: set[int] = set()
    for one in heard:
        if one.who is None or one.inbound.kind in SILENT:
            continue
        if one.inbound.payload != "erase:yes":
            await messages.keep_messages(room.session, [message(one, None, room)])
        body, buttons = await _reply(room, one)
        replies.write(room, one, f"dialogue:{one.row_id}", "talk", None, body, buttons, told)


async def _reply(room: Room, one: Heard) -> Reply:
    if one.inbound.kind == "button":
        return await _press(room, one)
    if one.inbound.kind == "media":
        return say("media", room.lang(one)), ()
    name, rest = commands.read(one.inbound.text) or ("", "")
    return await COMMANDS.get(name, _unknown)(room, one, rest)


async def _start(room: Room, one: Heard, rest: str) -> Reply:
    return say("hello", room.lang(one), government=room.here.settings.government), ()


async def _help(room: Room, one: Heard, rest: str) -> Reply:
    lang, contact = room.lang(one), room.here.settings.contact
    more = f"\n\n{say('help.contact', lang, contact=contact)}" if contact else ""
    return say("help", lang) + more, ()


async def _person(room: Room, one: Heard, rest: str) -> Reply:
    lang, contact = room.lang(one), room.here.settings.contact
    if contact:
        return say("help.contact", lang, contact=contact), ()
    return say("person", lang), ()


async def _unknown(room: Room, one: Heard, rest: str) -> Reply:
    body, _ = await _help(room, one, rest)
    return f"{say('unknown_command', room.lang(one))}\n\n{body}", ()


async def _status(room: Room, one: Heard, rest: str) -> Reply:
    lang, person = room.lang(one), room.person(one)
    assert person is not None, "commands come from people"
    if rest:
        found = await _by_code(room, rest)
        mine = [found] if found else []
        if not mine:
            return say("receipt.unknown", lang), ()
    else:
        mine = list(await message_queries.of_person(room.session, person.id, limit=SHOWN))
    if not mine:
        return say("status.none", lang), ()
    total = 1 if rest else await message_queries.count_of_person(room.session, person.id)
    lines = [say("status.head", lang, n=total), *await status_lines(room, mine, lang)]
    if total > len(mine):
        lines.append(say("show.more", lang, n=total - len(mine)))
    return "\n\n".join(lines), ()


async def status_lines(room: Room, mine: Sequence[Contribution], lang: str) -> list[str]:
    """What became of each contribution."""
    where = await issue_queries.issues_of(room.session, [one.id for one in mine])
    context = await issue_queries.context(room.session, list(set(where.values())))
    lines = []
    for one in mine:
        issue = context[where[one.id]]
        code = room.here.vault.open(one.sealed_receipt) if one.sealed_receipt else "—"
        state = standing(one, issue, lang, room)
        if one.state == "received":
            state = f"{state}; {say('status.people', lang, n=issue.people)}"
        lines.append(
            say("status.line", lang, code=code, about=replies.about(one.text), state=state)
        )
    return lines


def standing(one: Contribution, issue: issue_queries.IssueContext, lang: str, room: Room) -> str:
    """Where a contribution stands, in words."""
    state = one.state if one.state != "received" else issue.state
    if state in ("declined", "closed"):
        return say(f"status.{state}", lang, reason=issue.reason or "—")
    if state == "answered":
        return say("status.answered", lang)
    return replies.whose("status", issue, lang, room)


async def _language(room: Room, one: Heard, rest: str) -> Reply:
    person = room.person(one)
    wanted = rest.strip().lower()[:2]
    if person is None or wanted not in LANGUAGES:
        return say("language.which", room.lang(one)), ()
    await people.speak(room.session, person.id, wanted)
    return say("language.done", wanted), ()


async def _follow(room: Room, one: Heard, rest: str) -> Reply:
    return await _follow_or_not(room, one, rest, follow=True)


async def _unfollow(room: Room, one: Heard, rest: str) -> Reply:
    return await _follow_or_not(room, one, rest, follow=False)


async def _follow_or_not(room: Room, one: Heard, rest: str, *, follow: bool) -> Reply:
    lang, person, identity = room.lang(one), room.person(one), room.identity(one)
    assert person is not None, "commands come from people"
    assert identity is not None, "commands come from identities"
    found = await _by_code(room, rest) if rest else None
    if not rest:
        newest = await message_queries.of_person(room.session, person.id, limit=1)
        found = newest[0] if newest else None
    if found is None:
        return say("receipt.unknown" if rest else "follow.which", lang), ()
    where = await issue_queries.issues_of(room.session, [found.id])
    if follow:
        await issues.follow(room.session, person.id, identity.id, where[found.id])
    else:
        await issues.unfollow(room.session, person.id, identity.id, where[found.id])
    key = "follow.done" if follow else "unfollow.done"
    return say(key, lang, about=replies.about(found.text)), ()


async def _by_code(room: Room, rest: str) -> Contribution | None:
    code = receipts.read(rest)
    return (
        await message_queries.by_receipt(room.session, room.here.vault.digest("receipt", code))
        if code
        else None
    )


async def _privacy(room: Room, one: Heard, rest: str) -> Reply:
    lang, person = room.lang(one), room.person(one)
    assert person is not None, "commands come from people"
    buttons = tuple(Button(say(f"button.{act}", lang), act) for act in ("show", "export", "erase"))
    return say("privacy", lang, code=person.code), buttons


async def _show(room: Room, one: Heard, rest: str) -> Reply:
    lang, kept = room.lang(one), await _kept(room, one)
    if not kept:
        return say("show.none", lang), ()
    lines = [say("show.head", lang, n=len(kept)), *[f"• {line}" for line in kept[-SHOWN:]]]
    if len(kept) > SHOWN:
        lines.append(say("show.more", lang, n=len(kept) - SHOWN))
    return "\n".join(lines), ()


async def _kept(room: Room, one: Heard) -> list[str]:
    person = room.person(one)
    assert person is not None, "commands come from people"
    said = await message_queries.messages_of_person(room.session, person.id)
    opened = [room.here.vault.open(row.sealed) if row.sealed else row.text for row in said]
    return [
        f"{replies.day(row.said_at, room.lang(one), room)}: {text}"
        for row, text in zip(said, opened, strict=True)
        if text
    ]


async def _export(room: Room, one: Heard, rest: str) -> Reply:
    person = room.person(one)
    assert person is not None, "commands come from people"
    said = await message_queries.messages_of_person(room.session, person.id)
    mine = await message_queries.of_person(room.session, person.id, limit=1000)
    held = {
        "pseudonym": person.code,
        "language": person.lang,
        "since": person.created_at.isoformat(),
        "messages": [
            {
                "at": row.said_at.isoformat(),
                "text": room.here.vault.open(row.sealed) if row.sealed else row.text,
                "kind": row.kind,
                "language": row.lang,
            }
            for row in said
        ],
        "requests": [
            {
                "code": room.here.vault.open(row.sealed_receipt) if row.sealed_receipt else None,
                "state": row.state,
                "kind": row.kind,
                "at": row.said_at.isoformat(),
            }
            for row in mine
        ],
    }
    return json.dumps(held, ensure_ascii=False, indent=1), ()


async def _erase(room: Room, one: Heard, rest: str) -> Reply:
    lang = room.lang(one)
    buttons = (
        Button(say("button.erase_yes", lang), "erase:yes"),
        Button(say("button.erase_no", lang), "erase:no"),
    )
    return say("erase.sure", lang), buttons


COMMANDS: dict[str, Answerer] = {
    "start": _start,
    "help": _help,
    "status": _status,
    "language": _language,
    "follow": _follow,
    "unfollow": _unfollow,
    "privacy": _privacy,
    "show": _show,
    "export": _export,
    "erase": _erase,
    "person": _person,
}


async def _press(room: Room, one: Heard) -> Reply:
    act, *numbers = (one.inbound.payload or "").split(":")
    if act == "erase" and numbers:
        return (
            await _erase_now(room, one)
            if numbers == ["yes"]
            else (say("erase.kept", room.lang(one)), ())
        )
    if act in ("show", "export", "erase"):
        return await COMMANDS[act](room, one, "")
    try:
        return await PRESSES[act](room, one, [_number(number) for number in numbers])
    except (KeyError, ValueError, GabineteError):
        return say("button.gone", room.lang(one)), ()


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
    ids = await messages.erase(room.session, person.id, actor=f"person:{person.code}")
    for issue_id in await issues.forget_members(room.session, ids):
        await answers.keep_drafts(room.session, issue_id, [])
    threads = await message_queries.threads(room.session, person.id)
    await inbox.forget(room.session, [thread.digest for thread in threads])
    identities = await people.forget(room.session, person.id)
    await deliveries.forget(room.session, identities)
    await jobs.add(room.session, "let_go", run_at=now() + LET_GO, identities=identities)
    return say("erase.done", lang), ()


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


PRESSES: dict[str, Callable[[Room, Heard, list[int]], Awaitable[Reply]]] = {
    "helpful": _helpful,
    "not_asked": _not_asked,
    "reopen": _reopen,
}
