"""A few hundred texts that are searched as the whole store is, by words and meaning, held for a
while and not kept up to date.
"""

from collections.abc import Sequence

from nlp.embed import FloatArray
from nlp.index import ExactIndex
from nlp.postings import Postings
from nlp.search import Backdrop, Found, Served, by_owner, fuse, judge

KIND = "text"
WIDE = 50


class Shelf:
    """Texts by id; some may have no vector yet, and are found by their words alone."""

    def __init__(
        self, ids: Sequence[int], texts: Sequence[str], placed: Sequence[int], vectors: FloatArray
    ) -> None:
        """`vectors` (n, size) are those of the texts `placed`, as the encoder gave them."""
        self._owners = {id_: id_ for id_ in ids}
        self._postings, self._index, self._backdrop = Postings(), ExactIndex(), Backdrop()
        self._postings.add(ids, texts)
        self._index.upsert(KIND, placed, vectors)
        self._backdrop.add(placed, vectors)

    def find(self, text: str, vectors: FloatArray, how: Served, k: int) -> list[Found]:
        """Those that bear on a text, best first, at most `k`; `vectors` (1, size) is its own, and
        `how` the encoder serves its language.
        """
        if not self._owners:
            return []
        (hits,) = self._index.search(KIND, vectors, WIDE + k)
        (ranking,) = self._postings.search([text], WIDE + k, [[hit.id for hit in hits]])
        (spread,) = self._backdrop.spread(vectors)
        parts = fuse(ranking, hits, spread, len(self._owners), how)
        return judge(by_owner(parts, self._owners), ranking.weight, how)[:k]
