"""What comes round by itself: names and growth; the digest and rounds stand beside."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from nlp import group
from nlp.embed import FloatArray
from nlp.label import Phrases, label
from service.database import now
from service.installation import Installation
from service.issues.digest import digest as digest
from service.issues.labelling import actions as labelling
from service.issues.labelling import naming, queries, threes
from service.issues.labelling.actions import Labelled
from service.issues.labelling.naming import Unnamed
from service.issues.labelling.queries import Member, Stale, Voice, Young
from service.issues.regrouping.tasks import consolidate as consolidate
from service.retrieval import queries as retrieval
from service.retrieval.retriever import Retriever
from service.trail.actions import MACHINE

BACKGROUND = 2000
BATCH = 200
WINDOW = timedelta(days=1)
PAST = 7
RECENT = timedelta(days=7)
CHUNK = 5000

Growths = dict[int, tuple[float, bool]]


async def refresh(
    here: Installation, retriever: Retriever, *, moment: datetime | None = None
) -> None:
    """Name what changed, and see what grows at `moment` (now)."""
    await _label(here)
    await _grow(here, retriever, moment or now())


async def _label(here: Installation) -> None:
    background: Phrases | None = None
    while True:
        async with here.database.read() as session:
            stale = await queries.stale(session, limit=BATCH)
            members = await queries.members(session, [issue.id for issue in stale])
            sample = await queries.sample(session, limit=BACKGROUND) if not background else []
        if not stale:
            return
        if background is None:
            background = await asyncio.to_thread(_count, sample)
        found = await asyncio.to_thread(_labels, stale, members, background)
        rows = await naming.name(here.settings, [_unnamed(one, members) for one in found])
        async with here.database.write() as session:
            await labelling.label_many(session, rows)


def _count(sample: Sequence[tuple[str, str]]) -> Phrases:
    return Phrases.count([text for text, _ in sample], [lang for _, lang in sample])


def _labels(
    stale: Sequence[Stale], members: dict[int, list[Member]], background: Phrases
) -> list[Labelled]:
    return [_labelled(issue, members.get(issue.id, []), background) for issue in stale]


def _unnamed(found: Labelled, members: dict[int, list[Member]]) -> Unnamed:
    """What a language model is shown of an issue: its most telling messages, in their language."""
    said = {one.contribution_id: one for one in members.get(found.id, [])}
    shown = [said[id_] for id_ in found.representatives]
    langs = Counter(one.lang for one in shown).most_common(1)
    return Unnamed(found, langs[0][0] if langs else "en", [one.text for one in shown])


def _labelled(issue: Stale, members: Sequence[Member], background: Phrases) -> Labelled:
    """Copies of one text speak once."""
    said = list({member.fingerprint: member for member in members}.values())
    if not said:
        return Labelled(issue.id, None, [], [], issue.size)
    vectors = [one.vector for one in said if one.vector is not None]
    matrix = np.stack(vectors) if len(vectors) == len(said) else None
    found = label([one.text for one in said], [one.lang for one in said], matrix, background)
    shown = [said[at].contribution_id for at in found.representatives]
    name = found.name if issue.named_by == MACHINE else None
    return Labelled(issue.id, name, found.phrases, shown, issue.size)


async def _grow(here: Installation, retriever: Retriever, moment: datetime) -> None:
    """Issues that grow, and those that no longer do. Staff are told once, on the trail, with the
    evidence.
    """
    async with here.database.read() as session:
        before, known = await queries.growths(session), await queries.told(session)
        voices = await queries.voices(session, moment - WINDOW * (PAST + 1))
        young = await queries.young(session, moment - timedelta(days=group.YOUNG), moment - RECENT)
        owners, raw = await retrieval.vectors(session, "issue", [one.id for one in young])
    after = await asyncio.to_thread(_growths, voices, moment)
    evidence = await asyncio.to_thread(_raised, young, owners, raw, retriever)
    sure = evidence.keys() | {id_ for id_, (_, emerging) in after.items() if emerging}
    evidence |= await threes.raised(
        here, retriever, moment, heard=moment - RECENT, told=sure | known, doubted=known - sure
    )
    for id_ in evidence:
        after[id_] = (after.get(id_, (0.0, False))[0], True)
    fresh = {
        id_: evidence.get(id_, {"growth": growth})
        for id_, (growth, emerging) in after.items()
        if emerging and id_ not in known
    }
    await _write(here, before, after, fresh)


async def _write(
    here: Installation, before: Growths, after: Growths, fresh: dict[int, dict[str, Any]]
) -> None:
    """What changed, in parts; with the evidence of what emerges only now."""
    changed = {
        id_: after.get(id_, (0.0, False))
        for id_ in {*before, *after}
        if after.get(id_, (0.0, False)) != before.get(id_, (0.0, False))
    }
    for start in range(0, len(changed), CHUNK):
        part = dict(list(changed.items())[start : start + CHUNK])
        told = {id_: fresh[id_] for id_ in part if id_ in fresh}
        async with here.database.write() as session:
            await labelling.grow_many(session, part, told)


def _raised(
    young: Sequence[Young], owners: Sequence[int], raw: FloatArray, retriever: Retriever
) -> dict[int, dict[str, Any]]:
    """Young issues that staff are told of, and why."""
    places = dict(zip(owners, retriever.space.place(raw), strict=True))
    found = {}
    for one in young:
        if one.id not in places:
            continue
        alike = group.cohesion(places[one.id], one.size)
        if group.raised(one.voices, one.days, alike):
            told = {"people": one.voices, "days": one.days, "alike": alike}
            found[one.id] = {name: round(value, 2) for name, value in told.items()}
    return found


def _growths(voices: Sequence[Voice], moment: datetime) -> Growths:
    """Growth and emergence by issue: people of the last day against each of the seven days before.

    A text that many copy is one voice, and so is a person who says much.
    """
    heard: dict[int, list[list[Voice]]] = defaultdict(lambda: [[] for _ in range(PAST + 1)])
    for voice in voices:
        window = int((moment - voice.said_at) / WINDOW)
        if 0 <= window <= PAST and voice.said_at <= moment:
            heard[voice.root_id][window].append(voice)
    found = {}
    for root, windows in heard.items():
        today, *past = [_people(window) for window in windows]
        grown = round(group.grow(today, past), 3)
        found[root] = (grown, group.emerging(today, past))
    return found


def _people(voices: Sequence[Voice]) -> int:
    """Different people, where each text counts for one of them only."""
    people = {v.person_id if v.person_id is not None else -v.contribution_id for v in voices}
    texts = {v.fingerprint or str(v.contribution_id) for v in voices}
    return min(len(people), len(texts))
