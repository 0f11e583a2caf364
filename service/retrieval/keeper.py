"""Opens the index a process searches, keeps it whole, and closes it so that the next start is
quick.

A folder whose last owner did not leave cleanly is never trusted: an exact index in memory answers
while a
child process rebuilds the folder from the stored vectors.
"""

import asyncio
import re
import sys

import structlog

from nlp import embed, pivot
from nlp.embed import Embedder
from nlp.folder import Folder
from nlp.index import ChromaIndex, ExactIndex, IndexBroken, open_folder, open_server
from nlp.pivot import Pivot, Rendering
from service.database import Database
from service.installation import note, recall
from service.retrieval import queries, spaces
from service.retrieval.retriever import Retriever, comparable
from service.settings import Settings

log = structlog.get_logger()


class Keeper:
    """Owns the retriever of a process. `searching_only` processes never open the folder."""

    def __init__(
        self, settings: Settings, database: Database, *, searching_only: bool = False
    ) -> None:
        self._settings, self._database, self._searching_only = settings, database, searching_only
        self._folder: Folder | None = None
        self._rebuild: asyncio.Task[None] | None = None
        self._retriever: Retriever | None = None

    @property
    def retriever(self) -> Retriever:
        """The retriever, once `open` was awaited."""
        assert self._retriever is not None, "open() comes first"
        return self._retriever

    @property
    def alone(self) -> bool:
        """Whether this process owns the index folder, so that no other can be working."""
        return self._folder is not None

    @property
    def rebuilding(self) -> bool:
        """Whether the exact index answers because the folder is being rebuilt."""
        return self._rebuild is not None and not self._rebuild.done()

    def reserve(self) -> None:
        """Own the folder without opening it, so that nobody reads it while vectors change.

        Raises `IndexInUse`.
        """
        if self._folder is None and not self._searching_only and not self._settings.chroma_url:
            self._folder = Folder(self._settings.data_dir / "index")

    def forsake(self) -> None:
        """Give up a reserved folder; it is made anew at the next start."""
        if self._folder is not None:
            self._folder.enter()
            self._folder.let_go()

    async def open(self, embedder: Embedder | None = None) -> Retriever:
        """Load the encoder, open the index and read what is stored. Raises `IndexInUse`,
        `OtherModel`.
        """
        self.reserve()
        translator = pivot.found()
        if embedder is None:
            embedder = await open_embedder(self._settings, self._database, translator)
        async with self._database.read() as session:
            comparable(await queries.teachers(session), embedder.name)
            space = await spaces.load(session, embedder)
        self._prefix, self._version = prefix(embedder), space.version
        index, indexed = await self._open_index()
        self._retriever = Retriever(embedder, space, index, indexed=indexed, pivot=translator)
        async with self._database.read() as session:
            await self._retriever.refresh(session)
        if self._folder is not None and isinstance(index, ExactIndex):
            self._rebuild = asyncio.create_task(self._rebuild_folder())
        return self._retriever

    async def _open_index(self) -> tuple[ChromaIndex | ExactIndex, int]:
        if self._searching_only:
            return ExactIndex(), 0
        if self._settings.chroma_url:
            server = await asyncio.to_thread(open_server, self._settings.chroma_url, self._prefix)
            return server, await self._indexed()
        assert self._folder is not None, "the embedded index has a folder"
        if self._folder.was_dirty:
            return ExactIndex(), 0
        try:
            index = await asyncio.to_thread(open_folder, self._folder, self._prefix)
            return index, 0 if self._folder.was_empty else await self._indexed()
        except IndexBroken:
            log.warning("index_broken")
            return ExactIndex(), 0

    async def _indexed(self) -> int:
        """How far the index reaches; 0 when its issues were placed in another space."""
        async with self._database.read() as session:
            held = await recall(session, f"indexed:{self._prefix}") or "0:"
        change, _, version = held.partition(":")
        return int(change) if version == self._version else 0

    async def mend(self) -> None:
        """The vector store failed: answer from an exact index, and rebuild the folder."""
        index = ExactIndex()
        async with self._database.read() as session:
            await self.retriever.adopt(session, index, 0)
        if self._folder is not None and not self.rebuilding:
            self._rebuild = asyncio.create_task(self._rebuild_folder())

    async def _rebuild_folder(self) -> None:
        """Let a child process make the folder anew, then search it instead of the exact index."""
        assert self._folder is not None, "only folders are rebuilt"
        self._folder.enter()
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "service.retrieval.rebuild",
            self._database.url,
            str(self._folder.path / "chroma"),
            self._prefix,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            out, _ = await child.communicate()
        except asyncio.CancelledError:
            child.terminate()
            await child.wait()
            raise
        if child.returncode != 0:
            log.error("index_rebuild_failed", status=child.returncode)
            return
        try:
            index = await asyncio.to_thread(open_folder, self._folder, self._prefix)
        except IndexBroken:
            log.exception("index_rebuild_failed")
            return
        async with self._database.read() as session:
            await self.retriever.adopt(session, index, int(out.split()[-1]))
        log.info("index_rebuilt")

    async def close(self) -> None:
        """Write what is pending, note how far the index reaches, and let the folder go. What cannot
        be written, or not soon, is made anew at the next start.
        """
        if self._rebuild is not None and not self._rebuild.done():
            self._rebuild.cancel()
            await asyncio.gather(self._rebuild, return_exceptions=True)
        if self._retriever is None:
            if self._folder is not None:
                self._folder.let_go()
            return
        self._retriever.close()
        index = self._retriever.index
        if isinstance(index, ChromaIndex):
            try:
                await asyncio.to_thread(index.close)
            except IndexBroken as error:
                log.warning("index_not_written", why=str(error))
                return
            async with self._database.write() as session:
                reached = f"{self._retriever.seen}:{self._retriever.space.version}"
                await note(session, f"indexed:{self._prefix}", reached)
        elif self._folder is not None:
            self._folder.let_go()


def load_embedder(settings: Settings) -> Embedder:
    """The encoder the settings name, by its fast path where it has one."""
    embedder = embed.load(
        settings.embedding_model,
        settings.embedding_languages or None,
        graphs=settings.data_dir / "encoder",
    )
    if why := getattr(embedder, "slow_because", ""):
        log.info("encoder_without_fast_path", model=embedder.name, why=why)
    return embedder


def rendering(settings: Settings, embedder: Embedder, translator: Pivot | None = None) -> Embedder:
    """The encoder, reading the languages it does not know through what is installed for that."""
    through = Rendering(embedder, translator or pivot.found(), prior=settings.default_language)
    return through if through.rendered else embedder


async def open_embedder(
    settings: Settings, database: Database, translator: Pivot | None = None
) -> Embedder:
    """The encoder the settings name, reading as it did when the stored vectors were made: what was
    encoded as it is stays so until `gabinete reindex`.
    """
    plain = await asyncio.to_thread(load_embedder, settings)
    through = rendering(settings, plain, translator)
    async with database.read() as session:
        stored = await queries.models(session)
    if plain.name in stored and through.name not in stored:
        if through.name != plain.name:
            log.warning("rendering_waits_for_reindex", model=through.name)
        return plain
    return through


def prefix(embedder: Embedder) -> str:
    """The name under which a model's vectors are kept apart from every other's."""
    return re.sub("[^a-zA-Z0-9]+", "-", pivot.family(embedder.name))[:30]
