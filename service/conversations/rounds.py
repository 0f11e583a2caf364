"""The Governor Responds in the chat: what is asked, support it, take that back, ask oneself."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from service.channels.contract import Button
from service.conversations import replies
from service.conversations.hearing import Heard
from service.conversations.room import Reply, Room
from service.database import now
from service.errors import NotFound
from service.issues import queries as issue_queries
from service.messages import actions as messages
from service.phrases import say
from service.rounds import clock, queries
from service.rounds.actions import RoundEnded, RoundNotOpen, UnknownRound
from service.rounds.queries import Question, Told
from service.rounds.support import actions
from service.rounds.support import queries as support
from service.rounds.support.actions import QuestionAside, UnknownQuestion
from service.trail.actions import MACHINE

if TYPE_CHECKING:
    from service.conversations.writing import Placed

LINKED = re.compile(r"round-([0-9]{1,12})")
SHOWN = 4
LISTENING = timedelta(hours=1)


async def command(room: Room, one: Heard, rest: str) -> Reply:
    """The round that is open, or one by its number."""
    if re.fullmatch(r"[0-9]{1,12}", rest):
        return await lead(room, one, int(rest))
    lang, found = room.lang(one), await queries.running(room.session, now())
    if len(found) == 1:
        return await lead(room, one, found[0].round.id)
    if found:
        buttons = tuple(Button(told.title(lang), f"round:{told.round.id}") for told in found[:8])
        return say("round.which", lang, n=len(found)), buttons
    return f"{say('round.none', lang)}{_page(room, lang, '/rounds', 'round.past')}", ()


def linked(rest: str) -> int | None:
    """The round that a link names."""
    found = LINKED.fullmatch(rest)
    return int(found.group(1)) if found else None


async def lead(
    room: Room, one: Heard, round_id: int, first: int = 0, visit: int | None = None
) -> Reply:
    """Into a round: its clock and a few of its questions from `first` on. Their order is drawn for
    each reader and `visit` (a day's number), and stays for it.
    """
    lang, told = room.lang(one), await queries.told(room.session, round_id)
    if told is None:
        return say("round.unknown", lang), ()
    title = told.title(lang)
    if told.round.state == "planned":
        return say("round.planned", lang, title=title, day=_day(told.round.opens_at, one, room)), ()
    if told.round.state != "open" or told.round.closes_at <= now():
        return await _result(room, one, told)
    visit = visit or now().toordinal()
    person = room.person(one)
    found = [q for q in await queries.questions(room.session, told.round) if q.open]
    found = queries.shuffled(found, f"{round_id}:{person.id if person else 0}:{visit}")
    mine = await support.supported(room.session, round_id, person.id) if person else set()
    shown = found[first : first + SHOWN]
    lines = [] if first else _head(room, one, told, len(found))
    lines += [_line(at, q, told, mine, lang) for at, q in enumerate(shown, first + 1)]
    if first and not shown:
        lines.append(say("round.end_of_list", lang))
    if len(found) <= first + SHOWN:
        lines.append(_page(room, lang, f"/rounds/{round_id}", "round.page").strip())
    buttons = [_choice(at, q, round_id, mine, lang) for at, q in enumerate(shown, first + 1)]
    if len(found) > first + SHOWN:
        more = f"round:{round_id}:{first + SHOWN}:{visit}"
        buttons.append(Button(say("button.more_questions", lang), more))
    buttons.append(Button(say("button.nominate", lang), f"nominate:{round_id}"))
    return "\n\n".join(line for line in lines if line), tuple(buttons)


def _head(room: Room, one: Heard, told: Told, many: int) -> list[str]:
    lang = room.lang(one)
    title, text, _ = told.said(lang)
    left = clock.days_until(told.round.closes_at, now(), room.here.settings.zone)
    day = _day(told.round.closes_at, one, room)
    ends = say("round.clock", lang, n=left, day=day) if left else say("round.clock.today", lang)
    count = say("round.count", lang, n=many) if many else say("round.empty", lang)
    return [title, text, ends, count]


def _line(at: int, one: Question, told: Told, mine: set[int], lang: str) -> str:
    marks = [say("round.supporters", lang, n=one.supporters)] if told.counted else []
    if one.issue_id in mine:
        marks.append(say("round.yours", lang))
    if one.state == "answered":
        marks.append(say("round.is_answered", lang))
    return f"{at}. {one.name}" + (f"\n    {' · '.join(marks)}" if marks else "")


def _choice(at: int, one: Question, round_id: int, mine: set[int], lang: str) -> Button:
    act = "unback" if one.issue_id in mine else "back"
    return Button(say(f"button.{act}", lang, number=at), f"{act}:{round_id}:{one.issue_id}")


async def _result(room: Room, one: Heard, told: Told) -> Reply:
    """How a round ended: how many took part, and what became of the questions that won."""
    lang = room.lang(one)
    people = await queries.people(room.session, [told.round])
    won = [q for q in await queries.questions(room.session, told.round) if q.due_at]
    lines = [
        say(
            "round.result", lang, title=told.title(lang),
            day=_day(told.round.closes_at, one, room),
        )
    ]  # fmt: skip
    lines[0] += f" {say('round.result.took_part', lang, n=people[told.round.id])}"
    for q in won:
        name = q.name if q.named else say("round.unnamed", lang)
        count = say("round.supporters", lang, n=q.supporters)
        lines.append(f"• {name} ({count})\n  {_owed(room, one, told, q)}")
    if not won:
        lines.append(told.round.reason or say("round.ended.nobody", lang))
    lines.append(_page(room, lang, f"/rounds/{told.round.id}", "round.page").strip())
    buttons = tuple(
        Button(say("button.join", lang), f"join:{q.issue_id}") for q in won[:1] if q.named
    )
    return "\n\n".join(line for line in lines if line), buttons


def _owed(room: Room, one: Heard, told: Told, q: Question) -> str:
    lang = room.lang(one)
    if q.answered:
        return say("round.answered", lang)
    if told.round.state == "closed":
        return say("round.unanswered", lang, reason=told.round.reason or "—")
    assert q.due_at is not None, "only what won is owed an answer"
    key = "round.late" if q.due_at < now() else "round.due"
    return say(key, lang, day=_day(q.due_at, one, room))


def _page(room: Room, lang: str, path: str, key: str) -> str:
    """Where to read on, where there are public pages."""
    settings = room.here.settings
    return f"\n\n{say(key, lang, url=settings.url + path)}" if settings.public_url else ""


def _day(at: datetime, one: Heard, room: Room) -> str:
    return replies.day(at, room.lang(one), room)


async def offered(room: Room, one: Heard, issue_id: int) -> tuple[Button, ...]:
    """A button to support an issue in the round that is open, if one is."""
    found = await queries.running(room.session, now())
    label = say("button.back_one", room.lang(one))
    return tuple(Button(label, f"back:{told.round.id}:{issue_id}") for told in found[:1])


async def show(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """A round, or more of its questions."""
    round_id, *further = numbers
    if not further:
        return await lead(room, one, round_id)
    first, visit = further
    return await lead(room, one, round_id, first, visit)


async def press_support(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """Their support counts once, however often they press."""
    round_id, issue_id = numbers
    person_id, identity_id = _asker(room, one)
    lang = room.lang(one)
    try:
        new = await actions.support(
            room.session, round_id, issue_id, person_id=person_id, identity_id=identity_id
        )
    except (RoundEnded, RoundNotOpen, UnknownRound, QuestionAside, UnknownQuestion) as error:
        return await _refused(room, one, round_id, issue_id, error)
    about = await _about(room, issue_id)
    key = "round.supported" if new else "round.supported.already"
    back = Button(say("button.unback_one", lang), f"unback:{round_id}:{issue_id}")
    return say(key, lang, about=about), (back, _questions(round_id, lang))


async def press_unsupport(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """They support it no more."""
    round_id, issue_id = numbers
    person_id, identity_id = _asker(room, one)
    lang = room.lang(one)
    try:
        did = await actions.take_back(
            room.session, round_id, issue_id, person_id=person_id, identity_id=identity_id
        )
    except (RoundEnded, RoundNotOpen, UnknownRound, UnknownQuestion) as error:
        return await _refused(room, one, round_id, issue_id, error)
    key = "round.unsupported" if did else "round.unsupported.not"
    return say(key, lang, about=await _about(room, issue_id)), (_questions(round_id, lang),)


async def press_nominate(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """Their next message is a question of the round."""
    (round_id,) = numbers
    lang, told = room.lang(one), await queries.told(room.session, round_id)
    if told is None or told.round.state != "open" or told.round.closes_at <= now():
        return await lead(room, one, round_id)
    conversation = room.conversation(one)
    assert conversation is not None, "buttons are pressed in conversations"
    pending = {"until": (now() + LISTENING).isoformat(), "round_id": round_id}
    await messages.expect(room.session, conversation.id, pending)
    no = Button(say("button.nominate_no", lang), f"nominate_no:{round_id}")
    return say("round.ask", lang, title=told.title(lang)), (no,)


async def press_nominate_no(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """Their next message is no question of the round."""
    (round_id,) = numbers
    conversation, lang = room.conversation(one), room.lang(one)
    if conversation is not None and (conversation.pending or {}).get("round_id") == round_id:
        await messages.expect(room.session, conversation.id, None)
    return say("round.ask_no", lang), (_questions(round_id, lang),)


def _asker(room: Room, one: Heard) -> tuple[int, int]:
    person, identity = room.person(one), room.identity(one)
    if person is None or identity is None:
        raise NotFound("Nobody is known to have pressed this.")
    return person.id, identity.id


def _questions(round_id: int, lang: str) -> Button:
    return Button(say("button.questions", lang), f"round:{round_id}")


async def _about(room: Room, issue_id: int) -> str:
    """An issue by the name staff gave it: others' words stay unsaid."""
    context = (await issue_queries.context(room.session, [issue_id])).get(issue_id)
    return context.name if context and context.named_by != MACHINE else "—"


async def _refused(room: Room, one: Heard, round_id: int, issue_id: int, error: Exception) -> Reply:
    """Why it does not count, and what can be done instead."""
    lang, told = room.lang(one), await queries.told(room.session, round_id)
    if told is None:
        return say("round.unknown", lang), ()
    if isinstance(error, RoundNotOpen):
        return await lead(room, one, round_id)
    title = told.title(lang)
    if isinstance(error, QuestionAside):
        return say("round.aside.now", lang, reason=error.reason), (_questions(round_id, lang),)
    if isinstance(error, UnknownQuestion):
        return say("round.gone", lang, title=title), (_questions(round_id, lang),)
    over = say("round.over", lang, title=title, day=_day(told.round.closes_at, one, room))
    if await _about(room, issue_id) == "—":
        return over, (_questions(round_id, lang),)
    join = Button(say("button.join", lang), f"join:{issue_id}")
    return f"{over}\n{say('round.over.join', lang)}", (join, _questions(round_id, lang))


async def nominate(room: Room, placed: Sequence["Placed"]) -> None:
    """Contributions that were said as questions of a round enter it; their receipts say so."""
    for one in placed:
        if one.woven.nominates is not None:
            one.more = await _nominated(room, one, one.woven.nominates)


async def _nominated(room: Room, one: "Placed", round_id: int) -> str:
    first = one.woven.first
    lang, told = room.lang(first), await queries.told(room.session, round_id)
    if told is None:
        return say("round.unknown", lang)
    person_id, identity_id = _asker(room, first)
    title = told.title(lang)
    try:
        new = await actions.support(
            room.session, round_id, one.issue_id, person_id=person_id, identity_id=identity_id,
            contribution_id=one.contribution_id,
        )  # fmt: skip
    except QuestionAside as error:
        return say("round.nominated.aside", lang, title=title, reason=error.reason)
    except (RoundEnded, RoundNotOpen):
        return say("round.nominated.over", lang, title=title)
    if not new:
        return say("round.nominated.already", lang, title=title)
    said = say("round.nominated", lang, title=title)
    named = await _about(room, one.issue_id) != "—"
    return said if named else f"{said} {say('round.naming', lang)}"


PRESSES: dict[str, Callable[[Room, Heard, list[int]], Awaitable[Reply]]] = {
    "round": show,
    "back": press_support,
    "unback": press_unsupport,
    "nominate": press_nominate,
    "nominate_no": press_nominate_no,
}
