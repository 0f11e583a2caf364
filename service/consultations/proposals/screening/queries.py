"""The screening queue: what waits, with what is like it and whether it is off the topic."""

from collections.abc import Sequence
from dataclasses import dataclass

from nlp import likeness
from nlp.embed import FloatArray
from service.consultations.proposals import queries
from service.consultations.proposals.models import Proposal
from service.consultations.proposals.queries import LIVE, Line
from service.database import Session
from service.retrieval.retriever import Retriever

NEAR = 3


@dataclass(frozen=True)
class Near:
    """Another proposal that may say the same; `likeness` is a cosine."""

    row: Proposal
    likeness: float


@dataclass(frozen=True)
class Waiting:
    """A proposal with what helps to decide on it: the nearest others, likest first, and how
    close it is to the likest theme (None until both are encoded).
    """

    line: Line
    near: list[Near]
    closeness: float | None
    off_topic: bool


async def queue(
    session: Session,
    consultation_id: int,
    rows: Sequence[Proposal],
    retriever: Retriever | None,
) -> list[Waiting]:
    """These proposals as the queue shows them, in a fixed number of statements; while there is no
    retriever, nothing is said about what they are like.
    """
    if retriever is None:
        return [Waiting(line, [], None, False) for line in await queries.lines(session, rows)]
    model, place = retriever.embedder.name, retriever.space.place
    ids, among = await queries.vectors(session, consultation_id, LIVE, model)
    _, raw = await queries.theme_vectors(session, consultation_id, model)
    encoded, own = await queries.vectors_of(session, [row.id for row in rows], model)
    asked = sorted((row for row in rows if row.id in set(encoded)), key=lambda row: row.id)
    mine, themes = place(own), place(raw)
    near = _near(asked, mine, ids, place(among))
    compared = len(themes) and len(asked)
    close = likeness.closeness(mine, themes)[1] if compared else [None] * len(asked)
    likest = [found[0][1] if found else 0.0 for found in near]
    others = await queries.some(
        session, {id_ for found in near for id_, how in found if how >= likeness.ALIKE}
    )
    told = {
        row.id: (found, closest, closest is not None and likeness.astray([closest], [best])[0])
        for row, found, closest, best in zip(asked, near, close, likest, strict=True)
    }
    return [
        _waiting(line, *told.get(line.row.id, ([], None, False)), others)
        for line in await queries.lines(session, rows)
    ]


def _near(
    rows: Sequence[Proposal], mine: FloatArray, ids: list[int], among: FloatArray
) -> list[list[tuple[int, float]]]:
    """The likest others of each, likest first, however little they are like it."""
    found = likeness.nearest(mine, among, most=NEAR + 1, least=-1.0)
    return [
        [(ids[at], how) for at, how in hits if ids[at] != row.id][:NEAR]
        for row, hits in zip(rows, found, strict=True)
    ]


def _waiting(
    line: Line,
    found: list[tuple[int, float]],
    closest: float | None,
    off_topic: bool,
    others: dict[int, Proposal],
) -> Waiting:
    near = [Near(others[id_], how) for id_, how in found if id_ in others]
    return Waiting(line, near, closest, off_topic)
