"""Nearest neighbours behind one seam: an exact index in memory, and Chroma with an exact overlay.

Chroma is never the truth: it is rebuilt from stored vectors, its own embedder is never
constructed, it is written in small calls because writes hold the interpreter's lock. Where this
process alone writes it, many vectors at once are compared with a copy in memory of what it holds.
"""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

import numpy as np

from nlp.embed import FloatArray
from nlp.folder import Folder
from nlp.table import Hit as Hit
from nlp.table import Table, hit, ordered
from nlp.table import WrongModel as WrongModel

CALL = 20
REBUILD_CALL = 2000
SYNC_THRESHOLD = 20_000
SPARE, WIDER = 8, 4
# So many at once are compared, in parts, with a copy of at most so many rows, read in pages: a
# product of matrices is quicker than as many walks through a graph, and misses nothing.
MANY, PART, COPIED, PAGE = 32, 64, 100_000, 500
# Seconds that a stop waits for vectors to be written; the next start makes anew what was not.
PATIENCE = 20.0
# With Chroma's own 16 a few rows of a small collection cannot be reached in its graph.
NEIGHBOURS = 64
GRAPH = {"space": "ip", "sync_threshold": SYNC_THRESHOLD, "max_neighbors": NEIGHBOURS}


class IndexBroken(RuntimeError):
    """The vector store cannot read its files; it has to be rebuilt from the database."""


class VectorIndex(Protocol):
    """Vectors of at most length one by kind and id. Every call may come from any thread."""

    def upsert(self, kind: str, ids: Sequence[int], vectors: FloatArray) -> None:
        """Put vectors (n, size); an id that is there is replaced."""
        ...

    def remove(self, kind: str, ids: Sequence[int]) -> None:
        """Take ids out; those that are not there do not matter."""
        ...

    def search(self, kind: str, vectors: FloatArray, k: int) -> list[list[Hit]]:
        """The k nearest of each row of vectors (n, size), best first, ties by the smaller id."""
        ...

    def count(self, kind: str) -> int:
        """How many vectors of a kind there are."""
        ...

    def flush(self, limit: int | None = None) -> int:
        """Write what is pending (at most `limit` rows) to where it is kept; gives what is left."""
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...


def _whole(hits: Sequence[Hit], k: int, last: float) -> bool:
    """Whether none of the k best is missing, when what was not looked at scores at most `last`."""
    return len(hits) >= k and hits[k - 1].score >= last


