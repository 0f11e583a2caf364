"""Wire shapes of rounds."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from service.rounds.queries import Question, Told

Lang = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Counts = Literal["live", "after"]


class TextIn(BaseModel):
    """What a round says in one language; an empty title takes the language away."""

    title: str = Field(max_length=200, examples=["What should the governor answer in March?"])
    text: str = Field("", max_length=4000, examples=["Support what matters to you, or ask it."])


class RoundIn(BaseModel):
    """A round to plan; without dates it begins now and lasts 30 days."""

    lang: Lang = Field(examples=["pt"])
    texts: dict[Lang, TextIn] = Field(
        min_length=1, max_length=10, examples=[{"pt": {"title": "Perguntas de março"}}]
    )
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    answer_days: int = Field(10, ge=1, le=365)
    per_theme: int = Field(0, ge=0, le=50, description="0: one question over all.")
    counts_shown: Counts = "live"


class RoundChange(BaseModel):
    """What is to be different; rules and dates only until the round begins."""

    texts: dict[Lang, TextIn] | None = Field(None, max_length=10)
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    answer_days: int | None = Field(None, ge=1, le=365)
    per_theme: int | None = Field(None, ge=0, le=50)
    counts_shown: Counts | None = None


class Extension(BaseModel):
    """A later end, and why."""

    until: AwareDatetime
    reason: str = Field(max_length=2000, examples=["The floods kept many from taking part."])


class Why(BaseModel):
    """A reason that people read."""

    reason: str = Field(max_length=2000, examples=["It asks for a private person's data."])


class TextOut(BaseModel):
    """What a round says in one language."""

    title: str = Field(examples=["Questions of March"])
    text: str = Field(examples=["Support what matters to you, or ask it."])


class RoundOut(BaseModel):
    """A round. `people` took part so far, or until its end."""

    id: int
    state: str = Field(examples=["open"])
    lang: str = Field(examples=["pt"])
    texts: dict[str, TextOut]
    opens_at: datetime
    closes_at: datetime
    answer_days: int
    per_theme: int
    counts_shown: str = Field(examples=["live"])
    people: int
    reason: str | None = Field(examples=["The elections begin."])


class QuestionOut(BaseModel):
    """A question of a round. `named` says that staff have given it a title, so that others read it;
    `aside` why it is not put to the vote.
    """

    issue_id: int
    name: str = Field(examples=["When does the new hospital open?"])
    named: bool
    supporters: int
    state: str = Field(examples=["assigned"])
    theme: str | None = Field(examples=["Health"])
    department: str | None = Field(examples=["health"])
    official: str | None = Field(examples=["Ana Prado"])
    aside: str | None = Field(examples=["It asks for a private person's data."])
    due_at: datetime | None
    by_lot: bool
    answered_at: datetime | None


class RoundWhole(RoundOut):
    """A round with all its questions, the most supported first."""

    questions: list[QuestionOut]


def out(told: Told, people: int) -> RoundOut:
    """A round as a list shows it."""
    one = told.round
    return RoundOut(
        id=one.id, state=one.state, lang=one.lang, opens_at=one.opens_at, closes_at=one.closes_at,
        answer_days=one.answer_days, per_theme=one.per_theme, counts_shown=one.counts_shown,
        people=people, reason=one.reason,
        texts={lang: TextOut(title=t[0], text=t[1]) for lang, t in told.texts.items()},
    )  # fmt: skip


def question(one: Question) -> QuestionOut:
    """A question as staff read it."""
    return QuestionOut(
        issue_id=one.issue_id, name=one.name, named=one.named, supporters=one.supporters,
        state=one.state, theme=one.theme, department=one.department_key, official=one.official,
        aside=one.aside, due_at=one.due_at, by_lot=one.by_lot, answered_at=one.answered_at,
    )  # fmt: skip
