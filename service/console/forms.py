"""What the console's forms take, and who may send them."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Form, Path, Query

from service.staff.access import Staffer, require

SHOWN = 50
LANGS = ("pt", "es", "en")
HIGHEST = 2**53

Field = Annotated[str, Form(max_length=20_000)]
Line = Annotated[str, Form(max_length=500)]
Language = Annotated[str, Form(pattern="^[a-z]{2}$")]
Link = Annotated[str | None, Form(max_length=500, pattern=r"^(https://\S+)?$")]
Day = Annotated[date | None, Form()]
Moment = Annotated[datetime, Form()]
Why = Annotated[str, Form(max_length=1000)]
Id = Annotated[int, Path(ge=1, le=HIGHEST)]
Number = Annotated[int, Form(ge=1, le=HIGHEST)]
Numbers = Annotated[list[int], Form(min_length=1, max_length=200)]
At = Annotated[int, Query(ge=1, le=100_000)]

Writer = Annotated[Staffer, Depends(require("official", "comms", "moderator"), scope="function")]
Publisher = Annotated[Staffer, Depends(require("comms"), scope="function")]
Mender = Annotated[Staffer, Depends(require("comms", "moderator"), scope="function")]
Overseer = Annotated[Staffer, Depends(require("comms", "moderator", "auditor"), scope="function")]
Auditor = Annotated[Staffer, Depends(require("auditor"), scope="function")]
Admin = Annotated[Staffer, Depends(require("admin"), scope="function")]


def pages_of(total: int, shown: int = SHOWN) -> int:
    """How many pages a list of `total` lines has."""
    return max(1, -(-total // shown))


def skipped(at: int, shown: int = SHOWN) -> int:
    """How many lines stand before page `at`."""
    return (at - 1) * shown


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """A time that a field has without its zone, in which it is meant."""
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
