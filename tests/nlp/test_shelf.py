"""A few texts searched by words and meaning."""

import numpy as np

from nlp.embed import HashEmbedder
from nlp.shelf import Shelf

TEXTS = {
    3: "Open the health post until ten at night.",
    5: "More buses on Sundays for the whole valley.",
    8: "Bike lanes along the river.",
}


def shelf(*placed: int) -> Shelf:
    """The texts, of which these have vectors."""
    vectors = HashEmbedder().encode([TEXTS[id_] for id_ in placed])
    return Shelf(list(TEXTS), list(TEXTS.values()), list(placed), vectors)


def found(held: Shelf, text: str, k: int = 3) -> list[int]:
    return [one.id for one in held.find(text, HashEmbedder().encode([text]), "known", k)]


def test_the_nearest_comes_first() -> None:
    held = shelf(3, 5, 8)
    assert found(held, "the health post at night")[0] == 3
    assert found(held, "buses on Sundays", 1) == [5]
    best = held.find(
        "bike lanes along the river",
        HashEmbedder().encode(["bike lanes along the river"]),
        "known",
        3,
    )
    assert best[0].score > best[1].score


def test_a_text_without_a_vector_is_found_by_its_words() -> None:
    assert 8 in found(shelf(3, 5), "bike lanes by the river")


def test_an_empty_one_holds_nothing() -> None:
    held = Shelf([], [], [], np.zeros((0, 0), np.float32))
    assert found(held, "anything") == []
