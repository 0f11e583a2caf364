"""`gabinete backup`: everything that is stored, as one file, also while the service runs."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from service.database import Database, now
from service.errors import SetupError
from service.installation import note_backup
from service.settings import Settings

PAGES = 2000


class NotOurs(SetupError):
    """The database has a tool of its own for this."""

    code = "not_ours"


class NothingThere(SetupError):
    """There is no database yet."""

    code = "nothing_there"


class WouldOverwrite(SetupError):
    """A file of that name exists."""

    code = "would_overwrite"


class NotWritten(SetupError):
    """The copy could not be written."""

    code = "not_written"


async def make(settings: Settings, file: Path, progress: Callable[[int, int], None]) -> str:
    """Copy the database to a new file and note when; gives what to tell. Nothing is migrated, so
    that a newer version may be asked before it is first started.

    Raises `NotOurs`, `NothingThere`, `WouldOverwrite` and `NotWritten`.
    """
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite":
        raise NotOurs("The data is on PostgreSQL: make the backup with pg_dump.")
    moment, source = now(), Path(url.database or "")
    await asyncio.to_thread(copy, source, file, progress)
    await _note(settings, moment)
    return (
        f"{file} holds what was stored at {moment:%Y-%m-%d %H:%M} UTC. The key is not in it: keep "
        f"{_key(settings)} in another place; without it nobody can read what is sealed."
    )


def copy(source: Path, file: Path, progress: Callable[[int, int], None]) -> None:
    """Copy one moment of a database that others may be writing to. Half a copy never has the name
    `file`: that is taken first, and given to the whole copy at the end.
    """
    if not source.is_file():
        raise NothingThere(f"{source} does not exist: nothing is stored yet.")
    part = file.with_name(f"{file.name}.part")
    _take(file)
    try:
        _take(part)
        _read_through(source, part, progress)
        part.replace(file)
    except BaseException as error:
        file.unlink()
        if not isinstance(error, WouldOverwrite):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError | sqlite3.Error):
            raise NotWritten(f"{file} could not be written: {error}.") from error
        raise


def _take(path: Path) -> None:
    """Make an empty file that only its owner reads."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise WouldOverwrite(f"{path} exists, and nothing is overwritten.") from error
    except OSError as error:
        raise NotWritten(f"{path} cannot be written: {error.strerror}.") from error


def _read_through(source: Path, part: Path, progress: Callable[[int, int], None]) -> None:
    """Within one reading transaction: else each write of the service would begin it anew."""
    with (
        closing(sqlite3.connect(source, isolation_level=None, timeout=30)) as stored,
        closing(sqlite3.connect(part)) as copied,
    ):
        stored.execute("BEGIN")
        stored.execute("SELECT count(*) FROM sqlite_master").fetchone()
        stored.backup(
            copied, pages=PAGES, progress=lambda _, left, total: progress(total - left, total)
        )


async def _note(settings: Settings, moment: datetime) -> None:
    database = Database(settings.database)
    try:
        async with database.write() as session:
            await note_backup(session, moment)
    finally:
        await database.close()


def _key(settings: Settings) -> str:
    if settings.key.get_secret_value():
        return "what GABINETE_KEY says"
    return str(settings.key_file or settings.data_dir / "key")
