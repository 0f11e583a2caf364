"""Read what anybody may read of answers: published, with approved words, in a fixed number of
statements.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from nlp.text import words as text_words
from service.answers import queries as answers
from service.answers.models import Answer, AnswerVersion, Measure
from service.answers.queries import BODY, PUBLIC, Published
from service.database import Session, folded
from service.departments.models import Department
from service.issues.models import Issue
from service.issues.showing.queries import rounded
from service.trail.actions import MACHINE
from service.trail.models import Event

MOST = 12

_asked, _root = aliased(Issue), aliased(Issue)
_version = aliased(AnswerVersion)
_approved = and_(_version.answer_id == Answer.id, _version.approved_at.is_not(None))
_original = exists().where(_approved, _version.lang == Answer.lang).correlate(Answer)


@dataclass(frozen=True)
class Wanted:
    """What a list of answers is narrowed to; `spoken` is a language they can be read in."""

    department: str = ""
    spoken: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Choices:
    """What a list can be narrowed to: departments (key, name), languages, years (as the address
    has them, and as they are shown)."""

    departments: list[tuple[str, str]]
    langs: list[str]
    years: list[tuple[str, str]]


@dataclass(frozen=True)
class Shown:
    """An answer as the public reads it.

    `question` is in staff's words; None where only a citizen's would be at hand. `people` asked it
    at least; None where they are too few to be counted.
    """

    text: Published
    question: str | None
    department_key: str | None
    issue_id: int | None
    people: int | None
    edition: int
    published_at: datetime
    corrected_at: datetime | None

    @property
    def changed_at(self) -> datetime:
        """When its words were last published."""
        return self.corrected_at or self.published_at


@dataclass(frozen=True)
class Correction:
    """When an answer was corrected, and why."""

    at: datetime
    why: str | None


def _conditions(wanted: Wanted, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Answer.state == PUBLIC, _original]
    if wanted.department:
        found.append(_body(wanted.department) == BODY)
    if wanted.spoken:
        found.append(exists().where(_approved, _version.lang == wanted.spoken).correlate(Answer))
    if wanted.year:
        found += [
            Answer.published_at >= datetime.combine(date(wanted.year, 1, 1), time(), zone),
            Answer.published_at < datetime.combine(date(wanted.year + 1, 1, 1), time(), zone),
        ]
    return found


def _body(key: str) -> ColumnElement[int | None]:
    return select(Department.id).where(Department.key == key).scalar_subquery()


async def newest(
    session: Session,
    wanted: Wanted,
    zone: ZoneInfo,
    *,
    words: str = "",
    limit: int = 20,
    offset: int = 0,
) -> tuple[list[int], int]:
    """Answers that a filter leaves and that hold every one of `words` (the first dozen), newest
    first, and how many there are.
    """
    conditions = [*_conditions(wanted, zone), *map(_says, text_words(words)[:MOST])]
    total = await session.scalar(select(func.count(Answer.id)).where(*conditions)) or 0
    found = await session.scalars(
        select(Answer.id)
        .where(*conditions)
        .order_by(Answer.published_at.desc(), Answer.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(found.all()), total


def _says(word: str) -> ColumnElement[bool]:
    """A word is in the title or in one of the texts, whatever its case and accents."""
    text = folded(_version.text).contains(word, autoescape=True)
    titled = folded(Answer.title).contains(word, autoescape=True)
    return or_(titled, exists().where(_approved, text).correlate(Answer))


async def among(
    session: Session, answer_ids: Sequence[int], wanted: Wanted, zone: ZoneInfo
) -> set[int]:
    """Those of the answers that a filter leaves."""
    query = select(Answer.id).where(Answer.id.in_(answer_ids), *_conditions(wanted, zone))
    return set((await session.scalars(query)).all())


async def choices(session: Session, zone: ZoneInfo) -> Choices:
    """What the published answers can be narrowed to."""
    public = _conditions(Wanted(), zone)
    bodies = await session.execute(
        select(Department.key, Department.name)
        .where(Department.id.in_(select(BODY).select_from(Answer).where(*public)))
        .order_by(Department.name)
    )
    langs = await session.scalars(
        select(AnswerVersion.lang)
        .join(Answer, Answer.id == AnswerVersion.answer_id)
        .where(*public, AnswerVersion.approved_at.is_not(None))
        .distinct()
        .order_by(AnswerVersion.lang)
    )
    ends = select(func.min(Answer.published_at), func.max(Answer.published_at)).where(*public)
    first, last = (await session.execute(ends)).one()
    return Choices(
        [(row[0], row[1]) for row in bodies.all()], list(langs.all()), _years(first, last, zone)
    )


def _years(first: datetime | None, last: datetime | None, zone: ZoneInfo) -> list[tuple[str, str]]:
    if first is None or last is None:
        return []
    years = range(last.astimezone(zone).year, first.astimezone(zone).year - 1, -1)
    return [(str(year), str(year)) for year in years]


async def shown(session: Session, answer_ids: Collection[int], least: int) -> list[Shown]:
    """Published answers in the order of `answer_ids`, in two statements."""
    texts = await answers.published(session, answer_ids)
    rows = await session.execute(
        select(Answer, Department.key, _root)
        .outerjoin(_asked, _asked.id == Answer.issue_id)
        .outerjoin(_root, _root.id == _asked.root_id)
        .outerjoin(Department, Department.id == BODY)
        .where(Answer.id.in_(answer_ids))
    )
    found = {
        row[0].id: _shown(row[0], texts[row[0].id], row[1], row[2], least)
        for row in rows.all()
        if row[0].id in texts
    }
    return [found[id_] for id_ in answer_ids if id_ in found]


def _shown(
    answer: Answer, text: Published, key: str | None, issue: Issue | None, least: int
) -> Shown:
    """An answer to an issue begins with the issue's name as its question: the machine's is made of
    citizens' words.
    """
    question = answer.question if issue is None else None
    people = None
    if issue is not None:
        question = issue.name if issue.named_by != MACHINE else None
        people = rounded(issue.people, least) if issue.people >= least else None
    root = issue.id if issue is not None and issue.shown_at is not None else None
    published = answer.published_at or answer.created_at
    return Shown(text, question, key, root, people, answer.edition, published, answer.corrected_at)


async def corrections(session: Session, answer: Answer) -> list[Correction]:
    """Each correction that was published, the newest first."""
    rows = await session.execute(
        select(Event.at, Event.why)
        .where(Event.thing == "answer", Event.thing_id == answer.id, Event.act == "edition")
        .order_by(Event.id.desc())
    )
    return [Correction(at, why) for at, why in rows.all()]


async def retracted(session: Session, answer_id: int) -> datetime | None:
    """When an answer was taken back."""
    return await session.scalar(
        select(func.max(Event.at)).where(
            Event.thing == "answer", Event.thing_id == answer_id, Event.became == "retracted"
        )
    )


async def of_issue(session: Session, issue_id: int, least: int) -> list[Shown]:
    """Published answers to an issue and to everything merged into it, newest first."""
    found = await session.scalars(
        select(Answer.id)
        .join(_asked, _asked.id == Answer.issue_id)
        .where(_asked.root_id == issue_id, Answer.state == PUBLIC)
        .order_by(Answer.published_at.desc())
    )
    return await shown(session, found.all(), least)


async def newest_of(session: Session, issue_ids: Collection[int]) -> dict[int, int]:
    """The newest published answer to each issue and to everything merged into it."""
    rows = await session.execute(
        select(_asked.root_id, func.max(Answer.id))
        .join(_asked, _asked.id == Answer.issue_id)
        .where(_asked.root_id.in_(issue_ids), Answer.state == PUBLIC, _original)
        .group_by(_asked.root_id)
    )
    return {row[0]: row[1] for row in rows.all()}


async def measures(
    session: Session, after: int, limit: int
) -> Sequence[tuple[Measure, str | None]]:
    """Measures of published answers after a number, with whose they are."""
    rows = await session.execute(
        select(Measure, Department.key)
        .join(Answer, Answer.id == Measure.answer_id)
        .outerjoin(Department, Department.id == BODY)
        .where(Answer.state == PUBLIC, _original, Measure.id > after)
        .order_by(Measure.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows.all()]


async def after(session: Session, answer_id: int, limit: int, zone: ZoneInfo) -> list[int]:
    """Published answers after a number, the oldest number first."""
    found = await session.scalars(
        select(Answer.id)
        .where(*_conditions(Wanted(), zone), Answer.id > answer_id)
        .order_by(Answer.id)
        .limit(limit)
    )
    return list(found.all())
