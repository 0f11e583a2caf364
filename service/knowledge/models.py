"""Documents and passages."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Document(Base):
    """One imported document; `source` is its id in the file it came from.

    `digest` is its content hash, empty once the document is withdrawn.
    """

    __tablename__ = "document"

    id: Mapped[int] = key_column()
    source: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    url: Mapped[str | None]
    lang: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    digest: Mapped[str]
    imported_at: Mapped[datetime]


class Passage(Base):
    """A part of a document that can be cited; `heading` is the path of headings above it.

    `position` counts from 0; it is negative in a passage that is no longer in its document.
    """

    __tablename__ = "passage"
    __table_args__ = (UniqueConstraint("document_id", "position"),)

    id: Mapped[int] = key_column()
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    position: Mapped[int]
    heading: Mapped[str]
    text: Mapped[str]
