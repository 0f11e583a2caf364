"""Take a file of documents: read it, encode what changed, write each document on its own."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from nlp.embed import FloatArray
from nlp.text import detect
from service.departments import queries as departments
from service.installation import Installation
from service.knowledge import actions, queries
from service.knowledge.documents import ReadDocument, Rejected
from service.knowledge.reading import UnreadableDocument, read_bounded

TELLING = 2_000

Encode = Callable[[Sequence[str]], Awaitable[FloatArray]]
Progress = Callable[[int, int], None]


@dataclass
class Taken:
    """What became of a file: its documents, how many of each fate, and the lines left out."""

    ids: list[int] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def _quietly(done: int, total: int) -> None:
    """Nobody watches."""


async def take(
    here: Installation,
    encode: Encode,
    model: str,
    data: bytes,
    name: str,
    *,
    actor: str,
    title: str | None = None,
    lang: str | None = None,
    url: str | None = None,
    department: str | None = None,
    progress: Progress = _quietly,
) -> Taken:
    """Import the documents of a file; each is its own transaction, encoded before it.

    `title` holds always, `lang`, `url` and `department` (a key) where the file itself is silent.
    `name` tells the kind, and is the `source` of a file that is one document. A JSONL
    line that makes no document is `rejected`. Raises `UnreadableDocument`.
    """
    read = await read_bounded(data, name)
    documents = [
        replace(
            one,
            title=title or one.title,
            lang=one.lang or lang,
            url=one.url or url,
            department=one.department or department,
        )
        for one in read.documents
    ]
    async with here.database.read() as session:
        bodies = {key: body.id for key, body in (await departments.by_keys(session)).items()}
        held = await queries.held(session, [one.source for one in documents])
    taken = Taken(rejected=list(read.rejected))
    for done, one in enumerate(documents, 1):
        if one.department is not None and one.department not in bodies:
            taken.rejected.append(_nowhere(one))
            continue
        id_, digest = held.get(one.source, (0, ""))
        if digest == digest_of(one):
            taken.unchanged += 1
        else:
            body = bodies[one.department] if one.department else None
            id_ = await _put(here, encode, model, one, body, actor)
            taken.changed, taken.added = taken.changed + bool(digest), taken.added + (not digest)
        taken.ids.append(id_)
        progress(done, len(documents))
    taken.rejected.sort(key=lambda one: one.line)
    return taken


def _nowhere(one: ReadDocument) -> Rejected:
    """A line is left out; a file that is one document is refused."""
    reason = f"department: there is no {one.department}"
    if not one.line:
        raise UnreadableDocument(f"There is no department {one.department}.")
    return Rejected(one.line, reason, {"id": one.source, "department": one.department})


def digest_of(one: ReadDocument) -> str:
    """The content hash of a document: the same when nothing of it changed."""
    told = (one.title, one.lang, one.url, one.department, one.passages)
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


async def _put(
    here: Installation, encode: Encode, model: str, one: ReadDocument, body: int | None, actor: str
) -> int:
    vectors = await encode(
        [actions.spoken(one.title, heading, text) for heading, text in one.passages]
    )
    lang = one.lang or await _spoken_in(one, here.settings.default_language)
    async with here.database.write() as session:
        document, _ = await actions.put_document(
            session,
            source=one.source,
            title=one.title,
            url=one.url,
            lang=lang,
            department_id=body,
            passages=one.passages,
            digest=digest_of(one),
            vectors=vectors,
            model=model,
            actor=actor,
        )
    return document.id


async def _spoken_in(one: ReadDocument, prior: str) -> str:
    sample = " ".join(text for _, text in one.passages[:20])[:TELLING]
    return (await asyncio.to_thread(detect, sample, prior=prior)).lang
