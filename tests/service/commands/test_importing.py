"""Importing files: good rows are kept, bad ones are written beside the file with the reason."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select

from nlp.embed import HashEmbedder
from service import tasks
from service.answers.models import Answer, AnswerVersion
from service.channels import inbox
from service.channels.models import InboxRow
from service.commands import importing
from service.database import now
from service.installation import Installation
from service.issues.models import Issue
from service.jobs import Job
from service.messages.models import Message
from service.retrieval.models import Entry


def _progress(at: int, total: int) -> None:
    assert 0 <= at <= total


def _written(path: Path, lines: list[str], bom: bool = False) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig" if bom else "utf-8")
    return path


def _rejected(path: Path) -> list[dict[str, Any]]:
    file = path.with_name(path.name + ".rejected.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


async def _count(here: Installation, model: Any) -> int:
    async with here.database.read() as session:
        return (await session.execute(select(func.count()).select_from(model))).scalar_one()


async def test_good_messages_are_kept_and_bad_rows_written_with_line_and_reason(
    installation: Installation, tmp_path: Path
) -> None:
    good = ['{"id": 1, "text": "Falta água", "mood": "angry"}', '{"id": "2", "text": "No bus"}']
    bad = ["{not json", '["a list"]', '{"id": "3"}', '{"id": "4", "text": "a \\ud800 b"}']
    file = _written(tmp_path / "messages.jsonl", [good[0], *bad, good[1]], bom=True)
    first = await importing.messages(installation, file, _progress)
    again = await importing.messages(installation, file, _progress)
    assert (first.added, first.unchanged, len(first.rejected)) == (2, 0, 4)
    assert (again.added, again.unchanged) == (0, 2)
    assert first.unknown == {"mood"}
    assert [row["line"] for row in _rejected(file)] == [2, 3, 4, 5]
    assert all(row["reason"] for row in _rejected(file))
    assert await _count(installation, InboxRow) == 2


async def test_csv_answers_with_an_unknown_department_are_left_out(
    installation: Installation, tmp_path: Path
) -> None:
    lines = ["id,text,department", "a1,The library opens at nine.,", "a2,Buses run.,nowhere"]
    file = _written(tmp_path / "answers.csv", lines, bom=True)
    first = await importing.answer_rows(installation, HashEmbedder(), file, _progress)
    again = await importing.answer_rows(installation, HashEmbedder(), file, _progress)
    assert (first.added, again.added, again.unchanged) == (1, 0, 1)
    assert [(r["line"], r["reason"]) for r in _rejected(file)] == [
        (3, "department: there is no nowhere")
    ]
    assert await _count(installation, Answer) == 1


@pytest.mark.parametrize(
    ("answer_only", "told", "found_by"),
    [
        (True, {"text": "When is it open?"}, ["The library opens at nine. It lends."]),
        (
            True,
            {"text": "When?", "title": "Library"},
            ["Library\nThe library opens at nine. It lends."],
        ),
        (True, {}, ["The library opens at nine. It lends."]),
        (
            False,
            {"text": "When is it open?"},
            ["When is it open?", "When is it open?\nThe library opens at nine. It lends."],
        ),
    ],
)
async def test_a_question_that_is_left_out_is_not_found_in_the_title_made_of_it(
    installation: Installation,
    tmp_path: Path,
    answer_only: bool,
    told: dict[str, str],
    found_by: list[str],
) -> None:
    said = "The library opens at nine. It lends."
    row = {"id": "a1", "answer": said, **told} if told else {"id": "a1", "text": said}
    file = _written(tmp_path / "answers.jsonl", [json.dumps(row)])
    await importing.answer_rows(
        installation, HashEmbedder(), file, _progress, answer_only=answer_only
    )
    async with installation.database.read() as session:
        texts = await session.scalars(select(Entry.text).where(Entry.live).order_by(Entry.part))
        assert texts.all() == found_by


@pytest.mark.parametrize(
    ("said", "lang"),
    [
        ("Die Bibliothek öffnet um neun Uhr und verleiht auch Werkzeug.", "pt"),
        ("The library opens at nine.", "en"),
    ],
)
async def test_an_answer_that_tells_none_of_our_languages_is_in_the_default_one(
    installation: Installation, tmp_path: Path, said: str, lang: str
) -> None:
    file = _written(tmp_path / "answers.jsonl", [json.dumps({"id": "a1", "answer": said})])
    await importing.answer_rows(installation, HashEmbedder(), file, _progress)
    async with installation.database.read() as session:
        assert (await session.scalars(select(AnswerVersion.lang))).all() == [lang]


async def test_a_document_named_in_the_index_but_missing_is_rejected_and_the_rest_kept(
    installation: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "here.md").write_text("# Water\n\nThe plan covers every district.\n")
    rows = ['{"file": "gone.md"}', '{"file": "here.md", "lang": "en"}']
    _written(folder / "index.jsonl", rows)
    report = await importing.knowledge(installation, HashEmbedder(), folder, _progress)
    assert report.added == 1
    assert [row["row"] for row in _rejected(folder)] == [{"file": "gone.md"}]


async def test_one_id_is_one_message_whoever_is_said_to_have_written_it(
    app: FastAPI, installation: Installation, tmp_path: Path
) -> None:
    rows = [
        '{"id": "1", "text": "falta água na rua das flores", "person": "ana"}',
        '{"id": "1", "text": "falta água na rua das flores", "person": "bruno"}',
        '{"id": "1", "text": "falta água na rua das flores"}',
    ]
    report = await importing.messages(
        installation, _written(tmp_path / "messages.jsonl", rows), _progress
    )
    assert (report.added, report.unchanged) == (1, 2)
    await _read(installation)
    async with installation.database.read() as session:
        assert (await session.scalars(select(InboxRow.state))).all() == ["done"]


async def test_what_was_imported_is_brought_together_once_all_of_it_is_read(
    app: FastAPI, installation: Installation, tmp_path: Path
) -> None:
    rows = [
        '{"id": "1", "text": "falta água na rua do sol desde ontem"}',
        '{"id": "2", "text": "falta água na rua das acácias há três dias"}',
        '{"id": "3", "text": "o ônibus da linha 214 só passa de hora em hora"}',
    ]
    await importing.messages(installation, _written(tmp_path / "m.jsonl", rows), _progress)
    async with asyncio.timeout(60):
        while await _together(installation) != [1, 2]:
            await asyncio.sleep(0.02)


async def _together(here: Installation) -> list[int]:
    """How many contributions each issue has that stands."""
    async with here.database.read() as session:
        found = await session.scalars(
            select(Issue.size).where(Issue.merged_into.is_(None)).order_by(Issue.size)
        )
        return list(found.all())


async def test_retention_counts_from_the_import_and_reaches_imported_originals(
    app: FastAPI, installation: Installation, tmp_path: Path
) -> None:
    row = '{"id": "1", "text": "falta água, cpf 529.982.247-25", "ts": "2020-01-01T00:00:00Z"}'
    await importing.messages(installation, _written(tmp_path / "m.jsonl", [row]), _progress)
    await _read(installation)
    day = installation.settings.model_copy(update={"retention_days": 1})
    here = Installation(day, installation.database, installation.vault)
    job = Job(kind="tidy_up", args={})
    await tasks.do(job, here, app.state.retriever)
    assert await _originals(here) == ["falta água, cpf 529.982.247-25"]
    with time_machine.travel(now() + timedelta(days=2)):
        await tasks.do(job, here, app.state.retriever)
    assert await _originals(here) == []


async def _read(here: Installation) -> None:
    """Wait until the worker has read what waits."""
    async with asyncio.timeout(60):
        while True:
            async with here.database.read() as session:
                if not await inbox.waiting(session):
                    return
            await asyncio.sleep(0.02)


async def _originals(here: Installation) -> list[str]:
    async with here.database.read() as session:
        kept = await session.scalars(select(Message.sealed).where(Message.sealed.is_not(None)))
    return [here.vault.open(sealed) for sealed in kept.all() if sealed]
