"""Wire shapes of the trail."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class EventOut(BaseModel):
    """One change of one thing."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor: str = Field(examples=["staff:3"])
    thing: str = Field(examples=["issue"])
    thing_id: int
    act: str = Field(examples=["move"])
    was: str | None = Field(examples=["open"])
    became: str | None = Field(examples=["assigned"])
    why: str | None = Field(examples=["Claimed"])
    details: dict[str, Any] | None = Field(examples=[{"into": 42}])
