"""Routing: the department whose examples a text is nearest to, and how sure that is."""

import numpy as np
import pytest

from nlp.embed import HashEmbedder
from nlp.route import Example, Route, Router

EMBEDDER = HashEmbedder()
EXAMPLES = (
    Example("water", "Water, sewage and drains of the state"),
    Example("water", "There is no water in my street"),
    Example("water", "Falta água na minha rua"),
    Example("buses", "Buses, trains and their timetables"),
    Example("buses", "The bus is always late"),
    Example("buses", "O ônibus não passa no horário"),
    Example("schools", "Schools, teachers and school meals"),
    Example("schools", "There is no teacher of mathematics"),
    Example("schools", "Falta professor na escola"),
)


def make_router(*examples: Example) -> Router:
    """A router over examples, with the tiny encoder."""
    vectors = EMBEDDER.encode([example.text for example in examples])
    return Router(examples, vectors, EMBEDDER.languages)


def route(router: Router, *texts: str) -> list[Route]:
    """Routes of English texts."""
    return router.route(texts, ["en"] * len(texts), EMBEDDER.encode(texts))


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("no water in our street again", "water"),
        ("falta água na rua do Sol", "water"),
        ("late bus", "buses"),
        ("o ônibus nunca passa", "buses"),
        ("we have no mathematics teacher", "schools"),
    ],
)
def test_text_goes_where_its_like_went(text: str, department: str) -> None:
    (one,) = route(make_router(*EXAMPLES), text)
    assert one.department == department
    assert one.confidence > 0.5
    assert {EXAMPLES[at].department for at in one.examples} == {department}


def test_remits_alone_are_enough_for_a_guess() -> None:
    remits = [EXAMPLES[0], EXAMPLES[3], EXAMPLES[6]]
    (one,) = route(make_router(*remits), "the timetables of buses are wrong")
    assert (one.department, one.examples) == ("buses", (1,))


def test_route_names_the_words_that_speak_for_it() -> None:
    (one,) = route(make_router(*EXAMPLES), "There is no WATER in the street of the bus")
    assert set(one.terms) == {"water", "street"}, "any question may have the others"
    (one,) = route(make_router(*EXAMPLES), "Wáter in my strêet")
    assert set(one.terms) == {"wáter", "strêet"}, "as they were written"


def test_a_batch_is_routed_as_one_by_one() -> None:
    router, texts = make_router(*EXAMPLES), [example.text for example in EXAMPLES]
    assert route(router, *texts) == [route(router, text)[0] for text in texts]
    assert route(router) == []


def test_confidence_is_a_share_and_a_guess_is_always_given() -> None:
    for one in route(make_router(*EXAMPLES), "", "xyz", "🙂", "water bus school"):
        assert one.department in {"water", "buses", "schools"}
        assert 0 < one.confidence <= 1


def test_single_department_takes_everything() -> None:
    (one,) = route(make_router(EXAMPLES[0]), "anything")
    assert (one.department, one.confidence) == ("water", 1.0)


def test_without_departments_nothing_is_guessed() -> None:
    empty = make_router()
    assert route(empty, "no water") == [Route(None, 0.0, (), ())]
    taught = empty.with_example(EXAMPLES[0], EMBEDDER.encode([EXAMPLES[0].text])[0])
    assert route(taught, "no water")[0].department == "water"


def test_correction_counts_at_once_and_leaves_the_old_router_alone() -> None:
    router, text = make_router(*EXAMPLES), "The school bus did not come"
    before = route(router, text)
    correction = Example("schools", text, 1.5)
    vectors = EMBEDDER.encode([text])
    given = vectors.copy()
    after = route(router.with_example(correction, vectors[0]), text)
    assert after[0].department == "schools"
    assert after[0].examples[0] == len(EXAMPLES)
    assert route(router, text) == before
    assert np.array_equal(vectors, given)


def make_large() -> Router:
    """A router that learnt from many examples: three departments, a hundred texts each."""
    taught = [Example(one.department, f"{one.text} {n}") for n in range(34) for one in EXAMPLES]
    return make_router(*taught)


def test_many_examples_are_learnt_and_calibrated() -> None:
    router = make_large()
    assert not router.stale
    found = route(router, "no water in our street", "the bus is late", "no teacher at school")
    assert [one.department for one in found] == ["water", "buses", "schools"]
    assert min(one.confidence for one in found) > 0.6


def test_correction_overrules_what_was_learnt_before_the_next_fit() -> None:
    router, said = make_large(), "There is no water in my street 7"
    assert route(router, said)[0].department == "water"
    corrected = router.with_example(Example("fire", said, 1.15), EMBEDDER.encode([said])[0])
    assert route(corrected, said)[0].department == "fire"
    assert route(router, said)[0].department == "water"
    taught = corrected.with_examples(
        [Example("fire", f"A house burns {n}") for n in range(20)],
        EMBEDDER.encode([f"A house burns {n}" for n in range(20)]),
    )
    assert taught.stale
    learnt = taught.refit()
    assert not learnt.stale
    assert [one.department for one in route(learnt, said, "a house burns")] == ["fire", "fire"]


def test_impatient_router_votes_until_it_has_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.route.MANY", 5)
    vectors = EMBEDDER.encode([example.text for example in EXAMPLES])
    quick = Router(EXAMPLES, vectors, EMBEDDER.languages, patient=False)
    assert quick.stale
    assert route(quick, "no water in our street")[0].department == "water"
    assert not quick.refit().stale


def test_sentences_of_remits_speak_for_their_department() -> None:
    remits = [Example(e.department, e.text, remit=True) for e in EXAMPLES[::3]]
    (one,) = route(make_router(*remits), "the timetables of buses are wrong")
    assert (one.department, one.examples) == ("buses", (1,))
