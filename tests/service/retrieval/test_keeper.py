"""The index of a running process: Chroma's by default, an exact one while that is made whole."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from nlp.embed import Embedder, HashEmbedder, Space
from nlp.index import ChromaIndex, ExactIndex
from nlp.pivot import AsIs, Glossary, Pivot
from service import jobs
from service.commands.reindexing import reindex
from service.database import now
from service.installation import Installation
from service.retrieval import actions, keeper, queries, spaces
from service.retrieval.actions import NewEntry
from service.retrieval.keeper import Keeper
from service.retrieval.retriever import OtherModel, Retriever
from tests.service.issues import town

EMBEDDER = HashEmbedder()
TEXTS = ("a água volta na terça-feira", "o ônibus passa às dez", "a ponte abre em maio")
KINDS = ("answer", "passage", "issue")


async def fill(here: Installation) -> None:
    """Three entries of each kind."""
    vectors = EMBEDDER.encode(TEXTS)
    entries = [
        NewEntry(kind, owner, 0, "pt", None if kind == "issue" else text, vector)
        for kind in KINDS
        for owner, (text, vector) in enumerate(zip(TEXTS, vectors, strict=True), 1)
    ]
    async with here.database.write() as session:
        await actions.put(session, EMBEDDER.name, entries)


@asynccontextmanager
async def opened(here: Installation) -> AsyncIterator[tuple[Keeper, Retriever]]:
    """A process's index from start to clean stop."""
    keeper = Keeper(here.settings, here.database)
    try:
        yield keeper, await keeper.open(EMBEDDER)
    finally:
        await keeper.close()


def found(retriever: Retriever) -> dict[str, list[int]]:
    """The nearest owner of each kind for each of the texts."""
    vectors = EMBEDDER.encode(TEXTS)
    nearest = {
        kind: [hits[0].id for hits in retriever.find(kind, TEXTS, ["pt"] * len(TEXTS), vectors, 1)]
        for kind in ("answer", "passage")
    }
    return {**nearest, "issue": [hits[0].id for hits in retriever.near_issues(vectors, 1)]}


