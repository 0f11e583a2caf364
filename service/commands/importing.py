"""Import messages, departments, answers and knowledge from files; the same file twice changes
nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from nlp.embed import Embedder
from nlp.label import title
from nlp.pivot import encode
from nlp.text import detect, sentences
from service.answers import queries as answer_queries
from service.answers import tasks as answer_tasks
from service.answers.importing import actions as answers
from service.channels import inbox
from service.channels.contract import Address, Inbound
from service.channels.inbox import IMPORT
from service.commands.rows import Reading, Report, UnreadableFile
from service.database import Session, now
from service.departments import actions as departments
from service.departments import queries as department_queries
from service.departments.actions import Teaching
from service.departments.models import Department
from service.errors import GabineteError
from service.installation import Installation
from service.knowledge import tasks as knowledge_tasks
from service.retrieval import actions as retrieval
from service.retrieval import queries as entries
from service.retrieval.actions import NewEntry

Progress = Callable[[int, int], None]
T = TypeVar("T")
CHUNK = 300
ANSWERS = 64
CLI = "command line"


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _list(value: object) -> object:
    return (
        [part.strip() for part in value.split("|") if part.strip()]
        if isinstance(value, str)
        else value
    )


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
OptionalText = Annotated[str | None, BeforeValidator(_text)]


class MessageRow(BaseModel):
    """A message to import; `text` may be a title with the rest in `body`."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    id: Text
    text: Text = Field(max_length=20_000)
    body: OptionalText = Field(None, max_length=100_000)
    ts: datetime | None = None
    person: OptionalText = None
    lang: OptionalText = Field(None, pattern="^[a-z]{2}$")
    place: OptionalText = Field(None, max_length=200)
    channel: OptionalText = None

    @field_validator("ts")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class DepartmentRow(BaseModel):
    """A department; `examples` are texts that belong to it (in CSV separated by |)."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    key: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    name: Text
    remit: Text
    examples: Annotated[list[str], BeforeValidator(_list)] = Field(default_factory=list)
    norm_days: int = Field(10, ge=1, le=365)


class AnswerRow(BaseModel):
    """A published answer: `answer` with `text` as its question, or `text` alone as the answer."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    id: Text
    text: OptionalText = Field(None, max_length=100_000)
    answer: OptionalText = Field(None, max_length=100_000)
    title: OptionalText = Field(None, max_length=500)
    department: OptionalText = None
    lang: OptionalText = Field(None, pattern="^[a-z]{2}$")
    url: OptionalText = Field(None, max_length=1000)
    ts: datetime | None = None

    @field_validator("ts")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    @model_validator(mode="after")
    def _says_something(self) -> "AnswerRow":
        if not (self.answer or self.text):
            raise ValueError("needs `answer`, or `text` as the answer")
        return self

    @property
    def said(self) -> str:
        """The answer itself."""
        return self.answer or self.text or ""

    @property
    def question(self) -> str | None:
        """What it answers, where the row says so."""
        return self.text if self.answer else None


