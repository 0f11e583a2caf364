"""How the service itself is: what waits, each channel, the encoder and the index."""

import asyncio
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Request, Response

from nlp.pivot import rendered
from nlp.text import LANGUAGES
from service.channels import api as channels
from service.channels.presence import Standing
from service.console import queries
from service.console.forms import Overseer
from service.console.live import Since
from service.console.queries import Queues
from service.console.sayings import in_words
from service.database import Session, now
from service.installation import Installation, last_backup
from service.shell.pages import page
from service.shell.requests import Here, Reading

router = APIRouter(prefix="/console", include_in_schema=False)


@dataclass(frozen=True)
class Health:
    """Everything at once. `model` is None while the encoder is being loaded; sizes in bytes.

    `languages` are those it knows itself, `rendered` those it reads through a translator; what is
    in the others of ours is found `by_words`. `backup` is when the last backup was made, where
    `gabinete backup` made it.
    """

    ready: bool
    works: bool
    model: str | None
    languages: list[str]
    rendered: list[str]
    by_words: list[str]
    rebuilding: bool
    channels: list[Standing]
    queues: Queues
    database: str
    size: int | None
    free: int
    backup: datetime | None


@router.get("/health")
async def health(
    request: Request, asker: Overseer, since: Since, here: Here, session: Reading
) -> Response:
    """What an administrator looks at first."""
    return page(
        request, "health.html", asker=asker, since=since, now=now(),
        health=await look(request, here, session), in_words=in_words,
    )  # fmt: skip


async def look(request: Request, here: Installation, session: Session) -> Health:
    """The state of this process and of what all processes share."""
    state = request.app.state
    retriever = getattr(state, "retriever", None)
    through = rendered(retriever.embedder) if retriever else frozenset()
    knows = retriever.embedder.languages if retriever else frozenset()
    size, free = await asyncio.to_thread(_room, here)
    return Health(
        ready=state.running.ready.is_set(),
        works=state.running.worker is not None,
        model=retriever.embedder.name if retriever else None,
        languages=sorted(knows),
        rendered=sorted(through),
        by_words=sorted(set(LANGUAGES) - knows - through) if retriever else [],
        rebuilding=state.running.keeper.rebuilding,
        channels=await channels.standings(request, session),
        queues=await queries.queues(session, now()),
        database="SQLite" if here.database.is_sqlite else "PostgreSQL",
        size=size,
        free=free,
        backup=await last_backup(session),
    )


def _room(here: Installation) -> tuple[int | None, int]:
    folder = here.settings.data_dir
    path = Path(folder) / "gabinete.db"
    size = path.stat().st_size if path.exists() else None
    return size, shutil.disk_usage(folder).free
