"""The sample installation: loaded once, gone on with, removed; never mixed with a real one."""

import asyncio
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import app
from service.commands import sample
from service.database import now
from service.issues.showing import queries as showing
from service.opening import open_installation
from service.rounds import queries
from service.settings import Settings


@pytest.fixture
def settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty folder, and a small copy of the sample's data."""
    data = folder / "data"
    shutil.copytree(sample.DATA / "knowledge", data / "knowledge")
    for name, rows in (("departments", 20), ("answers", 5), ("messages", 20), ("rounds", 1)):
        lines = (sample.DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        (data / f"{name}.jsonl").write_text("\n".join(lines[:rows]), encoding="utf-8")
    shutil.copyfile(sample.DATA / "consultation.json", data / "consultation.json")
    monkeypatch.setattr(sample, "DATA", data)
    return Settings(_env_file=None)


def exported(what: str, folder: Path) -> list[dict[str, object]]:
    """What is stored."""
    out = folder / "out.jsonl"
    result = CliRunner().invoke(app, ["export", what, "--out", str(out)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


async def supporters(settings: Settings) -> list[tuple[str, int]]:
    """The round's questions that the public may read of, and how many support each."""
    here = await open_installation(settings)
    try:
        async with here.database.read() as session:
            (told,) = await queries.running(session, now())
            found = await queries.questions(session, told.round)
            shown = {one.name for one in await showing.heard(session, 1, settings.zone)}
    finally:
        await here.database.close()
    return [(one.name, one.supporters) for one in found if one.name in shown]


def test_it_is_loaded_once_and_gone_on_with(settings: Settings, folder: Path) -> None:
    links = asyncio.run(sample._prepare(settings))
    assert {"official", "comms"} <= links.keys()
    first = exported("messages", folder)
    assert len(first) == 20
    assert len(exported("answers", folder)) >= 5
    assert asyncio.run(supporters(settings)) == [("Quando acaba a fila da ressonância?", 1)]
    proposed = exported("proposals", folder)
    states = Counter(str(one["state"]) for one in proposed)
    assert states == {"admitted": 8, "waiting": 4, "refused": 1}
    again = asyncio.run(sample._prepare(settings))
    assert again["official"] != links["official"], "a fresh link each time"
    assert exported("messages", folder) == first
    assert exported("proposals", folder) == proposed


def test_half_a_sample_is_completed(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def torn(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sample, "_messages", torn)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(sample._prepare(settings))
    asyncio.run(sample._prepare(settings))
    assert len(exported("messages", folder)) == 20


def test_a_sample_is_removed_and_a_real_installation_is_not(
    settings: Settings, folder: Path
) -> None:
    asyncio.run(sample._prepare(settings))
    assert CliRunner().invoke(app, ["sample", "remove", "--yes"]).exit_code == 0
    assert not settings.data_dir.exists()

    words = ["user", "add", "ana@gov.example", "Ana", "--role", "admin"]
    assert CliRunner().invoke(app, words).exit_code == 0
    told = CliRunner().invoke(app, ["sample", "remove", "--yes"])
    assert isinstance(told.exception, sample.NotASample)
    assert settings.data_dir.exists()
    with pytest.raises(sample.NotASample):
        asyncio.run(sample._prepare(settings))
