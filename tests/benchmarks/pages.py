"""Server time of the console's screens and the public pages over a large store: 100,000 messages in
2,000 issues, of which some are much larger than others.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from httpx2 import AsyncClient
from sqlalchemy import insert

from service.answers.models import Answer, AnswerVersion, Measure
from service.channels.models import Delivery
from service.database import Session, now
from service.installation import Installation
from service.issues.models import Issue, Membership, Theme
from service.messages.models import Contribution, Message
from service.opening import open_installation
from service.people.models import Identity, Person
from service.report import tasks as report
from service.running import settle
from service.trail.models import Event
from tests.conftest import make_settings, serving
from tests.service.issues import town
from tests.service.staff.desk_browser import logged_in

TARGET = 0.1
BODIES, PEOPLE, DAYS, CHUNK = 12, 20_000, 90, 20_000
PAGES = (
    "/",
    "/answers",
    "/answers?q=when+does+the+water+return",
    "/answers?department=body3&in=pt",
    "/answers/{answer}",
    "/answers/feed.atom",
    "/heard",
    "/heard/1",
    "/data/answers.json",
    "/data/heard.csv",
    "/console",
    "/console/issues",
    "/console/issues?q=water&sort=people&singles=true",
    "/console/issues?spoken=es&singles=true",
    "/console/issues?due=soon&sort=due_at",
    "/console/issues/{issue}",
    "/console/issues/1",
    "/console/issues/1?at=3",
    "/console/merge?issue=1&issue=2",
    "/console/answers",
    "/console/answers/{answer}",
    "/console/measures",
    "/console/departments",
    "/console/trail",
    "/console/health",
    "/console/deliveries",
)
REPORT = "/console/report"


@dataclass(frozen=True)
class Timed:
    """A page and its server times in seconds."""

    path: str
    p50: float
    p95: float


def measure(folder: Path, messages: int, rounds: int) -> tuple[list[Timed], float]:
    """Each page's times, and the 95th percentile over all but the report, which reads a month."""
    return asyncio.run(_measure(folder, messages, rounds))


