"""`gabinete doctor`: what is wrong with a set-up, and how to mend it."""

import asyncio
import shutil
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from nlp.embed import Embedder
from nlp.fast import FastEmbedder
from nlp.folder import Folder, IndexInUse
from nlp.pivot import family, rendered
from nlp.text import LANGUAGES
from service import jobs
from service.channels import inbox, registry
from service.channels.contract import ChannelConfig, SendError
from service.database import Database, now
from service.errors import SetupError
from service.installation import last_backup, recall, recognise
from service.migrations import migrate
from service.phrases import say
from service.retrieval import queries
from service.retrieval.keeper import load_embedder, rendering
from service.settings import Settings
from service.trail.queries import first_event
from service.vault import open_vault

ROOM = 500_000_000
BACKED_UP = timedelta(days=7)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    says: str

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


async def check(settings: Settings) -> list[Finding]:
    """Look at everything a running service needs."""
    found = [_try("data folder", lambda: _folder(settings)), _try("key", lambda: _key(settings))]
    found.append(await _database(settings))
    found.append(await _sealed(settings))
    found.append(await _inbox(settings))
    found.append(await asyncio.to_thread(_try, "encoder", lambda: _encoder(settings)))
    found.append(await _vectors(settings))
    found.append(_try("index", lambda: _index(settings)))
    found += [await _channel(name, settings) for name in settings.channels]
    found.append(_try("port", lambda: _port(settings)))
    found.append(_mail(settings))
    found.append(_danger(settings))
    found.append(await _backup(settings))
    return found


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except Exception as error:
        return Finding(what, False, str(error) or type(error).__name__)


def _folder(settings: Settings) -> str:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    probe = settings.data_dir / ".probe"
    probe.write_text("")
    probe.unlink()
    free = shutil.disk_usage(settings.data_dir).free
    if free < ROOM:
        raise OSError(f"only {free // 1_000_000} MB are free in {settings.data_dir}; make room")
    return f"{settings.data_dir} can be written, {free // 1_000_000} MB free"


def _key(settings: Settings) -> str:
    open_vault(settings)
    path = settings.key_file or settings.data_dir / "key"
    if not settings.key.get_secret_value() and path.stat().st_mode & 0o077:
        raise PermissionError(f"others can read {path}: run chmod 600 on it")
    return "can be read by its owner only; keep a copy apart from the data"


async def _database(settings: Settings) -> Finding:
    database = Database(settings.database)
    try:
        await migrate(database)
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
        kind = "SQLite" if database.is_sqlite else "PostgreSQL"
        return Finding("database", True, f"{kind} answers and is up to date")
    except Exception as error:
        return Finding("database", False, f"{error}; see GABINETE_DATABASE_URL")
    finally:
        await database.close()


async def _sealed(settings: Settings) -> Finding:
    database = Database(settings.database)
    try:
        await recognise(database, open_vault(settings))
        return Finding("sealed data", True, "the key opens what is stored")
    except Exception as error:
        return Finding("sealed data", False, str(error))
    finally:
        await database.close()


async def _inbox(settings: Settings) -> Finding:
    database = Database(settings.database)
    try:
        async with database.read() as session:
            aside = len(await inbox.aside(session))
            waiting = await inbox.waiting(session)
            failed = await jobs.failed(session)
        if failed:
            says = f"{failed} jobs failed in the last days: the log of the worker says why"
            return Finding("messages and jobs", False, says)
        if aside:
            says = f"{aside} set aside, unread: see Deliveries in the console, or the log"
            return Finding("messages and jobs", False, says)
        return Finding("messages and jobs", True, f"none is set aside, {waiting} wait to be read")
    except Exception as error:
        return Finding("messages and jobs", False, str(error))
    finally:
        await database.close()


def _encoder(settings: Settings) -> str:
    plain = load_embedder(settings)
    through = rendered(rendering(settings, plain))
    knows = ", ".join(sorted(plain.languages))
    others = set(LANGUAGES) - plain.languages - through
    told = f"{plain.name} loads, {plain.size} dimensions, {_pace(plain)}, knows {knows}"
    if through:
        told += f"; texts in {', '.join(sorted(through))} are rendered by Apertium for it"
    if others:
        told += (
            f"; texts in {', '.join(sorted(others))} are found by their words more than their "
            "meaning: install apertium, apertium-es-pt and apertium-en-es, or name a multilingual "
            "model in GABINETE_EMBEDDING_MODEL"
        )
    return told


