"""A database of each kind for every test process, emptied between tests: making one costs more than
most tests, and so does working out each statement anew for an engine that knows none.
"""

import copy
import functools
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from service.database import Base, Database

ALONE_WITHIN = 5.0
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
SHAPE = (
    "SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace "
    "UNION ALL SELECT tgname, 'trigger' FROM pg_trigger WHERE NOT tgisinternal "
    "UNION ALL SELECT proname, 'function' FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
)
RESTARTED = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"


@functools.cache
def _engines(url: str) -> Database:
    """The engines of an address; once closed they open again, in another loop too."""
    return Database(url)


def opened(url: str) -> Database:
    """A database, on the engines that others of its address were on."""
    return copy.copy(_engines(url))


def create(server: str, name: str = "", how: str = "") -> str:
    """The address of a new database on a server, empty unless it is made of a template."""
    name = name or f"gabinete_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {how}'.encode())
    head, _, query = server.partition("?")
    base = head.rsplit("/", 1)[0]
    address = f"{base}/{name}" + (f"?{query}" if query else "")
    return address.replace("postgresql://", "postgresql+psycopg://", 1)


def lay_out(template: Path, path: Path) -> str:
    """The address of a SQLite file, put as the template is: a new one, since who still has the one
    before open would share its journal.
    """
    for part in ("", "-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)
    shutil.copyfile(template, path)
    return f"sqlite+aiosqlite:///{path}"


class Emptied:
    """A database on a PostgreSQL server, made of a template and emptied for each test. One that is
    still in use, or was given another shape, is left, and a new one made.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self._address = ""
        self._connection: psycopg.Connection[Any] | None = None

    def take(self) -> str:
        """The address of a database that holds nothing."""
        if self._connection is None or not self._empty(self._connection):
            self.close()
            self._address = create(self._server, how=f'TEMPLATE "{self._template}"')
            plain = self._address.replace("+psycopg", "", 1)
            self._connection = psycopg.connect(plain, autocommit=True)
            self._shape = _shape(self._connection)
        return self._address

    def _empty(self, connection: psycopg.Connection[Any]) -> bool:
        if not _alone(connection) or _shape(connection) != self._shape:
            return False
        tables = reversed(Base.metadata.sorted_tables)
        connection.execute("; ".join(str(table.delete()) for table in tables).encode())
        connection.execute(RESTARTED)
        return True

    def close(self) -> None:
        """Leave it."""
        if self._connection is not None:
            self._connection.close()


def _shape(connection: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    return set(connection.execute(SHAPE).fetchall())


def _alone(connection: psycopg.Connection[Any]) -> bool:
    """Whether everybody else has left: a server sees the end of a connection a little later."""
    late = time.monotonic() + ALONE_WITHIN
    for wait in _pauses():
        (others,) = connection.execute(OTHERS).fetchone() or (0,)
        if not others or time.monotonic() > late:
            return not others
        time.sleep(wait)
    raise AssertionError("pauses do not end")


def _pauses() -> Iterator[float]:
    wait = 0.001
    while True:
        yield wait
        wait = min(wait * 2, 0.1)
