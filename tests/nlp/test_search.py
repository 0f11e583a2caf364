"""Words and meaning in one ranked list, and how sure the best of it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import search
from nlp.index import Hit
from nlp.search import Lexicon

TEXTS = {
    1: "Como peço a revisão da conta de água?",
    2: "Quando passa o ônibus 353?",
    3: "Where do I renew my driving licence?",
    4: "¿Cuándo abre el centro de salud?",
}
scores = st.floats(0, 1)


@pytest.fixture
def lexicon() -> Lexicon:
    """Four questions."""
    made = Lexicon()
    made.add(list(TEXTS), list(TEXTS.values()))
    return made


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("revisao da conta de agua", 1),
        ("CONTA D'ÁGUA", 1),
        ("onibuz 353", 2),
        ("licences for driving", 3),
        ("centros de salud", 4),
    ],
)
def test_words_are_found_without_accents_and_with_slips(
    lexicon: Lexicon, text: str, best: int
) -> None:
    assert lexicon.search([text], 3)[0][0].id == best


def test_same_text_scores_one_and_foreign_text_nothing(lexicon: Lexicon) -> None:
    same, foreign, empty = lexicon.search([TEXTS[3].upper(), "xyz", ""], 4)
    assert same[0].id == 3
    assert same[0].score == pytest.approx(1, abs=1e-5)
    assert foreign == empty == []


def test_texts_come_and_go(lexicon: Lexicon) -> None:
    lexicon.remove([1, 99])
    assert all(hit.id != 1 for hit in lexicon.search([TEXTS[1]], 9)[0])
    lexicon.add([2], ["Falta merenda na escola"])
    (merenda,), horario = lexicon.search(["merenda", "353"], 1)
    assert merenda.id == 2
    assert horario == []
    lexicon.remove([2, 3, 4])
    assert lexicon.search(["merenda"], 3) == [[]]


def test_nothing_is_found_where_nothing_is() -> None:
    empty = Lexicon()
    assert empty.search(["water"], 3) == [[]]
    assert empty.search([], 3) == []
    empty.add([], [])
    assert empty.search(["water"], 3) == [[]]


def test_best_come_first_and_equals_by_the_smaller_id() -> None:
    made = Lexicon()
    made.add([9, 4, 7, 2], ["no water", "no water", "water", "late bus"])
    hits = made.search(["no water"], 3)[0]
    assert [hit.id for hit in hits] == [4, 9, 7]
    assert made.search(["no water"], 1)[0] == hits[:1]


def test_what_is_added_bit_by_bit_equals_what_is_added_at_once(lexicon: Lexicon) -> None:
    other = Lexicon()
    for id_, text in reversed(TEXTS.items()):
        other.add([id_], [text])
        other.search(["water"], 1)
    queries = ["conta de água", "when does the bus pass"]
    assert other.search(queries, 4) == lexicon.search(queries, 4)


def test_only_the_beginning_of_a_long_text_is_compared(lexicon: Lexicon) -> None:
    long = "x " * search.LONGEST + TEXTS[3]
    assert lexicon.search([long], 1) == [[]]


def test_lists_are_fused_by_weight() -> None:
    by_words, by_meaning = [[Hit(1, 0.8), Hit(2, 0.4)]], [[Hit(2, 0.9), Hit(3, 0.5)]]
    (hits,) = search.fuse(by_words, by_meaning, dense_weight=0.5, k=9)
    # The first lacks a meaning score: it cannot be above the last one listed, 0.5.
    assert {hit.id: hit.score for hit in hits} == pytest.approx({1: 0.65, 2: 0.65, 3: 0.25})
    assert search.fuse(by_words, by_meaning, dense_weight=0.5, k=2) == [hits[:2]]


@given(
    st.lists(st.tuples(st.integers(1, 9), scores), max_size=6),
    st.lists(st.tuples(st.integers(1, 9), scores), max_size=6),
    scores,
)
def test_fused_hits_are_the_union_in_order(
    one: list[tuple[int, float]], two: list[tuple[int, float]], weight: float
) -> None:
    lexical, dense = [[Hit(*hit) for hit in dict(hits).items()] for hits in (one, two)]
    (hits,) = search.fuse([lexical], [dense], dense_weight=weight, k=20)
    assert {hit.id for hit in hits} == {id_ for id_, _ in [*one, *two]}
    assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.id))
    assert all(-1e-9 <= hit.score <= 1 + 1e-9 for hit in hits)


def test_one_list_alone_keeps_its_order() -> None:
    dense = [[Hit(5, 0.9), Hit(1, 0.3)]]
    (hits,) = search.fuse([[]], dense, dense_weight=0.6, k=5)
    assert [hit.id for hit in hits] == [5, 1]
    assert search.fuse([[]], [[]], dense_weight=0.6, k=5) == [[]]


def test_meaning_counts_more_where_the_encoder_knows_the_language() -> None:
    assert search.dense_weight("en", {"en"}) > search.dense_weight("pt", {"en"})


@pytest.mark.parametrize("known", [True, False])
@given(st.tuples(scores, scores), scores)
def test_more_score_and_more_lead_are_never_less_sure(
    known: bool, pair: tuple[float, float], more: float
) -> None:
    second, best = sorted(pair)
    sure = search.confidence([Hit(1, best), Hit(2, second)], known)
    assert 0 <= sure <= 1
    assert search.confidence([Hit(1, best + more), Hit(2, second)], known) >= sure
    assert search.confidence([Hit(1, best), Hit(2, second * more)], known) >= sure


def test_nothing_found_is_not_sure_at_all() -> None:
    assert search.confidence([], True) == 0
    assert search.confidence([Hit(1, 0.95), Hit(2, 0.3)], True) > 0.9
    assert search.confidence([Hit(1, 0.25), Hit(2, 0.24)], True) < 0.2


def test_a_single_answer_in_store_is_not_surer_for_having_no_rival() -> None:
    near = search.confidence([Hit(1, 0.45)], lang_known=True)
    assert near < 0.7, "a bill is not the tap that is dry"
    assert search.confidence([Hit(1, 0.8)], lang_known=True) > 0.85
    assert search.confidence([Hit(1, 0.2)], lang_known=True) < 0.2
