"""Read what names and growth are computed from."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import ColumnElement, Row, case, distinct, func, or_, select
from sqlalchemy.orm import aliased

from nlp.embed import FloatArray
from service.database import Session
from service.issues.models import Issue, Membership
from service.messages.models import Contribution, ContributionVector

ROOT = aliased(Issue)
MOST_TEXTS = 50
LEAST = 3


@dataclass(frozen=True)
class Stale:
    """An issue whose name and phrases are older than its members."""

    id: int
    size: int
    named_by: str


@dataclass(frozen=True)
class Member:
    """What one contribution says, for naming; `vector` (size,) is None where it was erased."""

    contribution_id: int
    text: str
    lang: str
    fingerprint: str
    vector: FloatArray | None


@dataclass(frozen=True)
class Voice:
    """Who spoke in an issue and when; copies of one text share a fingerprint."""

    root_id: int
    contribution_id: int
    person_id: int | None
    fingerprint: str
    said_at: datetime


@dataclass(frozen=True)
class Young:
    """An issue that began lately. `voices` counts people, where each text counts for one of them;
    `days` is how long it has been spoken of.
    """

    id: int
    size: int
    voices: int
    days: float


@dataclass(frozen=True)
class Saying:
    """What somebody said, by its raw vector (size,), in an issue that `began` then."""

    root_id: int
    began: datetime
    contribution_id: int
    person_id: int | None
    fingerprint: str
    said_at: datetime
    vector: FloatArray


SAYINGS = (
    select(
        ROOT.id,
        ROOT.first_seen,
        Contribution.id,
        Contribution.person_id,
        Contribution.fingerprint,
        Contribution.said_at,
        ContributionVector.vector,
    )
    .join(Issue, Issue.root_id == ROOT.id)
    .join(Membership, Membership.issue_id == Issue.id)
    .join(Contribution, Contribution.id == Membership.contribution_id)
    .join(ContributionVector, ContributionVector.contribution_id == Contribution.id)
)


async def latest(
    session: Session, model: str, *, heard: datetime, came: datetime, limit: int
) -> list[Saying]:
    """What was said after `heard` and came in after `came`, the newest first."""
    return await _newest(session, model, heard, Contribution.created_at >= came, limit)


async def said_in(
    session: Session, model: str, root_ids: Collection[int], *, heard: datetime, limit: int
) -> list[Saying]:
    """What was said after `heard` in these issues, the newest first."""
    return await _newest(session, model, heard, ROOT.id.in_(root_ids), limit)


async def _newest(
    session: Session, model: str, heard: datetime, wanted: ColumnElement[bool], limit: int
) -> list[Saying]:
    rows = await session.execute(
        SAYINGS.where(ContributionVector.model == model, Contribution.said_at >= heard, wanted)
        .order_by(Contribution.said_at.desc(), Contribution.id.desc())
        .limit(limit)
    )
    return [_saying(row) for row in rows.all()]


def in_order(one: Saying) -> tuple[datetime, int]:
    """By when it was said."""
    return one.said_at, one.contribution_id


async def around(
    session: Session, model: str, issue_ids: Collection[int], since: datetime
) -> list[Saying]:
    """What was said `since` then in these issues or what they were merged into, the newest 50 of
    each, in order.
    """
    place = func.row_number().over(partition_by=Issue.root_id, order_by=Contribution.id.desc())
    roots = select(Issue.root_id).where(Issue.id.in_(issue_ids))
    newest = (
        select(Contribution.id, place.label("place"))
        .join(Membership, Membership.contribution_id == Contribution.id)
        .join(Issue, Issue.id == Membership.issue_id)
        .where(Issue.root_id.in_(roots), Contribution.said_at >= since)
        .subquery()
    )
    rows = await session.execute(
        SAYINGS.join(newest, newest.c.id == Contribution.id)
        .where(newest.c.place <= MOST_TEXTS, ContributionVector.model == model)
        .order_by(Contribution.id)
    )
    return [_saying(row) for row in rows.all()]


def _saying(row: Row[int, datetime, int, int | None, str, datetime, bytes]) -> Saying:
    root, began, id_, person, print_, said, raw = row
    return Saying(root, began, id_, person, print_, said, np.frombuffer(raw, dtype=np.float32))


async def young(session: Session, since: datetime, heard: datetime) -> list[Young]:
    """Issues of three people or more that began `since`, and were `heard` of after that moment."""
    root = aliased(Issue)
    nobody = func.sum(case((Contribution.person_id.is_(None), 1), else_=0))
    people = func.count(distinct(Contribution.person_id)) + nobody
    texts = func.count(distinct(Contribution.fingerprint))
    rows = await session.execute(
        select(root.id, root.size, people, texts, root.first_seen, root.last_seen)
        .join(Issue, Issue.root_id == root.id)
        .join(Membership, Membership.issue_id == Issue.id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(
            root.root_id == root.id,
            root.people >= LEAST,
            root.first_seen >= since,
            root.last_seen >= heard,
        )
        .group_by(root.id, root.size, root.first_seen, root.last_seen)
    )
    return [
        Young(id_, size, min(int(who), said), (last - first).total_seconds() / 86_400)
        for id_, size, who, said, first, last in rows.all()
    ]


async def stale(session: Session, *, limit: int) -> list[Stale]:
    """Issues that were never named, lost members, or grew by a tenth since."""
    rows = await session.execute(
        select(Issue.id, Issue.size, Issue.named_by)
        .where(
            Issue.root_id == Issue.id,
            Issue.size > 0,
            or_(
                Issue.labelled_size == 0,
                Issue.size < Issue.labelled_size,
                Issue.size * 10 >= Issue.labelled_size * 11,
            ),
        )
        .order_by(Issue.people.desc(), Issue.id)
        .limit(limit)
    )
    return [Stale(*row) for row in rows.all()]


async def members(session: Session, root_ids: Collection[int]) -> dict[int, list[Member]]:
    """The newest 50 contributions of each issue, with words."""
    place = func.row_number().over(partition_by=Issue.root_id, order_by=Contribution.id.desc())
    newest = (
        select(Issue.root_id, Contribution.id, place.label("place"))
        .join(Membership, Membership.issue_id == Issue.id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Issue.root_id.in_(root_ids), Contribution.text != "")
        .subquery()
    )
    rows = await session.execute(
        select(
            newest.c.root_id,
            Contribution.id,
            Contribution.text,
            Contribution.lang,
            Contribution.fingerprint,
            ContributionVector.vector,
        )
        .join(newest, newest.c.id == Contribution.id)
        .outerjoin(ContributionVector, ContributionVector.contribution_id == Contribution.id)
        .where(newest.c.place <= MOST_TEXTS)
        .order_by(Contribution.id)
    )
    found: dict[int, list[Member]] = defaultdict(list)
    for root, id_, text, lang, print_, raw in rows.all():
        vector = np.frombuffer(raw, dtype=np.float32) if raw else None
        found[root].append(Member(id_, text, lang, print_, vector))
    return found


async def sample(session: Session, *, limit: int) -> Sequence[tuple[str, str]]:
    """Newest texts and their languages: what phrases must stand out from."""
    rows = await session.execute(
        select(Contribution.text, Contribution.lang)
        .where(Contribution.text != "")
        .order_by(Contribution.id.desc())
        .limit(limit)
    )
    return [(text, lang) for text, lang in rows.all()]


async def voices(session: Session, since: datetime) -> list[Voice]:
    """Everything said since a moment, by issue."""
    rows = await session.execute(
        select(
            Issue.root_id,
            Contribution.id,
            Contribution.person_id,
            Contribution.fingerprint,
            Contribution.said_at,
        )
        .join(Membership, Membership.issue_id == Issue.id)
        .join(Contribution, Contribution.id == Membership.contribution_id)
        .where(Contribution.said_at >= since)
    )
    return [Voice(*row) for row in rows.all()]


async def growths(session: Session) -> dict[int, tuple[float, bool]]:
    """Growth and emergence of the issues that have any."""
    rows = await session.execute(
        select(Issue.id, Issue.growth, Issue.emerging).where(or_(Issue.growth != 0, Issue.emerging))
    )
    return {row[0]: (row[1], row[2]) for row in rows.all()}


async def told(session: Session) -> set[int]:
    """Surviving issues that staff were told of, or of what was merged into them, while it emerges
    still.
    """
    found = await session.scalars(select(Issue.root_id).where(Issue.emerging).distinct())
    return set(found.all())
