"""What comes round by itself: names and growth, regrouping, and the officials' digest."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from nlp import group, themes
from nlp.embed import FloatArray
from nlp.label import Phrases, label
from nlp.neighbours import IntArray
from service.database import now
from service.installation import Installation
from service.issues import actions as actions
from service.issues.digest import digest as digest
from service.issues.labelling import actions as labelling
from service.issues.labelling import naming, queries
from service.issues.labelling.actions import Labelled
from service.issues.labelling.naming import Unnamed
from service.issues.labelling.queries import Member, Stale, Standing, Voice, Young
from service.issues.listing import queries as listing
from service.retrieval import queries as retrieval
from service.retrieval.retriever import Retriever
from service.trail.actions import MACHINE

BACKGROUND = 2000
BATCH = 200
MERGES = 100
WINDOW = timedelta(days=1)
PAST = 7
RECENT = timedelta(days=7)
MOST = 100_000
NAMED = 5000
LATELY = 20_000
CHUNK = 5000
THEME_TEXTS = 50
THEME_WORDS = 3


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
        before = await queries.growths(session)
        voices = await queries.voices(session, moment - WINDOW * (PAST + 1))
        young = await queries.young(session, moment - timedelta(days=group.YOUNG), moment - RECENT)
        owners, raw = await retrieval.vectors(session, "issue", [one.id for one in young])
    after = await asyncio.to_thread(_growths, voices, moment)
    evidence = await asyncio.to_thread(_raised, young, owners, raw, retriever)
    for id_ in evidence:
        after[id_] = (after.get(id_, (0.0, False))[0], True)
    changed = {
        id_: after.get(id_, (0.0, False))
        for id_ in {*before, *after}
        if after.get(id_, (0.0, False)) != before.get(id_, (0.0, False))
    }
    for start in range(0, len(changed), CHUNK):
        part = dict(list(changed.items())[start : start + CHUNK])
        fresh = {
            id_: evidence.get(id_, {"growth": growth})
            for id_, (growth, emerging) in part.items()
            if emerging and not before.get(id_, (0.0, False))[1]
        }
        async with here.database.write() as session:
            await labelling.grow_many(session, part, fresh)


def _raised(
    young: Sequence[Young], owners: Sequence[int], raw: FloatArray, retriever: Retriever
) -> dict[int, dict[str, float]]:
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


def _growths(voices: Sequence[Voice], moment: datetime) -> dict[int, tuple[float, bool]]:
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


async def consolidate(here: Installation, retriever: Retriever) -> None:
    """Find the themes of what is said lately, bring together what is one matter, sooner within a
    theme, and propose it where staff have touched it.
    """
    model = retriever.embedder.name
    async with here.database.read() as session:
        issues = await queries.standings(session)
        owners, raw = await retrieval.vectors(session, "issue")
        said, spoken = await queries.recent(session, model, limit=LATELY)
    rows = [at for at, owner in enumerate(owners) if owner in issues]
    if not rows:
        return
    placed = await asyncio.to_thread(retriever.space.place, raw[rows])
    held = [
        (issues[owners[row]], vector)
        for row, vector in zip(rows, placed, strict=True)
        if vector.any()
    ]
    held.sort(key=lambda one: (-one[0].people, one[0].id))
    held = held[:MOST]
    if not held:
        return
    voices = await asyncio.to_thread(retriever.space.place, spoken)
    marks = await asyncio.to_thread(_marks, held, said, voices)
    merges, proposals = await asyncio.to_thread(_regroup, held, retriever.space.join, marks)
    gone: set[int] = set()
    for start in range(0, len(merges), MERGES):
        part = merges[start : start + MERGES]
        async with here.database.write() as session:
            await labelling.merge_untouched(session, part)
        gone |= {one for one, _ in part}
    async with here.database.write() as session:
        await actions.propose(session, proposals)
    left = [at for at, (one, _) in enumerate(held) if one.id not in gone]
    await _theme(here, [held[at] for at in left], marks[left])


Held = Sequence[tuple[Standing, FloatArray]]
Pairs = list[tuple[int, int]]
Proposals = list[tuple[int, int, float]]


def _marks(held: Held, said: Sequence[int], voices: FloatArray) -> IntArray:
    """The theme of each issue: that of most of its contributions; where none is recent, the one
    whose middle is nearest.
    """
    row = {one.id: at for at, (one, _) in enumerate(held)}
    known = [at for at, issue_id in enumerate(said) if issue_id in row]
    vectors = np.stack([vector for _, vector in held])
    if not known:
        return themes.themes(vectors)
    labels = themes.themes(voices[known])
    of = np.array([row[said[at]] for at in known])
    marks = themes.of_issues(of, labels, len(held))
    middles = np.stack(
        [voices[known][labels == one].mean(axis=0) for one in range(labels.max() + 1)]
    )
    rest = np.flatnonzero(marks < 0)
    marks[rest] = np.argmax(vectors[rest] @ middles.T, axis=1)
    return marks


def _regroup(held: Held, threshold: float, marks: IntArray) -> tuple[Pairs, Proposals]:
    """Merges among untouched issues, largest first; proposals where a touched one takes part."""
    vectors = np.stack([vector for _, vector in held])
    sizes = np.array([one.size for one, _ in held], dtype=np.int64)
    touched = {row for row, (one, _) in enumerate(held) if _is_theirs(one)}
    labels = group.consolidate(
        vectors, sizes, touched, spans=_spans(held), themes=marks, threshold=threshold
    )
    merges: Pairs = []
    proposals: Proposals = _touched_pairs(held, vectors, threshold)
    for rows in _groups(labels):
        theirs = next((row for row in rows if row in touched), None)
        head, *rest = [row for row in rows if row != theirs]
        merges += [(held[row][0].id, held[head][0].id) for row in rest]
        if theirs is not None:
            alike = round(float(vectors[head] @ vectors[theirs]), 4)
            proposals.append((held[head][0].id, held[theirs][0].id, alike))
    return merges, proposals


def _spans(held: Held) -> group.DayArray:
    """When each issue was first and last spoken of (n, 2), in days."""
    days = [[one.first_seen.timestamp(), one.last_seen.timestamp()] for one, _ in held]
    return np.array(days) / WINDOW.total_seconds()


def _is_theirs(issue: Standing) -> bool:
    """Whether staff have decided about it, so that the machine only proposes."""
    return issue.touched or issue.state == "answered"


def _groups(labels: IntArray) -> list[list[int]]:
    """Rows of each label that has more than one, in order."""
    found: dict[int, list[int]] = defaultdict(list)
    for row, mark in enumerate(labels.tolist()):
        found[mark].append(row)
    return [rows for rows in found.values() if len(rows) > 1]


def _touched_pairs(held: Held, vectors: FloatArray, threshold: float) -> Proposals:
    """Two issues that staff have touched may be one all the same."""
    theirs = [row for row, (one, _) in enumerate(held) if _is_theirs(one)]
    days = _spans(held)[theirs] if theirs else np.zeros((0, 2))
    gaps = np.maximum(days[:, None, 0] - days[None, :, 1], days[None, :, 0] - days[:, None, 1])
    alike = vectors[theirs] @ vectors[theirs].T - np.vectorize(group.fade, otypes=[float])(gaps)
    return [
        (held[theirs[two]][0].id, held[theirs[one]][0].id, round(float(alike[one, two]), 4))
        for one, two in zip(*np.nonzero(np.triu(alike >= threshold, k=1)), strict=True)
    ]


async def _theme(here: Installation, held: Held, marks: IntArray) -> None:
    async with here.database.read() as session:
        mixes = await listing.mixes(session, [one.id for one, _ in held[:NAMED]])
    langs = {id_: mix.langs.most_common(1)[0][0] for id_, mix in mixes.items() if mix.langs}
    found = await asyncio.to_thread(_themes, held, marks, langs, here.settings.default_language)
    async with here.database.write() as session:
        await labelling.put_themes(session, found)


NewTheme = tuple[int | None, str, Sequence[str], Sequence[int]]


def _themes(held: Held, marks: IntArray, langs: dict[int, str], default: str) -> list[NewTheme]:
    """Coarse groups with names; a group takes over the theme that most of its issues had."""
    vectors = np.stack([vector for _, vector in held])
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, mark in enumerate(marks.tolist()):
        rows_of[mark].append(row)
    background = Phrases.count(
        [one.name for one, _ in held], [langs.get(one.id, default) for one, _ in held]
    )
    taken: set[int] = set()
    made: list[NewTheme] = []
    for rows in sorted(rows_of.values(), key=lambda rows: (-len(rows), rows[0])):
        before = Counter(held[row][0].theme_id for row in rows if held[row][0].theme_id is not None)
        kept = next((id_ for id_, _ in before.most_common() if id_ not in taken), None)
        if kept is not None:
            taken.add(kept)
        chosen = rows[:THEME_TEXTS]
        found = label(
            [held[row][0].name for row in chosen],
            [langs.get(held[row][0].id, default) for row in chosen],
            vectors[chosen],
            background,
        )
        name = " · ".join(found.phrases[:THEME_WORDS]) if len(rows) > 1 else ""
        changed = [held[row][0].id for row in rows if kept is None or held[row][0].theme_id != kept]
        made.append((kept, name or found.name, found.phrases, changed))
    return made
