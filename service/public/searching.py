"""Find published answers by meaning and words; by words alone while there is no encoder, or where
one address asks too much of it.
"""

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from nlp.search import Found
from nlp.text import detect
from service.database import Session
from service.public import queries
from service.public.queries import Wanted
from service.retrieval.retriever import Retriever
from service.shell.requests import Here

OFTEN = RateLimitItemPerMinute(30)
WIDE = 100
LEAST, SHARE = 0.2, 0.5


async def find(
    request: Request, here: Here, session: Session, asked: str, wanted: Wanted, lang: str
) -> list[int] | None:
    """Answers that bear on what is asked, best first; None where only words can be searched."""
    retriever: Retriever | None = getattr(request.app.state, "retriever", None)
    if retriever is None or not _may(request):
        return None
    spoken = detect(asked, prior=lang).lang
    vectors = await retriever.encode([asked], [spoken])
    await retriever.refresh(session)
    (hits,) = retriever.find("answer", [asked], [spoken], vectors, WIDE)
    left = await queries.among(session, [hit.id for hit in hits], wanted, here.settings.zone)
    return near([hit for hit in hits if hit.id in left])


def near(hits: list[Found]) -> list[int]:
    """Hits that bear on the question: meaning always has a nearest one, however far."""
    best = hits[0].score if hits else 0.0
    return [hit.id for hit in hits if hit.score >= max(LEAST, SHARE * best)]


def _may(request: Request) -> bool:
    """Encoding is dear: an address has so many a minute, beyond which words are searched."""
    address = request.client.host if request.client else ""
    return limiter(request).hit(OFTEN, "search", address)


def limiter(request: Request) -> MovingWindowRateLimiter:
    """One for each running application."""
    state = request.app.state
    if not hasattr(state, "public_limiter"):
        state.public_limiter = MovingWindowRateLimiter(MemoryStorage())
    found: MovingWindowRateLimiter = state.public_limiter
    return found
