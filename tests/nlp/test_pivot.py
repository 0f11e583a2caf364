"""Rendering text for an encoder that does not know its language."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nlp import pivot
from nlp.checks import check_embedder, check_pivot
from nlp.embed import HashEmbedder
from nlp.pivot import Apertium, AsIs, Glossary, Rendering

INSTALLED = all(
    (pivot.SHARE / "modes" / f"{mode}.mode").exists() for mode in ("pt-es", "spa-eng", "eng-spa")
)
needs_apertium = pytest.mark.skipif(
    not INSTALLED, reason="Apertium: install apertium, apertium-es-pt and apertium-en-es"
)
KNOWN = {
    ("pt", "en"): {"água": "water", "rua": "street", "falta": "lacks"},
    ("es", "en"): {"agua": "water", "calle": "street", "falta": "lacks"},
}


def english_only() -> HashEmbedder:
    """The tiny embedder, as if it knew English alone."""
    embedder = HashEmbedder()
    embedder.languages = frozenset({"en"})
    return embedder


def test_texts_as_they_are() -> None:
    check_pivot(AsIs(), "pt", "en")
    assert AsIs().render(["água"], "pt", "pt") == ["água"]


def test_a_word_list_keeps_the_contract() -> None:
    check_pivot(Glossary(KNOWN), "pt", "en")


@needs_apertium
def test_apertium_keeps_the_contract() -> None:
    apertium = Apertium()
    try:
        check_pivot(apertium, "pt", "en")
        (made,) = apertium.render(["Não tem água na minha rua desde segunda-feira"], "pt", "en")
        assert made is not None
        assert {"water", "street", "Monday"} <= set(made.split())
    finally:
        apertium.close()


@needs_apertium
@pytest.mark.parametrize(("source", "target"), pivot.ROUTES)
def test_every_route_renders_what_breaks_formats(source: str, target: str) -> None:
    apertium = Apertium()
    odd = [
        "[telefone] @ ^x$ / \\ {b9} <b> * ~ 😀",
        "a\n\nb",
        "",
        "\0",
        "x" * 5000,
        "1.5 % & \u200d",
    ]
    try:
        made = apertium.render([*odd, "fim"], source, target)
        assert len(made) == len(odd) + 1
        assert None not in made
        assert "\n\n" in str(made[1]), "lines stay lines"
        assert "[" in str(made[0])
        assert "{b9}" in str(made[0])
    finally:
        apertium.close()


@needs_apertium
@pytest.mark.parametrize(
    ("lang", "bare", "written"),
    [
        ("pt", "a populacao precisa de informacao", "a população precisa de informação"),
        ("pt", "NAO HA ISENCAO", "NÃO HA ISENÇÃO"),
        ("es", "la poblacion pide informacion", "la población pide información"),
        ("pt", "no bairro os dois podem", "no bairro os dois podem"),
    ],
)
def test_words_without_their_accents_are_read_with_them(lang: str, bare: str, written: str) -> None:
    apertium = Apertium()
    one, two, again = apertium.render([bare, written, bare], lang, "en")
    apertium.close()
    assert str(one).lower() == str(two).lower() == str(again).lower()


STAGE = "sed -u -e '/crash/Q1' -e '/hang/d' -e 's/rua/calle/'"


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Apertium]:
    """A route of two programs that answer, end at the word crash and say nothing to hang."""
    assert shutil.which("sed")
    (tmp_path / "modes").mkdir()
    for mode, stage in (("pt-es", STAGE), ("spa-eng", f"{STAGE} | sed -u -e 's/calle/street/'")):
        (tmp_path / "modes" / f"{mode}.mode").write_text(stage)
    for limit in ("BATCH_LIMIT", "LONE_LIMIT"):
        monkeypatch.setattr(pivot, limit, 2.0)
    made = Apertium(tmp_path)
    yield made
    made.close()


def test_programs_feed_each_other_and_stay_open(chain: Apertium) -> None:
    assert chain.serves("pt", "en")
    assert not chain.serves("en", "pt"), "its modes are not installed"
    assert chain.render(["rua"], "en", "pt") == [None]
    assert chain.render(["rua", "a rua"], "pt", "en") == ["street", "a street"]
    children = chain._chains["pt", "en"].pids
    assert chain.render(["rua"] * 300, "pt", "en") == ["street"] * 300
    assert chain._chains["pt", "en"].pids == children


def test_more_text_than_a_pipe_holds_passes(chain: Apertium) -> None:
    long = ["rua " + "x" * 1990] * pivot.TOGETHER
    assert chain.render(long, "pt", "en") == [one.replace("rua", "street") for one in long]


@pytest.mark.parametrize("poison", ["crash", "hang"])
def test_one_text_that_breaks_the_chain_costs_only_itself(chain: Apertium, poison: str) -> None:
    assert chain.render(["rua", poison, "rua 2"], "pt", "en") == ["street", None, "street 2"]
    assert chain.render(["rua"], "pt", "en") == ["street"], "it was started anew"


def test_after_failures_in_a_row_it_rests(chain: Apertium) -> None:
    assert chain.render(["crash"] * 5, "pt", "en") == [None] * 5
    assert chain.render(["rua"], "pt", "en") == [None], "nobody waits for what keeps failing"
    chain._resting.clear()
    assert chain.render(["rua"], "pt", "en") == ["street"], "later it is tried again"


def test_programs_that_are_missing_render_nothing(tmp_path: Path) -> None:
    (tmp_path / "modes").mkdir()
    (tmp_path / "modes" / "spa-eng.mode").write_text("no-such-program-here -g")
    broken = Apertium(tmp_path)
    assert broken.render(["calle"], "es", "en") == [None]
    broken.close()
    assert isinstance(pivot.found(tmp_path / "nowhere"), AsIs)


def test_an_analyser_that_cannot_overlook_accents_renders_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "lt-proc"
    program.write_text("""#!/bin/sh
