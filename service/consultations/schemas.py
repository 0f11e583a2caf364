"""Wire shapes of consultations."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl

from service.consultations.actions import Plan
from service.consultations.queries import Whole

Lang = Annotated[str, Field(pattern="^[a-z]{2}$", examples=["pt"])]
Reason = Annotated[str, Field(max_length=1000, examples=["Two regions had no internet."])]
HIGHEST = 2**53


class PlanIn(BaseModel):
    """What staff decide of a consultation; an `entry_code` that is left out stays as it was."""

    lang: Lang
    proposing_from: AwareDatetime
    proposing_until: AwareDatetime
    screening_until: AwareDatetime
    voting_until: AwareDatetime
    open_to: Literal["all", "place", "code"] = "all"
    place: str | None = Field(None, max_length=200, examples=["Vale Claro"])
    entry_code: str | None = Field(None, max_length=60, examples=["FEIRA-2026"])
    picture_url: HttpUrl | None = Field(None, examples=["https://gov.example/saude.jpg"])
    video_url: HttpUrl | None = Field(None, examples=["https://video.example/saude"])
    scores_shown: Literal["after", "live"] = "after"
    shortlist_size: int = Field(10, ge=1, le=100)

    def plan(self) -> Plan:
        """As the actions take it."""
        given = self.model_dump(exclude={"picture_url", "video_url"})
        picture, video = self.picture_url, self.video_url
        return Plan(
            **given,
            picture_url=str(picture) if picture else None,
            video_url=str(video) if video else None,
        )


class TextIn(BaseModel):
    """What is asked, in one language."""

    title: str = Field(min_length=1, max_length=200, pattern=r"\S", examples=["Saúde perto"])
    question: str = Field(
        min_length=1, max_length=500, pattern=r"\S",
        examples=["Como melhorar o atendimento de saúde no seu bairro?"],
    )  # fmt: skip
    text: str | None = Field(None, max_length=20_000, examples=["Escreva uma ideia por mensagem."])


class ThemesIn(BaseModel):
    """Themes in their order, each by its names in languages."""

    themes: list[dict[Lang, Annotated[str, Field(min_length=1, max_length=120)]]] = Field(
        min_length=1, max_length=10, examples=[[{"pt": "Postos de saúde", "en": "Health posts"}]]
    )


class ExtensionIn(BaseModel):
    """A date to put off, with a reason that the public reads."""

    phase: Literal["proposing", "screening", "voting"]
    until: AwareDatetime
    reason: Reason


class MoveIn(BaseModel):
    """What it becomes by hand, and why."""

    to: Literal["screening", "voting", "shortlisted", "met", "reported"]
    why: Reason


class Why(BaseModel):
    """A reason that is read by those it concerns."""

    reason: Reason


class TextOut(BaseModel):
    """What is asked, in one language."""

    model_config = ConfigDict(from_attributes=True)

    title: str = Field(examples=["Saúde perto"])
    question: str = Field(examples=["Como melhorar o atendimento de saúde no seu bairro?"])
    text: str | None = Field(examples=["Escreva uma ideia por mensagem."])


class ThemeOut(BaseModel):
    """A theme and its names by language."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    names: dict[str, str] = Field(examples=[{"pt": "Postos de saúde"}])


class ExtensionOut(BaseModel):
    """A date that was put off."""

    model_config = ConfigDict(from_attributes=True)

    phase: str = Field(examples=["proposing"])
    was: datetime
    became: datetime
    reason: str = Field(examples=["Two regions had no internet."])
    at: datetime


class ConsultationOut(BaseModel):
    """A consultation with all that belongs to it; `proposals` counts them by state."""

    id: int
    state: str = Field(examples=["proposing"])
    reason: str | None = Field(examples=["A lei mudou."])
    lang: str = Field(examples=["pt"])
    open_to: str = Field(examples=["all"])
    place: str | None = Field(examples=["Vale Claro"])
    picture_url: str | None = Field(examples=["https://gov.example/saude.jpg"])
    video_url: str | None = Field(examples=["https://video.example/saude"])
    scores_shown: str = Field(examples=["after"])
    shortlist_size: int
    proposing_from: datetime
    proposing_until: datetime
    screening_until: datetime
    voting_until: datetime
    ready_at: datetime | None
    created_by: int
    created_at: datetime
    texts: dict[str, TextOut]
    themes: list[ThemeOut]
    extensions: list[ExtensionOut]
    proposals: dict[str, int] = Field(examples=[{"waiting": 4, "admitted": 31}])


class ConsultationPage(BaseModel):
    """A page of consultations."""

    items: list[ConsultationOut]
    total: int


FIELDS = (
    "id", "state", "reason", "lang", "open_to", "place", "picture_url", "video_url",
    "scores_shown", "shortlist_size", "proposing_from", "proposing_until", "screening_until",
    "voting_until", "ready_at", "created_by", "created_at",
)  # fmt: skip


def out(whole: Whole, proposals: dict[str, int]) -> ConsultationOut:
    """A consultation as it is told to staff."""
    return ConsultationOut(
        **{name: getattr(whole.row, name) for name in FIELDS},
        texts={lang: TextOut.model_validate(text) for lang, text in whole.texts.items()},
        themes=[ThemeOut.model_validate(theme) for theme in whole.themes],
        extensions=[ExtensionOut.model_validate(one) for one in whole.extensions],
        proposals=proposals,
    )
