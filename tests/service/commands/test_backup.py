"""A backup is of one moment, never overwrites, and opens in a fresh data folder with the key."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.commands import backup, checking
from tests.service.commands.test_round import done, fill, lines, run


@pytest.fixture
def filled(folder: Path) -> Path:
    """An installation with everything imported and drained."""
    fill(folder)
    return folder


def backed_up() -> dict[str, object]:
    """What the doctor says of backups."""
    found = json.loads(run("doctor", "--json").stdout)
    return next(
        {"good": one["good"], "says": one["says"]} for one in found if one["what"] == "backup"
    )


def test_what_was_backed_up_is_read_in_a_fresh_folder_with_the_key(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("export", "messages", "--out", filled / "before.jsonl")
    told = done("backup", filled / "copy.db").stderr
    assert told.count(str(filled / "var" / "key")) == 1
    assert "The key is not in it" in told
    assert (filled / "copy.db").stat().st_mode & 0o077 == 0
    assert [one.name for one in filled.glob("copy*")] == ["copy.db"]
    assert (filled / "var" / "key").read_bytes() not in (filled / "copy.db").read_bytes()
    fresh = filled / "fresh"
    fresh.mkdir()
    shutil.copy(filled / "copy.db", fresh / "gabinete.db")
    monkeypatch.setenv("GABINETE_DATA_DIR", str(fresh))
    assert "another key" in str(run("export", "messages").exception), "one of its own is made"
    shutil.copy(filled / "var" / "key", fresh / "key")
    done("export", "messages", "--out", filled / "after.jsonl")
    assert lines(filled / "after.jsonl") == lines(filled / "before.jsonl") != []
    done("worker", "--drain")
    found = json.loads(done("ask", "quando volta a água?").stdout)
    assert found["candidates"][0]["id"] == "a1"


def test_nothing_is_overwritten_and_no_half_is_left(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("copy.db", "copy.db.part"):
        (filled / name).write_text("mine")
        assert isinstance(run("backup", filled / "copy.db").exception, backup.WouldOverwrite)
        assert (filled / name).read_text() == "mine"
        (filled / name).unlink()
    assert isinstance(run("backup", filled / "no" / "x.db").exception, backup.NotWritten)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(backup, "_read_through", full)
        assert "disk full" in str(run("backup", filled / "copy.db").exception)
    assert list(filled.glob("copy*")) == []
    assert "none" in str(backed_up()["says"]), "what failed is not noted"


def test_a_copy_is_of_one_moment_and_ends_while_others_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "busy.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as service:
        service.execute("PRAGMA journal_mode=WAL")
        service.execute("CREATE TABLE line (text)")
        service.executemany("INSERT INTO line VALUES (?)", [("x" * 3000,)] * 50)
        monkeypatch.setattr(backup, "PAGES", 5)
        seen: list[tuple[int, int]] = []

        def meanwhile(at: int, total: int) -> None:
            seen.append((at, total))
            service.execute("INSERT INTO line VALUES ('later')")

        backup.copy(source, tmp_path / "copy.db", meanwhile)
        assert service.execute("SELECT count(*) FROM line").fetchone()[0] == 50 + len(seen)
    assert len(seen) > 5
    assert seen[-1][0] == seen[-1][1]
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copied:
        assert copied.execute("SELECT count(*) FROM line").fetchone()[0] == 50
        assert copied.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_the_doctor_asks_for_one_after_a_week_without(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backed_up()["good"], "the first week"
    later = datetime.now(UTC) + timedelta(days=8)
    with monkeypatch.context() as patch:
        patch.setattr(checking, "now", lambda: later)
        assert backed_up() == {
            "good": False, "says": "there is none: run gabinete backup FILE, best every night",
        }  # fmt: skip
    done("backup", filled / "copy.db")
    told = backed_up()
    assert told["good"]
    assert str(told["says"]).startswith("the last is of 20")
    monkeypatch.setattr(checking, "now", lambda: later)
    assert not backed_up()["good"], "the last is too old"


def test_what_cannot_be_backed_up_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(run("backup", folder / "copy.db").exception, backup.NothingThere)
    monkeypatch.setenv("GABINETE_DATABASE_URL", "postgresql://nobody@localhost/none")
    told = run("backup", folder / "copy.db").exception
    assert isinstance(told, backup.NotOurs)
    assert "pg_dump" in str(told)
    assert not (folder / "copy.db").exists()