case "$*" in *-r*) exit 1 ;; esac
exec sed -u -z 's/rua/^rua\\/*rua$/'
""")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "modes").mkdir()
    stages = "lt-proc spa-eng.automorf.bin | sed -u -e 's/[*]rua/street/'"
    (tmp_path / "modes" / "spa-eng.mode").write_text(stages)
    apertium = Apertium(tmp_path)
    assert apertium.render(["a rua"], "es", "en") == ["a ^rua/street$"]
    assert apertium.render(["a rua"], "es", "en") == ["a ^rua/street$"]
    apertium.close()


def test_only_languages_the_encoder_does_not_know_are_rendered() -> None:
    through = Rendering(english_only(), Glossary(KNOWN))
    check_embedder(through)
    assert (through.name, set(through.rendered)) == ("hash-64+glossary", {"pt", "es"})
    assert pivot.rendered(through) == {"pt", "es"}
    plain = HashEmbedder()
    pt, es, en = through.encode(["falta água", "falta agua", "lacks water"], ["pt", "es", "en"])
    assert np.allclose(pt, plain.encode(["lacks water"])[0])
    assert np.allclose(es, en), "one matter in two languages is one vector"
    told = through.encode(["não falta água na rua"])
    assert np.allclose(told, plain.encode(["não lacks water na street"])), "its language was told"


def test_an_encoder_of_many_languages_is_left_alone() -> None:
    through = Rendering(HashEmbedder(), Glossary(KNOWN))
    assert (through.name, through.rendered) == ("hash-64", frozenset())
    assert pivot.rendered(through) == pivot.rendered(HashEmbedder()) == frozenset()


def test_what_cannot_be_rendered_is_encoded_as_it_is() -> None:
    class Failing(Glossary):
        def render(self, texts: object, source: str, target: str) -> list[str | None]:
            return [None, None]

    through = Rendering(english_only(), Failing(KNOWN))
    texts = ["falta água", "rua"]
    vectors = pivot.encode(through, texts, ["pt", "pt"])
    assert np.allclose(vectors, pivot.encode(HashEmbedder(), texts, ["pt", "pt"]))


def test_a_recorded_name_tells_its_encoder() -> None:
    assert pivot.family("hash-64+glossary") == pivot.family("hash-64") == "hash-64"
