"""The running process's view of all entries: encoder, vector index and lexical index, kept up to
date from SQL.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from nlp import pivot
from nlp.embed import Embedder, FloatArray, Space
from nlp.index import Hit, VectorIndex
from nlp.pivot import AsIs, Pivot, rendered
from nlp.postings import Postings
from nlp.search import Backdrop, Found, by_owner, fuse, judge, served
from nlp.shelf import Shelf
from service.database import Session
from service.errors import SetupError
from service.retrieval import queries, spaces
from service.retrieval.queries import Change

TEXTS = ("answer", "passage")
WIDE = 50


class OtherModel(SetupError):
    """Stored vectors come from another encoder than new ones."""

    code = "other_model"


class Retriever:
    """One per process. Encoding runs in a thread of its own; `refresh` reads what changed since
    the last call.
    """

    def __init__(
        self,
        embedder: Embedder,
        space: Space,
        index: VectorIndex,
        *,
        indexed: int = 0,
        pivot: Pivot | None = None,
    ) -> None:
        """`indexed`: entries up to this change are in `index` already, as after a clean stop.
        `pivot` makes renderings for staff.
        """
        self.pivot = pivot or AsIs()
        self.embedder = embedder
        self.space = space
        self.index = index
        self._indexed = indexed
        self._seen = 0
        self._owners: dict[int, tuple[str, int]] = {}
        self._entries: dict[tuple[str, int], set[int]] = {}
        self._counts: Counter[str] = Counter()
        self._postings = {kind: Postings() for kind in TEXTS}
        self._backdrops = {kind: Backdrop() for kind in TEXTS}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._turn = asyncio.Lock()

    @property
    def seen(self) -> int:
        """The newest change this process has read."""
        return self._seen

    def count(self, kind: str) -> int:
        """How many entries of a kind there are."""
        return self._counts[kind]

    async def encode(self, texts: Sequence[str], langs: Sequence[str] | None = None) -> FloatArray:
        """Vectors (n, size) of texts in these languages, computed outside the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, pivot.encode, self.embedder, list(texts), langs
        )

    def renders(self, source: str, target: str) -> bool:
        """Whether texts in `source` can be rendered in `target`, another language."""
        return source != target and self.pivot.serves(source, target)

    async def render(self, text: str, source: str, target: str) -> str | None:
        """A machine's rough rendering of a text, for staff; None where none can be made."""
        (made,) = await asyncio.to_thread(self.pivot.render, [text], source, target)
        return made

    async def refresh(self, session: Session) -> None:
        """Bring lexical and vector index up to date with what is committed."""
        async with self._turn:
            await self._follow(session)
            if self._seen == 0 and self._indexed:
                await self._load_catalogue(session)
            async for page in queries.changes(session, self._seen):
                await asyncio.to_thread(self._apply, page)
                self._seen = page[-1].change

    async def _follow(self, session: Session) -> None:
        """Issues are compared in the space all processes share; place them again when it
        changed.
        """
        space = await spaces.load(session, self.embedder)
        if space.version == self.space.version:
            return
        self.space = space
        async for page in queries.changes(session, 0, kind="issue"):
            known = [row for row in page if row.change <= self._seen]
            await asyncio.to_thread(self._index_only, self.index, known)

    async def _load_catalogue(self, session: Session) -> None:
        """After a clean stop the vectors are indexed already; only owners and texts are read."""
        rows = await queries.catalogue(session, self._indexed)
        for row in rows:
            self._own(row.id, row.kind, row.owner_id)
        for kind in TEXTS:
            mine = [row for row in rows if row.kind == kind]
            await asyncio.to_thread(self._tell, kind, [(row.id, row.text) for row in mine])
            ids = self._backdrops[kind].sampled([row.id for row in mine])
            known = await queries.vectors_of(session, ids)
            self._backdrops[kind].add(list(known), stacked(list(known.values())))
        self._seen = self._indexed

    def _tell(self, kind: str, texts: Sequence[tuple[int, str | None]]) -> None:
        told = [(id_, text) for id_, text in texts if text]
        self._postings[kind].add([id_ for id_, _ in told], [text for _, text in told])

    def _own(self, entry_id: int, kind: str, owner_id: int) -> None:
        self._counts[kind] += entry_id not in self._owners
        self._owners[entry_id] = (kind, owner_id)
        self._entries.setdefault((kind, owner_id), set()).add(entry_id)

    def _apply(self, page: Sequence[Change]) -> None:
        for kind in {row.kind for row in page}:
            rows = [row for row in page if row.kind == kind]
            self._forget(kind, [row for row in rows if not row.live])
            self._learn(kind, [row for row in rows if row.live])

    def _forget(self, kind: str, rows: Sequence[Change]) -> None:
        ids = [row.id for row in rows if row.id in self._owners]
        for id_ in ids:
            owner = self._owners.pop(id_)
            self._entries[owner].discard(id_)
            self._counts[kind] -= 1
        if ids:
            self.index.remove(kind, ids)
            if kind in TEXTS:
                self._postings[kind].remove(ids)
                self._backdrops[kind].remove(ids)

    def _learn(self, kind: str, rows: Sequence[Change]) -> None:
        if not rows:
            return
        comparable({row.model for row in rows}, self.embedder.name)
        for row in rows:
            self._own(row.id, kind, row.owner_id)
        ids = [row.id for row in rows]
        raw = stacked([row.vector or b"" for row in rows])
        self.index.upsert(kind, ids, self._placed(kind, raw))
        if kind in TEXTS:
            self._tell(kind, [(row.id, row.text) for row in rows])
            self._backdrops[kind].add(ids, raw)

    def _placed(self, kind: str, vectors: FloatArray) -> FloatArray:
        """Issues are compared centred on the corpus mean, texts as the encoder gives them."""
        return self.space.place(vectors) if kind == "issue" else vectors

    def near_issues(self, vectors: FloatArray, k: int) -> list[list[Hit]]:
        """The nearest issues (ids of issues) of raw vectors (n, size), best first."""
        found = self.index.search("issue", self.space.place(vectors), k)
        return [
            [Hit(self._owners[hit.id][1], hit.score) for hit in hits if hit.id in self._owners]
            for hits in found
        ]

    def find(
        self, kind: str, texts: Sequence[str], langs: Sequence[str], vectors: FloatArray, k: int
    ) -> list[list[Found]]:
        """Owners of a kind (answer, passage) by words and meaning, best first, at most `k` each.

        `vectors` (n, size) are the encoder's for `texts`.
        """
        if not texts:
            return []
        meaning = self.index.search(kind, vectors, WIDE + k)
        also = [[hit.id for hit in hits] for hits in meaning]
        rankings = self._postings[kind].search(texts, WIDE + k, also)
        total = len(self._postings[kind])
        spreads = self._backdrops[kind].spread(vectors)
        found = []
        for lang, ranking, hits, spread in zip(langs, rankings, meaning, spreads, strict=True):
            how = served(lang, self.embedder.languages, rendered(self.embedder))
            parts = fuse(ranking, hits, spread, total, how)
            owners = {part.id: owner for part in parts if (owner := self._owner(part.id))}
            found.append(judge(by_owner(parts, owners), ranking.weight, how)[:k])
        return found

    def search(
        self, shelf: Shelf, text: str, lang: str, vectors: FloatArray, k: int
    ) -> list[Found]:
        """The same in a few texts of their own; `vectors` (1, size) is the encoder's for `text`."""
        how = served(lang, self.embedder.languages, rendered(self.embedder))
        return shelf.find(text, vectors, how, k)

    def _owner(self, entry_id: int) -> int | None:
        held = self._owners.get(entry_id)
        return held[1] if held else None

    async def adopt(self, session: Session, index: VectorIndex, indexed: int) -> None:
        """Search `index` from now on; it holds answers and passages up to the change `indexed`."""
        async with self._turn:
            for kind, after in (("issue", 0), ("answer", indexed), ("passage", indexed)):
                async for page in queries.changes(session, after, kind=kind):
                    known = [row for row in page if row.change <= self._seen]
                    await asyncio.to_thread(self._index_only, index, known)
            self.index = index

    def _index_only(self, index: VectorIndex, rows: Sequence[Change]) -> None:
        for kind in {row.kind for row in rows}:
            index.remove(kind, [row.id for row in rows if row.kind == kind and not row.live])
            live = [row for row in rows if row.kind == kind and row.live]
            if live:
                raw = stacked([row.vector or b"" for row in live])
                index.upsert(kind, [row.id for row in live], self._placed(kind, raw))

    async def flush(self, limit: int) -> None:
        """Write pending vectors to the store, some at a time, in a thread."""
        await asyncio.to_thread(self.index.flush, limit)

    def close(self) -> None:
        """Stop the encoding thread and the pivot; the index is its owner's to close."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self.pivot.close()


def comparable(stored: Collection[str], model: str) -> None:
    """Raises `OtherModel` unless vectors of all the stored models compare with those of `model`."""
    if strangers := queries.strangers(stored, model):
        raise OtherModel(
            f"Stored vectors come from {', '.join(strangers)}, new ones from {model}: run "
            "`gabinete reindex`; or, if you changed GABINETE_EMBEDDING_MODEL, set it back."
        )


def stacked(vectors: Sequence[bytes]) -> FloatArray:
    """Stored vectors as rows (n, size)."""
    arrays = [np.frombuffer(vector, dtype=np.float32) for vector in vectors]
    return np.stack(arrays) if arrays else np.zeros((0, 0), dtype=np.float32)
