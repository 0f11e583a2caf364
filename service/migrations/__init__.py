"""The database's shape, step by step; applied when the service starts."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from service.database import Database

FOLDER = Path(__file__).parent
LOCK = 7_210_000


async def migrate(database: Database) -> None:
    """Bring the database to the newest shape; does nothing when it is there.

    Processes that start together take turns.
    """
    async with database.engine.connect() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        await connection.run_sync(_upgrade)
        await connection.commit()


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, without a file: the connection is handed over."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["connection"] = connection
    return made


def _upgrade(connection: Connection) -> None:
    command.upgrade(config(connection), "head")
