"""Databases that refuse: a commit that fails at its end, a row that cannot be written."""

from sqlalchemy import text

from service.database import Database

SQLITE_DOOMED = (
    "CREATE TABLE nobody (id INTEGER PRIMARY KEY)",
    "CREATE TABLE doomed (id INTEGER REFERENCES nobody(id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TRIGGER doom AFTER {moment} ON {table} BEGIN INSERT INTO doomed VALUES (1); END",
)
POSTGRESQL_DOOMED = (
    "CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'doomed'; END $$",
    "CREATE CONSTRAINT TRIGGER doom AFTER {moment} ON {table} DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION doom()",
)
SQLITE_POISON = (
    "CREATE TRIGGER doom BEFORE INSERT ON message WHEN NEW.text LIKE '%{word}%' "
    "BEGIN SELECT RAISE(ABORT, 'poison'); END",
)
POSTGRESQL_POISON = (
    "CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'poison'; END $$",
    "CREATE TRIGGER doom BEFORE INSERT ON message FOR EACH ROW "
    "WHEN (NEW.text LIKE '%{word}%') EXECUTE FUNCTION doom()",
)


async def doom_commits(database: Database, table: str, moment: str = "INSERT") -> None:
    """Every statement on `table` goes well; the commit after it is what fails."""
    await _run(
        database, SQLITE_DOOMED if database.is_sqlite else POSTGRESQL_DOOMED,
        table=table, moment=moment,
    )  # fmt: skip


async def poison(database: Database, word: str) -> None:
    """A message with this word cannot be written."""
    await _run(database, SQLITE_POISON if database.is_sqlite else POSTGRESQL_POISON, word=word)


async def mend(database: Database, table: str) -> None:
    """As before the sabotage."""
    await _run(database, ("DROP TRIGGER doom" + ("" if database.is_sqlite else f" ON {table}"),))


async def _run(database: Database, statements: tuple[str, ...], **names: str) -> None:
    async with database.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement.format(**names)))
