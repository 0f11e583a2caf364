"""Text in a language the encoder does not know → one it does: for encoding, and for staff to read.

A rendering is rough and machine-made. It never replaces what somebody wrote, and no citizen is
sent one.
"""

import re
import shlex
import shutil
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from threading import RLock
from typing import Protocol

from nlp.accents import Accented, analyses
from nlp.chains import Chain, Stuck
from nlp.embed import Embedder, FloatArray
from nlp.text import LANGUAGES, detect

MARK = "+"
SHARE = Path("/usr/share/apertium")
LONGEST = 2000
TOGETHER = 64
# Seconds: for a batch of texts, for one text on its own, and of peace after too many failures.
BATCH_LIMIT, LONE_LIMIT, REST = 10.0, 2.0, 60.0
FAILURES = 3

ROUTES: dict[tuple[str, str], tuple[str, ...]] = {
    ("pt", "en"): ("pt-es", "spa-eng"),
    ("es", "en"): ("spa-eng",),
    ("pt", "es"): ("pt-es",),
    ("es", "pt"): ("es-pt_BR",),
    ("en", "es"): ("eng-spa",),
    ("en", "pt"): ("eng-spa", "es-pt_BR"),
}


class Pivot(Protocol):
    """Renders texts in another language. `name` is recorded with every vector made through it; it
    is empty when nothing is rendered. Every call may come from any thread.
    """

    name: str

    def serves(self, source: str, target: str) -> bool:
        """Whether texts in `source` can be rendered in `target`."""
        ...

    def render(self, texts: Sequence[str], source: str, target: str) -> list[str | None]:
        """A rendering of each text, in order; None for one that could not be made in time."""
        ...

    def close(self) -> None:
        """Let go of what is held; a later call starts it again."""
        ...


class AsIs:
    """Renders nothing."""

    name = ""

    def serves(self, source: str, target: str) -> bool:
        """Only a language in itself."""
        return source == target

    def render(self, texts: Sequence[str], source: str, target: str) -> list[str | None]:
        """The texts as they are, in their own language only."""
        return [text if source == target else None for text in texts]

    def close(self) -> None:
        """Nothing is held."""


class Glossary:
    """A tiny deterministic pivot: word for word from a list; words it lacks stay."""

    name = "glossary"

    def __init__(self, known: dict[tuple[str, str], dict[str, str]]) -> None:
        self._known = known

    def serves(self, source: str, target: str) -> bool:
        """Whether there is a list for the two languages."""
        return source == target or (source, target) in self._known

    def render(self, texts: Sequence[str], source: str, target: str) -> list[str | None]:
        """The texts with their known words replaced."""
        if not self.serves(source, target):
            return [None for _ in texts]
        known = self._known.get((source, target), {})
        return [
            re.sub(r"\w+", lambda word: known.get(word.group().lower(), word.group()), text)
            for text in texts
        ]

    def close(self) -> None:
        """Nothing is held."""


class Rendering:
    """An embedder that reads the languages it does not know through a pivot. `name` says so beside
    every vector; `rendered` are the languages it is done for.
    """

    def __init__(self, embedder: Embedder, pivot: Pivot, *, prior: str | None = None) -> None:
        """`prior` is the language of a text that does not tell its own."""
        self._embedder, self._pivot, self._prior = embedder, pivot, prior
        self.languages, self.size = embedder.languages, embedder.size
        self.target = _target(embedder.languages, pivot)
        self.rendered = frozenset(
            lang
            for lang in LANGUAGES
            if lang not in embedder.languages and pivot.serves(lang, self.target)
        )
        self.name = f"{embedder.name}{MARK}{pivot.name}" if self.rendered else embedder.name

    def encode(self, texts: Sequence[str], langs: Sequence[str] | None = None) -> FloatArray:
        """Vectors (n, size); a text without a language in `langs` is read in the one it tells. What
        cannot be rendered is encoded as it is.
        """
        if not self.rendered or any(not isinstance(text, str) for text in texts):
            return self._embedder.encode(texts)
        spoken = langs or [detect(text, prior=self._prior).lang for text in texts]
        read = list(texts)
        for lang in sorted(self.rendered & set(spoken)):
            rows = [at for at, one in enumerate(spoken) if one == lang]
            made = self._pivot.render([texts[at] for at in rows], lang, self.target)
            for at, rendering in zip(rows, made, strict=True):
                read[at] = rendering if rendering is not None else texts[at]
        return self._embedder.encode(read)

    def close(self) -> None:
        """Let the pivot go."""
        self._pivot.close()


def _target(known: Collection[str], pivot: Pivot) -> str:
    """The known language that most of ours can be rendered in; English where that is even."""
    return max(
        sorted(known) or ["en"],
        key=lambda one: (sum(pivot.serves(lang, one) for lang in LANGUAGES), one == "en"),
    )


