"""Wire shapes of answers."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

LANG = Field(pattern="^[a-z]{2}$", examples=["pt"])


Lang = Annotated[str, LANG]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class VersionOut(BaseModel):
    """The answer in one language."""

    model_config = ConfigDict(from_attributes=True)

    lang: str
    text: str
    approved_by: int | None
    approved_at: datetime | None


class CitationOut(BaseModel):
    """What a sentence rests on."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    sentence: str
    passage_id: int | None
    cited_answer_id: int | None


class MeasureOut(BaseModel):
    """Something an answer announced."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str
    due_on: date | None
    state: str


class AnswerOut(BaseModel):
    """An answer, as a list shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    source: str | None
    issue_id: int | None
    department_id: int | None
    state: str
    title: str
    question: str | None
    lang: str
    edition: int
    url: str | None
    video_url: str | None
    author_id: int | None
    approver_id: int | None
    reason: str | None
    review_by: date | None
    scheduled_at: datetime | None
    published_at: datetime | None
    corrected_at: datetime | None


class AnswerWhole(AnswerOut):
    """An answer with everything that belongs to it."""

    versions: list[VersionOut]
    citations: list[CitationOut]
    measures: list[MeasureOut]
    deliveries: dict[str, int]
    feedback: dict[str, int]


class AnswerPage(BaseModel):
    """A page of answers."""

    items: list[AnswerOut]
    total: int


class DraftOut(BaseModel):
    """A draft of the machine; each sentence names the passage or answer that contains it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    issue_id: int
    origin: str
    supported: bool
    lang: str
    sentences: list[dict[str, Any]]
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

    lang: str | None = Field(None, pattern="^[a-z]{2}$")
    text: str | None = Field(None, max_length=20_000)
    title: str | None = Field(None, max_length=200)
    video_url: str | None = Field(None, max_length=500, pattern=r"^(https://\S+)?$")
    review_by: date | None = None


class Approval(BaseModel):
    """Which language versions are approved; all when none are named."""

    langs: list[str] | None = None


class Reason(BaseModel):
    """Why, in words people can read."""

    reason: str = Field(min_length=1, max_length=1000)


class Timing(BaseModel):
    """When it is to be published, with its time zone."""

    at: AwareDatetime = Field(examples=["2026-03-02T09:00:00-03:00"])


class Correction(BaseModel):
    """New texts by language, and why."""

    texts: dict[Lang, Text] = Field(min_length=1, examples=[{"pt": "A água volta na terça-feira."}])
    reason: str = Field(min_length=1, max_length=1000)


class Translation(BaseModel):
    """A published answer in another language."""

    lang: str = LANG
    text: str = Field(min_length=1, max_length=20_000)


class MeasureIn(BaseModel):
    """Something an answer announces."""

    text: str = Field(min_length=1, max_length=500)
    due_on: date | None = None


class MeasureMove(BaseModel):
    """The state a measure moves to: under_way, done, dropped or planned."""

    state: str


class DeliveryOut(BaseModel):
    """One outgoing message: its state, not its words."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    channel: str
    cause: str
    cause_id: int | None
    lang: str | None
    state: str
    attempts: int
    failure: str | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None


class DeliveryPage(BaseModel):
    """A page of deliveries."""

    items: list[DeliveryOut]
    total: int


class DeliverySummary(BaseModel):
    """Where an answer's deliveries are: how many in each state, and why some did not arrive."""

    states: dict[str, int] = Field(examples=[{"sent": 120, "failed": 2}])
    failures: dict[str, int] = Field(examples=[{"recipient_gone": 2}])
    page: DeliveryPage
