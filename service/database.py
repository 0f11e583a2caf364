"""The database: one writer and query-only readers on SQLite, a pool on PostgreSQL, the same
models.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from weakref import WeakSet

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Dialect,
    LargeBinary,
    MetaData,
    String,
    case,
    insert,
    literal_column,
    text,
)
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import JSON, BigInteger, Integer, TypeDecorator

from nlp.text import fold
from service.sqlite import Connection, make_engine

Session = AsyncSession

READABLE = partial(json.dumps, ensure_ascii=False)
ACCENTED = "".join(
    char for char in map(chr, range(0xC0, 0x180)) if len(fold(char)) == 1 and fold(char) != char
)

Id = BigInteger().with_variant(Integer, "sqlite")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def storable(words: str, longest: int) -> str:
    """Words of others as every database keeps them: no NUL, no half signs, not too much."""
    return words.encode("utf-8", "replace").decode().replace("\0", "")[:longest]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without time zone cannot be stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Every table's base: constraints are named by convention, relationships are not used."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        int: Id,
        str: String(),
        bytes: LargeBinary(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[int]: JSON(),
        list[dict[str, Any]]: JSON(),
    }


class folded(GenericFunction[str]):
    """Text in lower case without accents, as `nlp.text.fold` gives it, for searching."""

    type = String()
    inherit_cache = True


@compiles(folded, "postgresql")
def _folded_by_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    plain = "".join(map(fold, ACCENTED))
    inner = compiler.process(element.clauses, **more)
    return f"translate(lower({inner}), '{ACCENTED}', '{plain}')"


def key_column() -> Any:
    """An integer primary key that the database gives."""
    return mapped_column(Id, primary_key=True, autoincrement=True)


class Database:
    """Engines for reading and writing; one unit of work is one session is one transaction."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._made = WeakSet[Connection]()
        if self.is_sqlite:
            self._writer = _sqlite(url, query_only=False, made=self._made)
            self._reader = _sqlite(url, query_only=True, made=self._made)
        else:
            self._writer = self._reader = create_async_engine(
                url, pool_size=10, max_overflow=10, json_serializer=READABLE, hide_parameters=True
            )
        self._writing = async_sessionmaker(self._writer, expire_on_commit=False)
        self._reading = async_sessionmaker(self._reader, expire_on_commit=False)

    @property
    def engine(self) -> AsyncEngine:
        """The writing engine, for migrations."""
        return self._writer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """One transaction: committed at the end of the block, rolled back on any error."""
        async with self._writing() as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """A session that only reads; nothing is ever committed."""
        async with self._reading() as session:
            if not self.is_sqlite:
                await session.execute(text("SET TRANSACTION READ ONLY"))
            yield session

    async def close(self) -> None:
        """Give the connections back. Who was cancelled left a statement to the thread of a SQLite
        connection: that is waited for, so that nobody has the file open afterwards.
        """
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
        for one in [one for one in self._made if one.leaving]:
            await one.left()


async def insert_many(
    session: Session, table: type[Any], rows: Sequence[dict[str, Any]]
) -> list[int]:
    """Insert rows in one statement; gives their ids in the order of `rows`.

    Asked for ordered ids, SQLAlchemy inserts row by row on SQLite. Its single writer numbers rows
    upwards as they are given, so there a sorted answer is the ordered one.
    """
    ordered = session.get_bind().dialect.name != "sqlite"
    statement = insert(table).returning(table.id, sort_by_parameter_order=ordered)
    ids = list((await session.scalars(statement, list(rows))).all())
    return ids if ordered else sorted(ids)


def _sqlite(url: str, *, query_only: bool, made: WeakSet[Connection]) -> AsyncEngine:
    return make_engine(
        url,
        query_only=query_only,
        made=made,
        pool_size=4 if query_only else 1,
        max_overflow=0,
        pool_timeout=60,
        json_serializer=READABLE,
        hide_parameters=True,
    )


def span_of(moment: Any, begins: Sequence[datetime]) -> ColumnElement[int]:
    """In which of the spans that begin at these moments, in order, a moment lies, found by
    halving; what is earlier counts to the first.
    """

    def within(low: int, high: int) -> ColumnElement[int]:
        if high - low == 1:
            return literal_column(str(low), Integer)
        middle = (low + high) // 2
        return case((moment < begins[middle], within(low, middle)), else_=within(middle, high))

    return within(0, len(begins))
