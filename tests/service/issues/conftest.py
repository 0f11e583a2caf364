"""An installation of Porto Belo, whose pages are found under an address."""

from pathlib import Path

import pytest

from service.settings import Settings
from tests.conftest import make_settings


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return make_settings(
        tmp_path,
        database_url,
        government="Porto Belo",
        public_url="https://porto.example",
        default_language="en",
    )
