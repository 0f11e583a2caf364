"""Jobs are rows: one for a key, none lost, safe to run twice."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from service import jobs
from service.database import Database, now


async def test_a_key_has_one_job_that_waits(database: Database) -> None:
    async with database.write() as session:
        await jobs.add(session, "index", key="index:1", answer_id=1)
        await jobs.add(session, "index", key="index:1", answer_id=1)
    async with database.write() as session:
        first = await jobs.claim(session, "worker")
        assert first is not None
        assert first.args == {"answer_id": 1}
        assert await jobs.claim(session, "worker") is None


async def test_two_processes_that_put_the_same_job_at_once_have_one(database: Database) -> None:
    async def put() -> None:
        async with database.write() as session:
            await jobs.add(session, "index", key="index:1", answer_id=1)

    await asyncio.gather(*(put() for _ in range(8)))
    async with database.write() as session:
        assert await jobs.claim(session, "worker") is not None
        assert await jobs.claim(session, "worker") is None


async def test_work_asked_for_while_the_job_runs_is_done_again(database: Database) -> None:
    async with database.write() as session:
        await jobs.add(session, "catch_up", key="catch_up:1", issue_id=1)
    async with database.write() as session:
        running = await jobs.claim(session, "worker")
    assert running is not None
    async with database.write() as session:
        await jobs.add(session, "catch_up", key="catch_up:1", issue_id=1)
    async with database.write() as session:
        await jobs.finish(session, running.id)
    async with database.write() as session:
        again = await jobs.claim(session, "worker")
        assert again is not None
        assert again.id == running.id


async def test_a_job_begins_once_what_asked_for_it_is_there(database: Database) -> None:
    async def work() -> int:
        while True:
            async with database.write() as session:
                if (job := await jobs.claim(session, "worker")) is not None:
                    return job.id
            await asyncio.sleep(0.01)

    async with database.write() as session:
        await jobs.add(session, "embed", key="embed")
    async with database.write() as session:
        await jobs.add(session, "embed", key="embed")
        working = asyncio.create_task(work())
        await asyncio.wait([working], timeout=0.3)
        assert not working.done(), "it would not see what is written here"
    await asyncio.wait_for(working, 60)


async def test_what_is_asked_for_while_the_end_is_noted_is_done_again(database: Database) -> None:
    async def end(job_id: int) -> None:
        async with database.write() as session:
            await jobs.finish(session, job_id)

    async with database.write() as session:
        await jobs.add(session, "embed", key="embed")
    async with database.write() as session:
        running = await jobs.claim(session, "worker")
    assert running is not None
    async with database.write() as session:
        await jobs.add(session, "embed", key="embed")
        ending = asyncio.create_task(end(running.id))
        await asyncio.wait([ending], timeout=0.3)
        assert not ending.done()
    await asyncio.wait_for(ending, 60)
    async with database.write() as session:
        assert await jobs.claim(session, "worker") is not None


async def test_a_job_that_fails_waits_and_is_given_up_in_the_end(database: Database) -> None:
    async with database.write() as session:
        await jobs.add(session, "digest")
    for turn in range(jobs.TRIES):
        async with database.write() as session:
            job = await jobs.claim(session, "worker")
            assert job is not None, f"turn {turn}"
            await jobs.finish(session, job.id, error="mail server away")
            job.run_at = now() - timedelta(seconds=1)
            assert job.state == ("failed" if turn == jobs.TRIES - 1 else "waiting")
    async with database.write() as session:
        assert await jobs.claim(session, "worker") is None


async def test_a_dead_workers_job_is_taken_over_when_its_lease_ends(database: Database) -> None:
    async with database.write() as session:
        await jobs.add(session, "digest")
        job = await jobs.claim(session, "dead worker")
        assert job is not None
        job.leased_until = now() - timedelta(seconds=1)
    async with database.write() as session:
        assert await jobs.claim(session, "living worker") is not None


async def test_a_job_that_waits_is_done_no_later_than_it_is_asked_for(database: Database) -> None:
    async with database.write() as session:
        await jobs.add(session, "reckon", key="reckon:1", run_at=now() + timedelta(hours=1))
        assert await jobs.claim(session, "worker") is None
        await jobs.add(session, "reckon", key="reckon:1")
        await jobs.add(session, "reckon", key="reckon:1", run_at=now() + timedelta(hours=1))
        assert await jobs.claim(session, "worker") is not None


async def test_a_job_that_comes_round_waits_a_turn_each_time(database: Database) -> None:
    hour, turns = timedelta(hours=1), {"digest": timedelta(hours=1)}
    for start in range(2):
        async with database.write() as session:
            await jobs.plan(session, turns)
            (job,) = (await session.scalars(select(jobs.Job))).all()
            assert await jobs.claim(session, "worker") is None, f"start {start}"
    async with database.write() as session:
        late = await session.get_one(jobs.Job, job.id)
        late.run_at = now() - 3 * hour
    async with database.write() as session:
        assert await jobs.claim(session, "worker") is not None
        await jobs.finish(session, job.id, turn=hour)
    async with database.write() as session:
        done = await session.get_one(jobs.Job, job.id)
        assert (done.state, done.attempts) == ("waiting", 0)
        assert done.run_at > now() + hour / 2
