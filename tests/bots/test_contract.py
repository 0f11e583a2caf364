"""Fitting a message to what a platform can show."""

import re
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from service.channels.contract import Address, Button, Capabilities, Outbound, render

ADDRESS = Address("terminal", "main", "x")


def outbound(text: str, *buttons: Button) -> Outbound:
    """A message with buttons."""
    return Outbound(7, ADDRESS, text, buttons, datetime(2026, 3, 2, tzinfo=UTC))


@given(st.text(max_size=2000), st.integers(20, 300))
def test_splitting_loses_no_word_and_no_part_is_too_long(text: str, limit: int) -> None:
    parts = render(outbound(text), Capabilities(max_text=limit))
    assert all(len(part.text) <= limit for part in parts)
    assert re.sub(r"\s", "", "".join(part.text for part in parts)) == re.sub(r"\s", "", text)


@given(st.text("aé .\n", max_size=400), st.integers(20, 60))
@example("a" * 20 + "  ", 20)
@example(" " * 50 + "a", 20)
@example("a. " + " " * 50 + "b" + "\n" * 50, 20)
def test_no_part_is_empty_where_something_is_said(text: str, limit: int) -> None:
    parts = render(outbound(text), Capabilities(max_text=limit))
    assert len(parts) == 1 or all(part.text.strip() for part in parts)
    assert all(part.id == 7 and part.address == ADDRESS for part in parts)


@given(st.text(min_size=1, max_size=500), st.integers(20, 100))
def test_buttons_stand_under_the_last_part_only(text: str, limit: int) -> None:
    button = Button("Helpful", action="helpful:1")
    *first, last = render(outbound(text, button), Capabilities(buttons=True, max_text=limit))
    assert last.buttons == (button,)
    assert all(part.buttons == () for part in first)


def test_without_buttons_choices_become_numbered_lines() -> None:
    choices = (Button("Helpful", action="h"), Button("Open", url="https://gov.example/a"))
    (only,) = render(outbound("Solved?", *choices), Capabilities(buttons=False))
    assert only.text == "Solved?\n\n1. Helpful\n2. Open: https://gov.example/a"
    assert only.buttons == ()


@given(st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=9))
def test_numbers_follow_the_order_of_the_choices(labels: list[str]) -> None:
    choices = tuple(Button(label, action=label) for label in labels)
    (only,) = render(outbound("Solved?", *choices), Capabilities(buttons=False))
    numbered = [line.split(". ") for line in only.text.split("\n")[2:]]
    assert numbered == [[str(number), label] for number, label in enumerate(labels, 1)]


def test_a_long_text_is_cut_where_a_reader_would_pause() -> None:
    text = "First paragraph. It has two sentences.\n\nSecond paragraph is here."
    parts = render(outbound(text), Capabilities(max_text=45))
    assert [part.text for part in parts] == [
        "First paragraph. It has two sentences.",
        "Second paragraph is here.",
    ]
