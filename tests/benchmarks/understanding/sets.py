"""Labelled sets: folders of JSONL files, one object a line."""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class NoSuchSet(FileNotFoundError):
    """The folder of sets lacks one that a measurement needs."""


def rows(folder: Path, name: str, file: str = "data.jsonl") -> list[Row]:
    """The rows of a set, in file order. Raises `NoSuchSet`."""
    path = folder / name / file
    if not path.exists():
        raise NoSuchSet(f"{folder} has no {name}/{file}")
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]
