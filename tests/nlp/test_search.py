"""Words and meaning in one ranked list, and how sure the best of it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import search
from nlp.index import Hit
from nlp.postings import Ranking
from nlp.search import Backdrop, Candidate, Found, Lexicon, Served

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


def ranking(hits: list[Hit], among: dict[int, float] | None = None) -> Ranking:
    """What a search by words gave."""
    return Ranking(hits, among or {}, 0.03, 0.05, 3.0)


def test_what_stands_out_further_from_the_store_comes_first() -> None:
    by_words = ranking([Hit(1, 0.8), Hit(2, 0.4)], {3: 0.0})
    found = search.fuse(by_words, [Hit(2, 0.9), Hit(3, 0.5)], (0.2, 0.1), 1000, "known")
    assert [one.id for one in found] == [2, 1, 3]
    assert [(one.meaning, one.words) for one in found] == [(0.9, 0.4), (0.5, 0.8), (0.5, 0.0)]
    guessed = search.fuse(by_words, [Hit(2, 0.9), Hit(3, 0.5)], (0.2, 0.1), 1000, "other")
    assert [one.id for one in guessed] == [1, 2, 3], "words count more in a language unknown"


@given(
    st.lists(st.tuples(st.integers(1, 9), scores), max_size=6),
    st.lists(st.tuples(st.integers(1, 9), scores), max_size=6),
    st.integers(0, 2000),
    st.sampled_from(["known", "rendered", "other"]),
)
def test_fused_hits_are_the_union_in_order(
    one: list[tuple[int, float]], two: list[tuple[int, float]], total: int, how: Served
) -> None:
    lexical, dense = [[Hit(*hit) for hit in dict(hits).items()] for hits in (one, two)]
    found = search.fuse(ranking(lexical), dense, (0.2, 0.1), total, how)
    assert {hit.id for hit in found} == {id_ for id_, _ in [*one, *two]}
    assert found == sorted(found, key=lambda hit: (-hit.fused, hit.id))


def test_nothing_found_gives_nothing() -> None:
    assert search.fuse(ranking([]), [], (0.2, 0.1), 0, "known") == []
    assert search.judge([], 3.0, "known") == []


def test_an_owner_has_the_best_of_its_parts() -> None:
    parts = [Candidate(7, 3.0, 0.4, 0.6), Candidate(8, 2.0, 0.7, 0.1), Candidate(9, 1.0, 0.1, 0.1)]
    owners = search.by_owner(parts, {7: 70, 8: 70})
    assert owners == [Candidate(70, 3.0, 0.7, 0.6)], "a part without an owner was dropped"


@pytest.mark.parametrize("how", ["known", "rendered", "other"])
@given(st.tuples(scores, scores), scores)
def test_more_score_and_more_lead_are_never_less_sure(
    how: Served, pair: tuple[float, float], more: float
) -> None:
    second, best = sorted(pair)

    def sure(one: float, two: float) -> float:
        candidates = [Candidate(1, 6 * one, one, one), Candidate(2, 6 * two, two, two)]
        return search.judge(candidates, 3.0, how)[0].sure

    assert 0 <= sure(best, second) <= 1
    assert sure(best + more, second) >= sure(best, second)
    assert sure(best, second * more) >= sure(best, second)


@pytest.mark.parametrize("how", ["known", "rendered", "other"])
def test_scores_fall_with_rank_and_a_tie_is_not_sure(how: Served) -> None:
    two = [Candidate(1, 6.0, 0.9, 0.9), Candidate(2, 6.0, 0.9, 0.9), Candidate(3, 1.0, 0.2, 0.1)]
    found = search.judge(two, 3.0, how)
    assert [one.id for one in found] == [1, 2, 3]
    assert found[0].score == found[1].score > found[2].score >= 0
    assert found[0].sure < 0.5, "one of two equals is a guess"


def alone(meaning: float, told: float) -> Found:
    """The only answer in store, found with these scores."""
    hits = Ranking([Hit(1, told)], {}, told, 0.0, 3.0)
    parts = search.fuse(hits, [Hit(1, meaning)], (meaning, 0.0), 1, "known")
    return search.judge(parts, 3.0, "known")[0]


def test_a_single_answer_in_store_is_not_surer_for_having_no_rival() -> None:
    assert alone(0.45, 0.05).sure < 0.6, "a bill is not the tap that is dry"
    assert alone(1.0, 1.0).sure > 0.85, "the very question"
    assert alone(0.2, 0.02).sure < 0.1
    assert alone(0.2, 0.02).score < 0.1


def test_a_backdrop_does_not_depend_on_the_order_vectors_came_in() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(300, 8)).astype(np.float32)
    one, two = Backdrop(64), Backdrop(64)
    one.add(range(300), vectors)
    for start in reversed(range(0, 300, 50)):
        two.add(range(start, start + 50), vectors[start : start + 50])
    assert one.spread(vectors[:3]) == two.spread(vectors[:3])
    held = one.sampled(range(300))
    assert len(held) == 64
    exact = vectors[:1] @ vectors[held].T
    assert one.spread(vectors[:1])[0] == pytest.approx((exact.mean(), exact.std()), abs=1e-5)


def test_an_empty_backdrop_expects_what_is_usual() -> None:
    empty = Backdrop()
    vectors = np.ones((2, 4), dtype=np.float32)
    assert empty.spread(vectors) == [search.USUAL_MEANING] * 2
    empty.add([], vectors[:0])
    empty.add([1], vectors[:1])
    empty.remove([1])
    assert empty.spread(vectors) == [search.USUAL_MEANING] * 2


def test_how_the_encoder_serves_a_language() -> None:
    assert search.served("en", {"en"}) == "known"
    assert search.served("pt", {"en"}, {"pt"}) == "rendered"
    assert search.served("pt", {"en"}) == "other"
    assert search.dense_weight("en", {"en"}) > search.dense_weight("pt", {"en"})
