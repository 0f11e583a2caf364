"""Read proposals, who stands behind them, and what is like them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, and_, case, func, or_, select, union

from nlp.embed import FloatArray
from service.consultations.models import ConsultationTheme
from service.consultations.proposals.models import Proposal, ProposalVector, Support
from service.database import Session
from service.people.models import Identity, Person

LIVE = ("waiting", "admitted")
# What joined another is counted there, also after its author was erased.
PART = and_(Proposal.state.in_(("joined", "erased")), Proposal.joins_id.is_not(None))
GONE = ("withdrawn", "erased")


@dataclass(frozen=True)
class Line:
    """A proposal as lists show it: its theme's names by language, how many people stand behind it
    beside its author, and how many proposals joined it.
    """

    row: Proposal
    names: dict[str, str]
    supports: int
    joined: int


@dataclass(frozen=True)
class Author:
    """Whom to tell of a proposal."""

    proposal: Proposal
    identity: Identity
    lang: str


async def proposal(session: Session, proposal_id: int) -> Proposal | None:
    """One proposal."""
    return await session.get(Proposal, proposal_id)


async def for_act(session: Session, proposal_id: int) -> Proposal | None:
    """One proposal, locked until the transaction ends."""
    return await session.scalar(
        select(Proposal)
        .where(Proposal.id == proposal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def some_for_act(session: Session, ids: Collection[int]) -> dict[int, Proposal]:
    """These proposals by id, locked in the order of ids until the transaction ends, so that nobody
    waits for who waits for them.
    """
    found = await session.scalars(
        select(Proposal)
        .where(Proposal.id.in_(ids))
        .order_by(Proposal.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in found.all()}


async def page(
    session: Session,
    consultation_id: int,
    *,
    states: Collection[str] = (),
    theme_id: int | None = None,
    review: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Proposal], int]:
    """Proposals of a consultation, oldest first, and how many there are; `review`: those whose
    author asked for a review that nobody has made.
    """
    chosen: list[ColumnElement[bool]] = [Proposal.consultation_id == consultation_id]
    if states:
        chosen.append(Proposal.state.in_(states))
    if theme_id is not None:
        chosen.append(Proposal.theme_id == theme_id)
    if review:
        chosen += [Proposal.review_asked_at.is_not(None), Proposal.reviewed_at.is_(None)]
    total = await session.scalar(select(func.count()).select_from(Proposal).where(*chosen))
    found = await session.scalars(
        select(Proposal).where(*chosen).order_by(Proposal.id).limit(limit).offset(offset)
    )
    return list(found.all()), total or 0


async def some(session: Session, ids: Collection[int]) -> dict[int, Proposal]:
    """These proposals, by id."""
    found = await session.scalars(select(Proposal).where(Proposal.id.in_(ids)))
    return {row.id: row for row in found.all()}


async def lines(session: Session, rows: Sequence[Proposal]) -> list[Line]:
    """These proposals as lists show them, in a fixed number of statements."""
    ids = [row.id for row in rows]
    named = await session.execute(
        select(ConsultationTheme.id, ConsultationTheme.names).where(
            ConsultationTheme.id.in_({row.theme_id for row in rows})
        )
    )
    names = {row.id: row.names for row in named.all()}
    behind = await supports(session, ids)
    joined = await _joined_counts(session, ids)
    return [
        Line(row, names[row.theme_id], behind.get(row.id, 0), joined.get(row.id, 0)) for row in rows
    ]


async def supports(session: Session, ids: Collection[int]) -> dict[int, int]:
    """How many people stand behind each proposal beside its author; who joined it with their own,
    and who stood behind that, are among them, each once.
    """
    root = case((PART, Proposal.joins_id), else_=Proposal.id)
    voices = union(
        select(root.label("root"), Support.person_id)
        .join(Proposal, Proposal.id == Support.proposal_id)
        .where(root.in_(ids)),
        select(Proposal.joins_id.label("root"), Proposal.person_id).where(
            PART, Proposal.joins_id.in_(ids)
        ),
    ).subquery()
    target = select(Proposal.id, Proposal.person_id).where(Proposal.id.in_(ids)).subquery()
    others = or_(target.c.person_id.is_(None), target.c.person_id != voices.c.person_id)
    rows = await session.execute(
        select(voices.c.root, func.count())
        .join(target, target.c.id == voices.c.root)
        .where(others)
        .group_by(voices.c.root)
    )
    return {row[0]: row[1] for row in rows.all()}


async def _joined_counts(session: Session, ids: Collection[int]) -> dict[int, int]:
    rows = await session.execute(
        select(Proposal.joins_id, func.count())
        .where(Proposal.state == "joined", Proposal.joins_id.in_(ids))
        .group_by(Proposal.joins_id)
    )
    return {row[0]: row[1] for row in rows.all() if row[0] is not None}


async def counts(session: Session, consultation_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """How many proposals of each state consultations have."""
    rows = await session.execute(
        select(Proposal.consultation_id, Proposal.state, func.count())
        .where(Proposal.consultation_id.in_(consultation_ids))
        .group_by(Proposal.consultation_id, Proposal.state)
    )
    found: dict[int, dict[str, int]] = {id_: {} for id_ in consultation_ids}
    for consultation_id, state, count in rows.all():
        found[consultation_id][state] = count
    return found


async def vectors(
    session: Session, consultation_id: int, states: Collection[str], model: str
) -> tuple[list[int], FloatArray]:
    """Proposals of these states and what `model` gave for them (n, size), by id."""
    wanted = (Proposal.consultation_id == consultation_id, Proposal.state.in_(states))
    return await _vectors(session, model, *wanted)


async def vectors_of(
    session: Session, ids: Collection[int], model: str
) -> tuple[list[int], FloatArray]:
    """Those of these proposals that `model` encoded, and what it gave (n, size), by id."""
    return await _vectors(session, model, Proposal.id.in_(ids))


async def _vectors(
    session: Session, model: str, *wanted: ColumnElement[bool]
) -> tuple[list[int], FloatArray]:
    rows = await session.execute(
        select(ProposalVector.proposal_id, ProposalVector.vector)
        .join(Proposal, Proposal.id == ProposalVector.proposal_id)
        .where(*wanted, ProposalVector.model == model)
        .order_by(ProposalVector.proposal_id)
    )
    return _matrix(rows.all())


async def theme_vectors(
    session: Session, consultation_id: int, model: str
) -> tuple[list[int], FloatArray]:
    """The themes of a consultation that `model` encoded, and their vectors (n, size)."""
    rows = await session.execute(
        select(ConsultationTheme.id, ConsultationTheme.vector)
        .where(
            ConsultationTheme.consultation_id == consultation_id,
            ConsultationTheme.vector.is_not(None),
            ConsultationTheme.model == model,
        )
        .order_by(ConsultationTheme.position)
    )
    return _matrix(rows.all())


def _matrix(rows: Sequence[Any]) -> tuple[list[int], FloatArray]:
    """Ids and vectors (n, size) of rows of both."""
    arrays = [np.frombuffer(row[1], dtype=np.float32) for row in rows]
    stacked = np.stack(arrays) if arrays else np.zeros((0, 0), dtype=np.float32)
    return [row[0] for row in rows], stacked


async def without_vectors(session: Session, model: str, *, limit: int) -> list[Proposal]:
    """Live proposals whose shown wording this model has not encoded."""
    stale = or_(
        ProposalVector.proposal_id.is_(None),
        ProposalVector.model != model,
        ProposalVector.digest != Proposal.fingerprint,
    )
    found = await session.scalars(
        select(Proposal)
        .outerjoin(ProposalVector, ProposalVector.proposal_id == Proposal.id)
        .where(Proposal.state.not_in(GONE), stale)
        .order_by(Proposal.id)
        .limit(limit)
    )
    return list(found.all())


async def of_person(
    session: Session, person_id: int, consultation_id: int | None = None
) -> list[Proposal]:
    """What a person proposed, oldest first, whatever became of it but erasure."""
    query = select(Proposal).where(Proposal.person_id == person_id, Proposal.state != "erased")
    if consultation_id is not None:
        query = query.where(Proposal.consultation_id == consultation_id)
    return list((await session.scalars(query.order_by(Proposal.id))).all())


async def ids_of_person(session: Session, person_id: int) -> list[int]:
    """Every proposal of a person that is not erased."""
    return [row.id for row in await of_person(session, person_id)]


async def supported_by(session: Session, person_id: int) -> list[tuple[Support, Proposal]]:
    """What a person stands behind, oldest first."""
    rows = await session.execute(
        select(Support, Proposal)
        .join(Proposal, Proposal.id == Support.proposal_id)
        .where(Support.person_id == person_id)
        .order_by(Support.id)
    )
    return [(row[0], row[1]) for row in rows.all()]


async def by_messages(session: Session, message_ids: Collection[int]) -> dict[int, Proposal]:
    """What was proposed by these messages."""
    found = await session.scalars(select(Proposal).where(Proposal.message_id.in_(message_ids)))
    return {row.message_id: row for row in found.all() if row.message_id is not None}


async def listed_with(session: Session, proposal_id: int) -> list[Proposal]:
    """What is listed with a proposal, oldest first."""
    found = await session.scalars(
        select(Proposal).where(Proposal.shown_with == proposal_id).order_by(Proposal.id)
    )
    return list(found.all())


async def joined_to(session: Session, proposal_id: int) -> list[Proposal]:
    """What joined a proposal, with its author's consent."""
    return await _joining(session, Proposal.joins_id == proposal_id, Proposal.state == "joined")


