"""Words without their accents, as people write them on a phone, read as a translator's dictionary
has them.

Only words the dictionary does not know are read so: everywhere, "no" would turn into a knot.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path

from nlp.chains import Chain, Stuck

LETTERS = Path(__file__).parent / "words" / "accents.rcx"
KEPT = 20_000

# What Apertium's analyser writes of a word it does not know, and of one word that it does.
_UNKNOWN = re.compile(r"\^([^\W\d_]+)/\*\1\$")
_READ = re.compile(r"\^[^/^$]+/[^*^$][^^$]*\$")


def analyses(command: Sequence[str]) -> bool:
    """Whether a program looks up words, and can be told to overlook missing accents."""
    name = Path(command[0]).name
    return name == "lt-proc" and any(one.endswith(".automorf.bin") for one in command)


class Accented:
    """Programs that feed each other, the first of which looks up words; between it and the rest,
    what it did not know is looked up without regard to accents.
    """

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._started: list[Chain] = []
        first, (program, *told) = commands[0], commands[0]
        self._first, self._rest = self._start([first]), self._start(commands[1:])
        lenient = [program, "-r", str(LETTERS), *told]
        self._lenient: Chain | None = self._start([lenient])
        self._known: dict[str, str] = {}

    def _start(self, commands: Sequence[Sequence[str]]) -> Chain:
        try:
            self._started.append(Chain(commands))
        except OSError:
            self.stop()
            raise
        return self._started[-1]

    @property
    def pids(self) -> list[int]:
        """The processes of all programs."""
        return [pid for chain in self._started for pid in chain.pids]

    def pass_on(self, texts: Sequence[bytes], limit: float) -> list[bytes]:
        """Send texts through, at most `limit` seconds. Raises `Stuck`."""
        until = time.monotonic() + limit
        read = [one.decode("utf-8", "replace") for one in self._first.pass_on(texts, limit)]
        self._look_up({word.lower() for one in read for word in _UNKNOWN.findall(one)}, until)
        mended = [_UNKNOWN.sub(self._mended, one) for one in read]
        return self._rest.pass_on([one.encode() for one in mended], until - time.monotonic())

    def _mended(self, unknown: re.Match[str]) -> str:
        return self._known.get(unknown[1].lower()) or unknown[0]

    def _look_up(self, words: set[str], until: float) -> None:
        """Note how words are read; without the means, they stay unknown."""
        if len(self._known) > KEPT:
            self._known.clear()
        fresh = sorted(words - set(self._known))
        if not fresh or self._lenient is None:
            return
        try:
            found = self._lenient.pass_on(
                [f"{word}\n".encode() for word in fresh], (until - time.monotonic()) / 2
            )
        except (OSError, Stuck):
            self._lenient = None
            return
        for word, one in zip(fresh, found, strict=True):
            said = one.decode("utf-8", "replace").strip()
            self._known[word] = said if _READ.fullmatch(said) else ""

    def stop(self) -> None:
        """End the programs."""
        for chain in self._started:
            chain.stop()
