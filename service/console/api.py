"""The figures of the start page and the service's health, for programs."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from service.console import health, queries
from service.console.forms import Overseer
from service.database import now
from service.issues.api import scope_of
from service.shell.requests import Here, Reading
from service.staff.access import Asker

router = APIRouter(tags=["overview"])


class FiguresOut(BaseModel):
    """How things stand: issues that wait, and what was said in the last day."""

    model_config = ConfigDict(from_attributes=True)

    waiting: int = Field(examples=[42])
    late: int
    unrouted: int
    emerging: int
    said: int
    people: int


class ChannelOut(BaseModel):
    """A channel as it tells of itself."""

    model_config = ConfigDict(from_attributes=True)

    channel: str = Field(examples=["web"])
    state: str = Field(examples=["up"])
    says: str = Field(examples=["The chat takes messages."])


class QueuesOut(BaseModel):
    """What waits; triples are channel or kind, state, number."""

    model_config = ConfigDict(from_attributes=True)

    unread: int
    aside: int
    oldest: datetime | None
    deliveries: list[tuple[str, str, int]] = Field(examples=[[["web", "waiting", 3]]])
    jobs: list[tuple[str, str, int]] = Field(examples=[[["digest", "failed", 1]]])


class HealthOut(BaseModel):
    """The service's own state; sizes in bytes."""

    model_config = ConfigDict(from_attributes=True)

    ready: bool
    works: bool
    model: str | None = Field(examples=["all-MiniLM-L6-v2-sif"])
    languages: list[str] = Field(examples=[["en"]])
    rebuilding: bool
    channels: list[ChannelOut]
    queues: QueuesOut
    database: str = Field(examples=["SQLite"])
    size: int | None
    free: int
    backup: datetime | None = Field(examples=["2026-03-01T02:00:00Z"])


@router.get("/now")
async def show_now(asker: Asker, session: Reading) -> FiguresOut:
    """How things stand for who is asking."""
    found = await queries.figures(session, scope_of(asker), now())
    return FiguresOut.model_validate(found)


@router.get("/health")
async def show_health(request: Request, asker: Overseer, here: Here, session: Reading) -> HealthOut:
    """Queues, channels, encoder and index."""
    return HealthOut.model_validate(await health.look(request, here, session))
