"""Read what is brought together and taken apart."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import distinct, func, select

from nlp.embed import FloatArray
from nlp.group import DayArray
from service.database import Session
from service.issues.models import Follow, Issue, Membership, Move, Theme
from service.messages.models import Contribution, ContributionVector
from service.trail.actions import MACHINE

DAY = 86_400.0


@dataclass(frozen=True)
class Standing:
    """An issue as regrouping sees it."""

    id: int
    name: str
    state: str
    size: int
    people: int
    touched: bool
    theme_id: int | None
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True)
class Said:
    """Contributions, the newest last, with the surviving issue each is in, and whether it waits
    there. `days` (n) are since 1970, `vectors` (n, size) raw.
    """

    ids: Sequence[int]
    issues: Sequence[int]
    waiting: Sequence[bool]
    days: DayArray
    vectors: FloatArray


async def standings(session: Session) -> dict[int, Standing]:
    """Surviving issues that were not declined or closed."""
    rows = await session.execute(
        select(
            Issue.id,
            Issue.name,
            Issue.state,
            Issue.size,
            Issue.people,
            Issue.touched_at.is_not(None),
            Issue.theme_id,
            Issue.first_seen,
            Issue.last_seen,
        ).where(
            Issue.root_id == Issue.id,
            Issue.size > 0,
            Issue.state.in_(("open", "assigned", "answered")),
        )
    )
    return {row[0]: Standing(*row) for row in rows.all()}


async def recent(session: Session, model: str, *, limit: int) -> Said:
    """The newest contributions encoded by `model`."""
    rows = (
        await session.execute(
            select(
                Contribution.id,
                Issue.root_id,
                Contribution.state,
                Contribution.said_at,
                ContributionVector.vector,
            )
            .join(Membership, Membership.contribution_id == Contribution.id)
            .join(Issue, Issue.id == Membership.issue_id)
            .join(ContributionVector, ContributionVector.contribution_id == Contribution.id)
            .where(ContributionVector.model == model)
            .order_by(ContributionVector.contribution_id.desc())
            .limit(limit)
        )
    ).all()[::-1]
    vectors = [np.frombuffer(row.vector, dtype=np.float32) for row in rows]
    return Said(
        [row.id for row in rows],
        [row.root_id for row in rows],
        [row.state == "received" for row in rows],
        np.array([row.said_at.timestamp() / DAY for row in rows], dtype=np.float64),
        np.stack(vectors) if rows else np.zeros((0, 0), np.float32),
    )


async def moved(session: Session) -> tuple[int, int]:
    """How much was heard, and how many contributions the machine took out of their issue since half
    of that had come.
    """
    heard = await session.scalar(select(func.count()).select_from(Membership)) or 0
    half = (
        select(Contribution.created_at).order_by(Contribution.id).offset(heard // 2).limit(1)
    ).scalar_subquery()
    count = await session.scalar(
        select(func.count(distinct(Move.contribution_id))).where(
            Move.actor == MACHINE, Move.at >= half
        )
    )
    return heard, count or 0


async def followed(session: Session, root_ids: Collection[int] | None = None) -> set[int]:
    """Surviving issues (of these) that somebody follows who need not have spoken in them, or wants
    no news of: both hold for what they are now.
    """
    query = select(Issue.root_id).join(Follow, Follow.issue_id == Issue.id).distinct()
    if root_ids is not None:
        query = query.where(Issue.root_id.in_(root_ids))
    return set((await session.scalars(query)).all())


async def unused_themes(session: Session) -> Sequence[int]:
    """Themes that no issue is in."""
    rows = await session.scalars(
        select(Theme.id).outerjoin(Issue, Issue.theme_id == Theme.id).where(Issue.id.is_(None))
    )
    return rows.all()


async def free(session: Session, issue_ids: Collection[int]) -> set[int]:
    """Those of the issues that wait, stand for themselves and were touched by nobody; locked."""
    found = await session.scalars(
        select(Issue.id)
        .where(
            Issue.id.in_(issue_ids),
            Issue.root_id == Issue.id,
            Issue.touched_at.is_(None),
            Issue.state.in_(("open", "assigned")),
        )
        .order_by(Issue.id)
        .with_for_update()
    )
    return set(found.all())


async def waiting_without(
    session: Session, root_ids: Collection[int], contribution_ids: Collection[int]
) -> set[int]:
    """Those of the issues in which something waits beside these contributions."""
    rows = await session.scalars(
        select(Issue.root_id)
        .join(Membership, Membership.issue_id == Issue.id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(
            Issue.root_id.in_(root_ids),
            Contribution.state == "received",
            Contribution.id.not_in(contribution_ids),
        )
        .distinct()
    )
    return set(rows.all())
