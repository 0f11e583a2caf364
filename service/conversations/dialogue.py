"""Answer commands: start, help, status, language, follow, privacy."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence

from service.channels import deliveries
from service.channels.contract import Button
from service.conversations import (
    attending,
    buttons,
    changes,
    commands,
    consulting,
    linking,
    ranking,
    replies,
    rounds,
    voting,
)  # fmt: skip
from service.conversations.hearing import SILENT, Heard
from service.conversations.room import Reply, Room
from service.conversations.writing import message
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.messages import actions as messages
from service.messages import queries as message_queries
from service.messages import receipts
from service.messages.models import Contribution
from service.people import actions as people
from service.phrases import LANGUAGES, say
from service.rounds.support import queries as support

Answerer = Callable[[Room, Heard, str], Awaitable[Reply]]
SHOWN = 20
CAMPAIGN = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def answer_all(room: Room, heard: Sequence[Heard]) -> None:
    """Answer each command and button of a batch, in order."""
    told: set[int] = set()
    for one in heard:
        if one.who is None or one.inbound.kind in SILENT:
            continue
        if one.inbound.kind == "joined":
            await _welcome_back(room, one)
            continue
        if one.inbound.kind == "deleted":
            await changes.withdraw(room, one, told)
            continue
        if one.inbound.payload != "erase:yes":
            await messages.keep_messages(room.session, [message(one, None, room)])
        body, choices = await _reply(room, one)
        replies.write(room, one, f"dialogue:{one.row_id}", "talk", None, body, choices, told)


async def _reply(room: Room, one: Heard) -> Reply:
    if one.inbound.kind == "button":
        command = COMMANDS.get(one.inbound.payload or "")
        return await (command(room, one, "") if command else buttons.press(room, one))
    name, rest = commands.read(one.inbound.text) or ("", "")
    return await COMMANDS.get(name, _unknown)(room, one, rest)


async def _welcome_back(room: Room, one: Heard) -> None:
    """They can be written to now, also what could not reach them before."""
    identity = room.identity(one)
    if identity is not None:
        await deliveries.reached_again(room.session, identity.id)


async def _start(room: Room, one: Heard, rest: str) -> Reply:
    """The beginning of a conversation; `rest` is what the link carried that led here."""
    await _welcome_back(room, one)
    lang, conversation = room.lang(one), room.conversation(one)
    hello = say("hello", lang, government=room.here.settings.government)
    if conversation is not None and CAMPAIGN.fullmatch(rest):
        await messages.came_by(room.session, conversation.id, rest)
    if led := await consulting.linked(room, one, rest):
        return f"{hello}\n\n{led[0]}", led[1]
    if (round_id := rounds.linked(rest)) is not None:
        body, choices = await rounds.lead(room, one, round_id)
        return f"{hello}\n\n{body}", choices
    issue = await buttons.linked(room, rest)
    if issue is None:
        return hello, ()
    button = Button(say("button.join", lang), f"join:{issue.root_id}")
    more = await rounds.offered(room, one, issue.root_id)
    return f"{hello}\n\n{say('start.issue', lang, about=issue.name)}", (button, *more)


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
        if not mine and (waiting := consulting.asked_for_code(room, one)):
            return await consulting.enter(room, one, waiting, rest)
        if not mine:
            return say("receipt.unknown", lang), ()
    else:
        mine = list(await message_queries.of_person(room.session, person.id, limit=SHOWN))
    proposed = [] if rest else consulting.lines(await consulting.proposed(room, person), lang)
    if not mine:
        return "\n".join(proposed) or say("status.none", lang), ()
    total = 1 if rest else await message_queries.count_of_person(room.session, person.id)
    lines = [say("status.head", lang, n=total), *await status_lines(room, mine, lang)]
    if total > len(mine):
        lines.append(say("show.more", lang, n=total - len(mine)))
    return "\n\n".join([*lines, *proposed]), ()


async def status_lines(room: Room, mine: Sequence[Contribution], lang: str) -> list[str]:
    """What became of each contribution."""
    where = await issue_queries.issues_of(room.session, [one.id for one in mine])
    context = await issue_queries.context(room.session, list(set(where.values())))
    roots = {issue.root_id for issue in context.values()}
    waiting = await issue_queries.waiting(room.session, roots)
    lines = []
    for one in mine:
        issue = context[where[one.id]]
        code = room.here.vault.open(one.sealed_receipt) if one.sealed_receipt else "—"
        state = standing(one, issue, lang, room)
        if one.state == "received":
            state = f"{state}; {say('status.people', lang, n=waiting[issue.root_id])}"
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
    acts = ("show", "export", "erase")
    choices = tuple(Button(say(f"button.{act}", lang), act) for act in acts)
    return say("privacy", lang, code=person.code), choices


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
    supported = await support.of_person(room.session, person.id)
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
        **await consulting.kept(room, person),
        "support": [
            {"round": row.round_id, "question": row.issue_id, "at": row.at.isoformat()}
            for row in supported
        ],
        **await voting.kept(room, person.id),
        **await attending.kept(room, person.id),
    }
    return json.dumps(held, ensure_ascii=False, indent=1), ()


async def _erase(room: Room, one: Heard, rest: str) -> Reply:
    lang = room.lang(one)
    choices = (
        Button(say("button.erase_yes", lang), "erase:yes"),
        Button(say("button.erase_no", lang), "erase:no"),
    )
    return say("erase.sure", lang), choices


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
    "consultation": consulting.command,
    "round": rounds.command,
    "vote": voting.command,
    "link": linking.command,
    "results": ranking.command,
}