class IndexRow(BaseModel):
    """A document of a folder, as its `index.jsonl` tells of it; the file is in the folder."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    title: OptionalText = None
    department: OptionalText = None
    lang: OptionalText = Field(None, pattern="^[a-z]{2}$")
    url: OptionalText = Field(None, max_length=1000)


async def messages(here: Installation, path: Path, progress: Progress) -> Report:
    """Put messages into the inbox, sealed; the worker understands them."""
    reading = Reading(path, MessageRow)
    for part in chunks(reading, CHUNK):
        rows = [inbox_row(here, row) for _, row in part]
        async with here.database.write() as session:
            fresh = await inbox.insert_rows(session, rows)
        reading.report.added += len(fresh)
        reading.report.unchanged += len(rows) - len(fresh)
        progress(reading.at, reading.size)
    return reading.finish()


def inbox_row(here: Installation, row: MessageRow) -> dict[str, Any]:
    """A message as an inbox row."""
    return inbox.row_of(_inbound(row), here.vault, _extra(row))


def _inbound(row: MessageRow) -> Inbound:
    thread = f"person {row.person}" if row.person else f"message {row.id}"
    return Inbound(
        kind="text",
        external_id=row.id,
        address=Address(IMPORT, "", thread),
        sender=row.person or "",
        text=row.text,
        occurred_at=row.ts or now(),
        lang=row.lang,
    )


def _extra(row: MessageRow) -> dict[str, Any]:
    return {"body": row.body, "lang": row.lang, "place": row.place}


async def department_rows(
    here: Installation, embedder: Embedder, path: Path, progress: Progress
) -> Report:
    """Add departments or bring them up to date."""
    reading = Reading(path, DepartmentRow)
    for _, row in reading:
        told = departments.texts_of(row.name, row.remit, row.examples)
        vectors = await asyncio.to_thread(embedder.encode, [text for _, text in told])
        taught = [Teaching(o, t, v) for (o, t), v in zip(told, vectors, strict=True)]
        async with here.database.write() as session:
            reading.report.count(
                await departments.put(
                    session,
                    key=row.key,
                    name=row.name,
                    remit=row.remit,
                    norm_days=row.norm_days,
                    taught=taught,
                    model=embedder.name,
                    actor=CLI,
                )
            )
        progress(reading.at, reading.size)
    return reading.finish()


async def answer_rows(
    here: Installation,
    embedder: Embedder,
    path: Path,
    progress: Progress,
    *,
    answer_only: bool = False,
) -> Report:
    """Publish answers that exist already; nobody is messaged, and they can be found at once."""
    reading = Reading(path, AnswerRow)
    async with here.database.read() as session:
        bodies = await department_queries.by_keys(session)
    for part in chunks(reading, ANSWERS):
        good = [row for line, row in part if _has_department(reading.report, line, row, bodies)]
        async with here.database.write() as session:
            stored = [
                await _put_answer(here, session, row, bodies, not answer_only) for row in good
            ]
            known = await entries.indexed(session, "answer", [id_ for id_, _ in stored])
        for _, outcome in stored:
            reading.report.count(outcome)
        fresh = [id_ for id_, outcome in stored if outcome != "unchanged" or id_ not in known]
        await _index(here, embedder, fresh)
        progress(reading.at, reading.size)
    return reading.finish()


def _has_department(
    report: Report, line: int, row: AnswerRow, bodies: Mapping[str, Department]
) -> bool:
    if row.department is None or row.department in bodies:
        return True
    report.reject(line, f"department: there is no {row.department}", row.model_dump(mode="json"))
    return False


async def _put_answer(
    here: Installation,
    session: Session,
    row: AnswerRow,
    bodies: Mapping[str, Department],
    question_indexed: bool,
) -> tuple[int, str]:
    body = bodies[row.department] if row.department else None
    first = next(iter(sentences(row.said)), row.said)
    answer, outcome = await answers.import_answer(
        session,
        source=row.id,
        title=row.title or title(row.question or first),
        question=row.question,
        question_indexed=question_indexed,
        text=row.said,
        lang=row.lang or detect(row.said, prior=here.settings.default_language).lang,
        url=row.url,
        department_id=body.id if body else None,
        published_at=row.ts,
    )
    return answer.id, outcome


async def _index(here: Installation, embedder: Embedder, ids: Sequence[int]) -> None:
    """Encode outside any transaction, then write all entries in one."""
    parts: list[tuple[int, tuple[int, str, str]]] = []
    async with here.database.read() as session:
        for id_ in ids:
            answer = await answer_queries.answer(session, id_)
            assert answer is not None, "just written"
            told = answer_tasks.entries_of(answer, await answer_queries.versions(session, id_))
            parts += [(id_, one) for one in told]
    vectors = await asyncio.to_thread(
        encode,
        embedder,
        [text for _, (_, _, text) in parts],
        [lang for _, (_, lang, _) in parts],
    )
    rows = [
        NewEntry("answer", id_, part, lang, text, vector)
        for (id_, (part, lang, text)), vector in zip(parts, vectors, strict=True)
    ]
    async with here.database.write() as session:
        await retrieval.drop(session, "answer", ids)
        await retrieval.put(session, embedder.name, rows)


async def knowledge(
    here: Installation, embedder: Embedder, path: Path, progress: Progress
) -> Report:
    """Import a document, a JSONL file of them, or a folder, by its `index.jsonl` if it has one."""
    report = Report()
    files = _documents(path, report)
    for done, (file, about) in enumerate(files):
        try:
            taken = await knowledge_tasks.take(
                here,
                lambda texts: asyncio.to_thread(embedder.encode, list(texts)),
                embedder.name,
                file.read_bytes(),
                file.name,
                actor=CLI,
                title=about.title,
                lang=about.lang,
                url=about.url,
                department=about.department,
            )
        except GabineteError as error:
            report.reject(done + 1, error.message, {"file": file.name})
            continue
        except OSError as error:
            why = f"cannot be read: {error.strerror}"
            report.reject(done + 1, why, {"file": file.name})
            continue
        report.added += taken.added
        report.changed += taken.changed
        report.unchanged += taken.unchanged
        report.rejected += [(one.line, one.reason, one.raw) for one in taken.rejected]
        progress(done + 1, len(files))
    report.write_rejected(path)
    return report


def _documents(path: Path, report: Report) -> list[tuple[Path, IndexRow]]:
    if path.is_file():
        return [(path, IndexRow(file=path.name))]
    if not path.is_dir():
        raise UnreadableFile(f"There is no file or folder {path}.")
    index = path / "index.jsonl"
    if not index.exists():
        return [(f, IndexRow(file=f.name)) for f in sorted(path.iterdir()) if f.is_file()]
    reading = Reading(index, IndexRow)
    found = [(path / row.file, row) for _, row in reading]
    report.rejected += reading.report.rejected
    return found


def chunks(rows: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """Rows in lists of at most `size`."""
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part
