"""Read issues: what replies, letters and acts need. Lists for staff are in `listing`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from service.database import Session
from service.departments.models import Department
from service.issues.members.queries import where as issues_of
from service.issues.models import Follow, Issue, Membership, Move, Proposal
from service.messages.models import Contribution, Conversation
from service.people.models import Identity, Person
from service.staff.models import Staff
from service.trail.models import Event

__all__ = ["issues_of"]

ENDED = ("declined", "closed")
SETTLED = ("answered", *ENDED)
GONE = ("withdrawn", "erased")

_root = aliased(Issue)
CONTEXT = (
    select(
        Issue.id,
        _root.id,
        _root.state,
        _root.reason,
        _root.people,
        Department.id,
        Department.key,
        Department.name,
        Staff.name,
        _root.due_at,
        _root.touched_at.is_not(None),
        _root.name,
        _root.named_by,
    )
    .join(_root, _root.id == Issue.root_id)
    .outerjoin(Department, Department.id == _root.department_id)
    .outerjoin(Staff, Staff.id == _root.official_id)
    .where(Issue.id.in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True)
class IssueContext:
    """An issue as its survivor stands: what a citizen is told, and whether it has been settled."""

    issue_id: int
    root_id: int
    state: str
    reason: str | None
    people: int
    department_id: int | None
    department_key: str | None
    department_name: str | None
    official: str | None
    due_at: datetime | None
    touched: bool
    name: str
    named_by: str


@dataclass(frozen=True)
class Span:
    """A surviving issue: when it was first and last spoken of, its theme, and how many
    contributions it counts.
    """

    root_id: int
    first: datetime
    last: datetime
    theme_id: int | None
    size: int


@dataclass(frozen=True)
class Asker:
    """Somebody who hears of an issue; followers have no contribution. `receipt` is sealed."""

    person_id: int
    identity_id: int
    channel: str
    lang: str
    contribution_id: int | None
    receipt: bytes | None


async def context(session: Session, issue_ids: Collection[int]) -> dict[int, IssueContext]:
    """For each issue, the standing of its survivor; merged ones under their own id."""
    rows = await session.execute(CONTEXT, {"ids": list(issue_ids)})
    return {row[0]: IssueContext(*tuple(row)) for row in rows.all()}


async def sizes(session: Session, issue_ids: Collection[int]) -> dict[int, int]:
    """How many contributions each issue counts."""
    rows = await session.execute(select(Issue.id, Issue.size).where(Issue.id.in_(issue_ids)))
    return {row[0]: row[1] for row in rows.all()}


async def spans(session: Session, issue_ids: Collection[int]) -> dict[int, Span]:
    """For each issue its survivor, with what a text that may join it asks."""
    if not issue_ids:
        return {}
    rows = await session.execute(
        select(Issue.id, _root.id, _root.first_seen, _root.last_seen, _root.theme_id, _root.size)
        .join(_root, _root.id == Issue.root_id)
        .where(Issue.id.in_(issue_ids))
    )
    return {row[0]: Span(row[1], row[2], row[3], row[4], row[5]) for row in rows.all()}


async def askers(session: Session, root_id: int, *, news: bool = False) -> list[Asker]:
    """One for each person who contributed to an issue or anything merged into it, and its
    followers.

    Each is reached where they last wrote of it. Followers who stopped are left out; authors who
    stopped still get what settles their question, and are left out of mere `news`.
    """
    latest = await _authors(session, root_id)
    follows = await _follows(session, root_id)
    stopped = {person for person, _, _, _, muted in follows if muted}
    found = {
        asker.person_id: asker for asker in latest if not (news and asker.person_id in stopped)
    }
    written = {asker.person_id for asker in latest}
    for person, identity, channel, lang, _ in follows:
        if person not in written and person not in stopped:
            found.setdefault(person, Asker(person, identity, channel, lang or "", None, None))
    return list(found.values())


async def _authors(session: Session, root_id: int) -> list[Asker]:
    """Imported contributions have no conversation: their person's first account stands for it."""
    account = (
        select(func.min(Identity.id))
        .where(Identity.person_id == Contribution.person_id, Identity.gone_at.is_(None))
        .correlate(Contribution)
        .scalar_subquery()
    )
    newest = (
        select(func.max(Contribution.id))
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .outerjoin(Conversation, Conversation.id == Contribution.conversation_id)
        .outerjoin(Identity, Identity.id == Conversation.identity_id)
        .where(
            Issue.root_id == root_id,
            Contribution.person_id.is_not(None),
            Contribution.state.not_in(GONE),
            or_(Identity.id.is_(None), Identity.gone_at.is_(None)),
        )
        .group_by(Contribution.person_id)
    )
    rows = await session.execute(
        select(
            Contribution.person_id,
            Identity.id,
            Identity.channel,
            func.coalesce(Person.lang, Contribution.lang),
            Contribution.id,
            Contribution.sealed_receipt,
        )
        .join(Person, Person.id == Contribution.person_id)
        .outerjoin(Conversation, Conversation.id == Contribution.conversation_id)
        .join(Identity, Identity.id == func.coalesce(Conversation.identity_id, account))
        .where(Contribution.id.in_(newest))
        .order_by(Contribution.id)
    )
    return [Asker(row[0] or 0, *row[1:]) for row in rows.all()]


