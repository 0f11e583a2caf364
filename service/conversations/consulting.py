"""Consultations in chat: what is open, who may take part, and what is pressed under proposals."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from service.channels.contract import Button
from service.consultations import actions, queries
from service.consultations.meeting import queries as meetings
from service.consultations.meeting.letters import outcome_lines
from service.consultations.models import Consultation
from service.consultations.proposals import actions as proposals
from service.consultations.proposals import queries as proposal_queries
from service.consultations.proposals.models import Proposal
from service.consultations.queries import Whole
from service.consultations.voting import results
from service.consultations.voting.results import ScoresNotShown
from service.conversations import attending, replies
from service.conversations.hearing import Heard
from service.conversations.limiting import limiter, source
from service.conversations.room import Reply, Room
from service.database import now
from service.errors import GabineteError, NotFound
from service.limiting import per_hour
from service.messages import actions as messages
from service.people.models import Identity, Person
from service.phrases import say

LINKED = re.compile(r"consultation-([0-9]{1,12})")
LISTENING = timedelta(hours=1)
WRONG = per_hour(20)
CHOICES, OWN, LABEL = 8, 3, 60
# What is said where something is not done; everything else says that the button is gone.
REFUSALS: dict[type[GabineteError], str] = {
    proposals.NotOpen: "proposal.closed",
    proposals.NotTakingPart: "proposal.others",
    proposals.AlreadyProposed: "proposal.already",
    proposals.TooManyProposals: "proposal.too_many",
    proposals.OwnProposal: "proposal.own",
    proposals.AlreadyReviewed: "proposal.reviewed",
    actions.NotLetIn: "consultation.code_wrong",
}


def refusal(error: GabineteError, lang: str) -> str | None:
    """What is said to a refusal; None for what has no words of its own."""
    key = REFUSALS.get(type(error))
    return say(key, lang) if key else None


def who(room: Room, one: Heard) -> tuple[Person, Identity]:
    """Who said or pressed it."""
    person, identity = room.person(one), room.identity(one)
    assert person is not None, "chats are with people"
    assert identity is not None, "chats are with identities"
    return person, identity


async def command(room: Room, one: Heard, rest: str) -> Reply:
    """What is open; where it is one consultation, right into it."""
    lang = room.lang(one)
    rows, _ = await queries.page(room.session, states=queries.OPEN, limit=CHOICES)
    if len(rows) == 1:
        return await lead(room, one, rows[0].id)
    if not rows:
        return say("consultation.none", lang), ()
    wholes = await queries.wholes(room.session, rows)
    buttons = [Button(short(whole.text(lang).title), f"consult:{whole.row.id}") for whole in wholes]
    return say("consultation.which", lang), tuple(buttons)


def short(title: str) -> str:
    """A title as a button carries it."""
    return title if len(title) <= LABEL else title[: LABEL - 1].rstrip() + "…"


async def linked(room: Room, one: Heard, rest: str) -> Reply | None:
    """The consultation that a link leads into."""
    found = LINKED.fullmatch(rest)
    return await lead(room, one, int(found.group(1))) if found else None


async def lead(room: Room, one: Heard, consultation_id: int) -> Reply:
    """What is asked, how far it is, and what can be done now."""
    lang = room.lang(one)
    whole = await queries.whole(room.session, consultation_id)
    if whole is None or not queries.opened(whole.row):
        return say("consultation.none", lang), ()
    body, buttons = await _standing(room, one, whole)
    mine, own = await _mine(room, one, whole.row)
    return "\n\n".join([*asked(whole, lang, room), body, *mine]), (*buttons, *own)


def asked(whole: Whole, lang: str, room: Room) -> list[str]:
    """The question, in the reader's language or the original with a note."""
    text, row = whole.text(lang), whole.row
    parts = [text.title] if text.lang == lang else [say("consultation.original", lang), text.title]
    parts.append(text.question)
    if len(whole.themes) > 1:
        names = "; ".join(queries.theme_name(one, lang, row.lang) for one in whole.themes)
        parts.append(say("consultation.themes", lang, themes=names))
    links = [url for url in (row.picture_url, row.video_url) if url]
    if room.here.settings.public_url:
        links.append(f"{room.here.settings.url}/consultations/{row.id}")
    return [*parts, *(say("consultation.read", lang, url=url) for url in links)]


