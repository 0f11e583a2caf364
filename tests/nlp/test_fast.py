"""The fast path: a graph made once, that speaks like the model, whatever happens to files."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nlp import embed, fast, graph, pooling
from nlp.checks import TEXTS, check_embedder
from nlp.embed import SentenceEmbedder

MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
SIGNS = (*"abcdefghijklmnopqrstuvwxyz", *"áéçãõ.?")
UNUSED = tuple(f"[unused{at}]" for at in range(pooling.FIRST_WORD - len(MARKS)))
PIECES = (*MARKS, *UNUSED, *SIGNS, *(f"##{sign}" for sign in SIGNS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real sentence-transformers model of the bundled one's shape, three layers small."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    place = tmp_path_factory.mktemp("model")
    (place / "vocab.txt").write_text("\n".join(PIECES), encoding="utf-8")
    torch.manual_seed(5)
    shape = BertConfig(
        vocab_size=len(PIECES),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=48,
    )
    BertModel(shape).save_pretrained(str(place / "bert"))
    vocabulary = {piece: at for at, piece in enumerate(PIECES)}
    BertTokenizer(vocab=vocabulary).save_pretrained(str(place / "bert"))
    modules = [Transformer(str(place / "bert"), max_seq_length=40), Pooling(32), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(
        str(place / "whole"), create_model_card=False
    )
    return place / "whole"


@pytest.fixture(scope="module")
def whole(folder: Path) -> SentenceEmbedder:
    """The same model as sentence-transformers runs it, pooled our way."""
    return SentenceEmbedder(str(folder), name="tiny", languages={"pt"}, pooled=True)


def load(folder: Path, graphs: Path, whole: SentenceEmbedder, **given: Any) -> fast.FastEmbedder:
    """The fast path of the tiny model."""
    return fast.load(folder, graphs, "tiny", {"pt"}, lambda: whole, **given)


@pytest.mark.parametrize("small", [True, False])
def test_fast_path_keeps_the_contract(
    folder: Path, whole: SentenceEmbedder, tmp_path: Path, small: bool
) -> None:
    embedder = load(folder, tmp_path, whole, small=small)
    check_embedder(embedder)
    assert (embedder.name, embedder.size, embedder.small) == ("tiny", 32, small)
    assert embedder.languages == {"pt"}


def test_whole_numbers_give_the_model_s_own_vectors(
    folder: Path, whole: SentenceEmbedder, tmp_path: Path
) -> None:
    embedder = load(folder, tmp_path, whole, small=False)
    assert np.allclose(embedder.encode(TEXTS), whole.encode(TEXTS), atol=1e-5)


def test_small_numbers_give_nearly_the_same(
    folder: Path, whole: SentenceEmbedder, tmp_path: Path
) -> None:
    said = load(folder, tmp_path, whole, small=True).encode(TEXTS)
    assert np.sum(said * whole.encode(TEXTS), axis=1).min() > 0.98


def test_graph_is_made_once(folder: Path, whole: SentenceEmbedder, tmp_path: Path) -> None:
    load(folder, tmp_path, whole)
    (made,) = tmp_path.iterdir()
    before = made.stat().st_mtime_ns

    def never() -> SentenceEmbedder:
        raise AssertionError("the whole model is not needed again")

    fast.load(folder, tmp_path, "tiny", {"pt"}, never)
    assert [one.stat().st_mtime_ns for one in tmp_path.iterdir()] == [before]


def test_half_written_graph_is_made_anew(
    folder: Path, whole: SentenceEmbedder, tmp_path: Path
) -> None:
    vectors = load(folder, tmp_path, whole).encode(TEXTS)
    (made,) = tmp_path.iterdir()
    made.write_bytes(made.read_bytes()[:5000])
    assert np.array_equal(load(folder, tmp_path, whole).encode(TEXTS), vectors)


def test_several_may_make_it_at_once(folder: Path, whole: SentenceEmbedder, tmp_path: Path) -> None:
    found: list[fast.FastEmbedder] = []
    both = [
        threading.Thread(target=lambda: found.append(load(folder, tmp_path, whole)))
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert np.array_equal(found[0].encode(TEXTS), found[1].encode(TEXTS))
    assert len(list(tmp_path.iterdir())) == 1


def test_an_older_graph_goes_once_the_new_one_runs(
    folder: Path, whole: SentenceEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = load(folder, tmp_path, whole, small=True)
    vectors = older.encode(TEXTS)
    (first,) = tmp_path.iterdir()
    monkeypatch.setattr(fast, "version", lambda _: "another")
    load(folder, tmp_path, whole, small=True)
    (second,) = tmp_path.iterdir()
    assert second != first
    assert np.array_equal(older.encode(TEXTS), vectors), "who opened it before goes on with it"


def test_only_older_graphs_of_the_same_model_and_numbers_go(
    folder: Path, whole: SentenceEmbedder, tmp_path: Path
) -> None:
    digest = "0123456789ab"
    gone = {f"tiny-sif-int8-{digest}.onnx", f"tiny-int8-{digest}.onnx"}
    kept = {
        f"tiny-sif-fp32-{digest}.onnx",  # of a machine with another processor
        f"tiny-other-int8-{digest}.onnx",
        f"tiny-sif-more-int8-{digest}.onnx",
        f"tin-int8-{digest}.onnx",
        f"tiny-sif-int8-{digest}.onnx.old",
        f"tiny-sif-int8-{digest.upper()}.onnx",
        "tiny-sif-int8-0123.onnx",
        "tiny-sif.onnx",
    }
    for name in gone | kept:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "tiny-sif-int8-fedcba987654.onnx").mkdir()
    (tmp_path / "tiny-sif-int8-fedcba987655.onnx").symlink_to(tmp_path / "tiny-sif.onnx")
    fast.load(folder, tmp_path, "tiny-sif", {"pt"}, lambda: whole, small=True)
    names = {one.name for one in tmp_path.iterdir()}
    assert names > kept
    assert not names & gone
    assert len(names - kept) == 3, "the folder, the link, and the new one"


def test_an_older_graph_stays_where_no_new_one_can_be_made(
    whole: SentenceEmbedder, tmp_path: Path
) -> None:
    graphs = tmp_path / "graphs"
    graphs.mkdir()
    older = graphs / "tiny-int8-0123456789ab.onnx"
    older.write_bytes(b"")
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(fast.NotFast):
        fast.load(tmp_path, graphs, "tiny", {"pt"}, lambda: None, small=True)  # type: ignore[arg-type, return-value]
    assert list(graphs.iterdir()) == [older]


def test_an_older_graph_that_cannot_be_removed_is_no_hindrance(
    folder: Path, whole: SentenceEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder, tmp_path, whole, small=True)
    older = tmp_path / "tiny-int8-0123456789ab.onnx"
    older.write_bytes(b"")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refused)
    assert load(folder, tmp_path, whole, small=True).small
    assert older.exists()


def test_model_of_another_shape_says_why(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(fast.NotFast, match="cannot be made"):
        fast.load(tmp_path, tmp_path / "graphs", "odd", {"pt"}, lambda: None)  # type: ignore[arg-type, return-value]


def test_graph_that_speaks_otherwise_is_refused(
    folder: Path, whole: SentenceEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turned(bert: Any, path: Path, *, small: bool) -> None:
        torch.manual_seed(9)
        stranger = type(bert)(bert.config).eval()
        _write(stranger, path, small=small)

    _write = graph.write
    monkeypatch.setattr(graph, "write", turned)
    with pytest.raises(fast.NotFast, match="other vectors"):
        load(folder, tmp_path, whole)
    assert list(tmp_path.iterdir()) == []


def test_without_the_fast_path_the_model_runs_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object) -> fast.FastEmbedder:
        raise fast.NotFast("of a reason")

    monkeypatch.setattr(fast, "load", fails)
    monkeypatch.setattr(embed, "SentenceEmbedder", lambda *_, **__: type("Plain", (), {})())
    embedder = embed.load("bundled", graphs=tmp_path)
    assert getattr(embedder, "slow_because", "") == "of a reason"


def test_another_model_is_pooled_as_its_makers_meant(folder: Path, whole: SentenceEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    other, makers = embed.load(str(folder)), SentenceTransformer(str(folder), device="cpu")
    said = other.encode(TEXTS)
    assert np.allclose(said, makers.encode(list(TEXTS)), atol=1e-5)
    assert np.sum(said * whole.encode(TEXTS), axis=1).min() < 0.99
