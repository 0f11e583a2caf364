"""Tell copies: one text that many send, also where each changes a few words.

Shingles and MinHash are Broder's (1997), their banding is that of Leskovec, Rajaraman and Ullman
(Mining of Massive Datasets, 3.4).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlp.text import fingerprint, words

SHINGLE = 3
LEAST_WORDS = 12
COPY = 0.5
BANDS, ROWS = 6, 2
_FACTORS, _SHIFTS = np.random.default_rng(0).integers(
    2**63, size=(2, BANDS * ROWS), dtype=np.uint64
)


@dataclass(frozen=True)
class Copy:
    """The fingerprint that a text shares with its copies; `bands` is empty unless it is the first
    of its kind.
    """

    fingerprint: str
    bands: tuple[int, ...]


def near_copy(a: str, b: str) -> float:
    """How far two texts are copies, 0 to 1: Jaccard index of their three-word shingles."""
    one, two = _shingles(a), _shingles(b)
    return len(one & two) / len(one | two) if one | two else 1.0


def sketch(text: str) -> tuple[int, ...]:
    """Numbers of 63 bits of which near copies almost surely share one: the least of its shingles'
    hashes, two in each of six bands. Texts of under twelve words have none: many write such alike
    by chance.
    """
    if len(words(text)) < LEAST_WORDS:
        return ()
    hashes = np.array([_hash(" ".join(one)) for one in _shingles(text)], dtype=np.uint64)
    least = (hashes[:, None] * (_FACTORS | np.uint64(1)) + _SHIFTS).min(axis=0)
    return tuple(
        _hash(f"{at}:{pair.tolist()}") >> 1 for at, pair in enumerate(least.reshape(-1, ROWS))
    )


def fold(
    texts: Sequence[str],
    bands: Sequence[Sequence[int]],
    known: Mapping[int, Sequence[tuple[str, str]]],
) -> list[Copy]:
    """Each text's fingerprint: that of an earlier near copy where there is one, else its own.

    `bands` are the texts' sketches; `known` gives fingerprint and text of the earlier ones by each
    of their numbers.
    """
    seen = {band: list(ones) for band, ones in known.items()}
    found = []
    for said, numbers in zip(texts, bands, strict=True):
        near = [one for band in numbers for one in seen.get(band, ())]
        earlier = next((mark for mark, it in near if near_copy(said, it) >= COPY), None)
        mark = earlier or fingerprint(said)
        if earlier is None:
            for band in numbers:
                seen.setdefault(band, []).append((mark, said))
        found.append(Copy(mark, () if earlier else tuple(numbers)))
    return found


def _hash(said: str) -> int:
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest(), "little")


def _shingles(text: str) -> set[tuple[str, ...]]:
    said = words(text)
    return {tuple(said[i : i + SHINGLE]) for i in range(max(len(said) - 2, 1))} if said else set()
