"""Find published answers, and proposals of a consultation, by meaning and words; by words alone
while there is no encoder, or where one address asks too much of it.
"""

import asyncio

from fastapi import Request

from nlp.search import Found
from nlp.shelf import Shelf
from nlp.text import detect
from service.consultations.proposals import queries as proposals
from service.consultations.proposals.listing import queries as listing
from service.database import Session
from service.limiting import Limiter, per_minute
from service.public import queries
from service.public.queries import Wanted
from service.retrieval.retriever import Retriever
from service.shell.requests import Here

OFTEN = per_minute(30)
WIDE = 100
LEAST, SHARE = 0.2, 0.5
SHELVES = 8

Stamp = tuple[dict[int, str], dict[int, str]]


async def find(
    request: Request, here: Here, session: Session, asked: str, wanted: Wanted, lang: str
) -> list[int] | None:
    """Answers that bear on what is asked, best first, then the others that say every word of it;
    None where only words can be searched.
    """
    retriever: Retriever | None = getattr(request.app.state, "retriever", None)
    if retriever is None or not _may(request):
        return None
    spoken = detect(asked, prior=lang).lang
    vectors = await retriever.encode([asked], [spoken])
    await retriever.refresh(session)
    (hits,) = retriever.find("answer", [asked], [spoken], vectors, WIDE)
    zone = here.settings.zone
    left = await queries.among(session, [hit.id for hit in hits], wanted, zone)
    told, _ = await queries.newest(session, wanted, zone, words=asked, limit=WIDE)
    return list(dict.fromkeys([*near([hit for hit in hits if hit.id in left]), *told]))


async def proposed(
    request: Request, session: Session, consultation_id: int, asked: str, lang: str
) -> list[int] | None:
    """Admitted proposals that bear on what is asked, best first, then the others that say every
    word of it; None where only words can be searched.
    """
    retriever: Retriever | None = getattr(request.app.state, "retriever", None)
    if retriever is None or not _may(request):
        return None
    spoken = detect(asked, prior=lang).lang
    vectors = await retriever.encode([asked], [spoken])
    shelf = await _shelf(request, session, consultation_id, retriever)
    found = near(retriever.search(shelf, asked, spoken, vectors, WIDE))
    told = await listing.saying(session, consultation_id, asked, limit=WIDE)
    return list(dict.fromkeys([*found, *told]))


async def _shelf(
    request: Request, session: Session, consultation_id: int, retriever: Retriever
) -> Shelf:
    """A consultation's proposals as they are shown, made anew when a wording or a vector is."""
    state, model = request.app.state, retriever.embedder.name
    if not hasattr(state, "public_shelves"):
        state.public_shelves = {}
    held: dict[int, tuple[Stamp, Shelf]] = state.public_shelves
    texts = await listing.texts(session, consultation_id)
    stamp = (texts, await listing.encoded(session, consultation_id, model))
    known = held.pop(consultation_id, None)
    if known is None or known[0] != stamp:
        placed, stored = await proposals.vectors(session, consultation_id, ("admitted",), model)
        shelf = await asyncio.to_thread(Shelf, list(texts), list(texts.values()), placed, stored)
        known = (stamp, shelf)
    held[consultation_id] = known
    for oldest in list(held)[:-SHELVES]:
        del held[oldest]
    return known[1]


def near(hits: list[Found]) -> list[int]:
    """Hits that bear on the question: meaning always has a nearest one, however far."""
    best = hits[0].score if hits else 0.0
    return [hit.id for hit in hits if hit.score >= max(LEAST, SHARE * best)]


def _may(request: Request) -> bool:
    """Encoding is dear: an address has so many a minute, beyond which words are searched."""
    address = request.client.host if request.client else ""
    return limiter(request).hit(OFTEN, "search", address)


def limiter(request: Request) -> Limiter:
    """One for each running application."""
    state = request.app.state
    if not hasattr(state, "public_limiter"):
        state.public_limiter = Limiter()
    found: Limiter = state.public_limiter
    return found