async def _standing(room: Room, one: Heard, whole: Whole) -> Reply:
    """How far it is; while it takes proposals, the next text is taken as one."""
    lang, row = room.lang(one), whole.row
    if row.state == "cancelled":
        title = whole.text(lang).title
        return say("consultation.cancelled", lang, title=title, reason=row.reason or ""), ()
    if row.state not in queries.OPEN:
        return await _after(room, one, whole)
    until = replies.day(getattr(row, f"{row.state}_until"), lang, room)
    put_off = [one for one in whole.extensions if one.phase == row.state]
    why = [say("consultation.put_off", lang, reason=put_off[-1].reason)] if put_off else []
    if row.state == "proposing":
        body, buttons = await _invite(room, one, row, until)
    else:
        body, buttons = say(f"consultation.{row.state}", lang, until=until), ()
    if row.state == "voting":
        buttons = (Button(say("button.vote", lang), f"ballot:{row.id}"),)
    return "\n\n".join([body, *why]), buttons


async def _after(room: Room, one: Heard, whole: Whole) -> Reply:
    """What came of it, or the reader's seat in the meeting, where they have one."""
    lang, row = room.lang(one), whole.row
    said = await meetings.outcomes(room.session, row.id) if row.state == "reported" else {}
    ranked = await _results(room, row, lang)
    if told := said.get(lang) or said.get(row.lang):
        return "\n".join(outcome_lines(told, lang)).strip(), ranked
    if row.state == "shortlisted":
        seat = await attending.standing(room, who(room, one)[0], row.id, lang)
        if seat is not None:
            return seat
    return say("consultation.over", lang), ranked


async def _results(room: Room, row: Consultation, lang: str) -> tuple[Button, ...]:
    """The way to results that can be read now."""
    try:
        await results.readable(room.session, row)
    except ScoresNotShown:
        return ()
    return (Button(say("button.results", lang), f"results:{row.id}"),)


async def _invite(room: Room, one: Heard, row: Consultation, until: str) -> Reply:
    lang = room.lang(one)
    if (closed := await door(room, one, row)) is not None:
        return closed
    await _expect(room, one, {"propose": row.id})
    least, most = proposals.SHORTEST, proposals.LONGEST
    said = say("consultation.propose", lang, least=least, most=most, until=until)
    return said, (_leave(row.id, lang),)


async def door(room: Room, one: Heard, row: Consultation) -> Reply | None:
    """What is asked of who may not take part yet; None for who may."""
    lang, (person, _) = room.lang(one), who(room, one)
    if await queries.takes_part(room.session, row, person.id):
        return None
    if row.open_to == "place":
        yes = Button(say("button.lives", lang), f"lives:{row.id}")
        return say("consultation.place", lang, place=row.place), (yes, _leave(row.id, lang))
    await _expect(room, one, {"enter": row.id})
    return say("consultation.code", lang), (_leave(row.id, lang),)


def _leave(consultation_id: int, lang: str) -> Button:
    return Button(say("button.leave", lang), f"leave:{consultation_id}")


async def _expect(room: Room, one: Heard, what: dict[str, Any] | None) -> None:
    """What the next text of a conversation is; nothing, where it is an ordinary message again."""
    conversation = room.conversation(one)
    if conversation is not None:
        until = (now() + LISTENING).isoformat()
        await messages.expect(
            room.session, conversation.id, {"until": until, **what} if what else None
        )


async def expect_nothing(room: Room, one: Heard) -> None:
    """The next text is an ordinary message again."""
    await _expect(room, one, None)


async def expect_no_more(room: Room, one: Heard, mark: int) -> None:
    """The next text is an ordinary message again, but not what was just proposed, sent twice."""
    await _expect(room, one, {"proposed": mark})


async def _mine(room: Room, one: Heard, row: Consultation) -> tuple[list[str], list[Button]]:
    """What the reader proposed here, and how to take it back."""
    lang, (person, _) = room.lang(one), who(room, one)
    mine = await proposal_queries.of_person(room.session, person.id, row.id)
    standing = [p for p in mine if p.state in (*proposal_queries.LIVE, "refused")]
    buttons = [
        Button(say("button.withdraw", lang, number=p.id), f"takeback:{p.id}")
        for p in standing[-OWN:]
    ]
    return (["\n".join(lines(mine, lang))] if mine else []), buttons


def lines(rows: Sequence[Proposal], lang: str) -> list[str]:
    """What became of each proposal, for its author."""
    return [
        say(
            "proposal.line", lang, number=row.id, about=replies.about(row.text) or "—",
            state=say(f"proposal.state.{row.state}", lang),
        )
        for row in rows
    ]  # fmt: skip


async def proposed(room: Room, person: Person) -> list[Proposal]:
    """What a person proposed lately and did not take back, oldest first."""
    mine = await proposal_queries.of_person(room.session, person.id)
    return [row for row in mine if row.state != "withdrawn"][-CHOICES:]


