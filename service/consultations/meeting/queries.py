"""Read meetings, who took part, who is invited, what came of it, and what still lacks a reply."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from service.channels.inbox import IMPORT
from service.consultations.meeting.models import Invitation, Meeting, Outcome, ReplyLeftOut
from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal, Support
from service.consultations.proposals.queries import GONE
from service.consultations.voting.models import Shortlisted, Voter
from service.database import Session
from service.messages.models import Contribution, Conversation
from service.people.models import Identity, Person

HOLDING = ("invited", "accepted")
SPOKEN = (
    select(Conversation.lang)
    .where(Conversation.identity_id == Identity.id)
    .order_by(Conversation.id.desc())
    .limit(1)
    .correlate(Identity)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Participant:
    """A person who proposed, supported or voted, and the account they last did so from."""

    person_id: int
    code: str
    identity_id: int
    channel: str
    lang: str | None


@dataclass(frozen=True)
class Invitee:
    """An invitation and whom to write to."""

    row: Invitation
    identity: Identity
    lang: str | None


@dataclass(frozen=True)
class Named:
    """An invitation with the pseudonym and the channel of whose it is; none of who was erased."""

    row: Invitation
    code: str | None
    channel: str | None


async def of_consultation(session: Session, consultation_id: int) -> Meeting | None:
    """The meeting of a consultation."""
    return await session.scalar(select(Meeting).where(Meeting.consultation_id == consultation_id))


async def for_act(session: Session, meeting_id: int) -> Meeting | None:
    """One meeting, locked until the transaction ends: seats are given one after the other."""
    return await session.scalar(
        select(Meeting)
        .where(Meeting.id == meeting_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def participants(session: Session, consultation_id: int) -> list[Participant]:
    """Everybody who took part as a person and is not erased, each once, by person.

    Votes of browsers without a log-in are nobody's.
    """
    took = _took_part(consultation_id).subquery()
    rows = await session.execute(
        select(Person.id, Person.code, Identity.id, Identity.channel,
               func.coalesce(Person.lang, SPOKEN))
        .select_from(took)
        .join(Identity, Identity.id == took.c.identity_id)
        .join(Person, Person.id == Identity.person_id)
        .where(Person.erased_at.is_(None), Identity.gone_at.is_(None))
        .order_by(Person.id, took.c.at, took.c.fits, Identity.id)
    )  # fmt: skip
    last = {row[0]: Participant(*row) for row in rows.all()}
    return list(last.values())


def _took_part(consultation_id: int) -> Any:
    """Accounts and when they were used; a voter is reached on the channel they began on, else on
    another of theirs.
    """
    here = Proposal.consultation_id == consultation_id
    return union_all(
        select(Proposal.identity_id, Proposal.created_at.label("at"), literal(1).label("fits"))
        .where(here, Proposal.identity_id.is_not(None), Proposal.state.not_in(GONE)),
        select(Support.identity_id, Support.at, literal(1))
        .join(Proposal, Proposal.id == Support.proposal_id)
        .where(here, Support.identity_id.is_not(None)),
        select(Identity.id, Voter.created_at, case((Identity.channel == Voter.channel, 1), else_=0))
        .join(Voter, Voter.person_id == Identity.person_id)
        .where(Voter.consultation_id == consultation_id),
    )  # fmt: skip


def reachable(one: Participant) -> bool:
    """Whether they can be written to: who came from a file has no address."""
    return one.channel != IMPORT


async def places(session: Session, consultation_id: int) -> dict[int, str]:
    """Where people are, as what they last said tells where it is known; by person."""
    took = _took_part(consultation_id).subquery()
    people = (
        select(Identity.person_id)
        .join(took, took.c.identity_id == Identity.id)
        .scalar_subquery()
    )  # fmt: skip
    rows = await session.execute(
        select(Contribution.person_id, Contribution.place)
        .where(Contribution.person_id.in_(people), Contribution.place.is_not(None))
        .order_by(Contribution.id)
    )
    found: dict[int, str] = {}
    for person, place in rows.all():
        if person is not None and place and place.strip():
            found[person] = place.strip()
    return found


async def listed_authors(session: Session, consultation_id: int) -> list[tuple[int, int]]:
    """Who proposed what is on the shortlist, and at which place of its theme: (person, rank), each
    person once, at their best.
    """
    rows = await session.execute(
        select(Identity.person_id, func.min(Shortlisted.rank))
        .join(Proposal, Proposal.identity_id == Identity.id)
        .join(Shortlisted, Shortlisted.proposal_id == Proposal.id)
        .where(Shortlisted.consultation_id == consultation_id, Shortlisted.listed)
        .where(Proposal.state == "admitted")
        .group_by(Identity.person_id)
    )
    return [(row[0], row[1]) for row in rows.all()]


async def invitation(session: Session, invitation_id: int) -> Invitation | None:
    """One invitation, as it is now."""
    return await session.get(Invitation, invitation_id, populate_existing=True)


async def of_people(session: Session, meeting_id: int) -> dict[int, Invitation]:
    """Every invitation of a meeting whose person is known, by person."""
    found = await session.scalars(
        select(Invitation).where(
            Invitation.meeting_id == meeting_id, Invitation.person_id.is_not(None)
        )
    )
    return {row.person_id: row for row in found.all() if row.person_id is not None}


async def of_person(session: Session, person_id: int) -> list[tuple[Invitation, Meeting]]:
    """A person's invitations, and their places on waiting lists."""
    rows = await session.execute(
        select(Invitation, Meeting)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .where(Invitation.person_id == person_id)
        .order_by(Invitation.id)
    )
    return [(row[0], row[1]) for row in rows.all()]


