"""Ask without storing anything: what would be answered, by whom, and with what confidence."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nlp import group, text
from nlp.embed import FloatArray
from nlp.route import Router
from nlp.search import Found
from service.answers import queries as answers
from service.commands.importing import chunks
from service.conversations import placing
from service.conversations.hearing import encodable
from service.conversations.placing import CANDIDATES
from service.database import now
from service.departments import queries as departments
from service.installation import Installation
from service.retrieval.retriever import Retriever

BATCH = 64
WIDE = 40


async def ask(
    here: Installation,
    retriever: Retriever,
    questions: Sequence[tuple[str, str, str | None]],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """One result for each (id, text, language or None), in order."""
    found: list[dict[str, Any]] = []
    async with here.database.read() as session:
        _, router = await departments.router(session, retriever.embedder, (None, None))
    if router is not None and router.stale:
        router = await asyncio.to_thread(router.refit)
    for part in chunks(questions, BATCH):
        found += await _ask_some(here, retriever, router, part)
        progress(len(found), len(questions))
    return found


async def _ask_some(
    here: Installation,
    retriever: Retriever,
    router: Router | None,
    part: Sequence[tuple[str, str, str | None]],
) -> list[dict[str, Any]]:
    masked = [text.mask(text.tidy(words)).text for _, words, _ in part]
    prior = here.settings.default_language
    langs = [
        lang or text.detect(words, prior=prior).lang
        for (_, _, lang), words in zip(part, masked, strict=True)
    ]
    vectors = await retriever.encode([encodable(words) for words in masked], langs)
    hits = await asyncio.to_thread(retriever.find, "answer", masked, langs, vectors, WIDE)
    joined = await _joined(here, retriever, vectors)
    async with here.database.read() as session:
        ids = list({one.id for found in hits for one in found})
        today = now().astimezone(here.settings.zone).date()
        usable = await answers.usable(session, ids, today)
        names = await answers.sources(session, ids)
    routes: Iterator[Any] = iter(
        router.route(masked, langs, vectors) if router else [None] * len(part)
    )
    results = []
    for (id_, _, _), lang, found, issue in zip(part, langs, hits, joined, strict=True):
        route = next(routes)
        good = [one for one in found if one.id in usable][:CANDIDATES]
        sure = good[0].sure if good else 0.0
        results.append(
            {
                "id": id_,
                "decision": "answered" if sure >= here.settings.answer_confidence else "received",
                "candidates": _candidates(good, names),
                "department": route.department if route else None,
                "confidence": round(route.confidence, 4) if route else 0.0,
                "triage": route is None or route.confidence < here.settings.triage_confidence,
                "issue": issue,
                "answer_confidence": round(sure, 4),
                "lang": lang,
            }
        )
    return results


async def _joined(
    here: Installation, retriever: Retriever, vectors: FloatArray
) -> list[int | None]:
    """The issue that each of raw vectors (n, size) would join if it was said alone and now."""
    today = now().timestamp() / placing.DAY
    near = await placing.near(vectors, [today] * len(vectors), here, retriever)
    placed, join = retriever.space.place(vectors), retriever.space.join
    alone = [
        group.place(placed[at : at + 1], [hits], threshold=join)[0] for at, hits in enumerate(near)
    ]
    return [one.issue for one in alone]


def _candidates(good: Sequence[Found], names: dict[int, str]) -> list[dict[str, Any]]:
    return [{"id": names[one.id], "score": round(one.score, 4)} for one in good]
