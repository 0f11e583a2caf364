"""Rows of a JSONL or CSV file: each is checked, good ones are taken, bad ones written beside the
file with the reason.
"""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from service.errors import SetupError

Row = TypeVar("Row", bound=BaseModel)
SHOWN = 20
UNREADABLE = re.compile("[\udc80-\udcff]")


class UnreadableFile(SetupError):
    """The file is not there, or is not JSONL or CSV in UTF-8."""

    code = "unreadable_file"


@dataclass
class Report:
    """What became of a file's rows."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, str, Any]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    rejected_file: str | None = None

    def count(self, outcome: str) -> None:
        """Count one row: added, changed or unchanged."""
        setattr(self, outcome, getattr(self, outcome) + 1)

    def reject(self, line: int, reason: str, raw: Any) -> None:
        """Leave a row out, with the reason."""
        self.rejected.append((line, reason, raw))

    def write_rejected(self, path: Path) -> None:
        """Write the rejected rows beside the file they came from; none leave no such file."""
        target = path.with_name(path.name + ".rejected.jsonl")
        if not self.rejected:
            target.unlink(missing_ok=True)
            return
        lines = (
            json.dumps({"line": line, "reason": why, "row": raw}, ensure_ascii=False)
            for line, why, raw in self.rejected
        )
        target.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace")
        self.rejected_file = str(target)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": len(self.rejected),
            "reasons": [{"line": line, "reason": why} for line, why, _ in self.rejected[:SHOWN]],
            "unknown_fields": sorted(self.unknown),
            "rejected_file": self.rejected_file,
        }


class Reading(Generic[Row]):
    """A file's good rows of a shape, read one at a time; iterate once."""

    def __init__(self, path: Path, shape: type[Row]) -> None:
        if not path.is_file():
            raise UnreadableFile(f"There is no file {path}.")
        self.path, self.shape, self.report = path, shape, Report()
        self.size = path.stat().st_size
        self.at = 0

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        raws = self._csv() if self.path.suffix.lower() == ".csv" else self._jsonl()
        for line, raw in raws:
            row = self._checked(line, raw)
            if row is not None:
                yield line, row

    def _jsonl(self) -> Iterator[tuple[int, Any]]:
        with self.path.open("rb") as file:
            for line, data in enumerate(file, 1):
                self.at += len(data)
                try:
                    text = data.decode("utf-8-sig" if line == 1 else "utf-8").strip()
                    if text:
                        yield line, json.loads(text)
                except UnicodeDecodeError:
                    self.report.reject(line, "is not UTF-8", data.decode("latin-1"))
                except (ValueError, RecursionError) as error:
                    self.report.reject(line, f"is not JSON: {error}", data.decode("utf-8"))

    def _csv(self) -> Iterator[tuple[int, Any]]:
        try:
            with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                head = file.readline()
                file.seek(0)
                reader = csv.DictReader(file, delimiter=_mark(head))
                for row in reader:
                    self.at = min(self.size, self.at + sum(len(str(v)) for v in row.values()))
                    filled = {k: v for k, v in row.items() if v not in ("", None)}
                    if any(UNREADABLE.search(str(value)) for value in filled.values()):
                        self.report.reject(reader.line_num, "is not UTF-8", filled)
                    else:
                        yield reader.line_num, filled
        except csv.Error as error:
            raise UnreadableFile(f"{self.path.name} is not a CSV file: {error}") from error

    def _checked(self, line: int, raw: Any) -> Row | None:
        if not isinstance(raw, dict):
            self.report.reject(line, "is not an object with fields", raw)
            return None
        self.report.unknown |= {str(name) for name in raw} - set(self.shape.model_fields)
        try:
            return self.shape.model_validate(raw)
        except ValidationError as error:
            reasons = (
                f"{'.'.join(map(str, e['loc'])) or 'row'}: {e['msg']}" for e in error.errors()
            )
            self.report.reject(line, "; ".join(reasons), raw)
            return None

    def finish(self) -> Report:
        """Write the rejected rows beside the file."""
        self.report.write_rejected(self.path)
        return self.report


def _mark(head: str) -> str:
    """What parts the cells: spreadsheets put semicolons where the comma is for decimals."""
    return ";" if ";" in head and "," not in head else ","