async def held(session: Session, meeting_id: int) -> dict[tuple[str, int | None], int]:
    """How many seats are taken or offered, by kind and stratum."""
    rows = await session.execute(
        select(Invitation.kind, Invitation.stratum, func.count())
        .where(Invitation.meeting_id == meeting_id, Invitation.state.in_(HOLDING))
        .group_by(Invitation.kind, Invitation.stratum)
    )
    return {(row[0], row[1]): row[2] for row in rows.all()}


async def next_waiting(
    session: Session, meeting_id: int, kind: str, strata: Collection[int] = ()
) -> Invitation | None:
    """Who is next in the order, of these strata where some are named."""
    query = select(Invitation).where(
        Invitation.meeting_id == meeting_id,
        Invitation.kind == kind,
        Invitation.state == "waiting",
    )
    if strata:
        query = query.where(Invitation.stratum.in_(strata))
    return await session.scalar(query.order_by(Invitation.position).limit(1))


async def last_position(session: Session, meeting_id: int, kind: str) -> int:
    """The end of an order."""
    found = await session.scalar(
        select(func.max(Invitation.position)).where(
            Invitation.meeting_id == meeting_id, Invitation.kind == kind
        )
    )
    return found or 0


async def overdue(session: Session, meeting_id: int, moment: datetime) -> Sequence[Invitation]:
    """Who was invited and did not answer in time."""
    found = await session.scalars(
        select(Invitation)
        .where(Invitation.meeting_id == meeting_id, Invitation.state == "invited")
        .where(Invitation.answer_until <= moment)
        .order_by(Invitation.id)
    )
    return found.all()


async def with_overdue(session: Session, moment: datetime) -> list[int]:
    """Meetings that wait for answers which did not come in time."""
    found = await session.scalars(
        select(Meeting.id)
        .join(Consultation, Consultation.id == Meeting.consultation_id)
        .join(Invitation, Invitation.meeting_id == Meeting.id)
        .where(Consultation.state == "shortlisted", Meeting.called_off_at.is_(None))
        .where(Invitation.state == "invited", Invitation.answer_until <= moment)
        .distinct()
        .order_by(Meeting.id)
    )
    return list(found.all())


async def to_remind(session: Session, moment: datetime, until: datetime) -> list[int]:
    """Meetings that begin between these and of which nobody was reminded."""
    found = await session.scalars(
        select(Meeting.id)
        .join(Consultation, Consultation.id == Meeting.consultation_id)
        .where(Consultation.state == "shortlisted", Meeting.called_off_at.is_(None))
        .where(Meeting.drawn_at.is_not(None), Meeting.reminded_at.is_(None))
        .where(Meeting.starts_at > moment, Meeting.starts_at <= until)
        .order_by(Meeting.id)
    )
    return list(found.all())


async def invitees(
    session: Session, meeting_id: int, states: Collection[str] = HOLDING, *, only: int = 0
) -> list[Invitee]:
    """Whom to tell: those in these states who can be written to, or one of them."""
    query = (
        select(Invitation, Identity, func.coalesce(Person.lang, Invitation.lang))
        .join(Identity, Identity.id == Invitation.identity_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.meeting_id == meeting_id, Invitation.state.in_(states))
        .where(Person.erased_at.is_(None))
        .order_by(Invitation.id)
    )
    if only:
        query = query.where(Invitation.id == only)
    return [Invitee(row[0], row[1], row[2]) for row in (await session.execute(query)).all()]


