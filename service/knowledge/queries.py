"""Read documents and passages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from service.database import Session
from service.knowledge.models import Document, Passage

CHUNK = 500


@dataclass(frozen=True)
class CitedPassage:
    """A passage with what it is from. `current` is false when it has left its document."""

    id: int
    document_id: int
    position: int
    heading: str
    text: str
    title: str
    url: str | None
    lang: str
    current: bool


async def document(session: Session, document_id: int) -> Document | None:
    """One document that is not withdrawn."""
    return await session.scalar(
        select(Document).where(Document.id == document_id, Document.digest != "")
    )


async def by_source(session: Session, source: str) -> Document | None:
    """A document by its id in the file it came from, withdrawn ones too; locked."""
    return await session.scalar(select(Document).where(Document.source == source).with_for_update())


async def held(session: Session, sources: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Id and content hash of the documents we have, by source."""
    found: dict[str, tuple[int, str]] = {}
    for start in range(0, len(sources), CHUNK):
        rows = await session.execute(
            select(Document.source, Document.id, Document.digest).where(
                Document.source.in_(sources[start : start + CHUNK])
            )
        )
        found |= {source: (id_, digest) for source, id_, digest in rows.all()}
    return found


async def all_passages(session: Session, document_id: int) -> Sequence[Passage]:
    """A document's passages and those that have left it."""
    found = await session.scalars(
        select(Passage).where(Passage.document_id == document_id).order_by(Passage.position)
    )
    return found.all()


async def passages(
    session: Session, document_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Passage], int]:
    """A page of a document's passages in their order, and how many it has."""
    mine = (Passage.document_id == document_id, Passage.position >= 0)
    found = await session.scalars(
        select(Passage).where(*mine).order_by(Passage.position).limit(limit).offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(Passage).where(*mine))
    return found.all(), total or 0


async def cited(session: Session, ids: Collection[int]) -> dict[int, CitedPassage]:
    """Passages with their documents, those that have left theirs too: a citation always opens."""
    rows = await session.execute(
        select(
            Passage.id,
            Passage.document_id,
            Passage.position,
            Passage.heading,
            Passage.text,
            Document.title,
            Document.url,
            Document.lang,
        )
        .join(Document, Document.id == Passage.document_id)
        .where(Passage.id.in_(ids))
    )
    return {row.id: CitedPassage(*row, current=row.position >= 0) for row in rows.all()}


async def page(
    session: Session, *, words: str | None, limit: int, offset: int
) -> tuple[list[tuple[Document, int]], int]:
    """Documents by title (with `words` in it), their number of passages, and how many there are."""
    wanted = [Document.digest != ""]
    if words:
        wanted.append(Document.title.icontains(words, autoescape=True))
    count = (
        select(func.count())
        .select_from(Passage)
        .where(Passage.document_id == Document.id, Passage.position >= 0)
        .correlate(Document)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Document, count)
        .where(*wanted)
        .order_by(Document.title, Document.id)
        .limit(limit)
        .offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(Document).where(*wanted))
    return [(row[0], row[1]) for row in rows.all()], total or 0
