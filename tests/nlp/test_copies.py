"""Near copies: what they share, and what others do not."""

from hypothesis import given
from hypothesis import strategies as st

from nlp import copies


def test_near_copies_are_told_from_texts_alike() -> None:
    campaign = "Salvem o teatro da cidade porque ele é a nossa casa e a nossa memória"
    assert copies.near_copy(campaign, campaign.upper() + "!") == 1
    assert copies.near_copy(campaign, campaign + " por favor") > 0.6
    assert copies.near_copy(campaign, "O teatro da cidade está fechado") < 0.2
    assert copies.near_copy("", "") == 1


@given(st.lists(st.sampled_from(["água", "rua", "luz", "obra", "praça", "ônibus"]), max_size=40))
def test_texts_of_the_same_words_have_the_same_sketch(said: list[str]) -> None:
    sketch = copies.sketch(" ".join(said))
    assert sketch == copies.sketch(" ".join(said).upper() + "!")
    assert bool(sketch) == (len(said) >= copies.LEAST_WORDS)
    assert all(0 <= band < 2**63 for band in sketch)


def test_near_copies_share_a_number_of_their_sketches_and_others_do_not() -> None:
    letter = (
        "peço que a prefeitura reabra o posto de saúde da vila porque as famílias estão sem médico"
    )
    other = "o ônibus das sete não passa mais na avenida e quem estuda à noite volta a pé para casa"
    assert set(copies.sketch(letter)) & set(copies.sketch(f"Sou Ana e {letter}"))
    assert not set(copies.sketch(letter)) & set(copies.sketch(other))
