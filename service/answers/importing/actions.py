"""Take in answers that were published elsewhere: public at once, nobody is messaged."""

from datetime import datetime
from typing import Any

from service.answers import queries
from service.answers.models import Answer
from service.answers.standing.actions import put_version
from service.database import Session, now
from service.trail import actions as trail

COMMAND_LINE = "command line"


async def import_answer(
    session: Session,
    *,
    source: str,
    title: str,
    question: str | None,
    question_indexed: bool,
    text: str,
    lang: str,
    url: str | None,
    department_id: int | None,
    published_at: datetime | None,
) -> tuple[Answer, str]:
    """Add an answer or bring it up to date; gives it, and "added", "changed" or "unchanged".

    `source` is its id in the file. Without `published_at` it was published when first
    imported. One that staff retracted stays retracted.
    """
    fields: dict[str, Any] = {
        "title": title, "question": question, "question_indexed": question_indexed, "lang": lang,
        "url": url, "department_id": department_id,
    }  # fmt: skip
    answer = await queries.by_source(session, source)
    moment = now()
    if answer is None:
        outcome, fields["published_at"] = "added", published_at or moment
        answer = Answer(source=source, state="published", edition=1, created_at=moment)
        session.add(answer)
    else:
        fields["published_at"] = published_at or answer.published_at
        if await _same(session, answer, fields, text):
            return answer, "unchanged"
        outcome = "changed"
    for name, value in fields.items():
        setattr(answer, name, value)
    answer.updated_at = moment
    await session.flush()
    version = await put_version(session, answer, lang, text)
    version.approved_at = moment
    await session.flush()
    await trail.record(
        session, "answer", answer.id, "import", actor=COMMAND_LINE, became=answer.state
    )
    return answer, outcome


async def _same(session: Session, answer: Answer, fields: dict[str, Any], text: str) -> bool:
    held = {version.lang: version.text for version in await queries.versions(session, answer.id)}
    return held.get(fields["lang"]) == text.strip() and all(
        getattr(answer, name) == value for name, value in fields.items()
    )
