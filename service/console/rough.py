"""Rough renderings, by a machine and on request, of what was said in another language than the
reader's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request

from service.issues.listing.queries import Said
from service.retrieval.retriever import Retriever

ASKED = "rendered"


@dataclass(frozen=True)
class Rough:
    """What is offered beside a contribution. `address` shows the page with its rendering, or again
    without; `text` is None until asked for, and where the machine could not make it.
    """

    address: str
    asked: bool
    text: str | None = None


async def offered(
    request: Request, said: Sequence[Said], asked: Collection[int], lang: str
) -> dict[int, Rough]:
    """By contribution, of those that can be rendered for a reader of `lang`."""
    retriever: Retriever | None = getattr(request.app.state, "retriever", None)
    if retriever is None:
        return {}
    found: dict[int, Rough] = {}
    for one in said:
        id_, text, spoken = (getattr(one.contribution, name) for name in ("id", "text", "lang"))
        if id_ in found or not text or not retriever.renders(spoken, lang):
            continue
        wanted = id_ in asked
        made = await retriever.render(text, spoken, lang) if wanted else None
        found[id_] = Rough(_address(request, id_, wanted), wanted, made)
    return found


def _address(request: Request, id_: int, wanted: bool) -> str:
    """This page with one more rendering, or without it."""
    own = (ASKED, str(id_))
    kept = [pair for pair in request.query_params.multi_items() if pair != own]
    return "?" + urlencode(kept if wanted else [*kept, own])
