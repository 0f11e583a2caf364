"""Read answers, their versions, drafts and measures."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from service.answers.models import Answer, AnswerVersion, Citation, Draft, Feedback, Measure
from service.channels.models import Delivery
from service.database import Session, now
from service.departments.models import Department
from service.issues.models import Issue
from service.knowledge.models import Document, Passage
from service.people.models import Identity, Person
from service.trail.models import Event

PUBLIC = "published"
TOLD = ("answer", "instant")
WRITING = ("begin", "edit", "correct", "translate")

_asked, _standing = aliased(Issue), aliased(Issue)
_issues_body = (
    select(_standing.department_id)
    .join(_asked, _asked.root_id == _standing.id)
    .where(_asked.id == Answer.issue_id)
    .correlate(Answer)
    .scalar_subquery()
)
# Whose an answer is: who has its issue now; one without an issue names its department itself.
BODY: ColumnElement[int | None] = case(
    (Answer.issue_id.is_(None), Answer.department_id), else_=_issues_body
)


@dataclass(frozen=True)
class Published:
    """A published answer as citizens get it: approved versions only."""

    id: int
    title: str
    department_name: str | None
    published_at: datetime
    url: str | None
    video_url: str | None
    lang: str
    versions: dict[str, str]

    def text(self, lang: str) -> tuple[str, bool]:
        """The text in a language; True when it is the original because that language has none."""
        if lang in self.versions:
            return self.versions[lang], False
        return self.versions[self.lang], True


@dataclass(frozen=True)
class Told:
    """Somebody who received an answer."""

    person_id: int
    identity_id: int
    channel: str
    lang: str


async def answer(session: Session, answer_id: int) -> Answer | None:
    """One answer."""
    return await session.get(Answer, answer_id)


async def bodies(session: Session, answer_ids: Collection[int]) -> dict[int, int | None]:
    """The department that each answer is of."""
    rows = await session.execute(select(Answer.id, BODY).where(Answer.id.in_(answer_ids)))
    return dict(rows.all())


async def for_act(session: Session, answer_id: int) -> Answer | None:
    """One answer as it is now, locked until the transaction ends."""
    return await session.scalar(
        select(Answer)
        .where(Answer.id == answer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def writers(session: Session, answer_id: int, langs: Collection[str] | None) -> set[str]:
    """Who wrote what waits of an answer in these languages (all, when none are named), or anything
    of it since it was last published; as the trail names them.
    """
    told = await session.execute(
        select(Event.act, Event.became, Event.actor, Event.details)
        .where(Event.thing == "answer", Event.thing_id == answer_id)
        .order_by(Event.id)
    )
    lately: set[str] = set()
    waiting: dict[str, set[str]] = {}
    for act, became, actor, details in told.all():
        named = (details or {}).get("langs", ())
        if act in WRITING:
            lately.add(actor)
            for lang in named:
                waiting.setdefault(lang, set()).add(actor)
        elif act == "approve":
            for lang in named:
                waiting.pop(lang, None)
        elif act == "edition" or became == PUBLIC:
            lately.clear()
    return lately.union(*(who for lang, who in waiting.items() if langs is None or lang in langs))


async def by_source(session: Session, source: str) -> Answer | None:
    """An imported answer by the id it had in its file."""
    return await session.scalar(select(Answer).where(Answer.source == source))


async def versions(session: Session, answer_id: int) -> Sequence[AnswerVersion]:
    """The language versions of an answer, by language."""
    found = await session.scalars(
        select(AnswerVersion)
        .where(AnswerVersion.answer_id == answer_id)
        .order_by(AnswerVersion.lang)
    )
    return found.all()


async def usable(session: Session, answer_ids: Collection[int], today: date) -> set[int]:
    """Those that may be sent at once: published, approved, and not past their review-by date."""
    if not answer_ids:
        return set()
    original = and_(AnswerVersion.answer_id == Answer.id, AnswerVersion.lang == Answer.lang)
    found = await session.scalars(
        select(Answer.id)
        .join(AnswerVersion, original)
        .where(
            Answer.id.in_(answer_ids),
            Answer.state == PUBLIC,
            AnswerVersion.approved_at.is_not(None),
            or_(Answer.review_by.is_(None), Answer.review_by >= today),
        )
    )
    return set(found.all())


async def published(session: Session, answer_ids: Collection[int]) -> dict[int, Published]:
    """Published answers with their approved versions."""
    if not answer_ids:
        return {}
    rows = await session.execute(
        select(Answer, Department.name, AnswerVersion.lang, AnswerVersion.text)
        .join(AnswerVersion, AnswerVersion.answer_id == Answer.id)
        .outerjoin(Department, Department.id == BODY)
        .where(
            Answer.id.in_(answer_ids),
            Answer.state == PUBLIC,
            AnswerVersion.approved_at.is_not(None),
        )
    )
    found: dict[int, Published] = {}
    for one, body, lang, text in rows.all():
        when = one.corrected_at or one.published_at or one.created_at
        made = found.setdefault(
            one.id,
            Published(one.id, one.title, body, when, one.url, one.video_url, one.lang, {}),
        )
        made.versions[lang] = text
    return {id_: made for id_, made in found.items() if made.lang in made.versions}


async def sources(session: Session, answer_ids: Collection[int]) -> dict[int, str]:
    """How answers are named outside: by the id of the file they came from, else their own."""
    rows = await session.execute(select(Answer.id, Answer.source).where(Answer.id.in_(answer_ids)))
    return {id_: source or str(id_) for id_, source in rows.all()}


async def of_issue(session: Session, issue_id: int) -> Sequence[Answer]:
    """Answers to an issue, newest first."""
    found = await session.scalars(
        select(Answer).where(Answer.issue_id == issue_id).order_by(Answer.id.desc())
    )
    return found.all()


async def page(
    session: Session,
    *,
    state: str | None = None,
    states: Collection[str] = (),
    corrections: bool = False,
    department_ids: Collection[int] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[tuple[Answer, str | None]], int]:
    """Answers with their department's name, newest first, and how many there are; in one state or
    in any of `states`, with `corrections` those too of which a published version waits.
    """
    conditions = [Answer.state == state] if state else []
    if states:
        chosen = Answer.state.in_(states)
        conditions.append(or_(chosen, _corrected()) if corrections else chosen)
    if department_ids is not None:
        conditions.append(or_(BODY.in_(department_ids), BODY.is_(None)))
    rows = await session.execute(
        select(Answer, Department.name)
        .outerjoin(Department, Department.id == BODY)
        .where(*conditions)
        .order_by(func.coalesce(Answer.published_at, Answer.updated_at).desc(), Answer.id.desc())
        .limit(limit)
        .offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(Answer).where(*conditions)) or 0
    return [(row[0], row[1]) for row in rows.all()], total


def _corrected() -> ColumnElement[bool]:
    """What is published and has a correction or translation that nobody approved yet."""
    waits = exists().where(
        AnswerVersion.answer_id == Answer.id, AnswerVersion.approved_at.is_(None)
    )
    return and_(Answer.state == "published", waits)


async def drafts(session: Session, issue_id: int) -> Sequence[Draft]:
    """The machine's drafts for an issue, the first that was composed before the others."""
    found = await session.scalars(
        select(Draft).where(Draft.issue_id == issue_id).order_by(Draft.id)
    )
    return found.all()