def _pace(embedder: Embedder) -> str:
    if isinstance(embedder, FastEmbedder):
        return f"fast path with {'8-bit' if embedder.small else '32-bit'} numbers"
    why = getattr(embedder, "slow_because", "")
    return f"without the fast path: {why}" if why else "no fast path needed"


async def _vectors(settings: Settings) -> Finding:
    database = Database(settings.database)
    try:
        plain = await asyncio.to_thread(load_embedder, settings)
        through = rendering(settings, plain)
        async with database.read() as session:
            others = await queries.other_models(session, plain.name)
            stored = await queries.models(session)
        if others:
            says = f"stored vectors come from {', '.join(others)}: run gabinete reindex"
            return Finding("vectors", False, says)
        return Finding("vectors", True, _read_through(stored, through.name))
    except Exception as error:
        return Finding("vectors", False, str(error))
    finally:
        await database.close()


def _read_through(stored: set[str], model: str) -> str:
    """Whether the stored texts were read as those that come will be."""
    if stored <= {model}:
        return "all come from the model that is set"
    if model == family(model):
        return (
            "some were made through a translator that is not installed now: questions in "
            "languages the encoder does not know find less; install it, or run gabinete reindex"
        )
    return (
        "some were made before the translator was installed: run gabinete reindex, so that "
        "texts in languages the encoder does not know are found by meaning"
    )


def _index(settings: Settings) -> str:
    if settings.chroma_url:
        return f"a Chroma server is set: {settings.chroma_url}"
    try:
        folder = Folder(settings.data_dir / "index")
    except IndexInUse:
        return "a running service owns it"
    was_dirty = folder.was_dirty
    folder.let_go()
    return (
        "is made anew at the next start: it was encoded again, or not closed cleanly"
        if was_dirty
        else "was closed cleanly"
    )


async def _channel(name: str, settings: Settings) -> Finding:
    config = ChannelConfig(
        name, settings.url, settings.government, say, options=settings.section(name)
    )
    try:
        return Finding(f"channel {name}", True, await registry.make(name, config).check())
    except (SetupError, SendError) as error:
        return Finding(f"channel {name}", False, str(error))


def _port(settings: Settings) -> str:
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = probe.connect_ex((settings.host, settings.port)) == 0
    return (
        f"something listens on {settings.port} (the service?)"
        if taken
        else f"{settings.port} is free"
    )


def _mail(settings: Settings) -> Finding:
    if not settings.smtp_host:
        return Finding("mail", True, "no digest is sent: GABINETE_SMTP_HOST is empty")
    try:
        socket.create_connection((settings.smtp_host, settings.smtp_port), timeout=3).close()
    except OSError as error:
        return Finding(
            "mail", False, f"{settings.smtp_host}:{settings.smtp_port} does not answer: {error}"
        )
    return Finding("mail", True, f"{settings.smtp_host} answers")


def _danger(settings: Settings) -> Finding:
    if settings.emergency:
        return Finding("danger", True, f"who seems in danger is told to call {settings.emergency}")
    return Finding(
        "danger", True,
        "who seems in danger is told to call an emergency number, not which: GABINETE_EMERGENCY is "
        "empty",
    )  # fmt: skip


async def _backup(settings: Settings) -> Finding:
    """A week without one is too long; a new installation has its first week."""
    database = Database(settings.database)
    try:
        async with database.read() as session:
            if not database.is_sqlite:
                return Finding("backup", True, "PostgreSQL has its own: pg_dump")
            if await recall(session, "sample") is not None:
                return Finding("backup", True, "a sample needs none")
            last = await last_backup(session)
            since = last or await first_event(session)
        told = f"the last is of {last:%Y-%m-%d %H:%M} UTC" if last else "there is none"
        recent = since is None or now() - since <= BACKED_UP
        mended = "" if last and recent else ": run gabinete backup FILE, best every night"
        return Finding("backup", recent, told + mended)
    except Exception as error:
        return Finding("backup", False, str(error))
    finally:
        await database.close()
