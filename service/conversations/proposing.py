"""A text that was asked for becomes a proposal, or lets its writer in; edits change a proposal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp import likeness
from nlp.embed import FloatArray
from nlp.text import fingerprint, tidy, unlabelled
from service.channels.contract import Button
from service.consultations import queries as consultations
from service.consultations.proposals import actions, queries
from service.consultations.proposals.actions import LONGEST, SHORTEST, NewProposal, Vectors
from service.consultations.proposals.models import Proposal
from service.conversations import consulting, replies
from service.conversations.hearing import Heard, Key
from service.conversations.room import Reply, Room
from service.conversations.writing import message, put_away
from service.database import Session
from service.errors import GabineteError
from service.installation import Installation
from service.messages import actions as messages
from service.phrases import say
from service.retrieval.retriever import Retriever

OFFERED, MARKED = 3, 12
EXPECTED = ("propose", "enter", "proposed")


@dataclass(frozen=True)
class Offer:
    """A text that was asked for. `what`: propose or enter, where it was asked for by a
    consultation; proposed, where it was sent twice; rewrite, where it edits what became a proposal.
    """

    heard: Heard
    what: str
    number: int

    @property
    def length(self) -> int:
        """Of what its author wrote, in characters, blanks around it left out."""
        return len(tidy(self.heard.original))

    @property
    def fits(self) -> bool:
        """Whether it can become a proposal as it is."""
        return self.what in ("propose", "rewrite") and SHORTEST <= self.length <= LONGEST


@dataclass(frozen=True)
class Weighed:
    """What was found for a text: its vector, its theme, and admitted proposals that are like it,
    the likest first.
    """

    vectors: Vectors
    theme_id: int | None
    near: tuple[int, ...]


def expecting(asked: Mapping[Key, Mapping[str, Any]]) -> dict[Key, tuple[str, int]]:
    """Which conversations a consultation asked for something, what, and which consultation."""
    return {
        key: (what, int(pending[what]))
        for key, pending in asked.items()
        for what in EXPECTED
        if what in pending
    }


def offers(
    free: Sequence[Heard], expected: Mapping[Key, tuple[str, int]], proposed: Mapping[int, Proposal]
) -> list[Offer]:
    """Which of these texts were asked for, or edit a proposal (by row). One that has the right
    length ends what was asked for: what is said after it is an ordinary message, but for the same
    once more.
    """
    found, waits = [], dict(expected)
    for one in free:
        if one.row_id in proposed:
            found.append(Offer(one, "rewrite", proposed[one.row_id].id))
            continue
        asked = waits.get(one.thread) if one.thread else None
        if asked is None or not _is_meant(one, *asked):
            continue
        found.append(Offer(one, *asked))
        if one.thread and found[-1].fits:
            waits[one.thread] = ("proposed", mark(one))
        elif one.thread and asked[0] == "enter":
            del waits[one.thread]
    return found


def mark(one: Heard) -> int:
    """A number by which a text that is sent twice is known."""
    return int(fingerprint(one.text)[:MARKED], 16)


def _is_meant(one: Heard, what: str, number: int) -> bool:
    """A greeting or thanks in between is just that."""
    if what == "proposed":
        return mark(one) == number
    wordy = one.wants or one.adds or len(one.original) >= SHORTEST
    return wordy or (what == "enter" and one.kind == "noise")


async def weigh(
    offered: Sequence[Offer], here: Installation, retriever: Retriever | None
) -> dict[int, Weighed]:
    """Encode what can become a proposal, find its theme and what is like it; by row."""
    fitting = [one for one in offered if one.fits]
    if not fitting or retriever is None:
        return {}
    vectors = await retriever.encode(
        [unlabelled(one.heard.text) for one in fitting], [one.heard.lang for one in fitting]
    )
    found = {}
    async with here.database.read() as session:
        for one, vector in zip(fitting, vectors, strict=True):
            found[one.heard.row_id] = await _weigh(session, one, vector, retriever)
    return found


async def _weigh(session: Session, one: Offer, vector: FloatArray, retriever: Retriever) -> Weighed:
    model, place = retriever.embedder.name, retriever.space.place
    consultation_id = one.number
    if one.what == "rewrite":
        row = await queries.proposal(session, one.number)
        consultation_id = row.consultation_id if row else 0
    themes, among = await queries.theme_vectors(session, consultation_id, model)
    mine = place(np.atleast_2d(vector))
    theme = themes[likeness.closeness(mine, place(among))[0][0]] if themes else None
    ids, others = await queries.vectors(session, consultation_id, ("admitted",), model)
    (hits,) = likeness.nearest(mine, place(others), most=OFFERED + 1)
    vectors = Vectors(model, np.asarray(vector, dtype=np.float32).tobytes())
    return Weighed(vectors, theme, tuple(ids[at] for at, _ in hits))


async def take(room: Room, offered: Sequence[Offer], weighed: Mapping[int, Weighed]) -> None:
    """Store each text and what it became, and answer it."""
    told: set[int] = set()
    for one in offered:
        await put_away(room, [one.heard])
        said = await messages.keep_message(room.session, message(one.heard, None, room))
        body, buttons = await _answer(room, one, weighed.get(one.heard.row_id), said)
        key = f"proposing:{one.heard.row_id}"
        replies.write(room, one.heard, key, "talk", None, body, buttons, told)


async def _answer(room: Room, one: Offer, weighed: Weighed | None, said: int) -> Reply:
    lang = room.lang(one.heard)
    try:
        if one.what == "proposed":
            return await _again(room, one, lang)
        if one.what == "enter":
            return await consulting.enter(room, one.heard, one.number, one.heard.original)
        if one.what == "rewrite":
            return await _rewrite(room, one, weighed, said)
        if not one.fits:
            return _guide(one, lang), ()
        return await _propose(room, one, weighed, said)
    except GabineteError as error:
        if not isinstance(error, actions.AlreadyProposed):
            await consulting.expect_nothing(room, one.heard)
        return consulting.refusal(error, lang) or say("proposal.closed", lang), ()


async def _again(room: Room, one: Offer, lang: str) -> Reply:
    """What was sent twice at once was taken once, or not at all."""
    mine = await consulting.proposed(room, consulting.who(room, one.heard)[0])
    taken = any(fingerprint(row.text) == fingerprint(one.heard.text) for row in mine)
    return say("proposal.already" if taken else "proposal.closed", lang), ()


def _guide(one: Offer, lang: str) -> str:
    """How far it is from what can be taken."""
    if one.length < SHORTEST:
        missing = SHORTEST - one.length
        return say("proposal.short", lang, n=one.length, missing=missing, least=SHORTEST)
    return say("proposal.long", lang, n=one.length, over=one.length - LONGEST, most=LONGEST)


async def _propose(room: Room, one: Offer, weighed: Weighed | None, said: int) -> Reply:
    person, identity = consulting.who(room, one.heard)
    new = NewProposal(
        identity, person, said, one.heard.lang, one.heard.text, one.length,
        weighed.theme_id if weighed else None, weighed.vectors if weighed else None,
    )  # fmt: skip
    row = await actions.propose(room.session, one.number, new)
    await consulting.expect_no_more(room, one.heard, mark(one.heard))
    return await _receipt(room, one, row, weighed)


async def _receipt(room: Room, one: Offer, row: Proposal, weighed: Weighed | None) -> Reply:
    """Its number and theme; what is like it, to be supported instead."""
    lang = room.lang(one.heard)
    danger = replies.danger([one.heard], lang, room)
    parts = [f"{danger}{await _received(room, row, lang)}"]
    if one.heard.found:
        parts.append(say("receipt.masked", lang))
    near = await _near(room, row, weighed)
    if not near:
        take_back = Button(say("button.withdraw", lang, number=row.id), f"takeback:{row.id}")
        return "\n\n".join(parts), (take_back,)
    parts.append(say("proposal.near", lang))
    parts += [say("proposal.other", lang, number=other.id, text=other.shown) for other in near]
    parts.append(say("proposal.instead", lang))
    buttons = [
        Button(say("button.support", lang, number=other.id), f"support:{other.id}:{row.id}")
        for other in near
    ]
    differs = Button(say("button.differs", lang), f"differs:{row.id}")
    return "\n\n".join(parts), (*buttons, differs)


async def _received(room: Room, row: Proposal, lang: str) -> str:
    whole = await consultations.whole(room.session, row.consultation_id)
    assert whole is not None, "a proposal is of a consultation"
    theme = next(one for one in whole.themes if one.id == row.theme_id)
    if len(whole.themes) == 1:
        return say("proposal.received", lang, number=row.id)
    name = consultations.theme_name(theme, lang, whole.row.lang)
    return say("proposal.received_under", lang, number=row.id, theme=name)


async def _near(room: Room, row: Proposal, weighed: Weighed | None) -> list[Proposal]:
    """Admitted proposals of others that are like it, as they are now."""
    found = await queries.some(room.session, weighed.near) if weighed else {}
    shown = [found[id_] for id_ in (weighed.near if weighed else ()) if id_ in found]
    others = [one for one in shown if one.state == "admitted" and one.id != row.id]
    return [one for one in others if one.person_id != row.person_id][:OFFERED]


async def _rewrite(room: Room, one: Offer, weighed: Weighed | None, said: int) -> Reply:
    """They edited what they had proposed; what was decided on stays as it was read."""
    lang, (person, _) = room.lang(one.heard), consulting.who(room, one.heard)
    if not one.fits:
        return f"{_guide(one, lang)}\n\n{say('proposal.unchanged', lang, number=one.number)}", ()
    try:
        row = await actions.rewrite(
            room.session, one.number, person, one.heard.text, one.length, message_id=said
        )
    except actions.WrongProposalState:
        take_back = Button(
            say("button.withdraw", lang, number=one.number), f"takeback:{one.number}"
        )
        return say("proposal.fixed", lang, number=one.number), (take_back,)
    except actions.NotOpen:
        return say("proposal.unchanged", lang, number=one.number), ()
    if weighed:
        await actions.encoded(room.session, row, weighed.vectors)
    return say("proposal.changed", lang, number=row.id), ()
