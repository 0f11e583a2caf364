"""Read who supports what."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from service.database import Session
from service.issues.models import Issue
from service.messages.models import Conversation
from service.people.models import Identity, Person
from service.rounds.models import Nomination, Support


@dataclass(frozen=True)
class Supporter:
    """A person who takes part in a round, where they last did so, and the surviving issues they
    support.
    """

    person_id: int
    identity_id: int
    channel: str
    lang: str | None
    issues: frozenset[int]


async def held(session: Session, round_id: int, root_id: int, person_id: int) -> Sequence[Support]:
    """A person's support of a question and of everything merged into it."""
    found = await session.scalars(
        select(Support)
        .join(Issue, Issue.id == Support.issue_id)
        .where(
            Support.round_id == round_id,
            Support.person_id == person_id,
            Issue.root_id == root_id,
        )
    )
    return found.all()


async def nominated(session: Session, round_id: int, root_id: int) -> Sequence[Nomination]:
    """The nominations that are one question now."""
    found = await session.scalars(
        select(Nomination)
        .join(Issue, Issue.id == Nomination.issue_id)
        .where(Nomination.round_id == round_id, Issue.root_id == root_id)
        .order_by(Nomination.id)
    )
    return found.all()


async def supported(session: Session, round_id: int, person_id: int) -> set[int]:
    """The surviving issues that a person supports in a round."""
    found = await session.scalars(
        select(Issue.root_id)
        .join(Support, Support.issue_id == Issue.id)
        .where(Support.round_id == round_id, Support.person_id == person_id)
    )
    return set(found.all())


async def of_person(session: Session, person_id: int) -> Sequence[Support]:
    """Everything a person supports."""
    found = await session.scalars(
        select(Support).where(Support.person_id == person_id).order_by(Support.id)
    )
    return found.all()


async def by_contributions(session: Session, ids: Collection[int]) -> Sequence[Support]:
    """Support that was given by asking."""
    found = await session.scalars(select(Support).where(Support.contribution_id.in_(ids)))
    return found.all()


async def people(session: Session, round_id: int) -> Sequence[int]:
    """Who takes part in a round, each once."""
    found = await session.scalars(
        select(Support.person_id)
        .where(Support.round_id == round_id)
        .distinct()
        .order_by(Support.person_id)
    )
    return found.all()


async def supporters(
    session: Session,
    round_id: int,
    *,
    root_id: int | None = None,
    people: Collection[int] | None = None,
) -> list[Supporter]:
    """Everybody who takes part in a round, or supports one question of it, or is one of some
    people, and can be reached.
    """
    spoken = (
        select(Conversation.lang)
        .where(Conversation.identity_id == Identity.id)
        .order_by(Conversation.id.desc())
        .limit(1)
        .correlate(Identity)
        .scalar_subquery()
    )
    query = (
        select(
            Support.person_id,
            Identity.id,
            Identity.channel,
            func.coalesce(Person.lang, spoken),
            Issue.root_id,
        )
        .join(Issue, Issue.id == Support.issue_id)
        .join(Person, Person.id == Support.person_id)
        .join(Identity, Identity.id == Support.identity_id)
        .where(Support.round_id == round_id, Identity.gone_at.is_(None))
        .order_by(Support.at, Support.id)
    )
    if root_id is not None:
        query = query.where(Issue.root_id == root_id)
    if people is not None:
        query = query.where(Support.person_id.in_(people))
    found: dict[int, Supporter] = {}
    for person, identity, channel, lang, root in (await session.execute(query)).all():
        before = found[person].issues if person in found else frozenset()
        found[person] = Supporter(person, identity, channel, lang, before | {root})
    return list(found.values())
