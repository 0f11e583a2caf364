"""Wire shapes of proposals."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from service.consultations.proposals.models import Proposal
from service.consultations.proposals.queries import Line
from service.consultations.proposals.screening.queries import Waiting
from service.consultations.schemas import HIGHEST, Lang, Reason

Number = Annotated[int, Field(ge=1, le=HIGHEST)]


class SeedIn(BaseModel):
    """A proposal of staff."""

    theme_id: Number
    lang: Lang
    text: str = Field(max_length=5000, examples=["Abrir o posto do bairro até as 20 horas…"])


class WordingIn(BaseModel):
    """The wording that is shown; an empty one shows the author's own again."""

    text: str = Field(max_length=5000, examples=["Abrir o posto até as 20 horas."])


class ThemeIn(BaseModel):
    """The theme it belongs to."""

    theme_id: Number


class OtherIn(BaseModel):
    """The other proposal."""

    with_id: Number


class ReplyIn(BaseModel):
    """What the government says to it."""

    text: str = Field(max_length=20_000, examples=["Vai abrir até as 20 horas desde março."])


class Refusal(BaseModel):
    """Why it is not admitted; its author reads it."""

    reason: Reason


class ProposalOut(BaseModel):
    """A proposal: `text` is what its author wrote, masked; `shown` what people read."""

    id: int
    consultation_id: int
    theme_id: int
    themed_by: str = Field(examples=["machine"])
    theme: dict[str, str] = Field(examples=[{"pt": "Postos de saúde"}])
    origin: str = Field(examples=["citizen"])
    channel: str | None = Field(examples=["telegram"])
    lang: str = Field(examples=["pt"])
    text: str = Field(examples=["Abram o posto até as 20 horas, por favor."])
    edited: str | None = Field(examples=["Abrir o posto até as 20 horas, de segunda a sábado."])
    shown: str = Field(examples=["Abrir o posto até as 20 horas, de segunda a sábado."])
    differs: bool
    state: str = Field(examples=["waiting"])
    reason: str | None = Field(examples=["A lei mudou."])
    review_asked_at: datetime | None
    reviewed_at: datetime | None
    decided_by: int | None
    shown_with: int | None
    joins_id: int | None
    joins_asked_at: datetime | None
    reply: str | None = Field(examples=["Vai abrir até as 20 horas desde março."])
    replied_at: datetime | None
    admitted_at: datetime | None
    created_at: datetime
    supports: int
    joined: int


class ProposalPage(BaseModel):
    """A page of proposals."""

    items: list[ProposalOut]
    total: int


class NearOut(BaseModel):
    """Another proposal that may say the same."""

    id: int
    state: str = Field(examples=["admitted"])
    shown: str = Field(examples=["Abrir o posto até as 20 horas, de segunda a sábado."])
    likeness: float = Field(examples=[0.81])


class WaitingOut(BaseModel):
    """A proposal that waits, with what helps to decide on it."""

    proposal: ProposalOut
    near: list[NearOut]
    closeness: float | None = Field(examples=[0.44])
    off_topic: bool


class QueuePage(BaseModel):
    """A page of the screening queue."""

    items: list[WaitingOut]
    total: int


FIELDS = tuple(
    name for name in ProposalOut.model_fields if name not in ("theme", "supports", "joined")
)


def line(one: Line) -> ProposalOut:
    """A proposal as a list shows it to staff."""
    row: Proposal = one.row
    given = {name: getattr(row, name) for name in FIELDS}
    return ProposalOut(**given, theme=one.names, supports=one.supports, joined=one.joined)


def waiting(one: Waiting) -> WaitingOut:
    """A proposal as the queue shows it."""
    near = [
        NearOut(
            id=other.row.id, state=other.row.state, shown=other.row.shown,
            likeness=round(other.likeness, 3),
        )
        for other in one.near
    ]  # fmt: skip
    return WaitingOut(
        proposal=line(one.line),
        near=near,
        closeness=None if one.closeness is None else round(one.closeness, 3),
        off_topic=one.off_topic,
    )
