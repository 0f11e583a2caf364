"""Consultations as programs read them: what is asked, how far it is, and what was admitted."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from service.consultations import queries
from service.consultations.actions import UnknownConsultation
from service.consultations.proposals import queries as proposals
from service.consultations.proposals.queries import Line
from service.consultations.queries import Whole
from service.database import Session
from service.issues.showing.queries import rounded
from service.public.data import OPEN
from service.shell import docs
from service.shell.requests import Here, Reading

router = APIRouter(prefix="/v1", tags=["open data"], responses=docs.REFUSALS)

HIGHEST = 2**53
Id = Annotated[int, Path(ge=1, le=HIGHEST)]
Theme = Annotated[int | None, Query(ge=1, le=HIGHEST)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


class AskedOut(BaseModel):
    """What is asked, in one language."""

    title: str = Field(examples=["Saúde perto"])
    question: str = Field(examples=["Como melhorar o atendimento de saúde no seu bairro?"])
    text: str | None = Field(examples=["Escreva uma ideia por mensagem."])


class ThemeNames(BaseModel):
    """A theme, by its names in languages."""

    id: int
    names: dict[str, str] = Field(examples=[{"pt": "Postos de saúde"}])


class PutOff(BaseModel):
    """A date that was put off, and why."""

    phase: str = Field(examples=["proposing"])
    was: datetime
    became: datetime
    reason: str = Field(examples=["Duas regiões ficaram sem internet."])


class AskedWhole(BaseModel):
    """A consultation; `proposals` are those that were admitted."""

    id: int
    url: str = Field(examples=["https://gov.example/consultations/7"])
    state: str = Field(examples=["proposing"])
    reason: str | None = Field(examples=["A lei mudou."])
    lang: str = Field(examples=["pt"])
    open_to: str = Field(examples=["all"])
    place: str | None = Field(examples=["Vale Claro"])
    picture_url: str | None = Field(examples=["https://gov.example/saude.jpg"])
    video_url: str | None = Field(examples=["https://video.example/saude"])
    proposing_from: datetime
    proposing_until: datetime
    screening_until: datetime
    voting_until: datetime
    texts: dict[str, AskedOut]
    themes: list[ThemeNames]
    extensions: list[PutOff]
    proposals: int


class AskedPage(BaseModel):
    """Consultations, the newest first."""

    licence: str = Field(examples=["CC-BY-4.0"])
    items: list[AskedWhole]
    total: int


class ProposedOut(BaseModel):
    """An admitted proposal. `text` is its author's own where staff show it in other words; who
    supports it is counted from the least number on that the public reads, rounded down.
    """

    id: int
    theme_id: int
    origin: str = Field(examples=["citizen"])
    lang: str = Field(examples=["pt"])
    shown: str = Field(examples=["Abrir o posto até as 20 horas, de segunda a sábado."])
    text: str = Field(examples=["Abram o posto até as 20 horas, por favor."])
    shown_with: int | None
    supports: int | None
    joined: int
    reply: str | None = Field(examples=["Vai abrir até as 20 horas desde março."])
    admitted_at: datetime | None


class ProposedPage(BaseModel):
    """Admitted proposals, by number."""

    licence: str = Field(examples=["CC-BY-4.0"])
    items: list[ProposedOut]
    total: int


@router.get("/consultations")
async def consultations(
    response: Response, here: Here, session: Reading, limit: Limit = 50, offset: Offset = 0
) -> AskedPage:
    """Consultations that were opened, the newest first."""
    rows, total = await queries.page(session, public=True, limit=limit, offset=offset)
    counts = await proposals.counts(session, [row.id for row in rows])
    wholes = await queries.wholes(session, rows)
    items = [_asked(one, counts[one.row.id], here.settings.url) for one in wholes]
    response.headers.update(OPEN)
    return AskedPage(licence=here.settings.open_data_licence, items=items, total=total)


@router.get("/consultations/{consultation_id}")
async def consultation(
    response: Response, here: Here, session: Reading, consultation_id: Id
) -> AskedWhole:
    """One consultation that was opened."""
    whole = await opened(session, consultation_id)
    counts = await proposals.counts(session, [whole.row.id])
    response.headers.update(OPEN)
    return _asked(whole, counts[whole.row.id], here.settings.url)


@router.get("/consultations/{consultation_id}/proposals")
async def proposed(
    response: Response,
    here: Here,
    session: Reading,
    consultation_id: Id,
    theme: Theme = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> ProposedPage:
    """What was admitted, in the wording that is shown and in its author's own."""
    await opened(session, consultation_id)
    rows, total = await proposals.page(
        session, consultation_id, states=("admitted",), theme_id=theme, limit=limit, offset=offset
    )
    least = here.settings.public_minimum
    items = [_proposed(one, least) for one in await proposals.lines(session, rows)]
    response.headers.update(OPEN)
    return ProposedPage(licence=here.settings.open_data_licence, items=items, total=total)


async def opened(session: Session, consultation_id: int) -> Whole:
    """A consultation that the public may read. Raises `UnknownConsultation`."""
    whole = await queries.whole(session, consultation_id)
    if whole is None or not queries.opened(whole.row):
        raise UnknownConsultation("There is no such consultation.")
    return whole


FIELDS = (
    "id", "state", "reason", "lang", "open_to", "place", "picture_url", "video_url",
    "proposing_from", "proposing_until", "screening_until", "voting_until",
)  # fmt: skip


def _asked(whole: Whole, counts: dict[str, int], url: str) -> AskedWhole:
    return AskedWhole(
        **{name: getattr(whole.row, name) for name in FIELDS},
        url=f"{url}/consultations/{whole.row.id}",
        texts={
            lang: AskedOut(title=text.title, question=text.question, text=text.text)
            for lang, text in whole.texts.items()
        },
        themes=[ThemeNames(id=theme.id, names=theme.names) for theme in whole.themes],
        extensions=[
            PutOff(phase=one.phase, was=one.was, became=one.became, reason=one.reason)
            for one in whole.extensions
        ],
        proposals=counts.get("admitted", 0),
    )


def _proposed(line: Line, least: int) -> ProposedOut:
    row = line.row
    return ProposedOut(
        id=row.id,
        theme_id=row.theme_id,
        origin=row.origin,
        lang=row.lang,
        shown=row.shown,
        text=row.text,
        shown_with=row.shown_with,
        supports=rounded(line.supports, least) if line.supports >= least else None,
        joined=line.joined,
        reply=row.reply,
        admitted_at=row.admitted_at,
    )
