"""An export as lines of JSONL or CSV; what a spreadsheet would execute is defused."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from typing import Literal

from service.consultations.voting import queries as voting
from service.database import Session
from service.exports import queries
from service.exports.queries import Row

What = Literal["messages", "issues", "answers", "proposals"]
Form = Literal["jsonl", "csv"]

ROWS: dict[What, Callable[[Session], AsyncIterator[Row]]] = {
    "messages": queries.messages,
    "issues": queries.issues,
    "answers": queries.answers,
    "proposals": queries.proposals,
}
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


async def lines(session: Session, what: What, form: Form) -> AsyncIterator[str]:
    """One line for each row, line end included; CSV names its columns in the first."""
    async for line in _lines(ROWS[what](session), form):
        yield line


async def votes(session: Session, consultation_id: int, form: Form) -> AsyncIterator[str]:
    """The votes of a consultation, without who gave them."""
    async for line in _lines(voting.audit(session, consultation_id), form):
        yield line


async def _lines(rows: AsyncIterator[Row], form: Form) -> AsyncIterator[str]:
    named = False
    async for row in rows:
        if form == "jsonl":
            yield json.dumps(row, ensure_ascii=False) + "\n"
        else:
            yield cells(row) if named else cells({name: name for name in row}) + cells(row)
            named = True


def cells(row: Row) -> str:
    """A row as a line of CSV."""
    out = io.StringIO()
    csv.writer(out).writerow([defused(value) for value in row.values()])
    return out.getvalue()


def defused(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS) else value
