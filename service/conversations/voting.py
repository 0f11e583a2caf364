"""Voting in chat: two proposals under two buttons, or neither and why; a pause after twenty."""

import time
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

import numpy as np

from service.channels.contract import Button
from service.consultations import queries as consultations
from service.consultations.models import Consultation
from service.consultations.voting import actions, booth, devices, ground, queries, tokens
from service.consultations.voting.actions import Ballot, Cast, Elector
from service.consultations.voting.ground import Ground, Mind, Minds
from service.consultations.voting.voices import actions as voices
from service.consultations.voting.weighing import QUICK, TOO_FAST
from service.conversations import consulting
from service.conversations.hearing import Heard
from service.conversations.room import Reply, Room
from service.database import Database, now
from service.errors import GabineteError
from service.people import queries as people
from service.phrases import say

MOST = 8
LEFT, RIGHT, UNSURE = 1, 2, 3
CHOICES = {LEFT: "left", RIGHT: "right"}
REASONS = {4: "same", 5: "unknown", 6: "unclear"}
LINKS = ("consultation-", "issue-", "round-")
REFUSALS: dict[type[GabineteError], str] = {
    actions.VotingClosed: "vote.closed",
    actions.VoterErased: "vote.erased",
}

_grounds: WeakKeyDictionary[Database, dict[int, tuple[float, Ground]]] = WeakKeyDictionary()
_minds: WeakKeyDictionary[Database, Minds] = WeakKeyDictionary()


async def command(room: Room, one: Heard, rest: str) -> Reply:
    """A pair to compare; of which consultation, where there are several."""
    lang = room.lang(one)
    rows, _ = await consultations.page(room.session, states=("voting",), limit=MOST)
    if not rows:
        return say("vote.none", lang), ()
    if len(rows) == 1:
        return await _ballot(room, one, [rows[0].id])
    wholes = await consultations.wholes(room.session, rows)
    return say("consultation.which", lang), tuple(
        Button(consulting.short(whole.text(lang).title), f"ballot:{whole.row.id}")
        for whole in wholes
    )


