"""Issues on the wire."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from service.issues.listing.queries import Campaign, Day, Listed, Mix, Said
from service.issues.models import Proposal, Theme
from service.trail.models import Event

OWN = (
    "id",
    "name",
    "phrases",
    "state",
    "reason",
    "confidence",
    "routed_by",
    "route_reason",
    "official_id",
    "theme_id",
    "due_at",
    "people",
    "messages",
    "growth",
    "emerging",
    "first_seen",
    "last_seen",
    "merged_into",
    "touched_at",
    "shown_at",
)
HIGHEST = 2**53
IdField = Annotated[int, Field(ge=1, le=HIGHEST)]
Ids = Annotated[list[IdField], Field(min_length=1, max_length=5000, examples=[[12, 15]])]
Reason = Annotated[str, Field(min_length=1, max_length=2000)]


class IssueLine(BaseModel):
    """An issue in a list."""

    id: int = Field(examples=[42])
    name: str = Field(examples=["No water on Flower Street"])
    phrases: list[str] = Field(examples=[["no water", "flower street"]])
    state: str = Field(examples=["open"])
    reason: str | None = Field(None, examples=["A declared duplicate of another state's matter"])
    department: str | None = Field(examples=["water"])
    department_name: str | None = Field(examples=["Water and Sewers"])
    confidence: float = Field(examples=[0.82])
    routed_by: str = Field(examples=["machine"])
    route_reason: list[str] = Field(examples=[["water", "pipe"]])
    official_id: int | None = None
    official: str | None = Field(examples=["Ana Prado"])
    theme_id: int | None = None
    theme: str | None = Field(examples=["Water supply"])
    due_at: datetime | None
    overdue: bool = False
    people: int = Field(examples=[17])
    messages: int = Field(examples=[31])
    contributions: int = Field(examples=[19])
    growth: float = Field(examples=[3.4])
    emerging: bool = False
    first_seen: datetime
    last_seen: datetime
    merged_into: int | None = None
    touched_at: datetime | None = None
    shown_at: datetime | None = None
    langs: dict[str, int] = Field(default_factory=dict, examples=[{"pt": 14, "es": 5}])
    channels: dict[str, int] = Field(default_factory=dict, examples=[{"web": 19}])


class IssuePage(BaseModel):
    """One page of issues; `total` counts all that the filter leaves."""

    items: list[IssueLine]
    total: int


class Rendering(BaseModel):
    """What a machine makes of a contribution in another language: rough, for staff alone."""

    text: str | None = Field(examples=["It does not have water in my street."])
    source: str = Field(examples=["pt"])
    lang: str = Field(examples=["en"])
    machine_made: bool


class SaidLine(BaseModel):
    """A contribution, masked. `copies` counts the same text in its issue."""

    id: int
    issue_id: int
    person: str | None = Field(examples=["P-7K2QMZ4T9X"])
    text: str = Field(examples=["There has been no water on Flower Street since Monday."])
    lang: str = Field(examples=["en"])
    channel: str = Field(examples=["web"])
    kind: str = Field(examples=["complaint"])
    place: str | None = Field(examples=["Flower Street"])
    state: str = Field(examples=["received"])
    said_at: datetime
    copies: int = 1


class SaidPage(BaseModel):
    """One page of contributions."""

    items: list[SaidLine]
    total: int


class DayLine(BaseModel):
    """What was said on one day."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    people: int
    contributions: int


class CampaignLine(BaseModel):
    """A text that came more than once."""

    model_config = ConfigDict(from_attributes=True)

    text: str = Field(examples=["Sign against the closing of the ferry!"])
    copies: int = Field(examples=[120])


class Similar(BaseModel):
    """An issue like this one."""

    issue: IssueLine
    similarity: float = Field(examples=[0.71])