class ExactIndex:
    """Compares every vector: the oracle, and the stand-in while Chroma is rebuilt."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._lock = RLock()

    def upsert(self, kind: str, ids: Sequence[int], vectors: FloatArray) -> None:
        """Put vectors (n, size); an id that is there is replaced."""
        if len(ids):
            with self._lock:
                self._tables.setdefault(kind, Table()).put(ids, np.asarray(vectors, np.float32))

    def remove(self, kind: str, ids: Sequence[int]) -> None:
        """Take ids out."""
        with self._lock:
            table = self._tables.get(kind)
            for id_ in ids if table else ():
                if table:
                    table.take(id_)

    def search(self, kind: str, vectors: FloatArray, k: int) -> list[list[Hit]]:
        """The k nearest of each row, best first."""
        with self._lock:
            table = self._tables.get(kind)
            return (
                table.search(np.asarray(vectors, np.float32), k) if table else [[] for _ in vectors]
            )

    def count(self, kind: str) -> int:
        """How many vectors of a kind there are."""
        with self._lock:
            table = self._tables.get(kind)
            return len(table.rows) if table else 0

    def first(self, kind: str, limit: int) -> tuple[list[int], FloatArray]:
        """Up to `limit` ids of a kind and their vectors."""
        with self._lock:
            table = self._tables.get(kind)
            if not table or not table.rows:
                return [], np.zeros((0, 0), dtype=np.float32)
            n = min(limit, len(table.rows))
            return [int(i) for i in table.ids[:n]], table.data[:n].copy()

    def flush(self, limit: int | None = None) -> int:
        """Nothing is pending here."""
        return 0

    def close(self) -> None:
        """Nothing is held."""


class ChromaIndex:
    """Chroma's collections, one for each kind.

    Writes wait in an exact overlay that searches see at once.
    """

    def __init__(self, client: Any, *, prefix: str, folder: Folder | None = None) -> None:
        self._client, self._prefix, self._folder = client, prefix, folder
        self._pending = ExactIndex()
        self._gone: dict[str, set[int]] = {}
        self._held: dict[str, Any] = {}
        self._copies: dict[str, Table | None] = {}
        self._lock, self._writing = RLock(), RLock()

    @property
    def pending(self) -> int:
        """Rows that are not in Chroma yet."""
        with self._lock:
            waiting = sum(self._pending.count(kind) for kind in self._pending._tables)
            return waiting + sum(len(ids) for ids in self._gone.values())

    def upsert(self, kind: str, ids: Sequence[int], vectors: FloatArray) -> None:
        """Put vectors (n, size); searches see them at once, Chroma at the next flush."""
        with self._lock:
            self._pending.upsert(kind, ids, vectors)
            self._gone.get(kind, set()).difference_update(ids)

    def remove(self, kind: str, ids: Sequence[int]) -> None:
        """Take ids out; searches miss them at once."""
        with self._lock:
            self._pending.remove(kind, ids)
            self._gone.setdefault(kind, set()).update(ids)

    def search(self, kind: str, vectors: FloatArray, k: int) -> list[list[Hit]]:
        """The k nearest of each row, pending rows before those Chroma still has of the same id.

        What hides such rows costs little: only who may miss a better one for it asks for more.
        """
        vectors = np.asarray(vectors, np.float32)
        with self._lock:
            fresh = self._pending.search(kind, vectors, k)
            table = self._pending._tables.get(kind)
            hidden = set(self._gone.get(kind, ())) | (set(table.rows) if table else set())
        found: list[list[Hit]] = [[] for _ in vectors]
        rows, most = list(range(len(vectors))), k + min(len(hidden), SPARE)
        while rows:
            unsure = []
            for row, hits in zip(rows, self._stored(kind, vectors[rows], most), strict=True):
                seen = [one for one in hits if one.id not in hidden]
                found[row] = ordered([*seen, *fresh[row]])[:k]
                if len(hits) == most and not _whole(found[row], k, hits[-1].score):
                    unsure.append(row)
            rows, most = unsure, min(WIDER * most, k + len(hidden))
        return found

    def _stored(self, kind: str, vectors: FloatArray, k: int) -> list[list[Hit]]:
        """The k nearest of what Chroma holds: asked of it, or many at once of a copy."""
        if len(vectors) < MANY or (copy := self._copy(kind)) is None:
            return self._query(kind, vectors, k)
        found = []
        for start in range(0, len(vectors), PART):
            with self._lock:
                found += copy.search(vectors[start : start + PART], k)
        return found

    def _copy(self, kind: str) -> Table | None:
        """What Chroma holds, read once and kept in step by what is written. None where others write
        too, as on a server, and where it is large.
        """
        if self._folder and kind not in self._copies:
            with self._writing:
                if kind not in self._copies:
                    self._copies[kind] = self._read(kind)
        return self._copies.get(kind)

    def _read(self, kind: str) -> Table | None:
        collection, table = self._collection(kind), Table()
        try:
            count = collection.count()
            if count > COPIED:
                return None
            for start in range(0, count, PAGE):
                page = collection.get(include=["embeddings"], limit=PAGE, offset=start)
                vectors = np.asarray(page["embeddings"], dtype=np.float32)
                table.make_room(count, vectors.shape[1])
                table.put([int(id_) for id_ in page["ids"]], vectors)
        except Exception as error:
            raise IndexBroken(f"the vector store cannot read {kind}: {error}") from error
        return table

    def _query(self, kind: str, vectors: FloatArray, k: int) -> list[list[Hit]]:
        try:
            # What it has less than k of it gives whole; counting first would read every row.
            found = self._collection(kind).query(
                query_embeddings=vectors, n_results=k, include=["distances"]
            )
        except Exception as error:
            raise IndexBroken(f"the vector store cannot search {kind}: {error}") from error
        return [
            [hit(i, 1.0 - float(d)) for i, d in zip(ids, distances, strict=True)]
            for ids, distances in zip(found["ids"], found["distances"], strict=True)
        ]

    def _collection(self, kind: str) -> Any:
        if kind not in self._held:
            try:
                self._held[kind] = self._client.get_or_create_collection(
                    f"{self._prefix}-{kind}",
                    embedding_function=None,
                    configuration={"hnsw": GRAPH},
                )
            except Exception as error:
                raise IndexBroken(f"the vector store cannot open {kind}: {error}") from error
        return self._held[kind]

    def count(self, kind: str) -> int:
        """How many vectors of a kind there are; a pending row counts once with the stored one."""
        with self._lock:
            table = self._pending._tables.get(kind)
            fresh = [str(id_) for id_ in table.rows] if table else []
            gone = [str(id_) for id_ in self._gone.get(kind, ())]
        collection = self._collection(kind)
        known = len(collection.get(ids=fresh, include=[])["ids"]) if fresh else 0
        lost = len(collection.get(ids=gone, include=[])["ids"]) if gone else 0
        return int(collection.count()) + len(fresh) - known - lost

    def flush(self, limit: int | None = None) -> int:
        """Write pending rows to Chroma, at most twenty a call, letting others run between calls."""
        written = 0
        while self.pending and (limit is None or written < limit):
            written += self._write_some()
            time.sleep(0)
        return self.pending

    def _write_some(self) -> int:
        with self._writing, self._lock:
            for kind, gone in self._gone.items():
                if gone:
                    ids = list(gone)[:CALL]
                    self._guarded(self._collection(kind).delete, ids=[str(i) for i in ids])
                    self._keep_in_step(kind, ids, None)
                    gone.difference_update(ids)
                    return len(ids)
            for kind in list(self._pending._tables):
                ids, vectors = self._pending.first(kind, CALL)
                if ids:
                    put = self._collection(kind).upsert
                    self._guarded(put, ids=[str(i) for i in ids], embeddings=vectors)
                    self._keep_in_step(kind, ids, vectors)
                    self._pending.remove(kind, ids)
                    return len(ids)
        return 0

    def _keep_in_step(self, kind: str, ids: Sequence[int], vectors: FloatArray | None) -> None:
        """The copy follows what was written; one that grew large is given up."""
        if copy := self._copies.get(kind):
            if vectors is not None:
                copy.put(ids, vectors)
            for id_ in ids if vectors is None else ():
                copy.take(id_)
            if len(copy.rows) > COPIED:
                self._copies[kind] = None

    def _guarded(self, write: Any, **values: Any) -> None:
        try:
            write(**values)
        except Exception as error:
            raise IndexBroken(f"the vector store cannot write: {error}") from error

    def close(self, patience: float = PATIENCE) -> None:
        """Flush, close Chroma and let a folder go. Its marker is taken away only where all was
        written: then the next start is a clean one.

        Raises `IndexBroken`, also when writing takes longer than so many seconds.
        """
        try:
            self._close_client(time.monotonic() + patience)
        except BaseException:
            if self._folder:
                self._folder.let_go()
            raise
        if self._folder:
            self._folder.leave()

    def _close_client(self, until: float) -> None:
        close = getattr(self._client, "close", None)
        try:
            while left := self.flush(CALL):
                if time.monotonic() > until:
                    raise IndexBroken(f"the vector store had no time for {left} vectors")
        finally:
            if close:
                close()


def open_folder(folder: Folder, prefix: str) -> ChromaIndex:
    """Chroma's store in a folder this process owns."""
    import chromadb

    folder.enter()
    try:
        client = chromadb.PersistentClient(str(folder.path / "chroma"), settings=_settings())
    except Exception as error:
        # Chroma keeps what it could not open, and would give it again.
        chromadb.api.shared_system_client.SharedSystemClient.clear_system_cache()
        raise IndexBroken(f"the vector store cannot open its folder: {error}") from error
    return ChromaIndex(client, prefix=prefix, folder=folder)


def open_server(url: str, prefix: str) -> ChromaIndex:
    """Collections of a Chroma server."""
    from urllib.parse import urlsplit

    import chromadb

    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 8000)
    client = chromadb.HttpClient(
        host=parts.hostname or "localhost",
        port=port,
        ssl=parts.scheme == "https",
        settings=_settings(),
    )
    return ChromaIndex(client, prefix=prefix)


def _settings() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def rebuild(path: Path, prefix: str, pages: Iterable[tuple[str, Sequence[int], FloatArray]]) -> int:
    """Make a folder's collections anew, in a process of its own; gives how many vectors."""
    import chromadb

    client = chromadb.PersistentClient(str(path), settings=_settings())
    index, total = ChromaIndex(client, prefix=prefix), 0
    for kind, ids, vectors in pages:
        for start in range(0, len(ids), REBUILD_CALL):
            part = [str(i) for i in ids[start : start + REBUILD_CALL]]
            index._collection(kind).upsert(
                ids=part, embeddings=vectors[start : start + REBUILD_CALL]
            )
            total += len(part)
    index.close()
    return total