async def draft(session: Session, draft_id: int) -> Draft | None:
    """One draft."""
    return await session.get(Draft, draft_id)


async def citations(session: Session, answer_id: int) -> Sequence[Citation]:
    """What an answer rests on, in its order."""
    found = await session.scalars(
        select(Citation).where(Citation.answer_id == answer_id).order_by(Citation.position)
    )
    return found.all()


async def measures(session: Session, answer_id: int) -> Sequence[Measure]:
    """What an answer announced."""
    found = await session.scalars(
        select(Measure).where(Measure.answer_id == answer_id).order_by(Measure.id)
    )
    return found.all()


async def measure(session: Session, measure_id: int) -> Measure | None:
    """One measure."""
    return await session.get(Measure, measure_id)


async def told(session: Session, answer_id: int) -> list[Told]:
    """Everyone who ever received an answer, instant ones included: each where they got it last.

    Who erased it since is left in peace.
    """
    newest = (
        select(func.max(Delivery.id))
        .join(Identity, Identity.id == Delivery.identity_id)
        .where(
            Delivery.cause.in_(TOLD),
            Delivery.cause_id == answer_id,
            Delivery.state != "cancelled",
            Delivery.sealed.is_not(None),
            Identity.gone_at.is_(None),
        )
        .group_by(Identity.person_id)
    )
    rows = await session.execute(
        select(
            Identity.person_id,
            Identity.id,
            Identity.channel,
            func.coalesce(Person.lang, Delivery.lang),
        )
        .select_from(Delivery)
        .join(Identity, Identity.id == Delivery.identity_id)
        .join(Person, Person.id == Identity.person_id)
        .where(Delivery.id.in_(newest))
        .order_by(Delivery.id)
    )
    return [Told(*row) for row in rows.all()]


