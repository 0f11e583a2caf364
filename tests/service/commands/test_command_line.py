"""Commands as a clerk types them: what is printed, and the exit status a script reads."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import app


def test_import_says_in_json_what_it_left_out_and_exits_with_one(folder: Path) -> None:
    file = folder / "m.jsonl"
    file.write_text('{"id": "1", "text": "Falta agua"}\n{"id": "2"}\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["import", "messages", str(file), "--json"])
    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (said["added"], said["rejected"], said["reasons"][0]["line"]) == (1, 1, 2)


def test_a_spreadsheet_that_parts_cells_by_semicolons_is_read(folder: Path) -> None:
    file = folder / "m.csv"
    file.write_text('id;text\n1;"Falta luz; e água"\n2;Bus, late\n', encoding="utf-8-sig")
    result = CliRunner().invoke(app, ["import", "messages", str(file), "--json"])
    assert json.loads(result.stdout)["added"] == 2


def test_what_stands_in_brackets_is_printed_as_it_is(folder: Path) -> None:
    file = folder / "d.jsonl"
    file.write_text('{"key": "No Key", "name": "Water", "remit": "taps"}\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["import", "departments", str(file)])
    assert "[a-z0-9" in result.output


def test_a_member_of_staff_is_of_departments_that_there_are(folder: Path) -> None:
    add = ["user", "add", "ana@desk.example", "Ana", "--role", "official", "--department"]
    refused = CliRunner().invoke(app, [*add, "nope"])
    assert "There is no department nope" in str(refused.exception)
    file = folder / "d.jsonl"
    file.write_text('{"key": "water", "name": "Water", "remit": "taps"}\n', encoding="utf-8")
    CliRunner().invoke(app, ["import", "departments", str(file)])
    assert CliRunner().invoke(app, [*add, "water"]).exit_code == 0


def test_doctor_says_when_no_emergency_number_is_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> str:
        found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
        return str(next(one["says"] for one in found if one["what"] == "danger"))

    assert "GABINETE_EMERGENCY is empty" in told()
    monkeypatch.setenv("GABINETE_EMERGENCY", "190, 192")
    assert "190, 192" in told()


def test_doctor_names_a_key_that_others_can_read(folder: Path) -> None:
    CliRunner().invoke(app, ["doctor", "--json"])
    (folder / "var" / "key").chmod(0o644)
    result = CliRunner().invoke(app, ["doctor", "--json"])
    found = {one["what"]: one for one in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert not found["key"]["good"]
    assert "chmod 600" in found["key"]["says"]
    assert found["database"]["good"]
