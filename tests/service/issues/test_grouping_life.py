"""Random merging, splitting, moving, undoing, closing and reopening keep an issue's promises."""

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select

from service.database import Database, Session
from service.errors import GabineteError
from service.issues import actions, queries
from service.issues.actions import Machine
from service.issues.models import Issue, Membership
from service.messages.models import Contribution
from service.settings import Settings
from service.staff.access import Staffer
from service.trail.models import Event
from service.vault import Vault
from tests.service.issues import town

T = TypeVar("T")
PICK = st.integers(min_value=0, max_value=10_000)


class Grouping(RuleBasedStateMachine):
    """Three issues of some people; staff and machine regroup at random."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.vault, self.settings = Vault(bytes(32)), Settings(_env_file=None)
        self.database = Database(f"sqlite+aiosqlite:///{Path(self.folder.name) / 'g.db'}")
        self.batches: list[tuple[str, dict[int, int]]] = []
        self.events = 0
        self.people: list[int] = []
        self.runner.run(town.create(self.database))
        self.run(self._begin)

    def run(self, act: Callable[[Session], Awaitable[T]]) -> T:
        async def unit() -> T:
            async with self.database.write() as session:
                return await act(session)

        return self.runner.run(unit())

    def attempt(self, act: Callable[[Session], Awaitable[Any]]) -> Any:
        """Refusals are fine: they must change nothing."""
        with contextlib.suppress(GabineteError):
            return self.run(act)
        return None

    async def _begin(self, session: Session) -> None:
        self.staff: Staffer = await town.official(session, role="moderator")
        for size in (3, 2, 2):
            _, people, _ = await town.asked(session, self.vault, size)
            self.people += [who for who, _ in people]

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        self.folder.cleanup()

    async def _some_issue(self, session: Session, pick: int) -> int:
        ids = (await session.scalars(select(Issue.id).order_by(Issue.id))).all()
        return ids[pick % len(ids)]

    async def _where(self, session: Session) -> dict[int, int]:
        rows = await session.execute(select(Membership.contribution_id, Membership.issue_id))
        return {row[0]: row[1] for row in rows.all()}

    @rule(one=PICK, other=PICK, machine=st.booleans())
    def merge(self, one: int, other: int, machine: bool) -> None:
        async def act(session: Session) -> None:
            by = Machine() if machine else self.staff
            a, b = await self._some_issue(session, one), await self._some_issue(session, other)
            await actions.merge(session, self.vault, self.settings, a, b, by=by)

        self.attempt(act)

    @rule(one=PICK)
    def unmerge(self, one: int) -> None:
        async def act(session: Session) -> None:
            await actions.unmerge(session, await self._some_issue(session, one), by=self.staff)

        self.attempt(act)

    @rule(picks=st.lists(PICK, min_size=1, max_size=3))
    def split(self, picks: list[int]) -> None:
        async def act(session: Session) -> tuple[str, dict[int, int]]:
            before = await self._where(session)
            ids = sorted(before)
            first = ids[picks[0] % len(ids)]
            root = (await town.at(session, before[first])).root_id
            chosen = {first}
            for pick in picks[1:]:
                one = ids[pick % len(ids)]
                if (await town.at(session, before[one])).root_id == root:
                    chosen.add(one)
            fresh = await actions.split(session, root, chosen, by=self.staff)
            batch = await queries.last_batch(session, fresh.id)
            assert batch is not None
            return batch, {one: before[one] for one in chosen}

        if done := self.attempt(act):
            self.batches.append(done)

    @rule(picks=st.lists(PICK, min_size=1, max_size=3), to=PICK)
    def move(self, picks: list[int], to: int) -> None:
        async def act(session: Session) -> tuple[str, dict[int, int]]:
            before = await self._where(session)
            ids = sorted(before)
            chosen = {ids[pick % len(ids)] for pick in picks}
            target = await self._some_issue(session, to)
            batch = await actions.move(session, chosen, target, by=self.staff)
            return batch, {one: before[one] for one in chosen if before[one] != target}

        if done := self.attempt(act):
            self.batches.append(done)

    @precondition(lambda self: self.batches)
    @rule(pick=PICK)
    def undo(self, pick: int) -> None:
        batch, homes = self.batches[pick % len(self.batches)]

        async def act(session: Session) -> dict[int, int]:
            await actions.undo(session, batch, by=self.staff)
            return await self._where(session)

        after = self.attempt(act)
        if after is not None:
            assert {one: after[one] for one in homes} == homes

    @rule(one=PICK, declined=st.booleans())
    def end(self, one: int, declined: bool) -> None:
        async def act(session: Session) -> None:
            finish = actions.decline if declined else actions.close
            id_ = await self._some_issue(session, one)
            await finish(session, self.vault, self.settings, id_, by=self.staff, reason="done")

        self.attempt(act)

    @rule(one=PICK)
    def reopen(self, one: int) -> None:
        async def act(session: Session) -> None:
            id_ = await self._some_issue(session, one)
            await actions.reopen(session, self.settings, id_, actor=self.staff.actor, why="again")

        self.attempt(act)

    @rule(one=PICK)
    def ask_again(self, one: int) -> None:
        async def act(session: Session) -> None:
            who = await town.person(session)
            said = await town.contribution(session, self.vault, who)
            await town.join(session, await self._some_issue(session, one), [said], [who[0]])

        self.run(act)

    @rule(one=PICK)
    def import_one(self, one: int) -> None:
        async def act(session: Session) -> None:
            said = await town.contribution(session, self.vault, None)
            await town.join(session, await self._some_issue(session, one), [said], [None])

        self.run(act)

    @invariant()
    def every_contribution_is_in_exactly_one_issue(self) -> None:
        async def act(session: Session) -> tuple[int, int]:
            said = await session.scalar(select(func.count()).select_from(Contribution))
            placed = await session.scalar(select(func.count()).select_from(Membership))
            return said or 0, placed or 0

        said, placed = self.run(act)
        assert said == placed

    @invariant()
    def survivors_are_where_the_pointers_end(self) -> None:
        async def act(session: Session) -> dict[int, tuple[int | None, int]]:
            rows = await session.execute(select(Issue.id, Issue.merged_into, Issue.root_id))
            return {id_: (into, root) for id_, into, root in rows.all()}

        held = self.run(act)
        for id_, (_, root) in held.items():
            at, steps = id_, 0
            while (into := held[at][0]) is not None:
                at, steps = into, steps + 1
                assert steps <= len(held), "the pointers run in a circle"
            assert at == root

    @invariant()
    def counts_are_those_of_the_members_below(self) -> None:
        held, said = self.run(self._everything)
        for id_, (issue, root_path) in held.items():
            mine = [(who, at) for at_issue, who, at in said if id_ in held[at_issue][1]]
            people = {who for who, _ in mine if who is not None}
            nobody = sum(who is None for who, _ in mine)
            assert issue.size == len(mine)
            assert issue.messages == len(mine)
            assert issue.people == len(people) + nobody
            if mine:
                assert issue.last_seen >= issue.first_seen
            assert id_ in root_path

    async def _everything(
        self, session: Session
    ) -> tuple[dict[int, tuple[Issue, set[int]]], list[tuple[int, int | None, Any]]]:
        issues = {issue.id: issue for issue in (await session.scalars(select(Issue))).all()}
        held = {}
        for id_, issue in issues.items():
            path, at = {id_}, issue.merged_into
            while at is not None:
                path.add(at)
                at = issues[at].merged_into
            held[id_] = (issue, path)
        rows = await session.execute(
            select(Membership.issue_id, Contribution.person_id, Contribution.said_at).join(
                Contribution, Contribution.id == Membership.contribution_id
            )
        )
        return held, [(row[0], row[1], row[2]) for row in rows.all()]

    @invariant()
    def the_trail_only_grows(self) -> None:
        async def act(session: Session) -> int:
            return await session.scalar(select(func.count()).select_from(Event)) or 0

        events = self.run(act)
        assert events >= self.events
        self.events = events

    @invariant()
    def nobody_is_told_the_same_ending_twice(self) -> None:
        told = self.run(lambda session: town.told(session, self.vault))
        assert max(Counter(key for _, key, _ in told).values(), default=1) == 1


TestGrouping = Grouping.TestCase
TestGrouping.settings = settings(
    max_examples=8,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
