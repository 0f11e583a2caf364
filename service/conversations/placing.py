"""Find for each contribution its issue, its department and a published answer. Computes; writes
nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlp import group
from nlp.embed import FloatArray
from nlp.group import Near, Placement
from nlp.index import Hit
from nlp.route import Route, Router
from nlp.search import Found
from service.conversations.hearing import encodable
from service.conversations.weaving import Woven
from service.installation import Installation
from service.issues import queries as issues
from service.issues.queries import Span
from service.retrieval.retriever import Retriever

NEAR = 24
DAY = 86_400.0
CANDIDATES = 10
# Nobody waits for where imported words go: at once they join only what says almost the same, and
# the next round, which looks at up to twice so many issues, brings the rest together as a whole.
SURER, ROUND = 0.3, 50_000


@dataclass(frozen=True)
class Decision:
    """What was found for one contribution. `vector` (size,) is raw; `answers` are best first."""

    vector: FloatArray
    placement: Placement
    route: Route | None
    answers: tuple[Found, ...]

    @property
    def confidence(self) -> float:
        """How sure it is that the first answer answers the question, 0 to 1."""
        return self.answers[0].sure if self.answers else 0.0


async def encode(woven: Sequence[Woven], retriever: Retriever) -> FloatArray:
    """Vectors (n, size) of contributions; copies of one text in one language are encoded once."""
    texts = [(encodable(one.text), one.first.lang) for one in woven]
    unique = list(dict.fromkeys(texts))
    vectors = await retriever.encode([text for text, _ in unique], [lang for _, lang in unique])
    row = {text: at for at, text in enumerate(unique)}
    return vectors[[row[text] for text in texts]]


async def near(
    vectors: FloatArray, said: Sequence[float], here: Installation, retriever: Retriever
) -> list[list[Hit]]:
    """Issues near enough to each raw vector (n, size) for it to join, as survivors, less alike the
    longer nobody spoke of them before or after the day it was `said`, and where they are of another
    theme than most of what is near.
    """
    nearest = await asyncio.to_thread(retriever.near_issues, vectors, NEAR)
    found = [[hit for hit in hits if hit.score >= retriever.space.join] for hits in nearest]
    async with here.database.read() as session:
        spans = await issues.spans(session, {hit.id for hits in found for hit in hits})
    return [
        _counted([(hit, spans[hit.id]) for hit in hits if hit.id in spans], day)
        for day, hits in zip(said, found, strict=True)
    ]


def days(woven: Sequence[Woven]) -> list[float]:
    """When each contribution was said, in days since 1970."""
    return [one.first.inbound.occurred_at.timestamp() / DAY for one in woven]


def _counted(hits: Sequence[tuple[Hit, Span]], said: float) -> list[Hit]:
    near = [Near(one.root_id, hit.score, one.theme_id, one.size) for hit, one in hits]
    quiet = [
        group.silence(said, one.first.timestamp() / DAY, one.last.timestamp() / DAY)
        for _, one in hits
    ]
    alike = group.held_back(near)
    return [
        Hit(one.issue, score - group.fade(days))
        for one, score, days in zip(near, alike, quiet, strict=True)
    ]


def place(
    woven: Sequence[Woven],
    vectors: FloatArray,
    near: Sequence[Sequence[Hit]],
    retriever: Retriever,
    router: Router | None,
) -> list[Decision]:
    """Decide for a batch of contributions with their vectors (n, size) and the issues near them."""
    texts, langs = [one.text for one in woven], [one.first.lang for one in woven]
    placed = retriever.space.place(vectors)
    bars = _bars(woven, retriever)
    placements = group.place(placed, near, threshold=bars, said=days(woven))
    routes = router.route(texts, langs, vectors) if router else [None] * len(woven)
    answers = _answers(woven, texts, langs, vectors, retriever)
    return [
        Decision(vector, placement, route, tuple(found))
        for vector, placement, route, found in zip(
            vectors, placements, routes, answers, strict=True
        )
    ]


def _bars(woven: Sequence[Woven], retriever: Retriever) -> list[float]:
    """From how much likeness on each joins an issue."""
    surer = SURER if retriever.count("issue") < ROUND else 0.0
    return [retriever.space.join + (surer if one.first.imported else 0.0) for one in woven]


def _answers(
    woven: Sequence[Woven],
    texts: Sequence[str],
    langs: Sequence[str],
    vectors: FloatArray,
    retriever: Retriever,
) -> list[list[Found]]:
    """Published answers are looked up for those who can be answered; imported ones are not."""
    live = [at for at, one in enumerate(woven) if not one.first.imported]
    found = retriever.find(
        "answer",
        [texts[at] for at in live],
        [langs[at] for at in live],
        vectors[np.array(live, dtype=int)],
        CANDIDATES,
    )
    by_row = dict(zip(live, found, strict=True))
    return [by_row.get(at, []) for at in range(len(woven))]
