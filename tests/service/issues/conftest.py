"""A database, a key and an installation for issues, until the whole suite's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.database import Database
from service.installation import Installation
from service.settings import Settings
from service.vault import Vault
from tests.service.issues.town import create


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'gabinete.db'}")
    await create(database)
    yield database
    await database.close()


@pytest.fixture
def vault() -> Vault:
    return Vault(bytes(32))


@pytest.fixture
def settings() -> Settings:
    return Settings(_env_file=None, government="Porto Belo", public_url="https://porto.example")


@pytest.fixture
def installation(settings: Settings, database: Database, vault: Vault) -> Installation:
    return Installation(settings, database, vault)