async def _follows(
    session: Session, root_id: int
) -> Sequence[tuple[int, int, str, str | None, bool]]:
    """Who only follows is told in the language of their conversation, if they chose none."""
    spoken = (
        select(Conversation.lang)
        .where(Conversation.identity_id == Identity.id)
        .order_by(Conversation.id.desc())
        .limit(1)
        .correlate(Identity)
        .scalar_subquery()
    )
    lang = func.coalesce(Person.lang, spoken)
    rows = await session.execute(
        select(Follow.person_id, Identity.id, Identity.channel, lang, Follow.stopped)
        .join(Issue, Issue.id == Follow.issue_id)
        .join(Person, Person.id == Follow.person_id)
        .join(Identity, Identity.id == Follow.identity_id)
        .where(Issue.root_id == root_id, Identity.gone_at.is_(None), Person.erased_at.is_(None))
        .order_by(Follow.id)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows.all()]


async def for_act(session: Session, issue_id: int) -> Issue | None:
    """An issue as it is now, locked until the transaction ends."""
    return await session.scalar(
        select(Issue)
        .where(Issue.id == issue_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def members(session: Session, root_id: int) -> list[int]:
    """All contributions of an issue and of everything merged into it."""
    found = await session.scalars(
        select(Membership.contribution_id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Issue.root_id == root_id)
        .order_by(Membership.contribution_id)
    )
    return list(found.all())


async def roots_of(session: Session, contribution_ids: Collection[int]) -> dict[int, int]:
    """The surviving issue of each contribution."""
    rows = await session.execute(
        select(Membership.contribution_id, Issue.root_id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Membership.contribution_id.in_(contribution_ids))
    )
    return {row[0]: row[1] for row in rows.all()}


async def with_state(
    session: Session, contribution_ids: Collection[int], states: Collection[str]
) -> list[int]:
    """Those of the contributions that are in one of `states`."""
    found = await session.scalars(
        select(Contribution.id).where(
            Contribution.id.in_(contribution_ids), Contribution.state.in_(states)
        )
    )
    return list(found.all())


async def pending_authors(session: Session, root_id: int) -> set[int]:
    """People with a contribution in an issue that still waits."""
    found = await session.scalars(
        select(Contribution.person_id)
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(
            Issue.root_id == root_id,
            Contribution.state == "received",
            Contribution.person_id.is_not(None),
        )
        .distinct()
    )
    return {person for person in found.all() if person is not None}


async def waiting(session: Session, root_ids: Collection[int]) -> dict[int, int]:
    """How many people still wait in each of these issues."""
    found = await session.execute(
        select(Issue.root_id, func.count(Contribution.person_id.distinct()))
        .join(Membership, Membership.issue_id == Issue.id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Issue.root_id.in_(root_ids), Contribution.state == "received")
        .group_by(Issue.root_id)
    )
    return {row[0]: row[1] for row in found.all()}


async def endings(session: Session, issue_id: int) -> int:
    """How many times an issue was declined or closed."""
    ended = and_(Event.thing == "issue", Event.thing_id == issue_id, Event.became.in_(ENDED))
    return await session.scalar(select(func.count()).select_from(Event).where(ended)) or 0


async def dated_by_hand(session: Session, issue_id: int) -> bool:
    """Whether staff set the due date that stands: they did since it was last reopened."""
    own = and_(Event.thing == "issue", Event.thing_id == issue_id)
    reopened = select(func.max(Event.id)).where(own, Event.act == "move", Event.was.in_(SETTLED))
    query = select(Event.id).where(own, Event.act == "due")
    query = query.where(Event.id > func.coalesce(reopened.scalar_subquery(), 0)).limit(1)
    return await session.scalar(query) is not None


async def first_words(session: Session, contribution_ids: Collection[int]) -> str:
    """The text of the earliest of these contributions that still has one."""
    found = await session.scalar(
        select(Contribution.text)
        .where(Contribution.id.in_(contribution_ids), Contribution.text != "")
        .order_by(Contribution.id)
        .limit(1)
    )
    return found or ""


async def moves(session: Session, batch: str) -> Sequence[Move]:
    """The moves of a batch."""
    return (await session.scalars(select(Move).where(Move.batch == batch).order_by(Move.id))).all()


async def last_batch(session: Session, issue_id: int) -> str | None:
    """The newest batch of moves into an issue."""
    return await session.scalar(
        select(Move.batch).where(Move.to_issue == issue_id).order_by(Move.id.desc()).limit(1)
    )


async def follow_rows(session: Session, person_id: int, root_id: int) -> Sequence[Follow]:
    """What a person said of following an issue or anything merged into it."""
    found = await session.scalars(
        select(Follow)
        .join(Issue, Issue.id == Follow.issue_id)
        .where(Follow.person_id == person_id, Issue.root_id == root_id)
    )
    return found.all()


async def root_id(session: Session, issue_id: int) -> int | None:
    """The survivor of an issue: itself when it was not merged."""
    return await session.scalar(select(Issue.root_id).where(Issue.id == issue_id))


async def official(session: Session, staff_id: int) -> Staff | None:
    """An active member of staff."""
    return await session.scalar(select(Staff).where(Staff.id == staff_id, Staff.active))


async def proposal(session: Session, proposal_id: int) -> Proposal | None:
    """One proposal of the machine."""
    return await session.get(Proposal, proposal_id)


async def proposed(session: Session, issue_ids: Collection[int]) -> set[frozenset[int]]:
    """Pairs that were proposed before, whatever became of it."""
    rows = await session.execute(
        select(Proposal.issue_id, Proposal.into_id).where(
            or_(Proposal.issue_id.in_(issue_ids), Proposal.into_id.in_(issue_ids))
        )
    )
    return {frozenset((one, other)) for one, other in rows.all()}


async def is_empty(session: Session, issue_id: int) -> bool:
    """Whether an issue has no members and nothing merged into it."""
    other = aliased(Issue)
    found = await session.scalar(
        select(
            or_(
                exists().where(Membership.issue_id == issue_id),
                exists().where(other.merged_into == issue_id),
            )
        )
    )
    return not found


async def wordless(session: Session, issue_ids: Collection[int]) -> dict[int, str]:
    """For issues whose words must go: the first text that is left of each, if any."""
    first = (
        select(Membership.issue_id, func.min(Contribution.id).label("id"))
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Membership.issue_id.in_(issue_ids), Contribution.text != "")
        .group_by(Membership.issue_id)
        .subquery()
    )
    rows = await session.execute(
        select(first.c.issue_id, Contribution.text).join(first, first.c.id == Contribution.id)
    )
    return {row[0]: row[1] for row in rows.all()}


async def issues(session: Session, issue_ids: Collection[int]) -> Sequence[Issue]:
    """Issues as they are now."""
    found = await session.scalars(
        select(Issue)
        .where(Issue.id.in_(issue_ids))
        .order_by(Issue.id)
        .execution_options(populate_existing=True)
    )
    return found.all()
