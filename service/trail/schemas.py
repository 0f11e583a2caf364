"""Wire shapes of the trail."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class EventOut(BaseModel):
    """One change of one thing."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor: str
    thing: str
    thing_id: int
    act: str
    was: str | None
    became: str | None
    why: str | None
    details: dict[str, Any] | None
