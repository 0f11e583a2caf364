"""Three people who say the same, told of before a round brings their issues together."""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from nlp import group
from nlp.embed import FloatArray, Space
from service.database import Session
from service.installation import Installation
from service.issues.labelling import queries
from service.issues.labelling.queries import Saying
from service.retrieval.retriever import Retriever

AROUND = 8
LATEST = 200
JUST = timedelta(hours=1)
DAY = timedelta(days=1)


async def raised(
    here: Installation,
    retriever: Retriever,
    moment: datetime,
    *,
    heard: datetime,
    told: Collection[int],
    doubted: Collection[int],
) -> dict[int, dict[str, Any]]:
    """Issues in which the latest of three people spoke who say much the same, and the evidence.

    Looked at is what just came and was said after `heard`, beside what is near to it. Staff were
    `told` of some issues; `doubted` are those of them that nothing else speaks for now.
    """
    model, since = retriever.embedder.name, moment - timedelta(days=group.YOUNG)
    async with here.database.read() as session:
        latest = await _latest(session, model, moment, heard, sorted(doubted)[:LATEST])
    if not latest:
        return {}
    raw = np.stack([one.vector for one in latest])
    hits = await asyncio.to_thread(retriever.near_issues, raw, AROUND)
    ids = {one.root_id for one in latest} | {hit.id for near in hits for hit in near}
    async with here.database.read() as session:
        around = await queries.around(session, model, ids, since)
    around = _news(around, since)
    return await asyncio.to_thread(
        _raised, latest, around, retriever.space, set(told), set(doubted)
    )


async def _latest(
    session: Session, model: str, moment: datetime, heard: datetime, doubted: Sequence[int]
) -> list[Saying]:
    """What just came, and what is in the doubted issues however much came, in the order it was
    said.
    """
    came = await queries.latest(session, model, heard=heard, came=moment - JUST, limit=LATEST)
    again = await queries.said_in(session, model, doubted, heard=heard, limit=LATEST)
    each = {one.contribution_id: one for one in [*came, *again]}
    return sorted(each.values(), key=queries.in_order)


def _news(around: Sequence[Saying], since: datetime) -> list[Saying]:
    """What is in issues that are new to staff, or had gone quiet."""
    lately = Counter(one.root_id for one in around)
    days = {one.root_id: group.YOUNG - (one.began - since) / DAY for one in around}
    return [one for one in around if group.news(days[one.root_id], lately[one.root_id])]


def _raised(
    latest: Sequence[Saying],
    around: Sequence[Saying],
    space: Space,
    told: set[int],
    doubted: set[int],
) -> dict[int, dict[str, Any]]:
    """What counted for one issue counts for no other."""
    found: dict[int, dict[str, Any]] = {}
    if not around:
        return found
    places = space.place(np.stack([one.vector for one in around]))
    row = {one.contribution_id: at for at, one in enumerate(around)}
    for one in latest:
        if one.root_id in told - doubted or one.contribution_id not in row:
            continue
        vector = places[row[one.contribution_id]]
        rows = _others(one, around, places @ vector, told - {one.root_id})
        why = _evidence(one, [around[at] for at in rows], vector, places[rows])
        if why is not None:
            found[one.root_id] = why
            counted = {one.root_id, *why.get("issues", ())}
            told |= counted
            doubted -= counted
    return found


def _others(
    one: Saying, around: Sequence[Saying], scores: FloatArray, told: Collection[int]
) -> list[int]:
    """Rows of what was said before in issues staff were not told of, the most alike first; each
    person and each text speaks once.
    """
    people, texts = {_person(one)}, {_text(one)}
    rows: list[int] = []
    for at in np.argsort(-scores, kind="stable").tolist():
        other = around[at]
        before = queries.in_order(other) < queries.in_order(one)
        known = _person(other) in people or _text(other) in texts
        if before and not known and other.root_id not in told:
            people.add(_person(other))
            texts.add(_text(other))
            rows.append(at)
        if len(rows) == group.NEAREST:
            break
    return rows


def _person(one: Saying) -> int:
    return one.person_id if one.person_id is not None else -one.contribution_id


def _text(one: Saying) -> str:
    return one.fingerprint or str(one.contribution_id)


def _evidence(
    one: Saying, others: Sequence[Saying], vector: FloatArray, places: FloatArray
) -> dict[str, Any] | None:
    """How many people, days and how alike, and which other issues they are in; None where it is
    too little.
    """
    ago = np.array([(one.said_at - other.said_at) / DAY for other in others])
    three = group.three(vector, places, ago)
    if three is None or not group.raised(group.FEW, three.days, three.alike, picked=True):
        return None
    why: dict[str, Any] = {
        "people": group.FEW,
        "days": round(three.days, 2),
        "alike": round(three.alike, 2),
    }
    elsewhere = {others[at].root_id for at in three.others} - {one.root_id}
    return {**why, "issues": sorted(elsewhere)} if elsewhere else why
