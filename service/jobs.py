"""Work for later as rows: written with its cause, claimed with a lease, safe to run twice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Index, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, Session, key_column, now

LEASE = timedelta(minutes=5)
RETRY = timedelta(minutes=1)
TRIES = 5


class Job(Base):
    """`key` makes it the only one of its kind that waits; one that comes round has its kind as its
    key. `state`: waiting, done, failed.

    Arguments are ids.
    """

    __tablename__ = "job"
    __table_args__ = (Index(None, "state", "run_at"),)

    id: Mapped[int] = key_column()
    kind: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)
    args: Mapped[dict[str, Any]]
    run_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting")
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]


FAILED = or_(Job.state == "failed", Job.attempts > TRIES)
"""Given up, or as often in vain though it comes round."""
NEXT = (
    select(Job)
    .where(
        Job.state == "waiting",
        Job.run_at <= bindparam("moment"),
        or_(Job.leased_until.is_(None), Job.leased_until < bindparam("moment")),
    )
    .order_by(Job.run_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)


async def add(
    session: Session,
    kind: str,
    *,
    key: str | None = None,
    run_at: datetime | None = None,
    **args: Any,
) -> None:
    """Put a job. One with the same `key` that waits is done no later than asked, one that runs
    right now is done once more afterwards, a finished one waits again. It is not begun, nor is its
    end noted, before this transaction is over: what asks for it is there by then.
    """
    when = run_at or now()
    held = await session.scalar(_as_it_is(Job.key == key, shared=True)) if key else None
    if held is None:
        await _put(session, {"kind": kind, "key": key, "args": args, "run_at": when})
    elif held.leased_until is not None:
        held.args, held.run_at = args, max(when, now())
    elif held.state == "waiting":
        held.run_at = min(held.run_at, when)
    else:
        held.state, held.args, held.run_at, held.attempts, held.error = (
            "waiting",
            args,
            when,
            0,
            None,
        )
    await session.flush()


def _as_it_is(which: ColumnElement[bool], *, shared: bool = False) -> Select[Job]:
    """A job as it stands once nobody changes it, and held until this transaction is over: by one
    alone, or by all who ask for it against who does it.
    """
    query = select(Job).where(which).with_for_update(read=shared, key_share=shared)
    return query.execution_options(populate_existing=True)


async def plan(session: Session, turns: Mapping[str, timedelta]) -> None:
    """Put the jobs that come round, each for the first time after one turn of its own. One that
    was put before is left as it is: what a stop made late is done at once.
    """
    held = set(await session.scalars(select(Job.key).where(Job.key.in_(turns))))
    await _put(session, *[
        {"kind": kind, "key": kind, "args": {}, "run_at": now() + turn}
        for kind, turn in turns.items()
        if kind not in held
    ])  # fmt: skip


async def _put(session: Session, *rows: dict[str, Any]) -> None:
    """Another process may put the same job at this moment: that is the one then."""
    if not rows:
        return
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    fresh = [{"state": "waiting", "attempts": 0, **row} for row in rows]
    await session.execute(insert(Job).on_conflict_do_nothing(index_elements=["key"]), fresh)


async def claim(session: Session, owner: str, kinds: list[str] | None = None) -> Job | None:
    """The next job that is due, leased to `owner`."""
    moment = now()
    query = NEXT if kinds is None else NEXT.where(Job.kind.in_(kinds))
    job = await session.scalar(query, {"moment": moment})
    if job is not None:
        job.leased_by, job.leased_until, job.attempts = owner, moment + LEASE, job.attempts + 1
    return job


async def finish(
    session: Session, job_id: int, *, error: str | None = None, turn: timedelta | None = None
) -> None:
    """Mark a job done, or wait for another try; after `TRIES` it failed, as the doctor tells.

    One that comes round waits for its next `turn` instead, whatever became of it.
    """
    job = (await session.scalars(_as_it_is(Job.id == job_id))).one()
    asked_again = job.leased_until is not None and job.run_at > job.leased_until - LEASE
    job.leased_by = job.leased_until = None
    if error is None:
        job.attempts, job.error = 0, None
        if turn is not None and not asked_again:
            job.run_at = now() + turn
        elif not asked_again:
            job.state = "done"
        return
    wait = RETRY * job.attempts
    job.error = error[:500]
    job.run_at = now() + (wait if turn is None else min(wait, turn))
    job.state = "failed" if job.attempts >= TRIES and turn is None else "waiting"


async def failed(session: Session) -> int:
    """How many jobs have failed for good, or fail each time they come round."""
    return await session.scalar(select(func.count()).where(FAILED)) or 0


async def prune(session: Session, before: datetime) -> None:
    """Forget finished jobs that were due before a moment."""
    await session.execute(delete(Job).where(Job.state != "waiting", Job.run_at < before))


async def release(session: Session, owner: str | None = None) -> None:
    """Give back what `owner` had leased when it ended; everybody's when none is named."""
    held = Job.leased_by == owner if owner else Job.leased_by.is_not(None)
    await session.execute(update(Job).where(held).values(leased_by=None, leased_until=None))