def encode(
    embedder: Embedder, texts: Sequence[str], langs: Sequence[str] | None = None
) -> FloatArray:
    """Vectors (n, size) of texts; their languages matter only to an embedder that renders."""
    if isinstance(embedder, Rendering):
        return embedder.encode(texts, langs)
    return embedder.encode(texts)


def close(embedder: Embedder) -> None:
    """Let the pivot of an embedder go, where it has one."""
    if isinstance(embedder, Rendering):
        embedder.close()


def family(model: str) -> str:
    """The encoder behind a recorded name: its vectors can be compared, rendered or not."""
    return model.partition(MARK)[0]


def rendered(embedder: Embedder) -> frozenset[str]:
    """The languages that an embedder reads through a rendering."""
    return embedder.rendered if isinstance(embedder, Rendering) else frozenset()


def found(share: Path = SHARE) -> Pivot:
    """Apertium where it is installed with a route of ours, else texts as they are."""
    apertium = Apertium(share)
    return apertium if any(apertium.serves(*route) for route in ROUTES) else AsIs()


class Apertium:
    """The rule-based translator Apertium: its programs are children that stay open, one chain for
    each route, and every text ends with a null byte that makes them flush. Words that lack their
    accents are read with them.

    Texts are cut at `LONGEST` characters. A chain that crashes or takes too long is started anew.
    """

    name = "apertium"

    def __init__(self, share: Path = SHARE) -> None:
        self._share = share
        self._chains: dict[tuple[str, str], Chain | Accented] = {}
        self._resting: dict[tuple[str, str], float] = {}
        self._lock = RLock()

    def serves(self, source: str, target: str) -> bool:
        """Whether every step of the route is installed."""
        if source == target:
            return True
        modes = ROUTES.get((source, target), ())
        return bool(modes) and all(
            (self._share / "modes" / f"{mode}.mode").is_file() for mode in modes
        )

    def render(self, texts: Sequence[str], source: str, target: str) -> list[str | None]:
        """A rendering of each text; None for those of a batch that failed, each tried alone."""
        if source == target:
            return list(texts)
        if not self.serves(source, target):
            return [None for _ in texts]
        rendered: list[str | None] = []
        with self._lock:
            for start in range(0, len(texts), TOGETHER):
                rendered += self._some(texts[start : start + TOGETHER], (source, target))
        return rendered

    def _some(self, texts: Sequence[str], route: tuple[str, str]) -> list[str | None]:
        if time.monotonic() < self._resting.get(route, 0.0):
            return [None for _ in texts]
        together = self._try(texts, route, BATCH_LIMIT)
        if together is not None:
            return list(together)
        alone: list[str | None] = []
        failed = 0
        for text in texts:
            one = self._try([text], route, LONE_LIMIT) if failed < FAILURES else None
            failed = 0 if one else failed + 1
            alone.append(one[0] if one else None)
        if failed >= FAILURES:
            self._resting[route] = time.monotonic() + REST
        return alone

    def _try(
        self, texts: Sequence[str], route: tuple[str, str], limit: float
    ) -> Sequence[str] | None:
        """None when the chain crashed or took longer than `limit` seconds; it is stopped then."""
        try:
            if route not in self._chains:
                self._chains[route] = _chain(_commands(self._share, ROUTES[route]))
            out = self._chains[route].pass_on([_packed(text) for text in texts], limit)
        except (OSError, Stuck):
            chain = self._chains.pop(route, None)
            if chain:
                chain.stop()
            return None
        return [_unpacked(one) for one in out]

    def close(self) -> None:
        """Stop all children."""
        with self._lock:
            for chain in self._chains.values():
                chain.stop()
            self._chains.clear()


def _chain(commands: Sequence[Sequence[str]]) -> Chain | Accented:
    return Accented(commands) if analyses(commands[0]) else Chain(commands)


def _commands(share: Path, modes: Sequence[str]) -> list[list[str]]:
    """The programs of a route's modes, as arguments: no shell reads them."""
    commands = []
    for mode in modes:
        lines = (share / "modes" / f"{mode}.mode").read_text(encoding="utf-8").strip()
        for stage in lines.split("|"):
            program, *rest = shlex.split(stage)
            # $1 is how unknown words are written (-n: without a mark), $2 how tags are.
            told = ["-n" if one == "$1" else one for one in rest if one != "$2"]
            commands.append([shutil.which(program) or program, "-z", *told])
    return commands


_RESERVED = re.compile(r"[\\\[\]{}^$/@<>]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# Ends the last sentence, as Apertium's own formatter does.
_END = ".[]"


def _packed(text: str) -> bytes:
    safe = _RESERVED.sub(r"\\\g<0>", text[:LONGEST].replace("\0", " "))
    return safe.replace("\n", "[\n]").encode("utf-8", "replace") + _END.encode()


def _unpacked(out: bytes) -> str:
    text = out.decode("utf-8", "replace").removesuffix(_END).replace("[\n]", "\n")
    return _ESCAPED.sub(r"\1", text).strip()
