"""Indexes: exact, and Chroma in a folder that one process owns."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp import index as indexes
from nlp.checks import check_index, clustered
from nlp.embed import FloatArray
from nlp.folder import Folder, IndexInUse
from nlp.index import ChromaIndex, ExactIndex, Hit, IndexBroken, WrongModel

PREFIX = "tiny-1"


@pytest.fixture(autouse=True)
def no_embedder_of_chromas_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chroma's own embedder would download a model: whoever makes one has failed."""
    from chromadb.utils import embedding_functions

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("Chroma's own embedding function was made")

    own = embedding_functions.DefaultEmbeddingFunction
    monkeypatch.setattr(own, "__init__", refuse)
    monkeypatch.setattr(own, "__call__", refuse)


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[ChromaIndex]:
    """An empty index in a folder."""
    made = indexes.open_folder(Folder(tmp_path), PREFIX)
    yield made
    made.close()


def test_exact_index_keeps_the_contract() -> None:
    check_index(ExactIndex)


def test_chroma_keeps_the_contract(tmp_path: Path) -> None:
    numbers = count()
    check_index(
        lambda: indexes.open_folder(Folder(tmp_path / str(next(numbers))), PREFIX),
    )


def test_a_copy_of_what_chroma_holds_keeps_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "MANY", 1)
    monkeypatch.setattr(ChromaIndex, "_query", None)
    numbers = count()
    check_index(
        lambda: indexes.open_folder(Folder(tmp_path / str(next(numbers))), PREFIX),
    )


def test_guard_against_chromas_own_embedder_would_notice(tmp_path: Path) -> None:
    import chromadb

    client: Any = chromadb.PersistentClient(str(tmp_path), settings=indexes._settings())
    try:
        with pytest.raises((AssertionError, DeprecationWarning), match="was made"):
            client.create_collection("without-care").query(query_texts=["water"])
    finally:
        client.close()


def test_a_collection_opened_again_still_has_no_embedder(tmp_path: Path) -> None:
    vectors = clustered(1, 30)
    first = indexes.open_folder(Folder(tmp_path), PREFIX)
    first.upsert("answer", list(range(30)), vectors)
    first.close()
    again = indexes.open_folder(Folder(tmp_path), PREFIX)
    assert again._collection("answer")._embedding_function is None
    assert again.search("answer", vectors[4:5], 1)[0][0].id == 4
    assert again.pending == 0
    again.close()


def test_flush_writes_no_more_than_it_is_asked(chroma: ChromaIndex) -> None:
    vectors = clustered(2, 50)
    chroma.upsert("issue", list(range(50)), vectors)
    assert chroma.pending == 50
    assert chroma.flush(20) == chroma.pending == 30
    assert chroma.count("issue") == 50
    found = chroma.search("issue", vectors, 1)
    assert [hits[0].id for hits in found] == list(range(50))
    assert chroma.flush() == chroma.pending == 0
    assert chroma.search("issue", vectors, 1) == found


def test_many_rows_removed_before_a_flush_do_not_starve_a_search(chroma: ChromaIndex) -> None:
    middle = clustered(3, 1)
    random = np.random.default_rng(3)
    around = middle + 0.02 * random.normal(size=(400, middle.shape[1]))
    near = (around / np.linalg.norm(around, axis=1, keepdims=True)).astype(np.float32)
    chroma.upsert("issue", list(range(400)), near)
    chroma.upsert("issue", list(range(400, 405)), -near[:5])
    chroma.flush()
    chroma.remove("issue", list(range(400)))
    assert {hit.id for hit in chroma.search("issue", middle, 5)[0]} == set(range(400, 405))


