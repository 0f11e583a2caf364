"""Random lives of a consultation and its proposals: only allowed moves happen, nobody is counted
twice, and no word of who left stays.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.strategies import integers, sampled_from
from sqlalchemy import select, update

from service.channels.models import Delivery
from service.consultations import actions, tasks
from service.consultations.models import Consultation, Extension
from service.consultations.proposals import actions as authoring
from service.consultations.proposals import queries
from service.consultations.proposals.models import Proposal, ProposalVector, Support
from service.consultations.proposals.screening import actions as screening
from service.consultations.queries import OPEN
from service.database import Database, Session, now
from service.errors import GabineteError
from service.installation import Installation
from service.people.models import Identity, Person
from service.settings import Settings
from service.staff.access import Staffer
from service.trail.models import Event
from service.vault import Vault
from tests.service.consultations import assembly
from tests.service.issues import town

T = TypeVar("T")
WHO, STAFF, WHICH = integers(0, 2), integers(0, 1), integers(0, 3)
# Phases end, and people are erased, more seldom than proposals are made and decided on.
SELDOM = integers(0, 3)
PHASES = sampled_from(["proposing", "screening", "voting"])
BEFORE_VOTING = ("proposing", "screening")


class ConsultationLife(RuleBasedStateMachine):
    """Two members of staff and three citizens do whatever they like with one consultation and up
    to four proposals; what may happen is read from the rows as they were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite+aiosqlite:///{Path(self.folder.name) / 'a.db'}")
        made = Settings(_env_file=None, default_language="en")
        self.here = Installation(made, self.database, Vault(bytes(32)))
        self.texts = self.letters = 0
        self.erased: set[int] = set()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self.loop.run_until_complete(work)

    @initialize()
    def asked(self) -> None:
        """Each citizen proposed something that was admitted."""
        self.run(self._asked())

    async def _asked(self) -> None:
        await town.create(self.database)
        async with self.database.write() as session:
            self.staff: list[Staffer] = [await town.official(session, role="comms") for _ in "ab"]
            row = await assembly.opened(session, self.here.vault, self.staff[0])
            self.id = row.id
            self.people = [await assembly.citizen(session) for _ in range(3)]
            for who in self.people:
                self.texts += 1
                words = assembly.text(self.texts)
                made = await assembly.proposed(session, self.id, who, words)
                await screening.admit(session, self.here, made.id, by=self.staff[0])
                self.letters += 1

    async def _rows(self, session: Session) -> tuple[Consultation, list[Proposal]]:
        row = await session.get_one(Consultation, self.id)
        found = await session.scalars(select(Proposal).order_by(Proposal.id))
        return row, list(found.all())

    def look(self) -> tuple[Consultation, list[Proposal]]:
        """What is stored now."""

        async def looking() -> tuple[Consultation, list[Proposal]]:
            async with self.database.read() as session:
                return await self._rows(session)

        return self.run(looking())

    def act(self, expected: bool | None, work: Any, *args: Any, **more: Any) -> bool:
        """Do it; that it is refused must be what is expected (None: either)."""

        async def acting() -> bool:
            refused = ""
            try:
                async with self.database.write() as session:
                    await work(session, *args, **more)
            except GabineteError as error:
                refused = error.code
            assert expected in (None, not refused), f"{work.__name__}: {refused or 'not refused'}"
            return not refused

        return self.run(acting())

    def author(self, row: Proposal) -> tuple[Person, Identity] | None:
        """Who proposed it."""
        return next((one for one in self.people if one[0].id == row.person_id), None)

    @rule(who=WHO)
    def propose(self, who: int) -> None:
        """Only while it takes proposals."""
        consultation, rows = self.look()
        if len(rows) > 3 or who in self.erased:
            return
        self.texts += 1
        words = assembly.text(self.texts)
        may = consultation.state == "proposing"
        self.act(may, assembly.proposed, self.id, self.people[who], words)

    @rule(who=WHO, which=WHICH)
    def support(self, who: int, which: int) -> None:
        """What was admitted, of others, before the voting."""
        consultation, rows = self.look()
        if who in self.erased:
            return
        row, (person, identity) = rows[which % len(rows)], self.people[who]
        may = row.state == "admitted" and consultation.state in BEFORE_VOTING
        may = may and row.person_id != person.id
        self.act(may, authoring.support, row.id, person, identity)

    @rule(who=STAFF, which=WHICH)
    def admit(self, who: int, which: int) -> None:
        """What waits; what was refused, where a review was asked for by another."""
        self.decide(who, which, "admit")

    @rule(who=STAFF, which=WHICH)
    def refuse(self, who: int, which: int) -> None:
        """Also what was admitted; a review once, by another."""
        self.decide(who, which, "refuse")

    def decide(self, who: int, which: int, act: str) -> None:
        """Each decision is one letter to the author, who is not erased."""
        consultation, rows = self.look()
        row = rows[which % len(rows)]
        by = self.staff[who]
        reviewing = row.state == "refused" and row.review_asked_at and not row.reviewed_at
        states = {"admit": ("waiting", "refused"), "refuse": ("waiting", "admitted")}[act]
        may = consultation.state in OPEN and (row.state in states or bool(reviewing))
        may = may and not (reviewing and row.decided_by == by.id)
        more = {"reason": "because"} if act == "refuse" else {}
        work = getattr(screening, act)
        if self.act(may, work, self.here, row.id, by=by, **more):
            self.letters += 1

    @rule(which=WHICH)
    def ask_review(self, which: int) -> None:
        """Of a refusal, once."""
        consultation, rows = self.look()
        row = rows[which % len(rows)]
        who = self.author(row)
        assert who is not None
        may = row.state == "refused" and row.reviewed_at is None
        may = may and (consultation.state in OPEN or row.review_asked_at is not None)
        self.act(may, authoring.ask_review, row.id, who[0])

    @rule(which=WHICH, into=WHICH, agrees=sampled_from([True, False]))
    def join(self, which: int, into: int, *, agrees: bool) -> None:
        """Asked by staff, decided by its author, before the voting."""
        consultation, rows = self.look()
        row, target = rows[which % len(rows)], rows[into % len(rows)]
        joined = any(one.joins_id == row.id and one.state == "joined" for one in rows)
        may = row.id != target.id and consultation.state in BEFORE_VOTING and not joined
        may = may and row.state in queries.LIVE and target.state == "admitted"
        by = self.staff[0]
        if not self.act(may, screening.ask_to_join, self.here, row.id, target.id, by=by):
            return
        self.letters += 1
        who = self.author(row)
        assert who is not None
        work = authoring.agree if agrees else authoring.stay
        self.act(True, work, row.id, target.id, who[0])
        self.act(False, work, row.id, target.id, who[0])

    @rule(which=WHICH, other=WHICH)
    def show_together(self, which: int, other: int) -> None:
        """Two that are not gone; asking again changes nothing."""
        _, rows = self.look()
        one, two = rows[which % len(rows)], rows[other % len(rows)]
        self.act(None, screening.show_together, one.id, two.id, by=self.staff[0])

    @rule(which=WHICH)
    def withdraw(self, which: int) -> None:
        """Its author may at any time, once."""
        _, rows = self.look()
        row = rows[which % len(rows)]
        who = self.author(row)
        assert who is not None
        self.act(row.state not in queries.GONE, authoring.withdraw, row.id, who[0])

    @rule(who=WHO, seldom=SELDOM)
    def erase(self, who: int, seldom: int) -> None:
        """A person is forgotten; a second time there is nothing to forget."""
        if seldom:
            return
        self.act(True, authoring.forget, self.people[who][0])
        self.erased.add(who)

    @rule(seldom=SELDOM)
    def date_passes(self, seldom: int) -> None:
        """The date that ends where it stands comes."""
        consultation, rows = self.look()
        date, becomes = actions.DATED.get(consultation.state, ("", ""))
        if not date or seldom:
            return
        admitted = [one for one in rows if one.state == "admitted"]
        self.run(self._come(date))
        expected = consultation.state if becomes == "voting" and len(admitted) < 2 else becomes
        assert self.look()[0].state == expected

    async def _come(self, date: str) -> None:
        async with self.database.write() as session:
            come = {date: now() - timedelta(seconds=1)}
            await session.execute(update(Consultation).values(come))
        await tasks.advance(self.here)

    @rule(phase=PHASES, days=integers(-1, 40))
    def extend(self, phase: str, days: int) -> None:
        """To a later date only, where the phase is not over for good."""
        consultation, _ = self.look()
        until = now() + timedelta(days=days)
        may = consultation.state in actions.EXTENSIBLE[phase]
        may = may and until > max(getattr(consultation, f"{phase}_until"), now())
        more = {"by": self.staff[0], "reason": "a flood"}
        self.act(may, actions.extend, self.id, phase, until, **more)

    @rule(became=sampled_from([*actions.MOVES]), seldom=SELDOM)
    def move(self, became: str, seldom: int) -> None:
        """By hand along the table; opening, extending and cancelling have acts of their own."""
        consultation, rows = self.look()
        if seldom:
            return
        may = became in actions.MOVES[consultation.state]
        may = may and became not in ("proposing", "cancelled")
        if became == "voting":
            may = may and len([one for one in rows if one.state == "admitted"]) > 1
        self.act(may, actions.move, self.id, became, by=self.staff[0], why="decided so")

    @invariant()
    def holds(self) -> None:
        """What must be true of all rows at any time."""
        self.run(self._holds())

    async def _holds(self) -> None:
        async with self.database.read() as session:
            consultation, rows = await self._rows(session)
            await self._moves_are_allowed(session)
            await self._gone_is_gone(session, rows)
            await self._voices(session, rows)
            self._together(rows)
            posted = (await session.scalars(select(Delivery))).all()
            assert len([one for one in posted if one.cause == "proposal"]) == self.letters
            put_off = (await session.scalars(select(Extension))).all()
            assert all(one.became > one.was for one in put_off)
            assert consultation.proposing_until <= max(consultation.screening_until, now())

    async def _moves_are_allowed(self, session: Session) -> None:
        tables = {"consultation": actions.MOVES, "proposal": authoring.MOVES}
        for event in (await session.scalars(select(Event).where(Event.act == "move"))).all():
            assert event.became in tables[event.thing][event.was or ""]

    async def _gone_is_gone(self, session: Session, rows: list[Proposal]) -> None:
        kept = set((await session.scalars(select(ProposalVector.proposal_id))).all())
        for row in rows:
            gone = row.state in queries.GONE
            assert (row.text == "") is gone
            assert (row.id in kept) is not gone
            theirs = {self.people[who][0].id for who in self.erased}
            assert (row.state == "erased") is (row.person_id in theirs)

    async def _voices(self, session: Session, rows: list[Proposal]) -> None:
        """Counted by hand: each once, its author not."""
        given = (await session.scalars(select(Support))).all()
        counted = await queries.supports(session, [row.id for row in rows])
        for row in rows:
            parts = [
                one for one in rows if one.joins_id == row.id and one.state in ("joined", "erased")
            ]
            part_ids = {one.id for one in parts}
            own = set() if row in _parts(rows) else {row.id}
            voices = {one.person_id for one in given if one.proposal_id in part_ids | own}
            voices |= {one.person_id for one in parts if one.person_id is not None}
            assert counted.get(row.id, 0) == len(voices - {row.person_id})

    def _together(self, rows: list[Proposal]) -> None:
        by_id = {row.id: row for row in rows}
        for row in rows:
            if row.shown_with is not None:
                head = by_id[row.shown_with]
                assert {row.state, head.state} <= set(queries.LIVE)
                assert head.shown_with is None
                assert head.id != row.id
            if row.state == "joined":
                assert by_id[row.joins_id or 0].state == "admitted"

    def teardown(self) -> None:
        """Give everything back."""
        self.run(self.database.close())
        self.loop.close()
        self.folder.cleanup()


def _parts(rows: list[Proposal]) -> list[Proposal]:
    return [one for one in rows if one.joins_id and one.state in ("joined", "erased")]


TestConsultationLife = ConsultationLife.TestCase
TestConsultationLife.settings = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
