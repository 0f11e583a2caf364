"""Wire shapes of what arrives and leaves."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class StandingOut(BaseModel):
    """How a channel stands: up, degraded or down, and why, in a sentence; `code` names it where it
    is one of ours and not a platform's.
    """

    channel: str = Field(examples=["telegram"])
    state: str = Field(examples=["up"])
    says: str = Field(examples=["listens as @GabineteBot"])
    code: str | None = Field(examples=["listens"])
    since: datetime | None


class SetAsideOut(BaseModel):
    """A message that could not be read: where it came from and why, not its words."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    channel: str = Field(examples=["web"])
    received_at: datetime
    error: str | None = Field(examples=["BadKey"])