async def kept(room: Room, person: Person) -> dict[str, list[dict[str, Any]]]:
    """What is stored of a person's part in consultations, for who takes their data away."""
    mine = await proposal_queries.of_person(room.session, person.id)
    behind = await proposal_queries.supported_by(room.session, person.id)
    places = await queries.places_of(room.session, person.id)
    return {
        "proposals": [
            {
                "number": row.id, "consultation": row.consultation_id, "text": row.text,
                "shown": row.shown, "state": row.state, "reason": row.reason, "reply": row.reply,
                "at": row.created_at.isoformat(),
            }
            for row in mine
        ],
        "supports": [
            {"number": row.id, "text": row.shown, "at": support.at.isoformat()}
            for support, row in behind
        ],
        "consultations": [{"consultation": id_, "let_in_by": by} for id_, by in places],
    }  # fmt: skip


async def _consult(room: Room, one: Heard, numbers: list[int]) -> Reply:
    (consultation_id,) = numbers
    return await lead(room, one, consultation_id)


async def _lives(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """They say that they live there: it is their word, and stands as such."""
    (consultation_id,) = numbers
    person, _ = who(room, one)
    row = await actions.find(room.session, consultation_id)
    if row.open_to != "place" or row.state not in queries.OPEN:
        raise NotFound("Nobody asks where you live.")
    await actions.let_in(room.session, row, person.id, "place")
    return await lead(room, one, row.id)


async def enter(room: Room, one: Heard, consultation_id: int, code: str) -> Reply:
    """A code, as it was written; a wrong one can be written again."""
    (person, _), lang = who(room, one), room.lang(one)
    row = await actions.find(room.session, consultation_id)
    guesses = (WRONG, "entry", source(one))
    if not limiter(room).test(*guesses):
        return say("code.often", lang), (_leave(row.id, lang),)
    try:
        actions.check_code(room.here.vault, row, code)
    except actions.NotLetIn:
        limiter(room).hit(*guesses)
        return say("consultation.code_wrong", lang), (_leave(row.id, lang),)
    await actions.let_in(room.session, row, person.id, "code")
    return await lead(room, one, row.id)


def asked_for_code(room: Room, one: Heard) -> int | None:
    """The consultation that waits for a code from this conversation: it may look like a receipt."""
    conversation = room.conversation(one)
    pending = (conversation.pending if conversation else None) or {}
    waits = pending.get("until", "") > now().isoformat()
    return pending.get("enter") if waits else None


async def _leave_it(room: Room, one: Heard, numbers: list[int]) -> Reply:
    await expect_nothing(room, one)
    return say("consultation.left", room.lang(one)), ()


async def _support(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """Stand behind a proposal; with a second number, instead of one's own, which is taken back."""
    lang, (person, identity) = room.lang(one), who(room, one)
    number, *own = numbers
    new = await proposals.support(room.session, number, person, identity)
    n = (await proposal_queries.supports(room.session, [number])).get(number, 0)
    said = [say("proposal.supported" if new else "proposal.supported_before", lang, number=number)]
    said.append(say("proposal.supporters", lang, n=n))
    for mine in own:
        row = await proposals.find(room.session, mine)
        if row.state in proposal_queries.LIVE:
            await proposals.withdraw(room.session, mine, person, why=f"supports {number} instead")
            said.append(say("proposal.withdrawn", lang, number=mine))
    return "\n".join(said), ()


async def _differs(room: Room, one: Heard, numbers: list[int]) -> Reply:
    (number,) = numbers
    await proposals.differ(room.session, number, who(room, one)[0])
    return say("proposal.differs", room.lang(one), number=number), ()


async def _take_back(room: Room, one: Heard, numbers: list[int]) -> Reply:
    (number,) = numbers
    await proposals.withdraw(room.session, number, who(room, one)[0])
    conversation = room.conversation(one)
    if conversation is not None and "proposed" in (conversation.pending or {}):
        await expect_nothing(room, one)
    return say("proposal.withdrawn", room.lang(one), number=number), ()


async def _review(room: Room, one: Heard, numbers: list[int]) -> Reply:
    (number,) = numbers
    await proposals.ask_review(room.session, number, who(room, one)[0])
    return say("proposal.review", room.lang(one), number=number), ()


async def _joins(room: Room, one: Heard, numbers: list[int]) -> Reply:
    number, into = numbers
    await proposals.agree(room.session, number, into, who(room, one)[0])
    return say("proposal.joined", room.lang(one), number=number, other=into), ()


async def _stays(room: Room, one: Heard, numbers: list[int]) -> Reply:
    number, into = numbers
    await proposals.stay(room.session, number, into, who(room, one)[0])
    return say("proposal.stays", room.lang(one), number=number), ()


PRESSES: dict[str, Callable[[Room, Heard, list[int]], Awaitable[Reply]]] = {
    "consult": _consult,
    "lives": _lives,
    "leave": _leave_it,
    "support": _support,
    "differs": _differs,
    "takeback": _take_back,
    "review": _review,
    "joins": _joins,
    "stays": _stays,
}
