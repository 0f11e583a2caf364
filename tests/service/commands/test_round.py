"""A clerk's round on the command line: import, drain, export, ask, accounts; what is refused."""

import csv
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nlp.folder import Folder, IndexInUse
from service.cli import app
from service.migrations import migrate  # noqa: F401 - loads every table before the first command
from tests.databases import create

DEPARTMENTS = [
    {
        "key": "water",
        "name": "Águas",
        "remit": "água, canos, bombas",
        "examples": "falta água|cano furado",
        "norm_days": "5",
    },
    {
        "key": "roads",
        "name": "Estradas",
        "remit": "buracos, asfalto, pontes",
        "examples": "buraco na rua",
        "norm_days": "9",
    },
]
ANSWERS = [
    {
        "id": "a1",
        "text": "quando volta a água?",
        "answer": "A água volta na terça-feira.",
        "department": "water",
        "lang": "pt",
    },
    {
        "id": "a2",
        "text": "quem conserta o buraco?",
        "answer": "A equipe das estradas, em nove dias.",
        "department": "roads",
        "lang": "pt",
    },
    {"id": "a3", "text": "A ponte abre em maio.", "lang": "pt"},
]
MESSAGES = [
    {
        "id": "m1",
        "text": "falta água na rua das flores",
        "person": "p1",
        "lang": "pt",
        "ts": "2026-03-01T10:00:00Z",
    },
    {
        "id": "m2",
        "text": "falta água na rua das flores!",
        "person": "p2",
        "lang": "pt",
        "ts": "2026-03-02T10:00:00Z",
    },
    {"id": "m3", "text": "=SOMA(A1) buraco enorme na avenida", "lang": "pt"},
    {"id": "m4", "text": "obrigado", "lang": "pt"},
]


def run(*words: str | Path) -> Result:
    """A command as it is typed."""
    return CliRunner().invoke(app, [str(word) for word in words])


def done(*words: str | Path) -> Result:
    """A command that must succeed."""
    result = run(*words)
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result


def as_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    """Rows as a spreadsheet saves them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def as_jsonl(path: Path, rows: list[dict[str, str]]) -> Path:
    """Rows as a program writes them."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def filled(folder: Path) -> Path:
    """An installation with everything imported and drained."""
    fill(folder)
    return folder


def fill(folder: Path) -> None:
    """Import all kinds and let a worker understand what waits."""
    done("import", "departments", as_csv(folder / "d.csv", DEPARTMENTS))
    done("import", "answers", as_jsonl(folder / "a.jsonl", ANSWERS))
    done("import", "messages", as_csv(folder / "m.csv", MESSAGES))
    done("worker", "--drain")


def test_every_kind_is_exported_as_it_was_imported(filled: Path) -> None:
    out = filled / "out.jsonl"
    done("export", "messages", "--out", out)
    rows = {row["id"]: row for row in lines(out)}
    assert list(rows) == ["m1", "m2", "m3", "m4"]
    assert rows["m1"]["issue"] == rows["m2"]["issue"]
    assert rows["m1"]["person"] != rows["m2"]["person"]
    assert rows["m1"]["ts"].startswith("2026-03-01T10:00:00")
    assert (rows["m1"]["channel"], rows["m1"]["state"]) == ("import", "received")
    assert (rows["m4"]["kind"], rows["m4"]["issue"], rows["m4"]["state"]) == (
        "thanks",
        None,
        "talk",
    )
    assert rows["m3"]["person"] is None

    done("export", "messages", "--format", "csv", "--out", out)
    with out.open(encoding="utf-8", newline="") as file:
        cells = {row["id"]: row["text"] for row in csv.DictReader(file)}
    assert cells["m3"] == "'=SOMA(A1) buraco enorme na avenida"

    done("export", "answers", "--out", out)
    answers = {row["id"]: row for row in lines(out)}
    assert (answers["a1"]["department"], answers["a1"]["state"]) == ("water", "published")
    assert answers["a1"]["question"] == "quando volta a água?"
    assert (answers["a3"]["question"], answers["a3"]["answer"]) == (None, "A ponte abre em maio.")

    done("export", "issues", "--out", out)
    issue = next(row for row in lines(out) if row["id"] == rows["m1"]["issue"])
    assert (issue["people"], issue["messages"]) == (2, 2)
    assert issue["due_at"] is None, "imported messages start no clock"


