"""Which proposals say the same, which theme they are of, and which are about something else."""

import numpy as np
import pytest

from nlp import embed, likeness
from nlp.embed import Embedder, FloatArray, Space

QUESTION = "What should we change first in public transport in the state?"
THEMES = ("Buses between towns", "Fares and tickets", "Stops, terminals and access")
# Pairs that say the same, one below the other; then proposals that stand alone.
PROPOSALS = (
    (0, "Create a direct bus line between Umbu and the capital, from six in the morning."),
    (0, "A direct bus from Umbu to the capital that leaves early, before half past six."),
    (0, "Run buses on Sundays between the towns of the coast, which today have no connection."),
    (0, "Buses on Sundays too between the coastal towns: shop workers have no way to get home."),
    (1, "One ticket that is valid for two hours on buses of different companies in the state."),
    (1, "A single ticket to change buses within two hours, even when it is another company."),
    (2, "Ramps and tactile paving in all terminals, and staff who help who uses a wheelchair."),
    (2, "Accessible terminals: a ramp, tactile paving and help to board with a wheelchair."),
    (1, "Lower the fare outside rush hours for who goes to the doctor or to evening school."),
    (2, "A shelter with a bench and light at the stops, because waiting in the dark is dangerous."),
    (2, "Show at the stop and on the phone how many minutes until the bus comes, also offline."),
)
STRANGE = (
    "We want more police in the central square during the festival, which is dangerous.",
    "The price of cooking gas went up and nobody does anything for who earns little.",
    "Repair the roof of the state school, which leaks into the classroom when it rains.",
)
PAIRS = 4


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return embed.load("bundled")


def placed(embedder: Embedder, texts: list[str]) -> FloatArray:
    """Where the texts stand among issues."""
    return Space.shipped(embedder).place(embedder.encode(texts))


def test_who_says_the_same_is_offered_and_nobody_else(embedder: Embedder) -> None:
    vectors = placed(embedder, [text for _, text in PROPOSALS])
    for at, vector in enumerate(vectors):
        others = np.delete(vectors, at, axis=0)
        (hits,) = likeness.nearest(vector[None], others, most=3)
        twin = (at - at % 2) if at % 2 else at
        assert [row for row, _ in hits] == ([twin] if at < 2 * PAIRS else [])


def test_most_find_their_theme(embedder: Embedder) -> None:
    themes = placed(embedder, [f"{theme}. {QUESTION}" for theme in THEMES])
    found, _ = likeness.closeness(placed(embedder, [text for _, text in PROPOSALS]), themes)
    right = [at == theme for at, (theme, _) in zip(found, PROPOSALS, strict=True)]
    assert sum(right) >= 8


def test_what_is_about_something_else_looks_astray(embedder: Embedder) -> None:
    themes = placed(embedder, [f"{theme}. {QUESTION}" for theme in THEMES])
    ours = placed(embedder, [text for _, text in PROPOSALS])
    strange = placed(embedder, list(STRANGE))

    def astray(vectors: FloatArray, nth: int) -> int:
        _, close = likeness.closeness(vectors, themes)
        found = likeness.nearest(vectors, ours, most=nth, least=-1.0)
        return sum(likeness.astray(close, [hits[-1][1] for hits in found]))

    assert astray(strange, 1) >= 2
    assert astray(ours, 2) <= 1, "the likest of our own is each itself"


def test_nothing_is_like_nothing() -> None:
    none = np.zeros((0, 0), dtype=np.float32)
    some = np.eye(3, dtype=np.float32)
    assert likeness.nearest(some, none, most=3) == [[], [], []]
    assert likeness.nearest(some[:0], some, most=3) == []
    assert likeness.closeness(some[:0], some) == ([], [])


def test_at_most_so_many_are_found_the_likest_first() -> None:
    among = np.array([[0.6, 0.8], [1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    (hits,) = likeness.nearest(np.array([[1, 0]], dtype=np.float32), among, most=2)
    assert [at for at, _ in hits] == [1, 2]
