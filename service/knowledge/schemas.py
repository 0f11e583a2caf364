"""Wire shapes of documents and passages."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.knowledge.models import Document
from service.knowledge.queries import CitedPassage


class DocumentOut(BaseModel):
    """A document that drafts may rest on; `passages` counts its parts."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[3])
    source: str = Field(examples=["guia-agua.md"])
    title: str = Field(examples=["Guia da água"])
    url: str | None = Field(examples=["https://porto.example/guia-agua"])
    lang: str = Field(examples=["pt"])
    department_id: int | None
    imported_at: datetime
    passages: int = Field(examples=[12])


class DocumentPage(BaseModel):
    """A page of documents."""

    items: list[DocumentOut]
    total: int


class PassageOut(BaseModel):
    """A part of a document; `heading` is the path of headings above it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    position: int
    heading: str = Field(examples=["Guia da água › Conta"])
    text: str = Field(examples=["The bill falls due on the tenth of each month."])


class PassagePage(BaseModel):
    """A page of passages, in the document's order."""

    items: list[PassageOut]
    total: int


class CitedOut(PassageOut):
    """A passage with its document. `current` is false when it has left the document since."""

    document_id: int
    title: str = Field(examples=["Guia da água"])
    url: str | None = Field(examples=["https://porto.example/guia-agua"])
    lang: str = Field(examples=["pt"])
    current: bool


class FoundOut(CitedOut):
    """A passage that bears on a question; scores compare across questions."""

    score: float = Field(examples=[0.71])


class RejectedOut(BaseModel):
    """A line that made no document, and why."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    reason: str = Field(examples=["line 7 is not JSON"])
    raw: Any = Field(examples=['{"title": '])


class UploadOut(BaseModel):
    """What became of an uploaded file."""

    model_config = ConfigDict(from_attributes=True)

    ids: list[int]
    added: int
    changed: int
    unchanged: int
    rejected: list[RejectedOut]


def line(document: Document, passages: int) -> DocumentOut:
    """A document as a list shows it."""
    names = set(DocumentOut.model_fields) - {"passages"}
    return DocumentOut(**{name: getattr(document, name) for name in names}, passages=passages)


def cited(passage: CitedPassage) -> CitedOut:
    """A passage as a citation opens it."""
    return CitedOut.model_validate(passage)


def found(passage: CitedPassage, score: float) -> FoundOut:
    """A passage as a search finds it."""
    return FoundOut(**cited(passage).model_dump(), score=round(score, 4))
