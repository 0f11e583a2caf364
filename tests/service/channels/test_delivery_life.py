"""The life of a delivery under any order of acts: one outcome, nothing sent that was erased."""

import asyncio
import math
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select, update

from service.channels import deliveries
from service.channels.contract import Failure, SendError
from service.channels.deliveries import BACK_OFF, TRIES, Letter, NotResendable
from service.channels.models import Delivery
from service.database import Database, Session, now
from service.vault import Vault
from tests.service.issues import town

T = TypeVar("T")
STATES = {"waiting", "sending", "sent", "failed", "uncertain", "cancelled"}
CHANNEL = "post"


class Post(RuleBasedStateMachine):
    """Two people get letters; platform, workers and staff act at random."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.vault = Vault(bytes(32))
        self.database = Database(f"sqlite+aiosqlite:///{Path(self.folder.name) / 'd.db'}")
        self.in_hand: list[deliveries.Claimed] = []
        self.taken: set[int] = set()
        self.erased: set[int] = set()
        self.runner.run(town.create(self.database))
        self.readers = [self.run(self._reader) for _ in range(2)]

    def run(self, act: Callable[[Session], Awaitable[T]]) -> T:
        async def unit() -> T:
            async with self.database.write() as session:
                return await act(session)

        return self.runner.run(unit())

    async def _reader(self, session: Session) -> int:
        _, identity_id = await town.person(session, channel=CHANNEL)
        return identity_id

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        self.folder.cleanup()

    @rule(reader=st.integers(0, 1), cause=st.integers(1, 3))
    def post(self, reader: int, cause: int) -> None:
        letter = Letter(
            f"{cause}:{reader}", self.readers[reader], CHANNEL, "answer", cause, "Tuesday.", "en"
        )
        before = len(self._rows())
        written = self.run(lambda session: deliveries.post(session, self.vault, [letter]))
        assert len(self._rows()) == before + written
        again = self.run(lambda session: deliveries.post(session, self.vault, [letter]))
        assert again == 0, "posted twice, it is sent once"

    @rule()
    def claim(self) -> None:
        """A worker takes what is due, as if all waiting were over."""

        async def act(session: Session) -> list[deliveries.Claimed]:
            await session.execute(update(Delivery).values(next_at=now()))
            return await deliveries.claim(session, self.vault, "w", (CHANNEL, "main"), limit=10)

        claimed = self.run(act)
        held = {one.id for one in self.in_hand}
        assert not held & {one.id for one in claimed}, "what is in hand is not taken twice"
        assert all(one.outbound.text == "Tuesday." for one in claimed), "nothing empty leaves"
        self.in_hand += claimed

    @rule()
    def take(self) -> None:
        """The platform takes the oldest in hand."""
        if self.in_hand:
            one = self.in_hand.pop(0)
            self.run(lambda session: deliveries.sent(session, one.id, ["x"]))
            self.taken.add(one.id)

    @rule(failure=st.sampled_from(list(Failure)), known=st.sampled_from([0.0, 30.0, math.inf]))
    def refuse(self, failure: Failure, known: float) -> None:
        """The platform does not take the oldest in hand, and knows a repeat for so long."""
        if self.in_hand:
            one = self.in_hand.pop(0)
            tries = self._row(one.id).attempts
            error = SendError(failure, "no")
            self.run(lambda s: deliveries.failed(s, one.id, error, repeat_seconds=known))
            row = self._row(one.id)
            repeatable = failure is Failure.ambiguous and sum(BACK_OFF[:tries]) < known
            ours = failure is Failure.configuration
            named = "uncertain" if failure is Failure.ambiguous else "failed"
            if ours or failure is Failure.retry or repeatable:
                named = "waiting" if ours or tries < TRIES else named
                named = named if row.sealed or named != "waiting" else "cancelled"
            if failure is Failure.retry and row.sealed is None:
                named = "cancelled"
            if repeatable and row.sealed is None:
                named = "cancelled"
            assert (row.state, row.failure) == (named, failure.value)
            assert row.attempts == tries - ours * (row.state == "waiting")

    @rule(known=st.sampled_from([0.0, math.inf]))
    def crash(self, known: float) -> None:
        """The worker dies with what it has in hand; the next one finds it."""
        lost, self.in_hand = [one.id for one in self.in_hand], []
        self.run(lambda session: deliveries.recover(session, CHANNEL, known, alone=True))
        for id_ in lost:
            row = self._row(id_)
            expected = "waiting" if known else "uncertain"
            assert row.state == ("cancelled" if row.sealed is None else expected)

    @rule(pick=st.integers(0, 9))
    def resend(self, pick: int) -> None:
        rows = self._rows()
        if not rows:
            return
        row = rows[pick % len(rows)]
        try:
            self.run(lambda session: deliveries.resend(session, row.id, actor="staff:1"))
        except NotResendable:
            assert row.state not in ("failed", "uncertain") or row.sealed is None
        else:
            assert (row.state in ("failed", "uncertain"), self._row(row.id).state) == (
                True,
                "waiting",
            )

    @rule(reader=st.integers(0, 1))
    def erase(self, reader: int) -> None:
        """A person wants to be forgotten."""
        self.run(lambda session: deliveries.forget(session, [self.readers[reader]]))
        self.erased |= {r.id for r in self._rows() if r.identity_id == self.readers[reader]}

    @invariant()
    def every_delivery_has_one_named_state(self) -> None:
        held = {one.id for one in self.in_hand}
        for row in self._rows():
            assert row.state in STATES
            assert (row.state == "sending") == (row.id in held)
            assert row.id not in self.taken or row.state == "sent", "sent once and for all"
            assert row.id not in self.erased or row.sealed is None
            assert row.state != "waiting" or row.sealed is not None, "nothing empty waits"

    def _rows(self) -> list[Delivery]:
        async def act(session: Session) -> list[Delivery]:
            return list((await session.scalars(select(Delivery).order_by(Delivery.id))).all())

        return self.run(act)

    def _row(self, id_: int) -> Delivery:
        return next(row for row in self._rows() if row.id == id_)


TestPost = Post.TestCase
TestPost.settings = hypothesis_settings(
    max_examples=20, stateful_step_count=25, deadline=timedelta(seconds=20)
)