def test_the_same_files_again_change_nothing(filled: Path) -> None:
    for what, name in (("departments", "d.csv"), ("answers", "a.jsonl"), ("messages", "m.csv")):
        told = json.loads(done("import", what, filled / name, "--json").stdout)
        assert (told["added"], told["changed"], told["rejected"]) == (0, 0, 0), what
        assert told["unchanged"] > 0


def test_asking_names_candidates_department_and_issue_and_stores_nothing(filled: Path) -> None:
    before, out = filled / "before.jsonl", filled / "after.jsonl"
    done("export", "messages", "--out", before)
    questions = [
        {"id": "q1", "text": "quando volta a água?"},
        {"id": "q2", "text": "falta água na rua das flores"},
    ]
    done("ask", "--file", as_jsonl(filled / "q.jsonl", questions), "--out", out)
    first, second = lines(out)
    assert (first["id"], first["decision"]) == ("q1", "answered")
    assert first["candidates"][0]["id"] == "a1"
    scores = [one["score"] for one in first["candidates"]]
    assert scores == sorted(scores, reverse=True)
    assert len(second["candidates"]) == 3, "all there are, also when nothing is sure"
    assert second["department"] == "water"
    exported = {row["id"]: row for row in lines(before)}
    assert second["issue"] == exported["m1"]["issue"]
    done("export", "messages", "--out", out)
    assert lines(out) == lines(before)


@pytest.mark.parametrize("default", ["pt", "es"])
def test_a_question_that_does_not_tell_its_language_is_in_the_expected_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, default: str
) -> None:
    monkeypatch.setenv("GABINETE_DEFAULT_LANGUAGE", default)
    assert json.loads(done("ask", "vacinas").stdout)["lang"] == default
    assert json.loads(done("ask", "when does the library open?").stdout)["lang"] == "en"
    strange = "Wie kann ich einen Reisepass beantragen?"
    assert json.loads(done("ask", strange).stdout)["lang"] == default


@pytest.mark.parametrize(("quiet", "joins"), [(0, True), (400, False)])
def test_asking_names_the_issue_that_live_placing_then_joins(
    folder: Path, quiet: int, joins: bool
) -> None:
    moment = datetime.now(UTC)
    before = {"id": "m1", "text": "falta água na rua das flores", "lang": "pt"}
    said = {"id": "m2", "text": "falta água nas casas da rua das palmeiras", "lang": "pt"}
    before["ts"] = (moment - timedelta(days=quiet)).isoformat()
    done("import", "messages", as_jsonl(folder / "m.jsonl", [before]))
    done("worker", "--drain")
    out = folder / "out.jsonl"
    done("ask", "--file", as_jsonl(folder / "q.jsonl", [said]), "--out", out)
    (asked,) = lines(out)

    now = {**said, "ts": moment.isoformat()}
    done("import", "messages", as_jsonl(folder / "m.jsonl", [now]))
    done("worker", "--drain")
    done("export", "messages", "--out", out)
    first, second = (row["issue"] for row in lines(out))
    assert (first == second) is joins, "silence takes its share of a likeness of 0.53"
    assert asked["issue"] == (first if joins else None)


