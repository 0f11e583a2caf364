"""Random lives of answers: only allowed moves happen, and nothing unapproved is ever published."""

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import integers, sampled_from
from sqlalchemy import select

from service.answers import actions, queries
from service.answers.models import Answer, AnswerVersion
from service.channels.models import Delivery
from service.database import Database, Session, now
from service.errors import GabineteError
from service.installation import Installation
from service.settings import Settings
from service.staff.access import Staffer
from service.trail.models import Event
from service.vault import Vault
from tests.service.answers import desk
from tests.service.issues import town

T = TypeVar("T")
LANGS = sampled_from(["en", "pt"])
WHO = integers(0, 2)


class AnswerLife(RuleBasedStateMachine):
    """Three members of staff do whatever they like with one answer; a model says what must
    come of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite+aiosqlite:///{Path(self.folder.name) / 'a.db'}")
        made = Settings(_env_file=None, default_language="en")
        self.here = Installation(made, self.database, Vault(bytes(32)))
        self.wrote: set[int] = set()
        self.state = "drafted"
        self.approved: dict[str, bool] = {}
        self.correcting = False
        self.edition, self.texts = 1, 0
        self.events = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self.loop.run_until_complete(work)

    @initialize()
    def asked(self) -> None:
        """Two people ask; the first member of staff begins an answer."""
        self.run(self._asked())
        self.wrote, self.approved = {0}, {"en": False}

    async def _asked(self) -> None:
        await town.create(self.database)
        async with self.database.write() as session:
            self.staff: list[Staffer] = [
                await town.official(session, role="comms") for _ in range(3)
            ]
            self.issue_id, self.people, _ = await town.asked(session, self.here.vault, 2)
            answer = await actions.begin(
                session, self.issue_id, by=self.staff[0], lang="en", title="Water", text="begun"
            )
            self.answer_id = answer.id

    def act(self, expected: bool, work: str, *args: Any, **more: Any) -> bool:
        """Do it; that it is refused must be what the model expects."""
        return self.run(self._act(expected, work, *args, **more))

    async def _act(self, expected: bool, work: str, *args: Any, **more: Any) -> bool:
        refused = ""
        try:
            async with self.database.write() as session:
                await getattr(actions, work)(session, *args, **more)
        except GabineteError as error:
            refused = error.code
        assert expected is (not refused), f"{work}: {refused or 'was not refused'}"
        return expected

    def text(self) -> str:
        """Words that were not there before."""
        self.texts += 1
        return f"text {self.texts}"

    @rule(who=WHO, lang=LANGS)
    def edit(self, who: int, lang: str) -> None:
        """Allowed until published; takes approvals back."""
        may = self.state in actions.EDITABLE
        if self.act(may, "edit", self.answer_id, by=self.staff[who], lang=lang, text=self.text()):
            self.wrote.add(who)
            self.approved[lang], self.state = False, "drafted"

    @rule(who=WHO)
    def submit(self, who: int) -> None:
        """Only a draft is submitted."""
        if self.act(self.state == "drafted", "submit", self.answer_id, by=self.staff[who]):
            self.state = "in_review"

    @rule(who=WHO)
    def send_back(self, who: int) -> None:
        """From review, or later while not published."""
        may = self.state in ("in_review", "approved", "scheduled")
        if self.act(may, "send_back", self.answer_id, by=self.staff[who], reason="shorter"):
            self.state = "drafted"

    @rule(who=WHO, lang=sampled_from(["en", "pt", None]))
    def approve(self, who: int, lang: str | None) -> None:
        """By who wrote none of it, and only what waits."""
        named = lang is None or lang in self.approved
        chosen = [one for one in self.approved if lang in (None, one) and not self.approved[one]]
        reviewed = self.state in ("in_review", "approved", "scheduled", "published")
        may = reviewed and who not in self.wrote and named
        may = may and (bool(chosen) or self.state != "published")
        langs = [lang] if lang else None
        if not self.act(may, "approve", self.answer_id, by=self.staff[who], langs=langs):
            return
        self.approved |= dict.fromkeys(chosen, True)
        if self.state == "in_review" and self.approved["en"]:
            self.state = "approved"
        if self.state == "published" and self.correcting and all(self.approved.values()):
            self.edition, self.correcting, self.wrote = self.edition + 1, False, set()

    @precondition(lambda self: self.wrote != {0, 1, 2})
    @rule(steps=integers(1, 3))
    def go_on(self, steps: int) -> None:
        """Towards publication by somebody who wrote none of it: lives that get somewhere."""
        other = next(who for who in range(3) if who not in self.wrote)
        for _ in range(steps):
            if self.state == "drafted":
                self.submit(other)
            elif self.state == "in_review" or (self.state == "published" and self.correcting):
                self.approve(other, None)
            elif self.state == "approved":
                self.publish(other)

    @rule(who=WHO)
    def schedule(self, who: int) -> None:
        """Only what is approved."""
        may = self.state in ("approved", "scheduled")
        if self.act(may, "schedule", self.answer_id, by=self.staff[who], at=now()):
            self.state = "scheduled"

    @rule(who=WHO)
    def publish(self, who: int) -> None:
        """Only what is approved, once."""
        may = self.state in ("approved", "scheduled")
        actor = self.staff[who].actor
        if self.act(may, "publish", self.here, self.answer_id, actor=actor):
            self.state, self.wrote = "published", set()

    @precondition(lambda self: self.state == "published")
    @rule(who=WHO, lang=LANGS)
    def correct(self, who: int, lang: str) -> None:
        """New words wait for a second person."""
        told = {lang: self.text()}
        self.act(True, "correct", self.answer_id, by=self.staff[who], texts=told, reason="wrong")
        self.approved[lang], self.correcting = False, True
        self.wrote.add(who)

    @precondition(lambda self: self.state != "published")
    @rule(who=WHO)
    def correct_too_early(self, who: int) -> None:
        """What is not public cannot be corrected."""
        told = {"en": self.text()}
        self.act(False, "correct", self.answer_id, by=self.staff[who], texts=told, reason="wrong")

    @precondition(lambda self: self.texts > 8)
    @rule(who=WHO)
    def retract(self, who: int) -> None:
        """Only what is published, and for good."""
        may = self.state == "published"
        by = self.staff[who]
        if self.act(may, "retract", self.here, self.answer_id, by=by, reason="it is wrong"):
            self.state = "retracted"

    @invariant()
    def holds(self) -> None:
        """The rows are as the model says, and people got what a second person approved."""
        self.run(self._holds())

    async def _holds(self) -> None:
        async with self.database.read() as session:
            answer = await queries.answer(session, self.answer_id)
            assert answer is not None
            assert (answer.state, answer.edition) == (self.state, self.edition)
            versions = await queries.versions(session, self.answer_id)
            assert {one.lang: one.approved_at is not None for one in versions} == self.approved
            await self._nothing_unapproved(session, answer, versions)
            events = (await session.scalars(select(Event).where(Event.thing == "answer"))).all()
            assert len(events) >= self.events
            self.events = len(events)
            moves = [one for one in events if one.act == "move"]
            assert all(one.became in actions.MOVES[one.was or ""] for one in moves)

    async def _nothing_unapproved(self, session: Session, answer: Answer, versions: Any) -> None:
        ready = (await queries.published(session, [answer.id])).get(answer.id)
        held: dict[str, AnswerVersion] = {one.lang: one for one in versions}
        if ready is not None:
            assert answer.state == "published"
            assert all(held[lang].approved_by is not None for lang in ready.versions)
        rows = (await session.scalars(select(Delivery).where(Delivery.cause == "answer"))).all()
        if self.state not in ("published", "retracted"):
            assert rows == []
            return
        first = [row for row in rows if row.key.startswith(f"answer:{answer.id}:1:")]
        assert sorted(one.identity_id for one in first) == sorted(one for _, one in self.people)

    def teardown(self) -> None:
        """Give everything back."""
        self.run(self.database.close())
        self.loop.close()
        self.folder.cleanup()


TestAnswerLife = AnswerLife.TestCase
TestAnswerLife.settings = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


async def test_an_answer_that_is_not_there_is_unknown(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, _ = await desk.pair(session)
        with pytest.raises(actions.UnknownAnswer):
            await actions.edit(session, 99, by=author)
        with pytest.raises(actions.UnknownAnswer):
            await actions.publish(session, installation, 99, actor=author.actor)
