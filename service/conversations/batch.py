"""The whole path of a claimed batch on one screen: look up, hear, weave, encode, place, write."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from nlp.route import Router
from service.channels.contract import Inbound
from service.channels.inbox import Arrived
from service.consultations.proposals import queries as proposals
from service.consultations.proposals.models import Proposal
from service.conversations import (
    centring,
    changes,
    dialogue,
    hearing,
    placing,
    proposing,
    weaving,
    writing,
)
from service.conversations.hearing import Heard, Key, Tongues
from service.conversations.placing import Decision
from service.conversations.proposing import Offer
from service.conversations.room import Room, meet
from service.conversations.weaving import Thread, Woven
from service.database import Session, now
from service.departments import queries as departments
from service.installation import Installation
from service.messages import queries as messages
from service.messages.models import Contribution, Conversation
from service.messages.queries import Earlier
from service.people import queries as people
from service.people.models import Identity, Person
from service.retrieval import spaces
from service.retrieval.retriever import Retriever

log = structlog.get_logger()

REGION = "BR"


@dataclass(frozen=True)
class Known:
    """What the database knew of a batch's people before it was read."""

    people: dict[Key, tuple[Identity, Person]] = field(default_factory=dict)
    threads: dict[Key, Conversation] = field(default_factory=dict)
    open_ones: dict[Key, Contribution] = field(default_factory=dict)
    earlier: dict[int, Earlier] = field(default_factory=dict)
    proposed: dict[int, Proposal] = field(default_factory=dict)

    def tongues(self, default: str) -> Tongues:
        """The languages that these people are known by."""
        chosen = {key: person.lang for key, (_, person) in self.people.items()}
        spoken = {key: thread.lang for key, thread in self.threads.items() if thread.lang}
        return Tongues(default, chosen, spoken)

    @property
    def reopened(self) -> dict[Key, tuple[int, int]]:
        """Conversations whose next words belong to an issue and answer the person reopened."""
        return {
            key: (asked["issue_id"], asked["answer_id"])
            for key, asked in self._asked.items()
            if "issue_id" in asked
        }

    @property
    def nominating(self) -> dict[Key, int]:
        """Conversations whose next words are a question of a round."""
        return {key: asked["round_id"] for key, asked in self._asked.items() if "round_id" in asked}

    @property
    def expecting(self) -> dict[Key, tuple[str, int]]:
        """Conversations whose next words were asked for by a consultation."""
        return proposing.expecting(self._asked)

    @property
    def _asked(self) -> dict[Key, dict[str, Any]]:
        """What conversations were asked for and may still give with their next words."""
        moment = now().isoformat()
        return {
            key: thread.pending
            for key, thread in self.threads.items()
            if thread.pending and thread.pending["until"] > moment
        }


@dataclass(frozen=True)
class Sitting:
    """A batch understood: what was heard, what of it `mends` an earlier contribution, by row, what
    each conversation said, and which texts a consultation had asked for.
    """

    heard: list[Heard]
    mends: dict[int, Woven]
    threads: list[Thread]
    offers: list[Offer] = field(default_factory=list)

    @property
    def woven(self) -> list[Woven]:
        """The contributions that must be placed."""
        return [one for thread in self.threads for one in thread.woven]

    @property
    def others(self) -> list[Heard]:
        """Commands, buttons and the like."""
        return [one for one in self.heard if not one.free and one.row_id not in self.mends]

    def without_placing(self) -> "Sitting":
        """The conversations in which nothing has to be placed; the others wait as a whole."""
        slow = {thread.key for thread in self.threads if thread.woven}
        slow |= {one.heard.thread for one in self.offers}
        return Sitting(
            [one for one in self.heard if one.thread not in slow],
            self.mends,
            [thread for thread in self.threads if thread.key not in slow],
        )


def understand(heard: Sequence[Heard], known: Known) -> Sitting:
    """What a batch says: contributions and talk, by conversation."""
    ours = [changes.by_its_author(one, known.earlier.get(one.row_id)) for one in heard]
    found = {one.row_id: changes.mend(one, known.earlier.get(one.row_id)) for one in ours}
    mends = {row_id: woven for row_id, woven in found.items() if woven}
    free = [one for one in ours if one.free and one.row_id not in mends]
    offers = proposing.offers(free, known.expecting, known.proposed)
    offered = {one.heard.row_id for one in offers}
    said = [one for one in free if one.row_id not in offered]
    threads = weaving.weave(said, known.open_ones, known.reopened, known.nominating)
    threads += [Thread(one.first.thread, [one]) for one in mends.values()]
    return Sitting(ours, mends, threads, offers)


