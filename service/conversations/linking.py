"""Two accounts of one person become one, by their own act: a code from one, written in the other,
and a yes there.
"""

from collections.abc import Awaitable, Callable

from service.channels import deliveries
from service.channels.contract import Button
from service.channels.deliveries import REPLY, Letter
from service.consultations.entering import actions as entering
from service.consultations.meeting.answering import actions as meetings
from service.consultations.proposals import actions as proposals
from service.consultations.voting.voices import actions as voices
from service.conversations import consulting
from service.conversations.hearing import Heard
from service.conversations.limiting import spent
from service.conversations.room import Reply, Room
from service.issues import actions as issues
from service.limiting import per_hour
from service.messages import actions as messages
from service.messages import receipts
from service.people.linking import actions
from service.people.linking.actions import LIFE, SamePerson, UnknownCode
from service.people.models import Identity, Person
from service.phrases import say
from service.rounds.support import actions as rounds

OFTEN = per_hour(10)
NAMES = {"telegram": "Telegram", "discord": "Discord"}


async def command(room: Room, one: Heard, rest: str) -> Reply:
    """A code for another account; or, with one from there, the question whether both are theirs."""
    lang, (_, identity) = room.lang(one), consulting.who(room, one)
    if spent(room, OFTEN, "link", str(identity.id)):
        return say("code.often", lang), ()
    if rest:
        return await _claim(room, identity, rest, lang)
    code = receipts.new()
    await actions.offer(room.session, room.here.vault, identity, code)
    minutes = int(LIFE.total_seconds() // 60)
    return say("link.code", lang, code=code, minutes=minutes), ()


async def _claim(room: Room, identity: Identity, rest: str, lang: str) -> Reply:
    code = receipts.read(rest) or ""
    try:
        found = await actions.claim(room.session, room.here.vault, identity, code)
    except UnknownCode:
        return say("link.unknown", lang), ()
    except SamePerson:
        return say("link.same", lang), ()
    other = await room.session.get_one(Identity, found.identity_id)
    yes = Button(say("button.link_yes", lang), f"link:{found.id}")
    no = Button(say("button.link_no", lang), f"nolink:{found.id}")
    return say("link.sure", lang, channel=_channel(other, lang)), (yes, no)


def _channel(identity: Identity, lang: str) -> str:
    """What a reader calls the app of an account."""
    known = NAMES.get(identity.channel, identity.channel)
    return say("link.web", lang) if identity.channel == "web" else known


async def _no(room: Room, one: Heard, numbers: list[int]) -> Reply:
    (number,) = numbers
    lang, (_, identity) = room.lang(one), consulting.who(room, one)
    try:
        await actions.take(room.session, number, identity)
    except UnknownCode:
        return say("link.unknown", lang), ()
    return say("link.apart", lang), ()


async def _yes(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """Both accounts are one person from now on; the other one is told."""
    (number,) = numbers
    lang, (person, identity) = room.lang(one), consulting.who(room, one)
    try:
        found = await actions.take(room.session, number, identity)
    except UnknownCode:
        return say("link.unknown", lang), ()
    kept, gone = await actions.unite(room.session, (found.person_id, person.id))
    dropped = await _hand_over(room, kept, gone)
    for key, (account, held) in room.people.items():
        room.people[key] = (account, kept if held.id == gone.id else held)
    other = await room.session.get_one(Identity, found.identity_id)
    told = _told(found.id, other, identity, kept.lang or lang)
    await deliveries.post(room.session, room.here.vault, [told])
    room.wake.add(other.id)
    said = [say("link.done", lang, channel=_channel(other, lang))]
    if dropped:
        said.append(say("link.votes", lang, n=dropped))
    return "\n\n".join(said), ()


async def _hand_over(room: Room, kept: Person, gone: Person) -> int:
    """What either has is the one person's; gives how many votes were given twice."""
    session = room.session
    written = await messages.unite(session, kept.id, gone.id)
    await issues.unite(session, kept, gone, written)
    await entering.unite(session, kept, gone)
    await proposals.unite(session, kept, gone)
    await rounds.unite(session, kept, gone)
    await meetings.unite(session, room.here, kept, gone)
    return await voices.unite(session, kept, gone)


def _told(number: int, identity: Identity, joined: Identity, lang: str) -> Letter:
    return Letter(
        key=f"linked:{number}:{identity.id}:{joined.id}",
        identity_id=identity.id,
        channel=identity.channel,
        cause="talk",
        cause_id=None,
        text=say("link.told", lang, channel=_channel(joined, lang)),
        lang=lang,
        priority=REPLY,
    )


PRESSES: dict[str, Callable[[Room, Heard, list[int]], Awaitable[Reply]]] = {
    "link": _yes,
    "nolink": _no,
}