def test_only_rows_that_may_miss_a_better_one_ask_for_more(
    chroma: ChromaIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, query = [], ChromaIndex._query

    def watched(index: ChromaIndex, kind: str, vectors: FloatArray, k: int) -> list[list[Hit]]:
        calls.append((len(vectors), k))
        return query(index, kind, vectors, k)

    monkeypatch.setattr(ChromaIndex, "_query", watched)
    monkeypatch.setattr(indexes, "MANY", 1000)
    vectors, exact = clustered(8, 600, noise=0.2), ExactIndex()
    nearer = clustered(8, 600, noise=0.19)[:300]
    for index in (chroma, exact):
        index.upsert("issue", range(600), vectors)
        index.flush()
        index.upsert("issue", range(300), nearer)
    assert _close(chroma.search("issue", vectors, 10), exact.search("issue", vectors, 10))
    assert calls == [(600, 10 + indexes.SPARE)], "rows that moved a little hide nothing"
    for index in (chroma, exact):
        index.remove("issue", range(0, 600, 20))
    calls.clear()
    assert _close(chroma.search("issue", vectors[:20], 10), exact.search("issue", vectors[:20], 10))
    assert calls[0] == (20, 10 + indexes.SPARE)
    assert {rows for rows, _ in calls[1:]} == {1}, "only where thirty near rows went"


def test_many_at_once_are_compared_with_all_that_an_earlier_process_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, exact = clustered(9, 260), ExactIndex()
    first = indexes.open_folder(Folder(tmp_path), PREFIX)
    for index in (first, exact):
        index.upsert("issue", range(200), vectors[:200])
    first.close()
    monkeypatch.setattr(indexes, "PAGE", 70)
    again, query = indexes.open_folder(Folder(tmp_path), PREFIX), ChromaIndex._query
    monkeypatch.setattr(ChromaIndex, "_query", None)
    assert _close(again.search("issue", vectors, 10), exact.search("issue", vectors, 10))
    for index in (again, exact):
        index.remove("issue", range(0, 90, 2))
        index.upsert("issue", range(150, 260), vectors[150:])
        index.upsert("issue", range(150, 160), clustered(12, 10))
    assert _close(again.search("issue", vectors, 10), exact.search("issue", vectors, 10))
    again.flush()
    assert _close(again.search("issue", vectors, 10), exact.search("issue", vectors, 10))
    monkeypatch.setattr(ChromaIndex, "_query", query)
    assert _close([again.search("issue", one[None], 10)[0] for one in vectors],
                  exact.search("issue", vectors, 10)), "Chroma holds the same"  # fmt: skip
    again.close()


@pytest.mark.parametrize("written", [15, 40])
def test_a_large_store_is_asked_itself_however_many_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    monkeypatch.setattr(indexes, "COPIED", 20)
    vectors = clustered(10, 60)
    index = indexes.open_folder(Folder(tmp_path), PREFIX)
    index.upsert("issue", range(written), vectors[:written])
    index.flush()
    index.search("issue", vectors, 1)
    assert bool(index._copies["issue"]) == (written < 20)
    index.upsert("issue", range(60), vectors)
    index.flush()
    assert index._copies["issue"] is None, "it grew out of its copy"
    assert [hits[0].id for hits in index.search("issue", vectors, 1)] == list(range(60))
    index.close()


def test_a_store_that_others_write_too_is_never_copied(
    chroma: ChromaIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma, "_folder", None)
    vectors = clustered(11, 60)
    chroma.upsert("issue", range(60), vectors)
    chroma.flush()
    assert [hits[0].id for hits in chroma.search("issue", vectors, 1)] == list(range(60))
    assert chroma._copies == {}
    monkeypatch.undo()


def _close(found: list[list[Hit]], expected: list[list[Hit]]) -> bool:
    """Whether the same are found, in order, but for one in a hundred that a graph may miss."""
    same = [mine.id == other.id for a, b in zip(found, expected, strict=True)
            for mine, other in zip(a, b, strict=True)]  # fmt: skip
    return sum(same) >= 0.99 * len(same)


def test_second_owner_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with pytest.raises(IndexInUse, match="Another process is using the index"):
        Folder(tmp_path)
    folder.let_go()
    Folder(tmp_path).let_go()


def test_another_process_is_refused_too(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    code = "import sys, pathlib; from nlp.folder import Folder; Folder(pathlib.Path(sys.argv[1]))"
    tried = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    folder.let_go()
    assert tried.returncode == 1
    assert "IndexInUse: Another process is using the index" in tried.stderr


def test_marker_tells_who_did_not_leave_cleanly(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert not folder.was_dirty
    indexes.open_folder(folder, PREFIX)
    folder.let_go()
    after_a_crash = Folder(tmp_path)
    assert after_a_crash.was_dirty
    indexes.open_folder(after_a_crash, PREFIX).close()
    after_a_clean_end = Folder(tmp_path)
    assert not after_a_clean_end.was_dirty
    after_a_clean_end.let_go()


def test_a_store_that_cannot_be_written_lets_its_folder_go_marked(tmp_path: Path) -> None:
    index = indexes.open_folder(Folder(tmp_path), PREFIX)
    index.upsert("issue", [1], clustered(1, 1))
    shutil.rmtree(tmp_path / "chroma")
    with pytest.raises(IndexBroken, match="the vector store cannot"):
        index.close()
    next_owner = Folder(tmp_path)
    assert next_owner.was_dirty, "what was not written is made anew"
    next_owner.let_go()


def test_a_stop_does_not_wait_for_ever_for_what_is_to_be_written(tmp_path: Path) -> None:
    index = indexes.open_folder(Folder(tmp_path), PREFIX)
    index.upsert("issue", range(3 * indexes.CALL), clustered(1, 3 * indexes.CALL))
    with pytest.raises(IndexBroken, match=f"no time for {2 * indexes.CALL} vectors"):
        index.close(patience=0)
    next_owner = Folder(tmp_path)
    assert next_owner.was_dirty, "what was not written is made anew"
    next_owner.let_go()


def test_store_that_cannot_be_opened_is_broken(tmp_path: Path) -> None:
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"this is no database" * 100)
    folder = Folder(tmp_path)
    with pytest.raises(IndexBroken, match="cannot open its folder"):
        indexes.open_folder(folder, PREFIX)
    folder.let_go()


def test_rebuilding_makes_a_lost_index_whole(tmp_path: Path) -> None:
    vectors = clustered(4, 60)
    pages = [("answer", list(range(40)), vectors[:40]), ("issue", list(range(20)), vectors[40:])]
    assert indexes.rebuild(tmp_path / "chroma", PREFIX, pages) == 60
    built = indexes.open_folder(Folder(tmp_path), PREFIX)
    assert (built.count("answer"), built.count("issue")) == (40, 20)
    assert built.search("issue", vectors[45:46], 1)[0][0].id == 5
    assert len(built.search("issue", vectors[45:46], 50)[0]) == 20, "all, where there are fewer"
    built.close()


@pytest.mark.parametrize("flushed", [False, True])
def test_vectors_of_another_size_are_the_wrong_model(chroma: ChromaIndex, flushed: bool) -> None:
    for index in (ExactIndex(), chroma):
        index.upsert("issue", [1, 2], clustered(5, 2))
        if flushed:
            index.flush()
        narrow = np.eye(2, 8, dtype=np.float32)
        with pytest.raises(WrongModel, match="vectors of 32, not of 8"):
            index.upsert("issue", [3, 4], narrow)
        with pytest.raises(WrongModel, match="vectors of 32, not of 8"):
            index.search("issue", narrow, 1)


def test_vectors_of_another_model_never_mix(tmp_path: Path) -> None:
    vectors = clustered(6, 3)
    one = indexes.open_folder(Folder(tmp_path), "one-1")
    one.upsert("issue", [1, 2, 3], vectors)
    one.close()
    other = indexes.open_folder(Folder(tmp_path), "other-1")
    assert other.count("issue") == 0
    assert other.search("issue", vectors, 3) == [[], [], []]
    other.close()
