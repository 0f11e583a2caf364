"""Where votes are taken: pairs are drawn from memory, and votes that wait for the database at the
same time share one commit. A vote is acknowledged when it is durable.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from service.consultations.models import Consultation
from service.consultations.voting import actions, ground, queries, tokens
from service.consultations.voting.actions import Ballot, Cast, Elector, TooManyVotes
from service.consultations.voting.ground import Ground, Mind, Minds
from service.consultations.voting.queries import Candidate
from service.consultations.voting.voices import actions as voices
from service.consultations.voting.weighing import QUICK, TOO_FAST
from service.errors import GabineteError
from service.installation import Installation
from service.limiting import Limiter, per_minute

FRESH = 2.0
PAUSE = 20
MOST = 400
GATHERED = 0.01
ASKED = 1.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Offer:
    """A pair to compare as it is shown, left first."""

    pair: tokens.Pair
    left: Candidate
    right: Candidate
    names: dict[str, str]
    lang: str


@dataclass(frozen=True)
class Standing:
    """Where a voter stands: how many pairs they voted on, and the next one, None after all."""

    cast: int
    offer: Offer | None

    @property
    def pause(self) -> bool:
        """A good moment to stop: every twenty votes."""
        return self.cast > 0 and self.cast % PAUSE == 0


class Booth:
    """Takes the votes of a process's voters."""

    def __init__(self, here: Installation, ring: Callable[[], None]) -> None:
        self._here, self._ring = here, ring
        self._random = np.random.default_rng()
        self._grounds: dict[int, tuple[float, Ground]] = {}
        self._loading: dict[int, asyncio.Task[Ground]] = {}
        self._minds = Minds()
        self.limiter = Limiter()
        self._limit = per_minute(here.settings.votes_per_minute)
        self._asked: dict[int, float] = {}
        self._asking: dict[int, asyncio.Task[None]] = {}
        self._waiting: list[tuple[Ballot, asyncio.Future[actions.Outcome]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def consultation(self, consultation_id: int) -> Consultation:
        """What is voted on, as this process holds it. Raises `UnknownConsultation`."""
        return (await self._ground(consultation_id)).row

    async def begin(self, elector: Elector, theme_id: int | None = None) -> Standing:
        """The first pair of a browser that was just given its token. Raises `VotingClosed`."""
        there = await self._ground(elector.consultation_id)
        there.check_open()
        return _standing(there, self._minds.put(elector.digest, Mind()), theme_id)

    async def next(self, elector: Elector, theme_id: int | None = None) -> Standing:
        """The pair that waits for a voter, or another. Raises `VotingClosed`, `VoterErased`."""
        there = await self._ground(elector.consultation_id)
        there.check_open()
        return _standing(there, await self._mind(elector), theme_id)

    async def cast(self, elector: Elector, pair: tokens.Pair, choice: str, why: str | None) -> Cast:
        """Count a choice, once; returns when it is durable.

        Raises `VotingClosed`, `PairChanged`, `VoterErased`, `TooManyVotes`.
        """
        there = await self._ground(elector.consultation_id)
        there.check_open()
        theme_id = there.check(pair)
        if not self.limiter.hit(self._limit, elector.digest):
            raise TooManyVotes("Take your time: no more votes are taken in this minute.")
        seconds = round(max(0.0, time.time() - pair.issued / 1000), 1)
        flags = TOO_FAST if seconds < QUICK else ""
        reason = why if choice == "neither" else None
        ballot = Ballot(
            elector, theme_id, pair.left, pair.right, choice, reason, seconds, flags, pair.wording
        )
        done: asyncio.Future[actions.Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((ballot, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        outcome = await done
        if isinstance(outcome, GabineteError):
            self._minds.drop(elector.digest)
            self._grounds.pop(elector.consultation_id, None)
            raise outcome
        (await self._mind(elector)).seen.add(ballot.pair)
        return outcome

    async def forget(self, elector: Elector) -> None:
        """A browser's voter is erased; its votes stay counted."""
        async with self._here.database.write() as session:
            await voices.forget_voter(session, elector)
        self._minds.drop(elector.digest)

    async def _write(self) -> None:
        """Votes that come within a few milliseconds are written together."""
        while self._waiting:
            await asyncio.sleep(GATHERED)
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                outcomes = await self._cast([ballot for ballot, _ in taken])
            except Exception as error:
                log.exception("votes_failed", votes=len(taken))
                for _, done in taken:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), outcome in zip(taken, outcomes, strict=True):
                if not done.done():
                    done.set_result(outcome)
            self._ring()

    async def _cast(self, ballots: Sequence[Ballot]) -> list[actions.Outcome]:
        """Scores are asked for with the first votes of a second, and after the last of them: none
        is left that was written while they were being made.
        """
        begun = time.monotonic()
        ids = {ballot.elector.consultation_id for ballot in ballots}
        asked = {id_ for id_ in ids if begun - self._asked.get(id_, -ASKED) < ASKED}
        async with self._here.database.write() as session:
            outcomes = await actions.cast_all(session, ballots, asked=asked)
        self._asked.update(dict.fromkeys(ids - asked, begun))
        for id_ in asked:
            if id_ not in self._asking or self._asking[id_].done():
                self._asking[id_] = asyncio.create_task(self._ask(id_, ASKED))
        return outcomes

    async def _ask(self, consultation_id: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        try:
            async with self._here.database.write() as session:
                await actions.reckon_soon(session, consultation_id)
        except Exception:
            log.exception("scores_not_asked_for", consultation=consultation_id)
        self._ring()

    async def _mind(self, elector: Elector) -> Mind:
        """What is known of a voter, read where this process does not remember it."""
        if (held := self._minds.get(elector.digest)) is not None:
            return held
        async with self._here.database.read() as session:
            row = await queries.voter(session, elector.consultation_id, elector.digest)
            seen = await queries.seen(session, row.id) if row else []
        if row is not None and row.erased_at is not None:
            raise actions.VoterErased("Your data was erased: your votes stay counted, without you.")
        mind = self._minds.put(elector.digest, Mind())
        mind.saw(seen)
        return mind

    async def _ground(self, consultation_id: int) -> Ground:
        """The ballot as it was at most two seconds ago, read once for all who ask."""
        held = self._grounds.get(consultation_id)
        if held is not None and time.monotonic() - held[0] < FRESH:
            return held[1]
        loading = self._loading.get(consultation_id)
        if loading is None or loading.done():
            loading = asyncio.create_task(self._load(consultation_id))
            loading.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._loading[consultation_id] = loading
        if held is not None and time.monotonic() - held[0] < 2 * FRESH:
            return held[1]
        return await asyncio.shield(loading)

    async def _load(self, consultation_id: int) -> Ground:
        async with self._here.database.read() as session:
            found = await ground.load(session, consultation_id, self._random)
        self._grounds[consultation_id] = (time.monotonic(), found)
        return found

    async def close(self) -> None:
        """Let what is on its way be written."""
        left = [*self._loading.values(), *([self._writer] if self._writer else [])]
        await asyncio.gather(*left, return_exceptions=True)
        late = {id_: task for id_, task in self._asking.items() if task.cancel()}
        await asyncio.gather(*late.values(), return_exceptions=True)
        for id_ in late:
            await self._ask(id_, 0)


def _standing(there: Ground, mind: Mind, theme_id: int | None) -> Standing:
    pair = there.pair(mind, theme_id)
    return Standing(len(mind.seen), _offer(there, *pair) if pair else None)


def _offer(there: Ground, left: Candidate, right: Candidate) -> Offer:
    mark = actions.wording(left.fingerprint, right.fingerprint)
    pair = tokens.Pair(left.id, right.id, int(time.time() * 1000), mark)
    return Offer(pair, left, right, there.names[left.theme_id], there.lang)
