"""Read what was admitted, as everybody may, in a fixed number of statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from nlp.text import words as text_words
from service.consultations.proposals.models import Proposal, ProposalVector, Support
from service.consultations.proposals.queries import Line, lines
from service.database import Session, folded

MOST = 12
STEP, ROUND = 48_271, 1_000_003

_head, _beside = aliased(Proposal), aliased(Proposal)


@dataclass(frozen=True)
class Item:
    """A proposal in a public list, and those that are shown together with it."""

    line: Line
    beside: list[Line]


@dataclass(frozen=True)
class Wanted:
    """What a list of proposals is narrowed to: a theme, and words that each must be in it."""

    theme_id: int | None = None
    words: str = ""


async def page(
    session: Session,
    consultation_id: int,
    wanted: Wanted,
    *,
    on: date,
    limit: int = 20,
    offset: int = 0,
) -> tuple[list[Item], int]:
    """Admitted proposals and how many places the list has, in an order that is another each day,
    so that nobody is always first.
    """
    chosen = _conditions(consultation_id, wanted)
    count = select(func.count(Proposal.id)).outerjoin(_head, _head.id == Proposal.shown_with)
    total = await session.scalar(count.where(*chosen)) or 0
    mixed = Proposal.id * pow(STEP, on.toordinal(), ROUND) % ROUND
    turn = mixed * mixed % ROUND
    found = await session.scalars(
        select(Proposal)
        .outerjoin(_head, _head.id == Proposal.shown_with)
        .where(*chosen)
        .order_by(turn, Proposal.id)
        .limit(limit)
        .offset(offset)
    )
    return await _items(session, found.all()), total


async def heads(
    session: Session, consultation_id: int, theme_id: int | None, found: Sequence[int]
) -> list[int]:
    """The places of a list where these proposals stand, in the order of `found`, each once."""
    chosen = Proposal.id.in_(found), Proposal.consultation_id == consultation_id
    standing = case((_head.state == "admitted", _head.id), else_=Proposal.id)
    themed = case((_head.state == "admitted", _head.theme_id), else_=Proposal.theme_id)
    query = (
        select(Proposal.id, standing)
        .outerjoin(_head, _head.id == Proposal.shown_with)
        .where(*chosen, Proposal.state == "admitted")
    )
    if theme_id is not None:
        query = query.where(themed == theme_id)
    places: dict[int, int] = dict((await session.execute(query)).all())
    return list(dict.fromkeys(places[id_] for id_ in found if id_ in places))


async def saying(session: Session, consultation_id: int, words: str, *, limit: int) -> list[int]:
    """Admitted proposals that say each of these words, there or in what is shown together."""
    chosen = _conditions(consultation_id, Wanted(words=words))
    query = select(Proposal.id).outerjoin(_head, _head.id == Proposal.shown_with)
    return list(await session.scalars(query.where(*chosen).order_by(Proposal.id).limit(limit)))


async def some(session: Session, ids: Sequence[int]) -> list[Item]:
    """These places of a list, in this order."""
    found = await session.scalars(select(Proposal).where(Proposal.id.in_(ids)))
    rows = {row.id: row for row in found}
    return await _items(session, [rows[id_] for id_ in ids])


async def texts(session: Session, consultation_id: int) -> dict[int, str]:
    """What is shown of each admitted proposal, by number."""
    shown = func.coalesce(Proposal.edited, Proposal.text)
    rows = await session.execute(
        select(Proposal.id, shown)
        .where(Proposal.consultation_id == consultation_id, Proposal.state == "admitted")
        .order_by(Proposal.id)
    )
    return dict(rows.all())


async def encoded(session: Session, consultation_id: int, model: str) -> dict[int, str]:
    """Of which wording, by its hash, `model` gave the vector of each admitted proposal."""
    rows = await session.execute(
        select(ProposalVector.proposal_id, ProposalVector.digest)
        .join(Proposal, Proposal.id == ProposalVector.proposal_id)
        .where(Proposal.consultation_id == consultation_id, Proposal.state == "admitted")
        .where(ProposalVector.model == model)
    )
    return dict(rows.all())


def _conditions(consultation_id: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    alone = or_(_head.id.is_(None), _head.state != "admitted")
    found: list[ColumnElement[bool]] = [
        Proposal.consultation_id == consultation_id, Proposal.state == "admitted", alone,
    ]  # fmt: skip
    if wanted.theme_id is not None:
        found.append(Proposal.theme_id == wanted.theme_id)
    return [*found, *map(_says, text_words(wanted.words)[:MOST])]


def _says(word: str) -> ColumnElement[bool]:
    """A word is in what is shown, there or in what is shown together with it."""
    here = folded(func.coalesce(Proposal.edited, Proposal.text)).contains(word, autoescape=True)
    there = folded(func.coalesce(_beside.edited, _beside.text)).contains(word, autoescape=True)
    together = and_(_beside.shown_with == Proposal.id, _beside.state == "admitted", there)
    return or_(here, exists().where(together).correlate(Proposal))


async def _items(session: Session, heads: Sequence[Proposal]) -> list[Item]:
    ids = [row.id for row in heads]
    found = await session.scalars(
        select(Proposal)
        .where(Proposal.shown_with.in_(ids), Proposal.state == "admitted")
        .order_by(Proposal.id)
    )
    told = {line.row.id: line for line in await lines(session, [*heads, *found.all()])}
    beside: dict[int, list[Line]] = {id_: [] for id_ in ids}
    for line in told.values():
        if line.row.shown_with in beside and line.row.id not in beside:
            beside[line.row.shown_with].append(line)
    return [Item(told[id_], beside[id_]) for id_ in ids]


async def people(session: Session, consultation_ids: Collection[int]) -> dict[int, int]:
    """How many people proposed something or stood behind it, each once."""
    given = (
        select(Proposal.consultation_id, Proposal.person_id)
        .where(Proposal.consultation_id.in_(consultation_ids), Proposal.person_id.is_not(None))
        .union(
            select(Proposal.consultation_id, Support.person_id)
            .join(Proposal, Proposal.id == Support.proposal_id)
            .where(Proposal.consultation_id.in_(consultation_ids))
        )
        .subquery()
    )
    rows = await session.execute(
        select(given.c.consultation_id, func.count()).group_by(given.c.consultation_id)
    )
    found = dict.fromkeys(consultation_ids, 0)
    return found | {row[0]: row[1] for row in rows.all()}
