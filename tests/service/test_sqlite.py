"""What SQLite promises through our cursors: one writer at a time, readers that write nothing, and
transactions that begin with their first statement.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from service import sqlite
from service.database import Database, Session

READ = text("SELECT word FROM said ORDER BY word")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """One table of words, each of which is there once."""
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'words.db'}")
    async with made.write() as session:
        await session.execute(text("CREATE TABLE said (word TEXT PRIMARY KEY)"))
    yield made
    await made.close()


async def say(session: Session, *words: str) -> None:
    """Insert words."""
    values = [{"word": word} for word in words]
    await session.execute(text("INSERT INTO said VALUES (:word)"), values)


async def said(database: Database) -> list[str]:
    """Every word there is."""
    async with database.read() as session:
        return list((await session.scalars(READ)).all())


async def test_a_statement_is_one_trip_and_a_transaction_one_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await said(database) == [], "the connection stands"
    trips: list[object] = []
    made = sqlite.Connection._execute

    async def counted(self: sqlite.Connection, work: object, *values: object) -> object:
        trips.append(work)
        return await made(self, work, *values)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(sqlite.Connection, "_execute", counted)
    assert await said(database) == []
    assert len(trips) == 2, "a statement with its BEGIN and its rows, and the end"


async def test_who_wrote_nothing_holds_nobody_up(tmp_path: Path, database: Database) -> None:
    other = Database(database.url)
    async with database.write() as idle:
        await idle.connection()
        async with other.write() as session:
            await say(session, "água")
        assert (await idle.scalars(READ)).all() == ["água"], "begun now, it sees what was written"
    await other.close()


async def test_two_who_write_at_once_take_turns(database: Database) -> None:
    other = Database(database.url)

    async def add(to: Database, word: str) -> None:
        async with to.write() as session:
            count = len((await session.scalars(READ)).all())
            await asyncio.sleep(0)
            await say(session, f"{count}")

    await asyncio.gather(*(add(one, "") for one in (database, other, database, other)))
    await other.close()
    assert await said(database) == ["0", "1", "2", "3"]


async def test_what_failed_leaves_nothing_and_the_next_goes_well(database: Database) -> None:
    async def say_one_twice() -> None:
        async with database.write() as session:
            await say(session, "luz")
            await say(session, "rua", "rua")

    with pytest.raises(IntegrityError):
        await say_one_twice()
    assert await said(database) == []
    async with database.write() as session:
        await say(session, "rua", "luz")
    assert await said(database) == ["luz", "rua"]


async def test_who_is_cancelled_leaves_nothing(database: Database) -> None:
    async def write() -> None:
        async with database.write() as session:
            await say(session, "luz")
            raise AssertionError("it is cancelled while the thread writes")

    for turns in range(1, 12):
        task = asyncio.create_task(write())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, AssertionError):
            await task
        assert await said(database) == [], turns
    async with database.write() as session:
        await say(session, "rua")
    assert await said(database) == ["rua"]


async def test_what_was_left_to_a_thread_is_over_once_the_database_is_closed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(words: str) -> str:
        begun.set()
        go.wait(30)
        return words

    async def ask() -> None:
        async with database.read() as session:
            await session.execute(text("SELECT folded('luz')"))

    others = set(threading.enumerate())
    monkeypatch.setattr(sqlite, "_folded", slow)
    task = asyncio.create_task(ask())
    assert await asyncio.to_thread(begun.wait, 30)
    (thread,) = (one for one in set(threading.enumerate()) - others if "connection" in one.name)
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    asyncio.get_running_loop().call_later(0.05, go.set)
    await closing
    assert not thread.is_alive(), "the file is closed"


async def test_a_reader_writes_nothing(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        async with database.read() as session:
            await say(session, "luz")
    assert await said(database) == []


async def test_who_waits_too_long_for_the_writer_is_told_and_may_try_again(
    tmp_path: Path, database: Database
) -> None:
    other = Database(database.url)
    event.listen(other.engine.sync_engine, "connect", _impatient)
    async with database.write() as session:
        await say(session, "luz")
        with pytest.raises(OperationalError, match="locked"):
            async with other.write() as waiting:
                await say(waiting, "rua")
    async with other.write() as session:
        await say(session, "rua")
    await other.close()
    assert await said(database) == ["luz", "rua"]


def _impatient(connection: object, record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA busy_timeout=10")
    cursor.close()