def test_ask_says_the_same_on_both_databases(
    folder: Path, postgresql_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    question = as_jsonl(folder / "q.jsonl", [{"id": "q", "text": "o buraco na rua e a água"}])
    for name, url in (("sqlite", ""), ("postgresql", create(postgresql_server))):
        monkeypatch.setenv("GABINETE_DATA_DIR", str(folder / name))
        if url:
            monkeypatch.setenv("GABINETE_DATABASE_URL", url)
        fill(folder)
        done("ask", "--file", question, "--out", folder / "out.jsonl")
        found.append(lines(folder / "out.jsonl"))
    assert found[0] == found[1]


def test_a_failing_ask_leaves_the_earlier_file_alone(filled: Path) -> None:
    out = filled / "out.jsonl"
    out.write_text("kept\n")
    assert run("ask", "--file", filled / "nowhere.jsonl", "--out", out).exit_code != 0
    assert out.read_text() == "kept\n"
    told = run("export", "answers", "--out", filled / "no" / "such" / "folder.jsonl")
    assert told.exit_code == 2
    assert "cannot be written" in " ".join(told.output.replace("│", " ").split())


def test_a_broken_line_does_not_stop_an_import(folder: Path) -> None:
    file = folder / "m.jsonl"
    deep = "[" * 100_000
    long = '{"id": ' + "9" * 5000 + ', "text": "x"}'
    file.write_text(f'{deep}\n{long}\n{{"id": "1", "text": "falta água"}}\n', encoding="utf-8")
    told = run("import", "messages", file, "--json")
    assert (told.exit_code, json.loads(told.stdout)["added"]) == (1, 1)
    rejected = lines(folder / "m.jsonl.rejected.jsonl")
    assert [row["line"] for row in rejected] == [1, 2]

    file.write_text('{"id": "1", "text": "falta água"}\n', encoding="utf-8")
    done("import", "messages", file)
    assert not (folder / "m.jsonl.rejected.jsonl").exists(), "mended, so nothing is left to mend"


def test_a_cell_that_is_not_utf8_is_left_out_and_the_others_kept(folder: Path) -> None:
    file = folder / "m.csv"
    file.write_bytes("id,text\n1,água\n".encode() + b"2,\xe1gua\n" + b"3,sem luz\n")
    told = run("import", "messages", file, "--json")
    said = json.loads(told.stdout)
    assert (told.exit_code, said["added"], said["rejected"]) == (1, 2, 1)
    assert "UTF-8" in said["reasons"][0]["reason"]


def test_an_account_gets_a_link_and_a_token(filled: Path) -> None:
    link = done(
        "user", "add", "ana@gov.example", "Ana", "--role", "official", "--department", "water"
    )
    assert "/login/once/" in link.stdout
    assert done("token", "ana@gov.example").stdout.startswith("gab_")
    assert run("token", "nobody@gov.example").exit_code != 0
    assert run("user", "add", "x@gov.example", "X", "--role", "king").exit_code != 0


def test_another_key_is_refused_before_anything_is_touched(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("GABINETE_KEY", "11" * 32)
        told = run("worker", "--drain")
        assert "another key" in str(told.exception)
    done("worker", "--drain")


def test_a_second_worker_says_so(filled: Path) -> None:
    folder = Folder(filled / "var" / "index")
    try:
        told = run("worker", "--drain")
        assert isinstance(told.exception, IndexInUse)
        assert str(told.exception).endswith(".")
    finally:
        folder.let_go()


@pytest.mark.encoder
def test_vectors_of_another_model_are_refused_until_reindexed(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = filled / "out.jsonl"
    done("export", "messages", "--out", out)
    before = lines(out)
    monkeypatch.setenv("GABINETE_EMBEDDING_MODEL", "bundled")
    told = run("ask", "quando volta a água?")
    assert "gabinete reindex" in str(told.exception)
    found = json.loads(run("doctor", "--json").stdout)
    assert not next(one for one in found if one["what"] == "vectors")["good"]
    done("reindex")
    assert json.loads(done("ask", "quando volta a água?").stdout)["candidates"][0]["id"] == "a1"
    done("export", "messages", "--out", out)
    assert lines(out) == before, "nothing moves"


def test_doctor_finds_what_is_wrong(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert done("doctor", "--json")
    for name, value, what in (
        ("GABINETE_EMBEDDING_MODEL", "no-such-model", "encoder"),
        ("GABINETE_SMTP_HOST", "127.0.0.1", "mail"),
        ("GABINETE_KEY", "11" * 32, "sealed data"),
        ("GABINETE_DATABASE_URL", f"sqlite+aiosqlite:///{os.devnull}/x.db", "database"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            patch.setenv("GABINETE_SMTP_PORT", "9")
            found = json.loads(run("doctor", "--json").stdout)
            bad = {one["what"]: one["says"] for one in found if not one["good"]}
            assert what in bad, bad
