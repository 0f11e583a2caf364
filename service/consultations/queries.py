"""Read consultations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from service.consultations.models import (
    Consultation,
    ConsultationText,
    ConsultationTheme,
    Extension,
    Participant,
)
from service.consultations.proposals.models import Proposal
from service.database import Session

OPEN = ("proposing", "screening", "voting")


@dataclass(frozen=True)
class Whole:
    """A consultation with its wordings by language, its themes in their order, and the dates that
    were put off, oldest first.
    """

    row: Consultation
    texts: dict[str, ConsultationText]
    themes: list[ConsultationTheme]
    extensions: list[Extension]

    def text(self, lang: str) -> ConsultationText:
        """What is asked, in a language or in the consultation's own."""
        return self.texts.get(lang) or self.texts[self.row.lang]


def theme_name(theme: ConsultationTheme, lang: str, original: str) -> str:
    """What a theme is called in a language, or in the consultation's own."""
    return str(theme.names.get(lang) or theme.names[original])


def opened(row: Consultation) -> bool:
    """Whether the public reads it: it was opened once, whatever became of it."""
    return row.state != "drafted" and row.ready_at is not None


async def consultation(session: Session, consultation_id: int) -> Consultation | None:
    """One consultation."""
    return await session.get(Consultation, consultation_id)


async def for_act(session: Session, consultation_id: int) -> Consultation | None:
    """One consultation, locked until the transaction ends."""
    return await session.scalar(
        select(Consultation)
        .where(Consultation.id == consultation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def some(session: Session, ids: Collection[int]) -> list[Consultation]:
    """These consultations."""
    found = await session.scalars(select(Consultation).where(Consultation.id.in_(ids)))
    return list(found.all())


async def page(
    session: Session,
    *,
    states: Collection[str] = (),
    public: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Consultation], int]:
    """Consultations, or those that were opened once, the newest first, and how many there are."""
    chosen: list[ColumnElement[bool]] = [Consultation.state.in_(states)] if states else []
    if public:
        chosen += [Consultation.state != "drafted", Consultation.ready_at.is_not(None)]
    total = await session.scalar(select(func.count()).select_from(Consultation).where(*chosen))
    query = select(Consultation).where(*chosen).order_by(Consultation.id.desc())
    found = await session.scalars(query.limit(limit).offset(offset))
    return list(found.all()), total or 0


async def wholes(session: Session, rows: Sequence[Consultation]) -> list[Whole]:
    """These consultations with all that belongs to them, in a fixed number of statements."""
    ids = [row.id for row in rows]
    texts = await session.scalars(
        select(ConsultationText)
        .where(ConsultationText.consultation_id.in_(ids))
        .order_by(ConsultationText.id)
    )
    named: dict[int, dict[str, ConsultationText]] = {id_: {} for id_ in ids}
    for text in texts.all():
        named[text.consultation_id][text.lang] = text
    themes = await themes_of(session, ids)
    put_off: dict[int, list[Extension]] = {id_: [] for id_ in ids}
    for one in await _extensions(session, ids):
        put_off[one.consultation_id].append(one)
    return [Whole(row, named[row.id], themes.get(row.id, []), put_off[row.id]) for row in rows]


async def whole(session: Session, consultation_id: int) -> Whole | None:
    """A consultation with all that belongs to it."""
    row = await consultation(session, consultation_id)
    return (await wholes(session, [row]))[0] if row else None


async def themes_of(session: Session, ids: Collection[int]) -> dict[int, list[ConsultationTheme]]:
    """The themes of consultations, in their order."""
    found = await session.scalars(
        select(ConsultationTheme)
        .where(ConsultationTheme.consultation_id.in_(ids))
        .order_by(ConsultationTheme.consultation_id, ConsultationTheme.position)
    )
    themes: dict[int, list[ConsultationTheme]] = {}
    for theme in found.all():
        themes.setdefault(theme.consultation_id, []).append(theme)
    return themes


async def has_proposals(session: Session, theme_id: int) -> bool:
    """Whether anything was proposed under a theme."""
    found = await session.scalar(select(Proposal.id).where(Proposal.theme_id == theme_id).limit(1))
    return found is not None


async def _extensions(session: Session, ids: Collection[int]) -> Sequence[Extension]:
    found = await session.scalars(
        select(Extension).where(Extension.consultation_id.in_(ids)).order_by(Extension.id)
    )
    return found.all()


async def text(session: Session, consultation_id: int, lang: str) -> ConsultationText | None:
    """What is asked in one language."""
    return await session.scalar(
        select(ConsultationText).where(
            ConsultationText.consultation_id == consultation_id, ConsultationText.lang == lang
        )
    )


async def due(session: Session, moment: datetime) -> list[int]:
    """Consultations that a date moves on."""
    past = or_(
        and_(
            Consultation.state == "drafted",
            Consultation.ready_at.is_not(None),
            Consultation.proposing_from <= moment,
        ),
        and_(Consultation.state == "proposing", Consultation.proposing_until <= moment),
        and_(Consultation.state == "screening", Consultation.screening_until <= moment),
        and_(Consultation.state == "voting", Consultation.voting_until <= moment),
    )
    found = await session.scalars(select(Consultation.id).where(past).order_by(Consultation.id))
    return list(found.all())


async def can_vote(session: Session, consultation_id: int) -> bool:
    """Whether any theme has two proposals that can be compared."""
    found = await session.scalar(
        select(Proposal.theme_id)
        .where(Proposal.consultation_id == consultation_id, Proposal.state == "admitted")
        .group_by(Proposal.theme_id)
        .having(func.count() > 1)
        .limit(1)
    )
    return found is not None


async def takes_part(session: Session, row: Consultation, person_id: int) -> bool:
    """Whether a person may propose, support and vote here."""
    if row.open_to == "all":
        return True
    found = await session.scalar(
        select(Participant.id).where(
            Participant.consultation_id == row.id, Participant.person_id == person_id
        )
    )
    return found is not None


async def places_of(session: Session, person_id: int) -> list[tuple[int, str]]:
    """Where a person was let in, and by what."""
    rows = await session.execute(
        select(Participant.consultation_id, Participant.by).where(
            Participant.person_id == person_id
        )
    )
    return [(row.consultation_id, row.by) for row in rows.all()]


async def without_vectors(session: Session, model: str) -> list[ConsultationTheme]:
    """Themes that this model has not encoded."""
    found = await session.scalars(
        select(ConsultationTheme)
        .where(or_(ConsultationTheme.model.is_(None), ConsultationTheme.model != model))
        .order_by(ConsultationTheme.id)
    )
    return list(found.all())
