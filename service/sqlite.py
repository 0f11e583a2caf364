"""SQLite, awaited: a statement with all its rows is one trip to the connection's thread, and the
BEGIN before the first goes along.

The libraries make four trips of a statement, and a trip costs more than most statements.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from threading import Thread
from typing import Any
from weakref import WeakSet

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from nlp.text import fold

Rows = list[tuple[Any, ...]]
BATCH = 64
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=30000",
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "cache_size=-65536",
)


class Cursor:
    """An asynchronous cursor as SQLAlchemy expects one. Results are read whole, never streamed."""

    description: Any = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: Rows = []

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run a statement and read its rows."""
        await self._connection.run(self._run, "execute", statement, values)

    async def executemany(self, statement: str, values: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        await self._connection.run(self._run, "executemany", statement, values)

    def _run(self, opening: str, how: str, statement: str, values: Sequence[Any]) -> None:
        cursor = self._connection._conn.cursor()
        try:
            if opening:
                cursor.execute(opening)
            getattr(cursor, how)(statement, values)
            self._rows = cursor.fetchall() if cursor.description else []
            self.description, self.rowcount = cursor.description, cursor.rowcount
            self.lastrowid = cursor.lastrowid
        finally:
            cursor.close()

    async def fetchall(self) -> Rows:
        """The rows of the last statement."""
        return self._rows

    async def close(self) -> None:
        """Nothing is held in the thread."""


class Connection(aiosqlite.Connection):
    """A connection of aiosqlite with cursors that make one trip. `due` opens a transaction with the
    next statement; where none was opened, its end is no trip.
    """

    due = ""
    _begun = False
    _thread: Thread

    def cursor(self) -> Cursor:  # type: ignore[override]
        """A cursor; making it is no trip."""
        return Cursor(self)

    @property
    def leaving(self) -> bool:
        """Whether it was stopped while its thread still has something to do."""
        return not self._running and self._thread.is_alive()

    async def left(self) -> None:
        """Wait for its thread, which closes it in the end."""
        await asyncio.to_thread(self._thread.join)

    async def run(self, work: Callable[..., None], *values: Any) -> None:
        """Have the thread do something with what is due. That counts as begun from here on: who is
        cancelled leaves it to the thread, and rolls it back.
        """
        opening, self.due = self.due, ""
        self._begun = self._begun or bool(opening)
        await self._execute(work, opening, *values)  # type: ignore[no-untyped-call]

    async def commit(self) -> None:
        """Commit, where anything was begun."""
        await self._end(super().commit)

    async def rollback(self) -> None:
        """Roll back, where anything was begun."""
        await self._end(super().rollback)

    async def _end(self, end: Callable[[], Awaitable[None]]) -> None:
        self.due = ""
        if self._begun:
            await end()
            self._begun = False


def make_engine(
    url: str, *, query_only: bool, made: WeakSet[Connection], **options: Any
) -> AsyncEngine:
    """An engine on a file, which adds to the connections that were `made`. BEGIN IMMEDIATE for
    writers: without it SQLite loses updates silently, also in WAL.
    """
    opening = "BEGIN" if query_only else "BEGIN IMMEDIATE"

    async def connect() -> Connection:
        where, how = engine.dialect.create_connect_args(engine.url)
        one = Connection(lambda: _open(*where, query_only=query_only, **how), BATCH)
        one._thread.daemon = True  # a process ends though a connection was left open
        made.add(one)
        await one
        return one

    engine = create_async_engine(url, async_creator=connect, **options)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.connection.driver_connection.due = opening

    return engine


def _open(path: str, *, query_only: bool, **options: Any) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(path, isolation_level=None, **options)
    connection.create_function("folded", 1, _folded, deterministic=True)
    for pragma in (*PRAGMAS, f"query_only={'ON' if query_only else 'OFF'}"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def _folded(value: str | None) -> str | None:
    return None if value is None else fold(value)
