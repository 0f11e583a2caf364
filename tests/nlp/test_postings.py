"""Search by words: what it finds, and that it does not matter how the texts came in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import postings
from nlp.postings import Postings

TEXTS = {
    1: "Como peço a revisão da conta de água?",
    2: "Quando passa o ônibus 353?",
    3: "Where do I renew my driving licence?",
    4: "¿Cuándo abre el centro de salud?",
    5: "A conta de luz veio dobrada este mês, como reclamo?",
}
WORDS = ["água", "conta", "luz", "ônibus", "353", "centro", "salud", "licence", "rua", "de", "a"]
QUESTIONS = ["conta de água", "when does the bus 353 pass", "salud", "xyz", ""]


@pytest.fixture
def held() -> Postings:
    """Five questions."""
    made = Postings()
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
        ("contas de luz", 5),
    ],
)
def test_words_are_found_without_accents_and_with_slips(
    held: Postings, text: str, best: int
) -> None:
    assert held.search([text], 3)[0].hits[0].id == best


def test_the_text_itself_scores_one_and_strangers_nothing(held: Postings) -> None:
    same, foreign, empty = held.search([TEXTS[3].upper(), "xyz", ""], 4)
    assert same.hits[0].id == 3
    assert same.hits[0].score == pytest.approx(1, abs=1e-3)
    assert foreign.hits == empty.hits == []
    assert empty.weight == 0 < same.weight


def test_what_a_text_begins_with_counts_more_than_what_it_mentions() -> None:
    made = Postings()
    behind = "On Saturdays until noon, the library opens."
    made.add([1, 2], [behind, "The library opens on Saturdays until noon."])
    assert [hit.id for hit in made.search(["library"], 2)[0].hits] == [2, 1]


@pytest.mark.parametrize(
    ("asking", "matter"),
    [
        ("quero saber", "poste apaga"),
        ("quisiera preguntar", "semáforo apagándose"),
        ("please explain", "bridge lantern"),
    ],
)
def test_words_that_any_question_may_have_count_less(asking: str, matter: str) -> None:
    made = Postings()
    made.add([1, 2], ["A zelda das árvores fica em dia.", "Der Bus kommt nie."])
    asked, two = made.search([f"{asking} zelda", f"{matter} zelda"], 2)
    assert asked.hits[0].id == two.hits[0].id == 1
    assert asked.hits[0].score > 1.3 * two.hits[0].score
    assert asked.weight < two.weight


def test_mean_and_spread_are_over_all_texts(held: Postings) -> None:
    (told,) = held.search(["conta de água"], 9)
    scores = np.array([hit.score for hit in told.hits] + [0.0] * (5 - len(told.hits)))
    assert (told.mean, told.spread) == pytest.approx((scores.mean(), scores.std()), abs=1e-5)


def test_scores_of_ids_that_are_asked_for(held: Postings) -> None:
    (told,) = held.search(["conta de água"], 1, [[5, 3, 77]])
    assert [hit.id for hit in told.hits] == [1]
    (whole,) = held.search(["conta de água"], 9)
    assert told.among == {5: {hit.id: hit.score for hit in whole.hits}[5], 3: pytest.approx(0)}


def test_removed_and_replaced_texts_are_gone(held: Postings) -> None:
    held.search(["água"], 1)
    held.remove([1, 99])
    held.add([2], ["Where is the library?"])
    assert len(held) == 4
    conta, bus, library = held.search(["conta de água", "ônibus 353", "library"], 9)
    assert 1 not in {hit.id for hit in conta.hits}
    assert bus.hits == []
    assert library.hits[0].id == 2
    held.remove(list(TEXTS))
    assert held.search(["library"], 3, [[2]])[0] == postings.Ranking([], {2: 0.0})


def test_equals_come_by_the_smaller_id() -> None:
    made = Postings()
    made.add([9, 4, 7, 2], ["no water", "no water", "no water", "late bus"])
    assert [hit.id for hit in made.search(["no water"], 2)[0].hits] == [4, 7]


texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), texts), max_size=20), st.lists(st.integers(1, 8)))
def test_what_came_bit_by_bit_is_found_as_what_came_at_once(
    came: list[tuple[int, str]], gone: list[int]
) -> None:
    slow, once = Postings(), Postings()
    for id_, text in came:
        slow.add([id_], [text])
        slow.search(["água"], 1)
    slow.remove(gone)
    left = {id_: text for id_, text in dict(came).items() if id_ not in gone}
    once.add(list(left), list(left.values()))
    asked = [list(range(1, 9))] * len(QUESTIONS)
    for one, two in zip(
        slow.search(QUESTIONS, 9, asked), once.search(QUESTIONS, 9, asked), strict=True
    ):
        assert [hit.id for hit in one.hits] == [hit.id for hit in two.hits]
        assert [hit.score for hit in one.hits] == pytest.approx([hit.score for hit in two.hits])
        assert one.among == pytest.approx(two.among)
        assert (one.mean, one.spread) == pytest.approx((two.mean, two.spread), abs=1e-6)


def test_large_stores_are_kept_in_segments_that_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    lines = [" ".join(rng.choice(WORDS, 5)) + f" rua {n}" for n in range(300)]
    whole = Postings()
    whole.add(range(300), lines)
    monkeypatch.setattr(postings, "SEGMENT", 64)
    split = Postings()
    for start in range(0, 300, 20):
        split.add(range(start, start + 20), lines[start : start + 20])
    assert len(split) == 300
    (one,), (two,) = (
        whole.search(["conta de luz rua 42"], 20),
        split.search(["conta de luz rua 42"], 20),
    )
    assert one.hits[0].id == two.hits[0].id == 42
    assert [hit.id for hit in one.hits] == [hit.id for hit in two.hits]


def test_common_parts_are_left_out_when_there_are_too_many(
    held: Postings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "BUDGET", 2)
    assert held.search(["conta de água revisão"], 2)[0].hits[0].id == 1


def test_only_the_beginning_of_a_long_text_is_read(held: Postings) -> None:
    assert held.search(["x " * postings.LONGEST + TEXTS[3]], 1)[0].hits == []