async def test_answers_passages_and_issues_are_served_by_chroma(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(installation)
    asked: set[str] = set()
    query = ChromaIndex._query

    def watched(index: ChromaIndex, kind: str, *rest: Any) -> list[list[Any]]:
        hits = query(index, kind, *rest)
        assert all(hits), "Chroma itself holds them"
        asked.add(kind)
        return hits

    async with opened(installation):
        pass  # a clean stop writes what is pending
    monkeypatch.setattr(ChromaIndex, "_query", watched)
    async with opened(installation) as (_, retriever):
        assert isinstance(retriever.index, ChromaIndex)
        assert found(retriever) == {kind: [1, 2, 3] for kind in KINDS}
    assert asked == set(KINDS), "something answers in Chroma's place"


async def test_after_an_unclean_stop_an_exact_index_answers_while_a_child_makes_the_folder_anew(
    installation: Installation,
) -> None:
    await fill(installation)
    async with opened(installation):
        pass
    (installation.settings.data_dir / "index" / "dirty").write_text("1")
    async with opened(installation) as (keeper, retriever):
        assert isinstance(retriever.index, ExactIndex)
        assert found(retriever) == {kind: [1, 2, 3] for kind in KINDS}
        async with asyncio.timeout(60):
            while keeper.rebuilding:
                await asyncio.sleep(0.05)
        assert isinstance(retriever.index, ChromaIndex)
        assert found(retriever) == {kind: [1, 2, 3] for kind in KINDS}


async def test_a_folder_that_cannot_be_read_is_mended(
    installation: Installation,
) -> None:
    await fill(installation)
    async with opened(installation):
        pass
    stored = installation.settings.data_dir / "index" / "chroma" / "chroma.sqlite3"
    stored.write_bytes(b"not a database at all" * 100)
    async with opened(installation) as (keeper, retriever):
        assert found(retriever) == {kind: [1, 2, 3] for kind in KINDS}
        async with asyncio.timeout(60):
            while keeper.rebuilding:
                await asyncio.sleep(0.05)
        assert isinstance(retriever.index, ChromaIndex)


async def test_what_is_written_after_the_last_stop_is_found_at_the_next_start(
    installation: Installation,
) -> None:
    await fill(installation)
    async with opened(installation):
        pass
    fresh: Sequence[str] = ("a biblioteca abre aos sábados",)
    (vector,) = EMBEDDER.encode(fresh)
    async with installation.database.write() as session:
        entry = NewEntry("answer", 9, 0, "pt", fresh[0], np.asarray(vector))
        await actions.put(session, EMBEDDER.name, [entry])
        await actions.drop(session, "answer", [1])
    async with opened(installation) as (_, retriever):
        vectors = EMBEDDER.encode([fresh[0], TEXTS[0]])
        (new,), gone = retriever.find("answer", [fresh[0], TEXTS[0]], ["pt", "pt"], vectors, 1)
        assert new.id == 9
        assert all(one.id != 1 for one in gone)


def reads_english_only(monkeypatch: pytest.MonkeyPatch, *, installed: bool) -> None:
    """The encoder that is set knows English; a translator from Portuguese is there or not."""
    embedder = HashEmbedder()
    embedder.languages = frozenset({"en"})
    glossary = Glossary({("pt", "en"): {"água": "water"}})
    loads(monkeypatch, embedder, glossary if installed else AsIs())


def loads(monkeypatch: pytest.MonkeyPatch, embedder: Embedder, translator: Pivot) -> None:
    """This encoder is set, and this translator is there."""
    for module in ("retrieval.keeper", "commands.reindexing"):
        monkeypatch.setattr(f"service.{module}.load_embedder", lambda settings: embedder)
    monkeypatch.setattr("nlp.pivot.found", lambda: translator)


async def test_an_empty_store_is_read_through_the_translator_that_is_found(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for installed, name in ((True, "hash-64+glossary"), (False, "hash-64")):
        reads_english_only(monkeypatch, installed=installed)
        embedder = await keeper.open_embedder(installation.settings, installation.database)
        assert embedder.name == name


async def test_what_was_encoded_as_it_is_stays_so_until_reindexed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(installation)
    reads_english_only(monkeypatch, installed=True)
    embedder = await keeper.open_embedder(installation.settings, installation.database)
    assert embedder.name == "hash-64"
    await reindex(installation, lambda done, total: None)
    embedder = await keeper.open_embedder(installation.settings, installation.database)
    assert embedder.name == "hash-64+glossary"
    async with installation.database.read() as session:
        assert await queries.models(session) >= {"hash-64+glossary"}


async def test_vectors_of_an_encoder_before_are_refused_until_reindexed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with installation.database.write() as session:
        issue, _, _ = await town.asked(session, installation.vault, 3, text=TEXTS[0])
        entry = NewEntry("answer", 1, 0, "pt", TEXTS[2], EMBEDDER.encode([TEXTS[2]])[0])
        await actions.put(session, "hash-64+glossary", [entry])
        await spaces.keep(session, Space.of("hash-64", np.ones((3, 64), dtype=np.float32)), 100)
    other = HashEmbedder(32)
    loads(monkeypatch, other, AsIs())
    held = Keeper(installation.settings, installation.database)
    with pytest.raises(OtherModel, match=r"from hash-64.* new ones from hash-32: .*reindex"):
        await held.open()
    await held.close()
    await reindex(installation, lambda done, total: None)
    for _ in range(2):
        held = Keeper(installation.settings, installation.database)
        retriever = await held.open()
        assert retriever.space.version == Space.shipped(other).version
        vectors = await retriever.encode([TEXTS[0], TEXTS[2]], ["pt", "pt"])
        ((near, *_), _) = retriever.near_issues(vectors, 1)
        assert near.id == issue
        assert near.score > 0.99, "it is found by the mean of its members' new vectors"
        (found,) = retriever.find("answer", [TEXTS[2]], ["pt"], vectors[1:], 1)
        assert [one.id for one in found] == [1]
        await held.close()


async def test_examples_of_an_encoder_before_teach_nobody_and_are_refused(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with installation.database.write() as session:
        await town.body(session, "water")
    loads(monkeypatch, HashEmbedder(32), AsIs())
    async with installation.database.read() as session:
        assert await queries.other_models(session, "hash-32") == ["hash-64"]
    held = Keeper(installation.settings, installation.database)
    with pytest.raises(OtherModel, match="from hash-64"):
        await held.open()
    await held.close()
    await reindex(installation, lambda done, total: None)
    held = Keeper(installation.settings, installation.database)
    await held.open()
    await held.close()


async def test_proposals_follow_at_once_when_all_is_reindexed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now() + timedelta(hours=1)
    async with installation.database.write() as session:
        await jobs.add(session, "encode_proposals", key="encode_proposals", run_at=later)
    loads(monkeypatch, HashEmbedder(32), AsIs())
    await reindex(installation, lambda done, total: None)
    async with installation.database.read() as session:
        (job,) = (await session.scalars(select(jobs.Job))).all()
    assert (job.kind, job.state) == ("encode_proposals", "waiting")
    assert job.run_at < later


async def test_a_translator_that_is_gone_costs_quality_and_no_start(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads_english_only(monkeypatch, installed=True)
    embedder = await keeper.open_embedder(installation.settings, installation.database)
    entry = NewEntry("answer", 1, 0, "pt", "água", embedder.encode(["água"])[0])
    async with installation.database.write() as session:
        await actions.put(session, embedder.name, [entry])
    reads_english_only(monkeypatch, installed=False)
    held = Keeper(installation.settings, installation.database, searching_only=True)
    retriever = await held.open()
    assert retriever.embedder.name == "hash-64"
    vectors = await retriever.encode(["água"], ["pt"])
    assert [one.id for one in retriever.find("answer", ["água"], ["pt"], vectors, 3)[0]] == [1]
    await held.close()


async def test_a_backup_restored_without_its_index_is_searched_whole(
    installation: Installation,
) -> None:
    """How far the index reaches is noted in the database, which comes back without the folder."""
    await fill(installation)
    async with opened(installation) as (_, retriever):
        before = found(retriever)
    shutil.rmtree(installation.settings.data_dir / "index")
    async with opened(installation) as (_, retriever):
        assert len(retriever.index.search("passage", EMBEDDER.encode(TEXTS), 3)[0]) == 3
        assert found(retriever) == before
