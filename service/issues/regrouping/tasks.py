"""A round: what strayed from its theme is taken out, what is one matter is brought together, and
themes are written.
"""

import asyncio
from collections.abc import Collection

import numpy as np

from nlp import astray
from service.installation import Installation
from service.issues import actions as issue_actions
from service.issues.listing import queries as listing
from service.issues.regrouping import actions, finding, queries, theming
from service.issues.regrouping.finding import Found, Held
from service.retrieval import queries as retrieval
from service.retrieval.retriever import Retriever

MERGES, LEAVING = 100, 5
NAMED = 5000
LATELY = 20_000


async def consolidate(
    here: Installation, retriever: Retriever, *, kept: Collection[int] = ()
) -> None:
    """A round: what is one matter comes together, sooner within a theme, and what belongs to
    another theme than its issue leaves it, unless the issue is `kept`. Where staff have touched an
    issue, nothing leaves, and what might join is proposed.
    """
    async with here.database.read() as session:
        issues = await queries.standings(session)
        owners, raw = await retrieval.vectors(session, "issue")
        said = await queries.recent(session, retriever.embedder.name, limit=LATELY)
        fixed = await queries.followed(session) | set(kept)
        most = astray.allowed(*await queries.moved(session))
    held = await asyncio.to_thread(finding.hold, issues, owners, raw, retriever.space)
    if not held.issues:
        return
    found = await asyncio.to_thread(finding.regroup, held, said, fixed, most, retriever.space)
    for start in range(0, len(found.merges), MERGES):
        async with here.database.write() as session:
            await actions.merge_untouched(session, found.merges[start : start + MERGES])
    went: list[int | None] = []
    for start in range(0, len(found.leaving), LEAVING):
        async with here.database.write() as session:
            went += await actions.take_out(session, found.leaving[start : start + LEAVING])
    async with here.database.write() as session:
        await issue_actions.propose(session, found.proposals)
    await _theme(here, held, found, went)


async def _theme(here: Installation, held: Held, found: Found, went: list[int | None]) -> None:
    """Write themes of the issues that are left, and of those that were opened."""
    async with here.database.read() as session:
        issues = await queries.standings(session)
        rows = [at for at, one in enumerate(held.issues) if one.id in issues]
        fresh = [
            (issues[into], mark, vector)
            for into, one, (mark, vector) in zip(went, found.leaving, found.apart, strict=True)
            if one.into is None and into in issues
        ]
        named = [held.issues[at].id for at in rows[:NAMED]]
        mixes = await listing.mixes(session, named)
    langs = {id_: mix.langs.most_common(1)[0][0] for id_, mix in mixes.items() if mix.langs}
    left = [(issues[held.issues[at].id], held.placed[at]) for at in rows]
    left += [(issue, vector) for issue, _, vector in fresh]
    marks = np.append(found.marks[rows], [mark for _, mark, _ in fresh]).astype(np.int64)
    if not left:
        return
    default = here.settings.default_language
    made = await asyncio.to_thread(theming.name_themes, left, marks, langs, default)
    async with here.database.write() as session:
        await actions.put_themes(session, made)
