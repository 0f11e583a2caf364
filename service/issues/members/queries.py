"""Read trees of merged issues, count who is in them, and what speaks for them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import case, distinct, func, select

from nlp.embed import FloatArray
from service.database import Session
from service.issues.models import Issue, Membership
from service.messages.models import Contribution, ContributionVector, Message

MOST_VECTORS = 2000


@dataclass(frozen=True)
class Node:
    """An issue in its tree, with what it counts now."""

    id: int
    parent: int | None
    root: int
    size: int
    messages: int
    people: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True)
class Tally:
    """Contributions and messages of one issue itself, and when the first and the last were said."""

    size: int
    messages: int
    first_seen: datetime
    last_seen: datetime


async def trees(session: Session, issue_ids: Collection[int]) -> dict[int, Node]:
    """All issues of the trees that `issue_ids` are in, locked until the transaction ends: each
    tree from its survivor on, as whoever acts on one locks them.
    """
    roots = select(Issue.root_id).where(Issue.id.in_(issue_ids))
    rows = await session.execute(
        select(
            Issue.id,
            Issue.merged_into,
            Issue.root_id,
            Issue.size,
            Issue.messages,
            Issue.people,
            Issue.first_seen,
            Issue.last_seen,
        )
        .where(Issue.root_id.in_(roots))
        .order_by(Issue.root_id, Issue.id != Issue.root_id, Issue.id)
        .with_for_update()
    )
    return {row.id: Node(*row) for row in rows.all()}


def upwards(nodes: dict[int, Node], issue_id: int) -> Iterable[int]:
    """An issue and those it was merged into, up to the survivor."""
    at: int | None = issue_id
    while at is not None:
        yield at
        at = nodes[at].parent


def below(nodes: dict[int, Node]) -> dict[int, set[int]]:
    """For each issue, itself and everything merged into it."""
    found: dict[int, set[int]] = {id_: set() for id_ in nodes}
    for id_ in nodes:
        for above in upwards(nodes, id_):
            found[above].add(id_)
    return found


async def people(
    session: Session, nodes: dict[int, Node], issue_ids: Collection[int]
) -> dict[int, int]:
    """Different people in each of `issue_ids` and below; each contribution without a person is
    one.
    """
    counts = await _people_of_roots(session, [i for i in issue_ids if nodes[i].root == i])
    inner = [i for i in issue_ids if nodes[i].root != i]
    if inner:
        counts |= await _people_below(session, nodes, inner)
    return {id_: counts.get(id_, 0) for id_ in issue_ids}


async def _people_of_roots(session: Session, roots: Sequence[int]) -> dict[int, int]:
    if not roots:
        return {}
    nobody = func.sum(case((Contribution.person_id.is_(None), 1), else_=0))
    rows = await session.execute(
        select(Issue.root_id, func.count(distinct(Contribution.person_id)) + nobody)
        .join(Membership, Membership.issue_id == Issue.id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Issue.root_id.in_(roots))
        .group_by(Issue.root_id)
    )
    return {root: int(count) for root, count in rows.all()}


async def _people_below(
    session: Session, nodes: dict[int, Node], issue_ids: Sequence[int]
) -> dict[int, int]:
    """Merged issues are few and seldom counted: their people are gathered here."""
    under = below(nodes)
    rows = await session.execute(
        select(Membership.issue_id, Contribution.person_id, func.count())
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Membership.issue_id.in_(set().union(*(under[i] for i in issue_ids))))
        .group_by(Membership.issue_id, Contribution.person_id)
    )
    held = rows.all()
    counts = {}
    for id_ in issue_ids:
        mine = [row for row in held if row[0] in under[id_]]
        nobody = sum(count for _, person, count in mine if person is None)
        counts[id_] = len({person for _, person, _ in mine if person is not None}) + nobody
    return counts


async def roots_spoken_in(
    session: Session, nodes: dict[int, Node], person_ids: Collection[int]
) -> set[tuple[int, int]]:
    """Survivors among `nodes` that these people speak in already, each with the person."""
    rows = await session.execute(
        select(Membership.issue_id, Contribution.person_id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Contribution.person_id.in_(person_ids))
        .distinct()
    )
    return {
        (nodes[issue].root, person)
        for issue, person in rows.all()
        if issue in nodes and person is not None
    }


async def tallies(session: Session, issue_ids: Collection[int]) -> dict[int, Tally]:
    """Counted afresh, each issue by itself; a contribution without stored messages is one
    message.
    """
    said = (
        select(Message.contribution_id.label("id"), func.count().label("count"))
        .join(Membership, Membership.contribution_id == Message.contribution_id)
        .where(Membership.issue_id.in_(issue_ids), Message.live)
        .group_by(Message.contribution_id)
        .subquery()
    )
    rows = await session.execute(
        select(
            Membership.issue_id,
            func.count(),
            func.sum(func.coalesce(said.c.count, 1)),
            func.min(Contribution.said_at),
            func.max(Contribution.said_at),
        )
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .outerjoin(said, said.c.id == Contribution.id)
        .where(Membership.issue_id.in_(issue_ids))
        .group_by(Membership.issue_id)
    )
    return {row[0]: Tally(row[1], int(row[2]), row[3], row[4]) for row in rows.all()}


async def mean_vector(session: Session, issue_id: int) -> tuple[str, FloatArray] | None:
    """The model and mean vector (size,) of all that a surviving issue counts, the newest 2,000 at
    most; None of a merged one.
    """
    rows = (
        await session.execute(
            select(ContributionVector.model, ContributionVector.vector)
            .join(Membership, Membership.contribution_id == ContributionVector.contribution_id)
            .join(Issue, Issue.id == Membership.issue_id)
            .where(Issue.root_id == issue_id)
            .order_by(ContributionVector.contribution_id.desc())
            .limit(MOST_VECTORS)
        )
    ).all()
    if not rows:
        return None
    model = rows[0].model
    held = [np.frombuffer(row.vector, dtype=np.float32) for row in rows if row.model == model]
    return model, np.mean(held, axis=0, dtype=np.float32)


async def with_survivors(session: Session, issue_ids: Collection[int]) -> set[int]:
    """These issues and those they live on in."""
    roots = await session.scalars(select(Issue.root_id).where(Issue.id.in_(issue_ids)))
    return {*issue_ids, *roots.all()}


async def where(session: Session, contribution_ids: Collection[int]) -> dict[int, int]:
    """The issue each contribution is in."""
    if not contribution_ids:
        return {}
    rows = await session.execute(
        select(Membership.contribution_id, Membership.issue_id).where(
            Membership.contribution_id.in_(contribution_ids)
        )
    )
    return {row[0]: row[1] for row in rows.all()}


@dataclass(frozen=True)
class Spoken:
    """A contribution in its language, and its vector (size,) by a model."""

    text: str
    lang: str
    vector: FloatArray
    model: str


async def speaking(session: Session, root_id: int, *, limit: int = 3) -> list[Spoken]:
    """What speaks for an issue: its representatives, else its first members."""
    chosen = await session.scalar(select(Issue.representatives).where(Issue.id == root_id)) or []
    vector = ContributionVector
    found = await session.execute(
        select(Contribution.text, Contribution.lang, vector.vector, vector.model)
        .join(vector, vector.contribution_id == Contribution.id)
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Issue.root_id == root_id, Contribution.text != "")
        .order_by(
            Contribution.id.in_(chosen).desc() if chosen else Contribution.id, Contribution.id
        )
        .limit(limit)
    )
    return [
        Spoken(row.text, row.lang, np.frombuffer(row.vector, dtype=np.float32), row.model)
        for row in found.all()
    ]
