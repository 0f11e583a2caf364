"""An installation that commands find by their environment."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation's folder, named by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GABINETE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("GABINETE_EMBEDDING_MODEL", "hash")
    return tmp_path
