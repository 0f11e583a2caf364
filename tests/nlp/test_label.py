"""Names of groups: short, said by someone, free of greetings and masks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nlp.embed import HashEmbedder
from nlp.label import NAME, Label, Phrases, label, phrases_of, title

WATER = (
    "Bom dia, falta água no Alto do Farol desde ontem",
    "FALTA ÁGUA NO ALTO DO FAROL!!!",
    "Sem água no Alto do Farol, quando volta?",
    "falta água no alto do farol desde ontem",
    "Liguei para [phone] e ninguém sabe por que falta água",
)
BUS = ("O ônibus 214 atrasa todo dia", "Cadê o ônibus 214?", "A linha 214 só atrasa")


def background() -> Phrases:
    """What people usually write about."""
    return Phrases.count([*WATER, *BUS], ["pt"] * 8)


def labelled(*texts: str, vectors: bool = True) -> Label:
    """The label of Portuguese texts."""
    given = HashEmbedder().encode(texts) if vectors else None
    return label(texts, ["pt"] * len(texts), given, background())


def test_group_is_named_by_what_its_people_say() -> None:
    for vectors in (True, False):
        made = labelled(*WATER, vectors=vectors)
        assert "água" in made.name.lower()
        assert made.name[0].isupper()
        assert not made.name.isupper()
        assert len(made.name) <= NAME
        assert "[" not in made.name


def test_phrases_keep_accents_and_do_not_repeat_one_another() -> None:
    phrases = labelled(*WATER).phrases
    assert 0 < len(phrases) <= 6
    assert any("água" in phrase for phrase in phrases)
    folded = [set(phrase.split()) for phrase in phrases]
    assert not any(a <= b for a in folded for b in folded if a is not b)


def test_phrases_are_what_sets_a_group_apart() -> None:
    shared = Phrases.count(["linha de ônibus"] * 50, ["pt"] * 50)
    made = label(["ônibus lotado"] * 3, ["pt"] * 3, None, shared)
    assert made.phrases[0] == "ônibus lotado"
    assert shared.rarity("lotado") > shared.rarity("onibus") > 0


def test_representatives_are_different_texts() -> None:
    shown = labelled(*WATER).representatives
    assert len(shown) == len(set(shown)) <= 5
    assert not {1, 3} <= set(shown), "the same sentence shouted is shown once"
    assert set(labelled(*["o mesmo texto de sempre"] * 9).representatives) == {0}


def test_single_text_is_named_by_its_first_clause() -> None:
    made = labelled("Oi! Cadê o ônibus 214? Espero há uma hora.")
    assert made.name in {"Cadê o ônibus 214?", "Cadê o ônibus 214"}
    assert made.representatives == (0,)


def test_a_name_says_what_most_of_them_say() -> None:
    letter = (
        "Não feche o teatro do porto. "
        "Queremos uma resposta pública por escrito antes de qualquer decisão final."
    )
    others = ["Fecharam o teatro do porto?", "O teatro do porto é de todos", "teatro do porto já"]
    assert "teatro do porto" in labelled(*[letter] * 4, *others).name


def test_texts_without_words_still_have_a_name() -> None:
    assert labelled("👍", "...").name == "—"
    assert label([], [], None, Phrases()) == Label("—", (), ())
    assert label(["", ""], ["pt", "pt"], np.zeros((2, 4), np.float32), Phrases()).name == "—"


def test_a_phrase_is_said_in_one_breath() -> None:
    found = phrases_of("Landslide. Our flight left\nwithout us (four people): R$ 1.200,50", "en")
    assert {"landslide", "flight left", "people"} <= found.keys()
    assert not {"landslide our flight", "landslide flight", "people r"} & found.keys()
    assert "guarda chuva" in phrases_of("um guarda-chuva", "pt")


def test_what_leads_to_something_masked_is_no_part_of_a_name() -> None:
    asked = "perdi o cartão de idoso, como peço segunda via? meu cpf [cpf]"
    assert title(asked) == "Perdi o cartão de idoso, como peço segunda via?"
    assert title("meu cpf [cpf]") == "Meu cpf"
    assert title("Liguei. Para [phone] não atende") == "Liguei. Para não atende"


def test_no_phrase_begins_or_ends_with_a_stop_word() -> None:
    found = phrases_of("A falta de água na rua é um problema, ligue [phone]", "pt")
    assert "problema ligue" not in found, "said in two breaths"
    assert "falta de agua" in found
    stops = {"a", "de", "na", "e", "um"}
    assert not any({phrase.split()[0], phrase.split()[-1]} & stops for phrase in found)
    assert not any("phone" in phrase for phrase in found)
    assert phrases_of("[e-mail] [cartão] [teléfono]", "pt") == {}
    assert found["falta de agua"] == "falta de água"


def test_greetings_masks_and_shouting_leave_a_title() -> None:
    assert title("Olá, bom dia! sem luz na [cpf] vila") == "Sem luz na vila"
    assert title("QUERO MINHA RUA LIMPA") == "Quero minha rua limpa"
    assert title("[phone]") == title("[telefone], [e-mail]") == ""
    assert title("Liguei para [telefone] e nada") == "Liguei para e nada"


@given(st.text(max_size=300))
def test_titles_are_short(text: str) -> None:
    assert len(title(text)) <= NAME
    assert "[cpf]" not in title(text)


def test_rare_phrases_are_forgotten_when_there_are_too_many() -> None:
    from nlp import label as labels

    made = Phrases()
    for number in range(2 * labels.KEPT // 3000 + 1):
        words = " ".join(f"w{number}x{n}" for n in range(1010))
        made.add([words, "falta água"], ["en", "pt"])
    assert len(made._counts) <= 2 * labels.KEPT
    assert made.rarity("falta agua") < made.rarity("never seen")