async def asked_to_join(session: Session, proposal_id: int) -> list[Proposal]:
    """Whose authors were asked to join a proposal and have not said yes."""
    return await _joining(session, Proposal.joins_id == proposal_id, Proposal.state != "joined")


async def _joining(session: Session, *chosen: ColumnElement[bool]) -> list[Proposal]:
    found = await session.scalars(select(Proposal).where(and_(*chosen)).order_by(Proposal.id))
    return list(found.all())


async def authors(session: Session, ids: Collection[int]) -> list[Author]:
    """The authors of proposals and of what joined them; seeds and the erased have none."""
    rows = await session.execute(
        select(Proposal, Identity, Person.lang)
        .join(Identity, Identity.id == Proposal.identity_id)
        .join(Person, Person.id == Proposal.person_id)
        .where(
            or_(Proposal.id.in_(ids), and_(Proposal.joins_id.in_(ids), Proposal.state == "joined")),
            Person.erased_at.is_(None),
        )
        .order_by(Proposal.id)
    )
    return [Author(row[0], row[1], row[2] or row[0].lang) for row in rows.all()]


async def authors_in(
    session: Session, consultation_id: int, states: Collection[str]
) -> list[Author]:
    """The authors of all proposals of these states in a consultation, each for each proposal."""
    query = select(Proposal.id).where(
        Proposal.consultation_id == consultation_id, Proposal.state.in_(states)
    )
    return await authors(session, list((await session.scalars(query)).all()))