async def page(
    session: Session,
    meeting_id: int,
    *,
    states: Collection[str] = (),
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Named], int]:
    """Invitations in their order, authors first, and how many there are."""
    chosen = [Invitation.meeting_id == meeting_id]
    if states:
        chosen.append(Invitation.state.in_(states))
    total = await session.scalar(select(func.count()).select_from(Invitation).where(*chosen))
    rows = await session.execute(
        select(Invitation, Person.code, Identity.channel)
        .outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(Identity, Identity.id == Invitation.identity_id)
        .where(*chosen)
        .order_by(Invitation.kind, Invitation.position, Invitation.id)
        .limit(limit)
        .offset(offset)
    )
    return [Named(row[0], row[1], row[2]) for row in rows.all()], total or 0


async def counts(session: Session, meeting_id: int) -> dict[str, dict[str, int]]:
    """How many invitations of each kind are in each state."""
    rows = await session.execute(
        select(Invitation.kind, Invitation.state, func.count())
        .where(Invitation.meeting_id == meeting_id)
        .group_by(Invitation.kind, Invitation.state)
    )
    found: dict[str, dict[str, int]] = {"author": {}, "lottery": {}}
    for kind, state, count in rows.all():
        found[kind][state] = count
    return found


async def by_calendar(session: Session, token: str) -> tuple[Invitation, Meeting] | None:
    """The accepted invitation that a calendar file belongs to."""
    found = await session.execute(
        select(Invitation, Meeting)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .where(Invitation.calendar == token, Invitation.state == "accepted")
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


async def outcomes(session: Session, consultation_id: int) -> dict[str, Outcome]:
    """What came of a consultation, by language."""
    found = await session.scalars(
        select(Outcome).where(Outcome.consultation_id == consultation_id).order_by(Outcome.id)
    )
    return {row.lang: row for row in found.all()}


async def without_reply(
    session: Session, consultation_id: int, *, limit: int | None = None
) -> list[Proposal]:
    """What somebody who is not erased proposed or joined, was not refused, and has neither a reply
    nor a reason why it gets none.
    """
    query = _lacking(select(Proposal), consultation_id).order_by(Proposal.id).limit(limit)
    return list((await session.scalars(query)).all())


async def count_without_reply(session: Session, consultation_id: int) -> int:
    """How many proposals still lack a reply."""
    return await session.scalar(_lacking(select(func.count(Proposal.id)), consultation_id)) or 0


def _lacking(query: Select[Any], consultation_id: int) -> Select[Any]:
    other = aliased(Proposal)
    joined = exists().where(
        other.joins_id == Proposal.id, other.state == "joined", other.person_id.is_not(None)
    )
    left_out = exists().where(ReplyLeftOut.proposal_id == Proposal.id)
    return query.where(
        Proposal.consultation_id == consultation_id,
        Proposal.state.in_(("waiting", "admitted")),
        or_(Proposal.person_id.is_not(None), joined),
        Proposal.reply.is_(None),
        ~left_out,
    )


async def left_out(session: Session, consultation_id: int) -> dict[int, list[tuple[int, str]]]:
    """Why proposals get no reply, for their authors and those who joined: by person, (proposal,
    reason).
    """
    head = aliased(Proposal)
    rows = await session.execute(
        select(Identity.person_id, head.id, ReplyLeftOut.reason)
        .join(head, head.id == ReplyLeftOut.proposal_id)
        .join(
            Proposal,
            or_(
                Proposal.id == head.id,
                and_(Proposal.joins_id == head.id, Proposal.state == "joined"),
            ),
        )
        .join(Identity, Identity.id == Proposal.identity_id)
        .where(ReplyLeftOut.consultation_id == consultation_id, head.reply.is_(None))
        .order_by(head.id)
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for person, number, reason in rows.all():
        if (number, reason) not in found.setdefault(person, []):
            found[person].append((number, reason))
    return found


async def still_theirs(session: Session, identity_ids: Collection[int]) -> set[tuple[int, int]]:
    """Which person has each of these accounts now: (person, account)."""
    rows = await session.execute(
        select(Identity.person_id, Identity.id).where(
            Identity.id.in_(identity_ids), Identity.gone_at.is_(None)
        )
    )
    return {(row[0], row[1]) for row in rows.all()}
