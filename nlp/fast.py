"""The bundled encoder's fast path: its graph, made once into a folder, run by ONNX Runtime.

Each text runs alone, on as many threads as there are cores. So nothing is padded, and in eight
bits a text has the same vector in any company.
"""

import contextlib
import hashlib
import json
import os
import re
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

MAKERS = ("graph.py", "pooling.py")
MADE = re.compile(r"(.+)-(int8|fp32)-[0-9a-f]{12}\.onnx")
THREADS = 8
ALIKE = 0.97
INSTRUCTIONS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"})
PROBES = (
    "There is no water in my street since Monday.",
    "Quando abre o posto de saúde?",
    "The bus is late again, every morning, and nobody at the company answers the telephone.",
)

_making = threading.Lock()


class NotFast(RuntimeError):
    """The fast path cannot be had here; the message says why."""


class Whole(Protocol):
    """The model as sentence-transformers runs it."""

    model: Any

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (n, size) of length one."""
        ...


class FastEmbedder:
    """The bundled encoder through ONNX Runtime: the same vectors, but for rounding."""

    def __init__(self, graph: Path, folder: Path, *, name: str, languages: Collection[str]) -> None:
        """`graph` is the file that was made of the model in `folder`."""
        from tokenizers import Tokenizer

        self._session: Any = _open(graph)
        self._tokens: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokens.no_padding()
        self._tokens.enable_truncation(_longest(folder))
        self.name, self.languages = name, frozenset(languages)
        self.size = int(self._session.get_outputs()[0].shape[0])
        self.small = "int8" in graph.name
        self._pool = ThreadPoolExecutor(threads(), thread_name_prefix="encode")

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (n, size); texts beyond the model's length are cut."""
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"only text can be encoded, not {type(text).__name__}")
        vectors = np.zeros((len(texts), self.size), dtype=np.float32)
        longest_first = iter(sorted(range(len(texts)), key=lambda at: -len(texts[at])))
        if len(texts) == 1:
            self._fill(vectors, texts, longest_first)
        else:
            hands = [
                self._pool.submit(self._fill, vectors, texts, longest_first)
                for _ in range(min(threads(), len(texts)))
            ]
            for hand in hands:
                hand.result()
        return vectors

    def _fill(
        self, vectors: NDArray[np.float32], texts: Sequence[str], rows: Iterator[int]
    ) -> None:
        """Take rows from those that are left, until none is."""
        for row in rows:
            ids = np.array(self._tokens.encode(texts[row]).ids, dtype=np.int64)
            vectors[row] = self._session.run(None, {"ids": ids})[0]


def threads() -> int:
    """How many texts are encoded at once."""
    return min(THREADS, len(os.sched_getaffinity(0)))


def has_small_numbers() -> bool:
    """Whether the processor multiplies eight-bit numbers without losing their sums."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    flags = [line for line in told.splitlines() if line.lower().startswith(("flags", "features"))]
    return bool(INSTRUCTIONS & set(" ".join(flags[:1]).split()))


def load(
    folder: Path,
    graphs: Path,
    name: str,
    languages: Collection[str],
    whole: Callable[[], Whole],
    *,
    small: bool | None = None,
) -> FastEmbedder:
    """The fast path of the model in `folder`. Its graph is made in `graphs` of the `whole` model
    when it is not there or cannot be read; once it runs, older ones go. Raises `NotFast`.
    """
    try:
        small = has_small_numbers() if small is None else small
        path = graphs / _file(folder, name, small=small)
        with _making:
            if not (path.exists() and _readable(path)):
                _make(path, folder, whole(), small=small)
        opened = FastEmbedder(path, folder, name=name, languages=languages)
        _remove_older(path, name)
        return opened
    except NotFast:
        raise
    except Exception as error:
        raise NotFast(f"its graph cannot be made ({type(error).__name__}: {error})") from error


def _file(folder: Path, name: str, *, small: bool) -> str:
    """A graph is made anew when the model, what makes it or what runs it is another."""
    weights = (folder / "model.safetensors").stat()
    told = [(Path(__file__).parent / one).read_text(encoding="utf-8") for one in MAKERS]
    told += [version("onnxruntime"), version("torch"), str(weights.st_size)]
    told += [str(folder.resolve()), str(int(weights.st_mtime))]
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
    return f"{name}-{'int8' if small else 'fp32'}-{digest}.onnx"


def _remove_older(path: Path, name: str) -> None:
    """Remove what earlier versions made of the same model with the same numbers, and nothing else.

    A process that still runs one keeps it: on Linux a file that is open or mapped outlives its
    name. One of an earlier version that starts again makes its own anew.
    """
    with contextlib.suppress(OSError):
        for one in path.parent.iterdir():
            made = MADE.fullmatch(one.name)
            if made is None or one == path or one.is_symlink() or not one.is_file():
                continue
            model, numbers = made.groups()
            # A name has grown by how the model is pooled.
            if f"{name}-".startswith(f"{model}-") and path.name.startswith(f"{name}-{numbers}-"):
                one.unlink(missing_ok=True)


def _readable(path: Path) -> bool:
    try:
        _open(path)
    except Exception:
        return False
    return True


def _open(graph: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _make(path: Path, folder: Path, whole: Whole, *, small: bool) -> None:
    """Write the graph beside its place, see that it speaks like the model, then put it there, so
    that another process finds all of it or nothing.
    """
    from nlp import graph

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        made = Path(place) / path.name
        graph.write(whole.model[0].auto_model, made, small=small)
        said = FastEmbedder(made, folder, name="made", languages=()).encode(PROBES)
        alike = float(np.sum(said * whole.encode(PROBES), axis=1).min())
        if alike < ALIKE:
            raise NotFast(f"its graph gives other vectors (cosine {alike:.3f})")
        made.replace(path)


def _longest(folder: Path) -> int:
    """How many tokens the model reads of a text: where it says so has changed over time."""
    for file, name in (
        ("sentence_bert_config.json", "max_seq_length"),
        ("tokenizer_config.json", "model_max_length"),
    ):
        told = json.loads((folder / file).read_text(encoding="utf-8")).get(name)
        if told:
            return int(told)
    raise NotFast("the model does not say how long a text may be")
