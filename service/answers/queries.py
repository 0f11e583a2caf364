"""Read answers, their versions, drafts and measures."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, or_, select

from service.answers.models import Answer, AnswerVersion, Citation, Draft, Feedback, Measure
from service.channels.models import Delivery
from service.database import Session, now
from service.departments.models import Department
from service.issues.models import Issue, Membership
from service.knowledge.models import Document, Passage
from service.messages.models import Contribution
from service.people.models import Identity, Person
from service.trail.models import Event

PUBLIC = "published"
TOLD = ("answer", "instant")
WRITING = ("begin", "edit", "correct", "translate")


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


async def for_act(session: Session, answer_id: int) -> Answer | None:
    """One answer as it is now, locked until the transaction ends."""
    return await session.scalar(
        select(Answer)
        .where(Answer.id == answer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def writers(session: Session, answer_id: int) -> set[str]:
    """Who wrote or edited what is not published yet of an answer, as the trail names them."""
    mine = and_(Event.thing == "answer", Event.thing_id == answer_id)
    out = or_(Event.act == "edition", Event.became == PUBLIC)
    last = select(func.coalesce(func.max(Event.id), 0)).where(mine, out).scalar_subquery()
    found = await session.scalars(
        select(Event.actor).where(mine, Event.act.in_(WRITING), Event.id > last).distinct()
    )
    return set(found.all())


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
    rows = await session.execute(
        select(Answer, Department.name, AnswerVersion.lang, AnswerVersion.text)
        .join(AnswerVersion, AnswerVersion.answer_id == Answer.id)
        .outerjoin(Department, Department.id == Answer.department_id)
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
    department_ids: Collection[int] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[tuple[Answer, str | None]], int]:
    """Answers with their department's name, newest first, and how many there are."""
    conditions = [Answer.state == state] if state else []
    if department_ids is not None:
        conditions.append(
            or_(Answer.department_id.in_(department_ids), Answer.department_id.is_(None))
        )
    rows = await session.execute(
        select(Answer, Department.name)
        .outerjoin(Department, Department.id == Answer.department_id)
        .where(*conditions)
        .order_by(func.coalesce(Answer.published_at, Answer.updated_at).desc(), Answer.id.desc())
        .limit(limit)
        .offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(Answer).where(*conditions)) or 0
    return [(row[0], row[1]) for row in rows.all()], total


async def drafts(session: Session, issue_id: int) -> Sequence[Draft]:
    """The machine's drafts for an issue, newest first."""
    found = await session.scalars(
        select(Draft).where(Draft.issue_id == issue_id).order_by(Draft.id.desc()).limit(6)
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
    """Everyone who ever received an answer, instant ones included: each where they got it last."""
    newest = (
        select(func.max(Delivery.id))
        .join(Identity, Identity.id == Delivery.identity_id)
        .where(
            Delivery.cause.in_(TOLD),
            Delivery.cause_id == answer_id,
            Delivery.state != "cancelled",
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


async def answered_at_once(session: Session, answer_id: int) -> list[int]:
    """Contributions that an answer settled when they came, as the keys of its letters name them."""
    keys = await session.scalars(
        select(Delivery.key).where(Delivery.cause == "instant", Delivery.cause_id == answer_id)
    )
    ids = [int(key.split(":")[1]) for key in keys.all()]
    found = await session.scalars(
        select(Contribution.id).where(Contribution.id.in_(ids), Contribution.state == "answered")
    )
    return list(found.all())


async def author(session: Session, contribution_id: int) -> int | None:
    """Who said a contribution."""
    return await session.scalar(
        select(Contribution.person_id).where(Contribution.id == contribution_id)
    )


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


async def newest_published(session: Session, issue_id: int) -> int | None:
    """The answer that settled an issue, or what was merged into it."""
    return await session.scalar(
        select(func.max(Answer.id))
        .join(Issue, Issue.id == Answer.issue_id)
        .where(Issue.root_id == issue_id, Answer.state == PUBLIC)
    )


async def settled(session: Session, root_ids: Collection[int]) -> set[int]:
    """Those of the issues that a published answer settles."""
    found = await session.scalars(
        select(Issue.root_id)
        .join(Answer, Answer.issue_id == Issue.id)
        .where(Issue.root_id.in_(root_ids), Answer.state == PUBLIC)
        .distinct()
    )
    return set(found.all())


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


async def fully_answered(session: Session, issue_ids: Collection[int]) -> list[int]:
    """Those of the issues that wait untouched although each of their contributions is answered."""
    waiting = (
        select(Membership.contribution_id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Membership.issue_id == Issue.id, Contribution.state == "received")
        .exists()
    )
    found = await session.scalars(
        select(Issue.id).where(
            Issue.id.in_(issue_ids),
            Issue.root_id == Issue.id,
            Issue.state.in_(("open", "assigned")),
            Issue.touched_at.is_(None),
            ~waiting,
        )
    )
    return list(found.all())


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