class Desk:
    """Takes batches for one worker; keeps the router between them. While there is no retriever, it
    leaves for later whatever has to be placed.
    """

    def __init__(self, here: Installation, retriever: Retriever | None) -> None:
        self._here, self.retriever = here, retriever
        self._router: Router | None = None
        self._router_version: object = None
        self._sharpening: asyncio.Task[None] | None = None
        self._heard: int | None = None
        self._due = centring.FIRST

    async def take(self, arrived: Sequence[Arrived]) -> set[int]:
        """Understand a batch and write all that follows, in one transaction; gives whom to wake
        (identity ids).
        """
        batch, _ = in_order(arrived)
        known = await self._look_up(batch)
        tongues = known.tongues(self._here.settings.default_language)
        heard = await asyncio.to_thread(
            hearing.hear, batch, self._here.vault, tongues, region=REGION
        )
        sitting = understand(heard, known)
        if self.retriever is None:
            sitting = sitting.without_placing()
        decisions = await self._decide(sitting.woven)
        weighed = await proposing.weigh(sitting.offers, self._here, self.retriever)
        read = {one.row_id for one in sitting.heard}
        async with self._here.database.write() as session:
            model = self.retriever.embedder.name if self.retriever else ""
            room = Room(session, self._here, model, earlier=known.earlier)
            await meet(room, sitting.heard)
            await writing.contributions(room, sitting.threads, decisions)
            await proposing.take(room, sitting.offers, weighed)
            await dialogue.answer_all(room, sitting.others)
            later = [one.id for one in arrived if one.id not in read]
            await writing.finish(room, sorted(read), later)
        await self._learn(len(decisions))
        self._sharpen()
        return room.wake

    async def _decide(self, woven: Sequence[Woven]) -> list[Decision]:
        """Encode and place contributions."""
        if not woven or self.retriever is None:
            return []
        vectors = await placing.encode(woven, self.retriever)
        said = placing.days(woven)
        near = await placing.near(vectors, said, self._here, self.retriever)
        return await asyncio.to_thread(
            placing.place, woven, vectors, near, self.retriever, self._router
        )

    def _sharpen(self) -> None:
        """Learn routing anew, off the message's way, when enough was taught since the last time."""
        if self._router is not None and self._router.stale and self._sharpening is None:
            self._sharpening = asyncio.create_task(self._refit(self._router))

    async def _refit(self, router: Router) -> None:
        try:
            learnt = await asyncio.to_thread(router.refit)
            if self._router is router:
                self._router = learnt
        except Exception:
            log.exception("routing_not_learnt")
        finally:
            self._sharpening = None

    async def _learn(self, fresh: int) -> None:
        """Learn the space anew when so much has been heard that it is due."""
        if self._heard is None:
            async with self._here.database.read() as session:
                self._heard = await messages.count(session)
        else:
            self._heard += fresh
        if fresh and self.retriever is not None and self._heard >= self._due:
            await centring.learn_if_due(self._here, self.retriever, self._heard)
            async with self._here.database.read() as session:
                model = self.retriever.embedder.name
                self._due = 2 * await spaces.learnt_from(session, model)

    async def _look_up(self, batch: Sequence[Arrived]) -> Known:
        pairs = [hearing.keys(one, self._here.vault) for one in batch]
        since = now() - timedelta(minutes=self._here.settings.join_minutes)
        async with self._here.database.read() as session:
            if self.retriever is not None:
                await self.retriever.refresh(session)
                self._router_version, self._router = await departments.router(
                    session, self.retriever.embedder, (self._router_version, self._router)
                )
            met = await people.by_digest(session, [who for who in {w for w, _ in pairs} if who])
            threads = await messages.conversations(session, [t for t in {t for _, t in pairs} if t])
            recent = await messages.open_since(session, [t.id for t in threads.values()], since)
            earlier = {
                one.id: before
                for one in batch
                if one.inbound.kind in hearing.CHANGES
                and (before := await self._said_before(session, one.inbound))
            }
            proposed = await self._proposed(session, earlier)
        open_ones = {key: recent[t.id] for key, t in threads.items() if t.id in recent}
        return Known(met, threads, open_ones, earlier, proposed)

    async def _proposed(
        self, session: Session, earlier: Mapping[int, Earlier]
    ) -> dict[int, Proposal]:
        """What was proposed by the messages that are changed now, by row."""
        found = {}
        for row_id, before in earlier.items():
            versions = await messages.versions(session, [before.message.id])
            for row in (await proposals.by_messages(session, versions)).values():
                if row.state not in proposals.GONE:
                    found[row_id] = row
        return found

    async def _said_before(self, session: Session, inbound: Inbound) -> Earlier | None:
        address = inbound.address
        return await messages.earlier(
            session, address.channel, address.account, inbound.external_id
        )


def in_order(arrived: Sequence[Arrived]) -> tuple[list[Arrived], list[Arrived]]:
    """What can be read together: of each conversation its texts up to and with one command; the
    rest waits. What changes an earlier message waits until that one, and all before it, is read.
    """
    batch: list[Arrived] = []
    later: list[Arrived] = []
    shut: set[tuple[str, str, str]] = set()
    seen: set[tuple[str, str, str]] = set()
    for one in arrived:
        address, external_id = one.inbound.address, one.inbound.external_id
        thread = (address.channel, address.account, address.conversation)
        message = (address.channel, address.account, f"message {external_id}")
        changes = one.inbound.kind in hearing.CHANGES
        if thread in shut or (changes and seen & {thread, message}):
            later.append(one)
            shut.add(thread)
        else:
            batch.append(one)
            if changes or not hearing.free(one.inbound):
                shut.add(thread)
        seen |= {thread, message}
    return batch, later