class EventLine(BaseModel):
    """One line of the trail."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor: str = Field(examples=["staff:3"])
    act: str = Field(examples=["move"])
    was: str | None = Field(examples=["open"])
    became: str | None = Field(examples=["assigned"])
    why: str | None = Field(examples=["Claimed"])
    details: dict[str, Any] | None = Field(examples=[{"into": 42}])


class IssueDetail(IssueLine):
    """Everything about one issue. For a merged one, `survivor` is where it lives on."""

    survivor: int
    representatives: list[SaidLine]
    timeline: list[DayLine]
    campaigns: list[CampaignLine]
    merged: list[int]
    similar: list[Similar]
    trail: list[EventLine]


class ThemeLine(BaseModel):
    """A theme and how much there is to it."""

    id: int
    name: str = Field(examples=["Water supply"])
    phrases: list[str] = Field(examples=[["no water", "low pressure"]])
    issues: int = Field(examples=[8])
    people: int = Field(examples=[140])


class ProposalLine(BaseModel):
    """Two issues the machine would merge."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    issue_id: int
    into_id: int
    similarity: float = Field(examples=[0.71])
    state: str = Field(examples=["open"])
    at: datetime


class Rename(BaseModel):
    """A name that stays."""

    name: str = Field(min_length=1, max_length=120, examples=["No water on Flower Street"])


class Assign(BaseModel):
    """To whom an issue goes."""

    department: str | None = Field(None, examples=["water"])
    official_id: IdField | None = Field(None, examples=[3])


class Merge(BaseModel):
    """Where an issue goes."""

    into: IdField = Field(examples=[42])
    why: str | None = Field(None, max_length=500, examples=["The same burst pipe."])


class Why(BaseModel):
    """Why something is done, for the trail."""

    why: str | None = Field(None, max_length=500, examples=["Two different pipes after all."])


class Split(BaseModel):
    """What becomes an issue of its own."""

    contributions: Ids
    name: str | None = Field(
        None, min_length=1, max_length=120, examples=["Brown water in Cedar Hill"]
    )


class Move(BaseModel):
    """What goes to another issue."""

    contributions: Ids
    to: IdField = Field(examples=[42])


class Because(BaseModel):
    """The reason that those who asked will read."""

    reason: Reason = Field(examples=["The street belongs to the neighbouring town."])


class Reopen(BaseModel):
    """Why an issue is open again."""

    why: Reason = Field(examples=["The pipe broke again."])


class Due(BaseModel):
    """Another due date, and why it changes, for the trail."""

    day: date = Field(examples=["2026-04-15"])
    why: Reason = Field(examples=["The part comes from abroad."])


class Batch(BaseModel):
    """What moved: `batch` undoes it."""

    batch: str = Field(examples=["9f2c1e5ab03d7714"])
    issue: IssueLine


def line(listed: Listed, moment: datetime, mix: Mix | None = None) -> IssueLine:
    """An issue as its line."""
    issue = listed.issue
    waits = issue.state in ("open", "assigned")
    return IssueLine(
        **{name: getattr(issue, name) for name in OWN},
        department=listed.department_key,
        department_name=listed.department_name,
        official=listed.official,
        theme=listed.theme,
        contributions=issue.size,
        overdue=waits and issue.due_at is not None and issue.due_at < moment,
        langs=dict(mix.langs) if mix else {},
        channels=dict(mix.channels) if mix else {},
    )


def said(one: Said) -> SaidLine:
    """A contribution as its line."""
    names = ("id", "text", "lang", "channel", "kind", "place", "state", "said_at")
    values = {name: getattr(one.contribution, name) for name in names}
    return SaidLine(**values, issue_id=one.issue_id, person=one.person, copies=one.copies)


def detail(
    own: IssueLine,
    survivor: int,
    *,
    representatives: Sequence[Said],
    timeline: Sequence[Day],
    campaigns: Sequence[Campaign],
    merged: Sequence[int],
    similar: Sequence[Similar],
    trail: Sequence[Event],
) -> IssueDetail:
    """An issue with everything around it."""
    return IssueDetail(
        **own.model_dump(),
        survivor=survivor,
        representatives=[said(one) for one in representatives],
        timeline=[DayLine.model_validate(day) for day in timeline],
        campaigns=[CampaignLine.model_validate(one) for one in campaigns],
        merged=list(merged),
        similar=list(similar),
        trail=[EventLine.model_validate(event) for event in trail],
    )


def theme(row: tuple[Theme, int, int]) -> ThemeLine:
    """A theme as its line."""
    one, issues, people = row
    return ThemeLine(id=one.id, name=one.name, phrases=one.phrases, issues=issues, people=people)


def proposal(row: Proposal) -> ProposalLine:
    """A proposal as its line."""
    return ProposalLine.model_validate(row)
