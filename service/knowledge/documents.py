"""What was read of a file. The parsers themselves are loaded only in the child process."""

from dataclasses import dataclass
from typing import Any

from service.knowledge.cutting import Block


@dataclass(frozen=True)
class ReadDocument:
    """A document as read: `passages` are (heading, text); `lang` and `department` (a key) if it
    says so.

    `line` is where it stands in a JSONL file, 0 when it is a file of its own.
    """

    source: str
    title: str
    lang: str | None
    url: str | None
    department: str | None
    passages: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True)
class Rejected:
    """A line that made no document, and why."""

    line: int
    reason: str
    raw: Any


@dataclass(frozen=True)
class ReadFile:
    """What a file held. All but JSONL hold one document, or are unreadable."""

    documents: tuple[ReadDocument, ...]
    rejected: tuple[Rejected, ...] = ()