async def _ballot(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """The next pair of a consultation, for who may take part."""
    (consultation_id,) = numbers
    row = await consultations.consultation(room.session, consultation_id)
    if row is None or row.state != "voting":
        return say("vote.closed", room.lang(one)), ()
    if (door := await consulting.door(room, one, row)) is not None:
        return door
    elector = await _elector(room, one, row)
    voter = await queries.voter(room.session, row.id, elector.digest)
    if voter is not None and voter.erased_at is not None:
        return say("vote.erased", room.lang(one)), ()
    return await _next(room, one, row, elector)


async def _elector(room: Room, one: Heard, row: Consultation) -> Elector:
    """A person's voice: the one they have, on whatever channel it began, or a new one."""
    person, identity = consulting.who(room, one)
    held = await queries.voter_of_person(room.session, row.id, person.id)
    vault, channel = room.here.vault, identity.channel
    digest = held.digest if held else tokens.digest(vault, row.id, channel, identity.digest)
    conversation = room.conversation(one)
    came = conversation.campaign if conversation is not None else None
    if came is not None and (came.startswith(LINKS) or not tokens.CAMPAIGN.fullmatch(came)):
        came = None
    told = one.inbound.device
    device = devices.mark(vault, *told) if told else None
    return Elector(row.id, digest, channel, person.id, device, came)


async def _next(room: Room, one: Heard, row: Consultation, elector: Elector, *before: str) -> Reply:
    """The next pair, under what is said before it."""
    lang = room.lang(one)
    there = await _ground(room, row.id)
    pair = there.pair(await _mind(room, row, elector), None)
    if pair is None:
        return "\n\n".join([*before, say("vote.all", lang)]), ()
    left, right = pair
    shown = tokens.Pair(
        left.id, right.id, int(time.time() * 1000),
        actions.wording(left.fingerprint, right.fingerprint),
    )  # fmt: skip
    theme = there.names[left.theme_id]
    named = theme.get(lang) or theme[there.lang]
    said = say("vote.pair", lang, theme=named, a=left.text, b=right.text)
    return "\n\n".join([*before, said]), _buttons(room, row.id, elector, shown, lang)


async def _mind(room: Room, row: Consultation, elector: Elector) -> Mind:
    """What is remembered of a voter, with what they voted on anywhere."""
    minds = _minds.setdefault(room.here.database, Minds())
    mind = minds.get(elector.digest) or minds.put(elector.digest, Mind())
    voter = await queries.voter(room.session, row.id, elector.digest)
    mind.saw(await queries.seen(room.session, voter.id) if voter else [])
    return mind


async def _ground(room: Room, consultation_id: int) -> Ground:
    """The ballot as it was a moment ago: reading it for every vote would hold the others up."""
    held = _grounds.setdefault(room.here.database, {})
    at, there = held.get(consultation_id, (-np.inf, None))
    if there is None or time.monotonic() - at >= booth.FRESH:
        there = await ground.load(room.session, consultation_id, np.random.default_rng())
        held[consultation_id] = (time.monotonic(), there)
    return there


def _buttons(
    room: Room, consultation_id: int, elector: Elector, shown: tokens.Pair, lang: str
) -> tuple[Button, ...]:
    mark = tokens.press_mark(room.here.vault, elector.digest, shown)

    def button(label: str, choice: int) -> Button:
        pair = f"{consultation_id}:{shown.left}:{shown.right}:{shown.issued}"
        return Button(say(label, lang), f"pick:{pair}:{choice}:{mark}")

    return (
        button("button.a", LEFT), button("button.b", RIGHT), button("button.undecided", UNSURE),
    )  # fmt: skip


async def _pick(room: Room, one: Heard, numbers: list[int]) -> Reply:
    """A choice, signed for who was shown the pair; who cannot decide is asked why."""
    consultation_id, left, right, issued, choice, mark = numbers
    row = await consultations.consultation(room.session, consultation_id)
    if row is None or row.state != "voting" or row.voting_until <= now():
        return say("vote.closed", room.lang(one)), ()
    elector, lang = await _elector(room, one, row), room.lang(one)
    there = await _ground(room, row.id)
    held = [there.candidates.get(id_) for id_ in (left, right)]
    prints = [candidate.fingerprint for candidate in held if candidate is not None]
    try:
        if len(prints) < 2:
            raise actions.PairChanged("One of the two is not voted on any more.")
        shown = tokens.Pair(left, right, issued, actions.wording(*prints))
        tokens.check_press(room.here.vault, elector.digest, shown, mark)
    except (actions.PairChanged, actions.StalePair, actions.UnknownPair):
        return await _next(room, one, row, elector, say("vote.changed", lang))
    if choice == UNSURE:
        pair = f"{row.id}:{left}:{right}:{issued}"
        return say("vote.why", lang), tuple(
            Button(say(f"button.{why}", lang), f"pick:{pair}:{number}:{mark}")
            for number, why in REASONS.items()
        )
    theme_id = there.candidates[left].theme_id
    return await _cast(room, one, row, elector, shown, theme_id, choice)


async def _cast(
    room: Room,
    one: Heard,
    row: Consultation,
    elector: Elector,
    shown: tokens.Pair,
    theme_id: int,
    choice: int,
) -> Reply:
    lang = room.lang(one)
    seconds = round(max(0.0, time.time() - shown.issued / 1000), 1)
    flags = TOO_FAST if seconds < QUICK else ""
    chosen = CHOICES.get(choice, "neither")
    ballot = Ballot(
        elector, theme_id, shown.left, shown.right, chosen, REASONS.get(choice), seconds, flags,
        shown.wording,
    )  # fmt: skip
    (outcome,) = await actions.cast_all(room.session, [ballot])
    if not isinstance(outcome, Cast):
        key = REFUSALS.get(type(outcome))
        if key is not None:
            return say(key, lang), ()
        return await _next(room, one, row, elector, say("vote.changed", lang))
    if not outcome.counted:
        stands = say(f"vote.choice.{outcome.choice}", lang)
        return await _next(room, one, row, elector, say("vote.before", lang, choice=stands))
    n = len(await queries.seen(room.session, outcome.voter_id))
    if n % booth.PAUSE == 0:
        go_on = Button(say("button.go_on", lang), f"ballot:{row.id}")
        return say("vote.pause", lang, n=n), (go_on,)
    return await _next(room, one, row, elector, say("vote.counted", lang, n=n))


async def kept(room: Room, person_id: int) -> dict[str, list[dict[str, int]]]:
    """How often a person voted, for who takes their data away."""
    given = await queries.votes_of(room.session, person_id)
    return {"votes": [{"consultation": id_, "votes": votes} for id_, votes in given]}


async def forget(room: Room, person_id: int, lang: str) -> list[str]:
    """Erase who voted, on whatever of their accounts; what is said of votes that stay counted."""
    voted = await queries.voters_of(room.session, person_id)
    vault, accounts = room.here.vault, await people.identities(room.session, person_id)
    await voices.forget(room.session, person_id)
    known = [voter for voter in voted if not voter.digest.startswith("erased-")]
    for voter in known:
        for one in accounts:
            digest = tokens.digest(vault, voter.consultation_id, one.channel, one.digest)
            other = Elector(voter.consultation_id, digest, one.channel)
            await voices.forget_voter(room.session, other)
    return [say("erase.votes", lang)] if voted else []


PRESSES: dict[str, Callable[[Room, Heard, list[int]], Awaitable[Reply]]] = {
    "ballot": _ballot,
    "pick": _pick,
}