async def _measure(folder: Path, messages: int, rounds: int) -> tuple[list[Timed], float]:
    here = await open_installation(
        make_settings(folder, f"sqlite+aiosqlite:///{folder / 'gabinete.db'}")
    )
    issues = max(messages // 50, 10)
    await _fill(here, messages, issues)
    await report.pack(here)
    async with serving(here, worker=False) as app, logged_in(app, here, "admin") as browser:
        await settle(app.state.running)
        return await _look(browser, issues, rounds)


async def _look(browser: AsyncClient, issues: int, rounds: int) -> tuple[list[Timed], float]:
    dice = random.Random(7)  # noqa: S311 - which pages are looked at is no secret
    found, everything = [], []
    for path in (*PAGES, REPORT):
        times = []
        for _ in range(rounds + 1):
            where = path.format(issue=dice.randint(1, issues), answer=dice.randint(1, issues // 10))
            start = time.perf_counter()
            page = await browser.get(where)
            times.append(time.perf_counter() - start)
            assert page.status_code == 200, where
        p50, p95 = np.quantile(times[1:], [0.5, 0.95])
        found.append(Timed(path, float(p50), float(p95)))
        everything += times[1:] if path != REPORT else []
    return found, float(np.quantile(everything, 0.95))


async def _fill(here: Installation, messages: int, issues: int) -> None:
    """Issues in sizes as they come: the largest holds many times what the middle one does."""
    dice, moment = np.random.default_rng(7), now()
    weights = 1 / np.arange(1, issues + 1) ** 0.6
    places = dice.choice(issues, size=messages, p=weights / weights.sum()) + 1
    ages = dice.integers(0, DAYS * 86_400, size=messages)
    async with here.database.write() as session:
        bodies = [await town.body(session, f"body{n}") for n in range(BODIES)]
        await _many(
            session, Person, [{"code": f"P-{n}", "created_at": moment} for n in range(PEOPLE)]
        )
        await _issues(session, places, issues, bodies, moment)
        await _messages(session, places, ages, moment)
        await _answers(session, issues // 10, moment)


async def _many(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        await session.execute(insert(table), rows[start : start + CHUNK])


async def _issues(
    session: Session, places: Any, issues: int, bodies: list[int], moment: datetime
) -> None:
    await _many(session, Theme, [_theme(n, moment) for n in range(60)])
    sizes = np.bincount(places, minlength=issues + 1)
    rows = [
        {
            "id": n, "root_id": n, "name": f"{'No water' if n % 7 else 'Dark street'} {n}",
            "named_by": "staff:1" if n % 10 == 1 else "machine",
            "shown_at": moment if n % 10 == 1 else None,
            "phrases": ["no water", f"street {n}"], "representatives": [],
            "state": ("open", "assigned", "answered")[n % 3], "theme_id": n % 60 + 1,
            "department_id": bodies[n % BODIES], "routed_by": "machine", "confidence": 0.8,
            "route_reason": ["water"], "due_at": moment + timedelta(days=n % 21 - 4),
            "people": int(sizes[n] * 0.9), "messages": int(sizes[n]), "size": int(sizes[n]),
            "growth": (n % 97) / 20, "emerging": n % 150 == 0, "labelled_size": 0,
            "first_seen": moment - timedelta(days=DAYS), "last_seen": moment, "created_at": moment,
        }
        for n in range(1, issues + 1)
    ]  # fmt: skip
    await _many(session, Issue, rows)


def _theme(number: int, moment: datetime) -> dict[str, Any]:
    return {"name": f"Theme {number}", "phrases": ["water"], "created_at": moment}


async def _messages(session: Session, places: Any, ages: Any, moment: datetime) -> None:
    said = [
        {
            "id": n, "person_id": n * 13 % PEOPLE + 1, "channel": ("web", "telegram")[n % 2],
            "kind": ("question", "complaint")[n % 2], "lang": ("pt", "es", "en")[n % 3],
            "text": f"There has been no water on street {n} since Monday.",
            "place": f"Quarter {n % 40}",
            "fingerprint": f"{n if n % 10 else n % 1000}", "state": "received",
            "said_at": moment - timedelta(seconds=int(age)), "created_at": moment,
        }
        for n, age in enumerate(ages, 1)
    ]  # fmt: skip
    await _many(session, Contribution, said)
    await _many(session, Message, [_message(one) for one in said])
    await _many(
        session,
        Membership,
        [
            {
                "contribution_id": n, "issue_id": int(place), "similarity": 0.8,
                "placed_by": "machine", "placed_at": moment,
            }
            for n, place in enumerate(places, 1)
        ],
    )  # fmt: skip
    await _many(session, Event, [_event(n, moment) for n in range(1, len(said) + 1)])


def _event(number: int, moment: datetime) -> dict[str, Any]:
    return {
        "at": moment, "actor": "machine", "thing": "contribution", "thing_id": number,
        "act": "receive",
    }  # fmt: skip


def _message(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "contribution_id": one["id"], "kind": "text", "text": one["text"], "lang": one["lang"],
        "found": [], "said_at": one["said_at"],
    }  # fmt: skip


async def _answers(session: Session, answers: int, moment: datetime) -> None:
    """Published answers with a measure each, and two hundred deliveries of each."""
    rows = range(1, answers + 1)
    await _many(session, Identity, [_identity(n, moment) for n in range(1, 201)])
    await _many(
        session,
        Answer,
        [
            {
                "id": n, "issue_id": n, "state": "published", "title": f"Answer {n}", "lang": "pt",
                "question_indexed": True, "edition": 1, "published_at": moment,
                "created_at": moment, "updated_at": moment,
            }
            for n in rows
        ],
    )  # fmt: skip
    texts = [
        {"answer_id": n, "lang": "pt", "text": "A água volta.", "approved_at": moment} for n in rows
    ]
    await _many(session, AnswerVersion, texts)
    promised = [
        {"answer_id": n, "text": "Trocar a bomba", "state": "planned", "created_at": moment}
        for n in rows
    ]
    await _many(session, Measure, promised)
    await _many(
        session, Delivery, [_delivery(n, who, moment) for n in rows for who in range(1, 201)]
    )


def _identity(number: int, moment: datetime) -> dict[str, Any]:
    return {
        "person_id": number, "channel": "web", "account": "main", "digest": f"d{number}",
        "created_at": moment,
    }  # fmt: skip


def _delivery(answer: int, who: int, moment: datetime) -> dict[str, Any]:
    return {
        "key": f"answer:{answer}:1:{who}", "identity_id": who, "channel": "web", "cause": "answer",
        "cause_id": answer, "priority": 10, "buttons": [], "state": "sent", "created_at": moment,
        "next_at": moment, "attempts": 1, "sent_at": moment,
    }  # fmt: skip
