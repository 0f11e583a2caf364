"""Put documents among what drafts may rest on, and take them out."""

from collections.abc import Sequence

from sqlalchemy import update

from nlp.embed import FloatArray
from service.database import Session, now
from service.errors import NotFound
from service.knowledge import queries
from service.knowledge.cutting import Block
from service.knowledge.models import Document, Passage
from service.retrieval import actions as retrieval
from service.retrieval.actions import NewEntry
from service.trail import actions as trail

KIND = "passage"


class UnknownDocument(NotFound):
    """There is no such document."""

    code = "unknown_document"


class UnknownPassage(NotFound):
    """There is no such passage."""

    code = "unknown_passage"


async def put_document(
    session: Session,
    *,
    source: str,
    title: str,
    url: str | None,
    lang: str,
    department_id: int | None,
    passages: Sequence[Block],
    digest: str,
    vectors: FloatArray,
    model: str,
    actor: str,
) -> tuple[Document, bool]:
    """Add a document or replace what changed in it; the same `digest` changes nothing (False).

    `vectors` (n, size) are the encoder's of `spoken` of each passage. A passage whose
    words stay keeps its id.
    """
    document = await queries.by_source(session, source)
    was = document.digest if document is not None else None
    if document is not None and was == digest:
        return document, False
    if document is None:
        document = Document(source=source)
        session.add(document)
    document.title, document.url, document.lang = title, url, lang
    document.department_id, document.digest, document.imported_at = department_id, digest, now()
    await session.flush()
    rows = await _replace_passages(session, document, passages)
    entries = [
        NewEntry(KIND, row.id, 0, lang, spoken(title, row.heading, row.text), vector)
        for row, vector in zip(rows, vectors, strict=True)
    ]
    await retrieval.put(session, model, entries)
    act = "change" if was else "add"
    await trail.record(session, "document", document.id, act, actor=actor, became=digest[:12])
    return document, True


def spoken(title: str, heading: str, text: str) -> str:
    """A passage as it is encoded and searched: with what it is about in front."""
    return f"{heading or title}\n{text}"


async def _replace_passages(
    session: Session, document: Document, passages: Sequence[Block]
) -> list[Passage]:
    """The document's passages in their order; what left it steps aside and out of the index."""
    held = await queries.all_passages(session, document.id)
    await _set_aside(session, document.id)
    free: dict[Block, list[Passage]] = {}
    for row in held:
        free.setdefault((row.heading, row.text), []).append(row)
    rows = []
    for position, (heading, text) in enumerate(passages):
        same = free.get((heading, text))
        row = same.pop() if same else Passage(document_id=document.id, heading=heading, text=text)
        row.position = position
        rows.append(row)
    session.add_all(rows)
    await session.flush()
    await retrieval.drop(session, KIND, [row.id for left in free.values() for row in left])
    return rows


async def _set_aside(session: Session, document_id: int) -> None:
    """Every passage leaves its place, so that the places are free; no two share a negative one."""
    await session.execute(
        update(Passage)
        .where(Passage.document_id == document_id)
        .values(position=-Passage.id)
        .execution_options(synchronize_session="fetch")
    )


async def withdraw(session: Session, document_id: int, *, actor: str) -> None:
    """Nothing rests on this document any more; what cited it still opens.

    Raises `UnknownDocument`.
    """
    document = await queries.document(session, document_id)
    if document is None:
        raise UnknownDocument("There is no such document.")
    was, document.digest = document.digest, ""
    ids = [row.id for row in await queries.all_passages(session, document.id)]
    await _set_aside(session, document.id)
    await retrieval.drop(session, KIND, ids)
    await trail.record(session, "document", document.id, "withdraw", actor=actor, was=was[:12])
