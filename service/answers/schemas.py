"""Wire shapes of answers."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, computed_field

from service.channels.contract import understood

LANG = Field(pattern="^[a-z]{2}$", examples=["pt"])


Lang = Annotated[str, LANG]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class VersionOut(BaseModel):
    """The answer in one language."""

    model_config = ConfigDict(from_attributes=True)

    lang: str = Field(examples=["pt"])
    text: str = Field(examples=["A água volta na terça-feira."])
    approved_by: int | None
    approved_at: datetime | None


class CitationOut(BaseModel):
    """What a sentence rests on."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    sentence: str = Field(examples=["A água volta na terça-feira."])
    passage_id: int | None
    cited_answer_id: int | None


class MeasureOut(BaseModel):
    """Something an answer announced."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str = Field(examples=["Replace two kilometres of pipe"])
    due_on: date | None
    state: str = Field(examples=["planned"])


class MeasureLine(MeasureOut):
    """A measure on the board: what announced it, whose it is, and whether it is late."""

    answer_id: int
    answer: str = Field(examples=["Falta de água na Rua das Flores"])
    department: str | None = Field(examples=["Water and Sewers"])
    late: bool


class AnswerOut(BaseModel):
    """An answer, as a list shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    source: str | None = Field(examples=["2026-114"])
    issue_id: int | None
    department_id: int | None
    state: str = Field(examples=["published"])
    title: str = Field(examples=["Falta de água na Rua das Flores"])
    question: str | None = Field(examples=["Quando volta a água?"])
    lang: str = Field(examples=["pt"])
    edition: int
    url: str | None = Field(examples=["https://gov.example/114"])
    video_url: str | None = Field(examples=["https://video.example/114"])
    author_id: int | None
    approver_id: int | None
    reason: str | None = Field(examples=["The date was wrong."])
    review_by: date | None
    scheduled_at: datetime | None
    published_at: datetime | None
    corrected_at: datetime | None


class AnswerWhole(AnswerOut):
    """An answer with everything that belongs to it."""

    versions: list[VersionOut]
    citations: list[CitationOut]
    measures: list[MeasureOut]
    deliveries: dict[str, int] = Field(examples=[{"sent": 120, "waiting": 3}])
    feedback: dict[str, int] = Field(examples=[{"helpful": 64, "reopen": 2}])


class AnswerPage(BaseModel):
    """A page of answers."""

    items: list[AnswerOut]
    total: int


class DraftOut(BaseModel):
    """A draft of the machine; each sentence names the passage or answer that contains it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    issue_id: int
    origin: str = Field(examples=["passages"])
    supported: bool
    lang: str = Field(examples=["pt"])
    sentences: list[dict[str, Any]] = Field(
        examples=[[{"text": "A água volta na terça-feira.", "passage_id": 31}]]
    )
    created_at: datetime


class AnswerIn(BaseModel):
    """An answer to begin: from a draft, or from a text."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"issue_id": 12, "lang": "pt", "title": "Falta de água", "text": "A água volta…"}
            ]
        }
    )

    issue_id: int
    lang: str = LANG
    title: str = Field("", max_length=200)
    text: str = Field("", max_length=20_000)
    draft_id: int | None = None


class AnswerEdit(BaseModel):
    """What to change; a text of another language adds a version."""

    lang: str | None = Field(None, pattern="^[a-z]{2}$", examples=["pt"])
    text: str | None = Field(None, max_length=20_000, examples=["A água volta na quarta-feira."])
    title: str | None = Field(None, max_length=200, examples=["Falta de água na Rua das Flores"])
    video_url: str | None = Field(
        None, max_length=500, pattern=r"^(https://\S+)?$", examples=["https://video.example/114"]
    )
    review_by: date | None = None


class Approval(BaseModel):
    """Which language versions are approved; all when none are named."""

    langs: list[str] | None = Field(None, examples=[["pt", "es"]])


class Reason(BaseModel):
    """Why, in words people can read."""

    reason: str = Field(
        min_length=1,
        max_length=1000,
        examples=["The date in the second sentence is not confirmed."],
    )


class Timing(BaseModel):
    """When it is to be published, with its time zone."""

    at: AwareDatetime = Field(examples=["2026-03-02T09:00:00-03:00"])


class Correction(BaseModel):
    """New texts by language, and why."""

    texts: dict[Lang, Text] = Field(min_length=1, examples=[{"pt": "A água volta na terça-feira."}])
    reason: str = Field(min_length=1, max_length=1000, examples=["The works take a day longer."])


class Translation(BaseModel):
    """A published answer in another language."""

    lang: str = LANG
    text: str = Field(min_length=1, max_length=20_000, examples=["El agua vuelve el martes."])


class MeasureIn(BaseModel):
    """Something an answer announces."""

    text: str = Field(min_length=1, max_length=500, examples=["Replace two kilometres of pipe"])
    due_on: date | None = None


class MeasureMove(BaseModel):
    """The state a measure moves to: under_way, done, dropped or planned."""

    state: str = Field(examples=["under_way"])


class DeliveryOut(BaseModel):
    """One outgoing message: its state, not its words."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    channel: str = Field(examples=["web"])
    cause: str = Field(examples=["answer"])
    cause_id: int | None
    lang: str | None = Field(examples=["pt"])
    state: str = Field(examples=["sent"])
    attempts: int
    failure: str | None = Field(examples=["recipient_gone", "no_address"])
    error: str | None = Field(examples=["has blocked us on Telegram"])
    created_at: datetime
    sent_at: datetime | None

    @computed_field(examples=["blocked"])  # type: ignore[prop-decorator]
    @property
    def error_code(self) -> str | None:
        """Names the error where it is one of ours and not in a platform's own words."""
        found = understood(self.error) if self.error else None
        return found[0] if found else None


class DeliveryPage(BaseModel):
    """A page of deliveries."""

    items: list[DeliveryOut]
    total: int


class DeliverySummary(BaseModel):
    """Where an answer's deliveries are: how many in each state, and why some did not arrive."""

    states: dict[str, int] = Field(examples=[{"sent": 120, "failed": 2}])
    failures: dict[str, int] = Field(examples=[{"recipient_gone": 2}])
    page: DeliveryPage


class PreviewIn(BaseModel):
    """A text as it would be published."""

    lang: str = LANG
    text: str = Field(min_length=1, max_length=20_000, examples=["El agua vuelve el martes."])
    video_url: str | None = Field(
        None, max_length=500, pattern=r"^(https://\S+)?$", examples=["https://video.example/114"]
    )


class PartOut(BaseModel):
    """One message of those a channel sends."""

    model_config = ConfigDict(from_attributes=True)

    text: str = Field(examples=["The Water Department answers: the water is back on Tuesday."])
    buttons: list[str] = Field(examples=[["That helped"]])


class PreviewOut(BaseModel):
    """How a text reaches people on one channel."""

    model_config = ConfigDict(from_attributes=True)

    channel: str = Field(examples=["web"])
    parts: list[PartOut]
