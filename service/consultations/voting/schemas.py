"""Wire shapes of voting."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.consultations.schemas import Lang, Reason


class EnterIn(BaseModel):
    """Who begins to vote in a browser: the link that led here, and what the consultation asks
    for where not everybody may take part.
    """

    campaign: str | None = Field(None, pattern="^[A-Za-z0-9_-]{1,40}$", examples=["poster-north"])
    code: str | None = Field(None, max_length=60, examples=["FEIRA-2026"])
    lives_there: bool = False
    theme_id: int | None = Field(None, ge=1, le=2**53)


class SideOut(BaseModel):
    """A proposal of a pair, as it reads."""

    id: int
    lang: Lang
    text: str = Field(examples=["Abrir o posto também aos sábados, das 8 às 12."])


class PairOut(BaseModel):
    """Two proposals to compare, signed for one voter."""

    pair: str = Field(examples=["12.7.1771934400000.9f2c41aa.5d01…e4"])
    theme: str = Field(examples=["Postos de saúde"])
    left: SideOut
    right: SideOut


class StandingOut(BaseModel):
    """Where a voter stands: how many pairs they compared, whether this is a good moment for a
    pause, and the next pair; none when they have compared all.
    """

    cast: int
    pause: bool
    next: PairOut | None


class EnteredOut(StandingOut):
    """A voter's token: whoever has it votes with their voice."""

    token: str = Field(examples=["1f0c…a9.poster-north.77e0…3b"])


class VoteIn(BaseModel):
    """A choice; `why` where neither was chosen."""

    pair: str = Field(max_length=120, examples=["12.7.1771934400000.9f2c41aa.5d01…e4"])
    choice: Literal["left", "right", "neither"]
    why: Literal["same", "unknown", "unclear"] | None = None
    theme_id: int | None = Field(None, ge=1, le=2**53)


class VotedOut(StandingOut):
    """What became of a vote: `counted` now, or it was before, and `choice` is what counts."""

    counted: bool
    choice: Literal["left", "right", "neither"]


class ScoreOut(BaseModel):
    """How a proposal does in one counting: the chance to beat another of its theme, from `low` to
    `high` with 95 % of belief.
    """

    model_config = ConfigDict(from_attributes=True)

    score: float = Field(examples=[0.71])
    low: float = Field(examples=[0.64])
    high: float = Field(examples=[0.77])
    wins: float
    losses: float
    ties: float


class ResultOut(BaseModel):
    """A proposal's place, without suspicious votes beside with them; `consensus` is how far every
    opinion group prefers it.
    """

    proposal_id: int
    rank: int
    text: str = Field(examples=["Abrir o posto também aos sábados, das 8 às 12."])
    lang: Lang
    shown: int
    consensus: float | None
    trusted: ScoreOut
    all: ScoreOut
    rank_all: int


class ListedOut(BaseModel):
    """A proposal on the shortlist, or taken off it; who put it there against the ranking, or took
    it off, says why.
    """

    model_config = ConfigDict(from_attributes=True)

    proposal_id: int
    rank: int
    listed: bool
    reason: str | None = Field(examples=["Two of the ten ask the same; this one is next."])


class ThemeResultOut(BaseModel):
    """A theme's ranking and shortlist."""

    theme_id: int
    names: dict[str, str]
    proposals: list[ResultOut]
    shortlist: list[ListedOut]


class ResultsOut(BaseModel):
    """What the votes of a consultation say, as of `at`; final once `closed`. People on channels
    that they did not link are counted once on each.
    """

    votes: int
    voters: int
    closed: bool
    at: datetime
    suspicious: dict[str, Any] = Field(examples=[{"votes": 40, "voters": 6, "fast": 12}])
    campaigns: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    apart: float | None
    themes: list[ThemeResultOut]


class AdjustIn(BaseModel):
    """Put a proposal on the shortlist or take it off, with a reason that the public reads."""

    listed: bool
    reason: Annotated[Reason, Field(examples=["Two of the ten ask the same; this one is next."])]
