"""Text: tidied, cut into sentences, its language told, personal data masked."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.br import cpf

from nlp import text

WRITTEN = st.text(
    st.one_of(st.characters(), st.sampled_from(" \n\t.!?…-•[]@\u200b\u202e\u0301")), max_size=80
)
NUMBERS = st.text(st.sampled_from(string.digits + " .-/()+@a[]"), max_size=60)


@pytest.mark.parametrize(
    ("raw", "tidied"),
    [
        ("  falta   água\t aqui ", "falta água aqui"),
        ("um\r\ndois\rtrês", "um\ndois\ntrês"),
        ("um\n\n \n\n\ndois", "um\n\ndois"),
        ("a\u0301gua", "água"),
        ("\u202egnihton\u202c \u200bhere\x00\ufeff", "gnihton here"),
        ("👨\u200d👩\u200d👧 família", "👨\u200d👩\u200d👧 família"),
        ("", ""),
    ],
)
def test_tidying_changes_blanks_and_marks_only(raw: str, tidied: str) -> None:
    assert text.tidy(raw) == tidied


@given(WRITTEN)
@example("a\x00\u0301")
@example("\n \x00\n\n")
def test_tidying_twice_changes_nothing_more(raw: str) -> None:
    assert text.tidy(text.tidy(raw)) == text.tidy(raw)


@given(WRITTEN)
def test_sentences_are_parts_of_the_text_in_order(raw: str) -> None:
    whole, at = text.tidy(raw), 0
    for sentence in text.sentences(raw):
        assert sentence == sentence.strip() != ""
        at = whole.index(sentence, at) + len(sentence)


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("Falta água. Quando volta? Já!", ["Falta água.", "Quando volta?", "Já!"]),
        ("O Sr. Silva foi à Av. Brasil. Voltou.", ["O Sr. Silva foi à Av. Brasil.", "Voltou."]),
        ("A Dra. Ana atende no nº 5. Ela é boa.", ["A Dra. Ana atende no nº 5.", "Ela é boa."]),
        ("O art. 5.º vale. Sim.", ["O art. 5.º vale.", "Sim."]),
        ("Custa R$ 1.200,50. Caro!", ["Custa R$ 1.200,50.", "Caro!"]),
        ("Foi em 12.03.2024. Nada mudou.", ["Foi em 12.03.2024.", "Nada mudou."]),
        ("See www.town.example/a.b. Thanks", ["See www.town.example/a.b.", "Thanks"]),
        ("Use tools, e.g. Hammers. Done", ["Use tools, e.g. Hammers.", "Done"]),
        ("No. 5 is broken. Fix it.", ["No. 5 is broken.", "Fix it."]),
        ("¿Cuándo? ¡Ya! Sí.", ["¿Cuándo?", "¡Ya!", "Sí."]),
        ("Levar:\n- água\n- luz", ["Levar:", "água", "luz"]),
        ("um título\n\nA frase.", ["um título", "A frase."]),
        ('"Acabou." Disse ele.', ['"Acabou.', "Disse ele."]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_stops(whole: str, parts: list[str]) -> None:
    assert text.sentences(whole) == parts


@given(WRITTEN)
def test_words_are_the_same_however_they_are_shouted(raw: str) -> None:
    assert text.words(text.fold(raw)) == text.words(raw)


def test_words_keep_their_apostrophes() -> None:
    assert text.words("It DOESN’T work, Água-Viva!") == ["it", "doesn't", "work", "agua", "viva"]


def test_copies_share_a_fingerprint_and_others_do_not() -> None:
    one = text.fingerprint("Falta água no bairro!")
    assert one == text.fingerprint("  FALTA AGUA, no bairro...")
    assert one != text.fingerprint("Falta água no bairro hoje")


SAID: tuple[tuple[str, str], ...] = (
    ("oi", "pt"), ("obrigado", "pt"), ("bom dia", "pt"), ("valeu", "pt"),
    ("Falta água na minha rua desde ontem", "pt"),
    ("a vacina da gripe é a partir de que idade?", "pt"),
    ("a escola da vc101 precisa de lombada e faixa", "pt"),
    ("O ônibus não passa mais no meu bairro", "pt"),
    ("NAO TEM MEDICO NO POSTO", "pt"),
    ("hola", "es"), ("gracias", "es"), ("buenas tardes", "es"),
    ("No hay agua en mi calle desde ayer", "es"),
    ("El colectivo no pasa por mi barrio", "es"),
    ("¿Cuándo empieza la vacunación?", "es"),
    ("hi", "en"), ("thanks", "en"), ("good morning", "en"),
    ("There is no water in my street", "en"),
    ("When does the clinic open?", "en"),
    ("a pothole on a bridge", "en"),
)  # fmt: skip


@pytest.mark.parametrize(("said", "lang"), SAID)
def test_language_is_told(said: str, lang: str) -> None:
    assert text.detect(said).lang == lang
    assert text.detect(said, prior="es").lang == lang or len(text.words(said)) < 6


@pytest.mark.parametrize("said", ["", "...", "353", "ok", "👍", "Pelotas"])
@pytest.mark.parametrize("prior", text.LANGUAGES)
def test_prior_decides_where_the_text_does_not(said: str, prior: str) -> None:
    assert text.detect(said, prior=prior).lang == prior


STRANGE = (
    "Wann fahren in der Altstadt am Sonntag Busse?",
    "Ich möchte wissen, ob die Schule morgen geöffnet ist.",
    "In meiner Straße gibt es seit Montag kein Wasser mehr.",
    "Où puis-je obtenir un nouveau passeport ?",
    "Wanneer wordt het vuilnis in onze straat opgehaald?",
    "Kiedy znowu będzie woda na mojej ulicy?",
)


@pytest.mark.parametrize("said", STRANGE)
@pytest.mark.parametrize("prior", text.LANGUAGES)
def test_a_language_that_is_none_of_ours_is_not_taken_for_one(said: str, prior: str) -> None:
    found = text.detect(said, prior=prior)
    assert found.lang == prior
    assert found.confidence < text.SURE
    assert text.detect(said).confidence < text.SURE


@pytest.mark.parametrize(
    ("said", "lang"),
    [
        ("Cadê o asfalto prometido na Vila Schmidt?", "pt"),
        ("buraco enorme na Rua Bruxelas", "pt"),
        ("Semáforo roto en avenida Goethe", "es"),
        ("Kindergarten places near Oberhausen road", "en"),
    ],
)
def test_strange_names_make_no_strange_language(said: str, lang: str) -> None:
    assert text.detect(said).lang == lang


def test_only_the_languages_asked_for_are_told() -> None:
    assert text.detect("Falta água na minha rua", languages=("es", "en")).lang in {"es", "en"}
    assert text.detect("", languages=("es", "en")).lang == "es"
    assert text.detect("The clinic is closed", prior="de", languages=("es", "en")).lang == "en"


MASKED: tuple[tuple[str, str], ...] = (
    ("meu cpf é 529.982.247-25, obrigado", "meu cpf é [cpf], obrigado"),
    ("CPF 52998224725", "CPF [cpf]"),
    ("cpf52998224725", "cpf[cpf]"),
    ("529 982 247 25", "[cpf]"),
    ("CPF.529.982.247-25", "CPF.[cpf]"),
    ("529.982.247-25 e 111.444.777-35", "[cpf] e [cpf]"),
    ("CNPJ 11.222.333/0001-81", "CNPJ [cnpj]"),
    ("11222333000181", "[cnpj]"),
    ("liga (11) 98765-4321", "liga [phone]"),
    ("+55 11 98765-4321", "[phone]"),
    ("llame al +34 612 34 56 78", "llame al [phone]"),
    ("ana.silva+1@vila.example", "[email]"),
    ("cartão 4111 1111 1111 1111", "cartão [card]"),
    ("DE89 3704 0044 0532 0130 00", "[iban]"),
    ("DE89370400440532013000", "[iban]"),
    ("ana@vila.example ou 529.982.247-25", "[email] ou [cpf]"),
)


@pytest.mark.parametrize(("raw", "masked"), MASKED)
def test_personal_data_is_masked(raw: str, masked: str) -> None:
    told = text.mask(raw)
    assert told.text == masked
    assert list(told.found) == [part.split("]")[0] for part in masked.split("[")[1:]], (
        "the kinds, in order"
    )


@pytest.mark.parametrize(
    "raw",
    [
        "desde 1998, em 2024 e 2025",
        "custa R$ 1.200,50",
        "1.234.567.890 reais",
        "Lei 8.666/1993, art. 5",
        "linha 353 às 10:30 e 11:45",
        "CEP 90010-150",
        "CEP 90010150",
        "em 12/03/2024 e 2024-03-12",
        "20/11/2024 10:30",
        "cpf 529.982.247-26",
        "4111 1111 1111 1112",
        "processo 0001234-56.2024.8.26.0100",
        "protocolo 2024000123456",
        "rua das Flores 120, ap. 45",
        "sem números @ aqui",
    ],
)
def test_numbers_that_are_nobodys_stay(raw: str) -> None:
    assert text.mask(raw) == text.Masked(raw, ())


@given(st.one_of(WRITTEN, NUMBERS))
@example("a@b.c")
@example("52998224725 52998224725")
def test_masking_twice_changes_nothing_more(raw: str) -> None:
    once = text.mask(raw)
    assert text.mask(once.text) == text.Masked(once.text, ())


@given(st.integers(1, 999_999_999), st.sampled_from(["{}", "({})", "cpf:{}.", "é {}, sim", "{}\n"]))
def test_no_valid_cpf_survives(number: int, around: str) -> None:
    digits = f"{number:09d}"
    for first in (10, 11):
        weighed = zip(range(first, 1, -1), digits, strict=True)
        digits += str(-sum(weight * int(digit) for weight, digit in weighed) % 11 % 10)
    assert cpf.is_valid(digits)
    for written in (digits, cpf.format(digits), f"{digits[:9]}-{digits[9:]}"):
        assert written not in text.mask(around.format(written)).text