async def was_told(session: Session, answer_id: int, person_id: int) -> bool:
    """Whether a person was ever sent an answer."""
    found = await session.scalar(
        select(Delivery.id)
        .join(Identity, Identity.id == Delivery.identity_id)
        .where(Delivery.cause.in_(TOLD), Delivery.cause_id == answer_id)
        .where(Identity.person_id == person_id)
        .limit(1)
    )
    return found is not None


async def failures(session: Session, answer_id: int) -> dict[str, int]:
    """Why deliveries of an answer did not arrive, and how many for each reason."""
    rows = await session.execute(
        select(Delivery.failure, func.count())
        .where(
            Delivery.cause.in_(TOLD),
            Delivery.cause_id == answer_id,
            Delivery.state.in_(("failed", "uncertain")),
        )
        .group_by(Delivery.failure)
    )
    return {reason or "unknown": count for reason, count in rows.all()}


async def states(session: Session, answer_id: int) -> dict[str, int]:
    """How many deliveries of an answer, instant ones included, are in each state."""
    rows = await session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.cause.in_(TOLD), Delivery.cause_id == answer_id)
        .group_by(Delivery.state)
    )
    return dict(rows.all())


async def verdicts(session: Session, answer_id: int) -> dict[str, int]:
    """How many said what of an answer."""
    rows = await session.execute(
        select(Feedback.verdict, func.count())
        .where(Feedback.answer_id == answer_id)
        .group_by(Feedback.verdict)
    )
    return dict(rows.all())


async def feedback(session: Session, answer_id: int, contribution_id: int) -> Feedback | None:
    """What was said of an answer for a contribution."""
    return await session.scalar(
        select(Feedback).where(
            Feedback.answer_id == answer_id, Feedback.contribution_id == contribution_id
        )
    )


async def due(session: Session) -> list[int]:
    """Scheduled answers whose time has come."""
    found = await session.scalars(
        select(Answer.id).where(Answer.state == "scheduled", Answer.scheduled_at <= now())
    )
    return list(found.all())


async def passages(
    session: Session, ids: Collection[int]
) -> dict[int, tuple[str, str, str | None]]:
    """Text, title and address of passages."""
    rows = await session.execute(
        select(Passage.id, Passage.text, Passage.heading, Document.title, Document.url)
        .join(Document, Document.id == Passage.document_id)
        .where(Passage.id.in_(ids))
    )
    return {row.id: (row.text, _where(row.title, row.heading), row.url) for row in rows.all()}


def _where(title: str, heading: str) -> str:
    """The headings above a passage begin with the document's title, or do not name it."""
    if not heading or heading.startswith(title):
        return heading or title
    return f"{title} · {heading}"


async def for_contribution(session: Session, contribution_id: int, root_id: int) -> list[int]:
    """Answers a contribution's author got: its issue's, and one sent at once; newest first."""
    instant = select(Delivery.cause_id).where(
        Delivery.cause == "instant", Delivery.key.like(f"instant:{contribution_id}:%")
    )
    found = await session.scalars(
        select(Answer.id)
        .where(
            Answer.state == PUBLIC,
            or_(
                Answer.id.in_(instant),
                Answer.issue_id.in_(select(Issue.id).where(Issue.root_id == root_id)),
            ),
        )
        .order_by(Answer.id.desc())
    )
    return list(found.all())
