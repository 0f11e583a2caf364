"""Drafts: every sentence stands word for word in a source, or there is no draft."""

import pytest

from nlp.draft import Draft, Source, Uncited, compose, verify
from nlp.embed import HashEmbedder
from nlp.pivot import Glossary, Rendering
from nlp.text import detect, tidy

QUESTION = "When will the water come back in Vila Mirante?"
WATER = Source(
    1,
    "passage",
    "The pump of Vila Mirante broke on Monday. The water will come back in Vila Mirante on "
    "Thursday. Dr. Reis, who runs the works, has ordered three water trucks for Vila Mirante.",
    "Works this week",
    0.8,
)
COPY = Source(2, "answer", "The water will come back in Vila Mirante on Thursday.", "Water", 0.7)
BUS = Source(3, "passage", "Line 214 runs every hour. Tickets cost two coins.", "Buses", 0.1)


def test_every_sentence_stands_in_its_source() -> None:
    sources = [BUS, WATER, COPY]
    drafts = compose([QUESTION], sources, HashEmbedder())
    assert 1 <= len(drafts) <= 3
    for draft in drafts:
        assert draft.supported
        assert draft.sentences
        for one in draft.sentences:
            assert one.text in tidy(sources[one.source].text)
            assert sources[one.source] is not BUS


def test_nothing_said_means_no_draft() -> None:
    embedder = HashEmbedder()
    assert compose(["Who owns the theatre?"], [BUS], embedder) == []
    assert compose([QUESTION], [], embedder) == []
    assert compose([QUESTION], [Source(4, "passage", "Thursday.", "One word", 1.0)], embedder) == []
    assert compose([QUESTION], [WATER], embedder, floor=1.1) == []


def test_each_who_asks_finds_what_bears_on_their_words() -> None:
    embedder, other = HashEmbedder(), "Is it true that line 214 runs every hour?"
    asked = [QUESTION, other]
    both = compose(asked, [WATER, BUS], embedder)
    assert {one.source for one in both[0].sentences} == {0, 1}
    assert compose(asked[::-1], [WATER, BUS], embedder) == both, "who asked first does not matter"
    alone = compose([QUESTION], [WATER], embedder)
    assert compose(asked, [WATER], embedder)[0] == alone[0], "nor does who asks something else"
    assert compose([], [WATER, BUS], embedder) == []


def test_what_was_asked_is_read_in_its_language_where_that_is_known() -> None:
    embedder, asked = HashEmbedder(), "tarjeta alimentos bloqueada"
    embedder.languages = frozenset({"en"})
    spanish = {"tarjeta": "card", "alimentos": "food", "bloqueada": "blocked"}
    pivot = Glossary({("pt", "en"): {}, ("es", "en"): spanish})
    rendering = Rendering(embedder, pivot, prior="pt")
    source = Source(6, "answer", "A food card that is blocked", "", 0.5)
    assert detect(asked, prior="pt").lang == "pt", "its words alone do not tell"
    assert compose([asked], [source], rendering, floor=0.3) == []
    (draft,) = compose([asked], [source], rendering, langs=["es"], floor=0.3)
    assert draft.supported


def test_a_sentence_is_read_behind_the_title_of_its_source() -> None:
    told = "It is due back by Thursday at noon for every house."
    titled = Source(5, "passage", told, "Water in Vila Mirante", 0.5)
    untitled = Source(5, "passage", told, "", 0.5)
    assert compose([QUESTION], [untitled], HashEmbedder(), floor=0.35) == []
    (draft,) = compose([QUESTION], [titled], HashEmbedder(), floor=0.35)
    assert [one.text for one in draft.sentences] == [told], "the title itself is not cited"


def test_a_sentence_is_not_said_twice() -> None:
    for draft in compose([QUESTION], [WATER, COPY], HashEmbedder()):
        told = [one.text for one in draft.sentences]
        assert len(told) == len(set(told))


def test_sentences_keep_the_order_of_their_source() -> None:
    draft: Draft = compose([QUESTION], [WATER], HashEmbedder(), floor=0.1)[0]
    places = [WATER.text.index(one.text) for one in draft.sentences]
    assert len(places) > 1
    assert places == sorted(places)


def test_no_more_drafts_than_asked_and_no_two_alike() -> None:
    drafts = compose([QUESTION], [WATER, COPY], HashEmbedder(), most=3, floor=0.1)
    assert compose([QUESTION], [WATER, COPY], HashEmbedder(), most=1, floor=0.1) == drafts[:1]
    assert len({draft.sentences for draft in drafts}) == len(drafts)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Water is back on Thursday [1].", [("Water is back on Thursday", 0)]),
        ("Water is back. [2]", [("Water is back.", 1)]),
        ("Dr. Reis ordered trucks [1]. They come now [2].", None),
        ("A água volta quinta [1][2].", [("A água volta quinta", 0)]),
        ("One line [1]\nAnother line [2]", [("One line", 0), ("Another line", 1)]),
    ],
)
def test_cited_sentences_are_taken_apart(text: str, cited: list[tuple[str, int]] | None) -> None:
    expected = cited or [("Dr. Reis ordered trucks", 0), ("They come now", 1)]
    assert [(one.text, one.source) for one in verify(text, [WATER, COPY])] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Water is back on Thursday.",
        "Water is back [1]. Trust me.",
        "Trust me. Water is back [1].",
        "Water [1] is back.",
        "Water is back [0].",
        "Water is back [3].",
        "Water is back [1][3].",
        "Water is back [one].",
        "[1]",
    ],
)
def test_uncited_sentences_are_refused(text: str) -> None:
    with pytest.raises(Uncited, match="no given source supports"):
        verify(text, [WATER, COPY])


def test_refusal_names_the_sentence() -> None:
    with pytest.raises(Uncited) as refused:
        verify("Water is back [1]. Trust me.", [WATER])
    assert refused.value.sentence == "Trust me."
