"""What was shown a moment ago is not shown again there, and is forgotten in time."""

import pytest

from bots import lately
from bots.lately import Lately


def test_each_thing_is_shown_once_in_a_while_in_each_place(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("bots.lately.time.monotonic", lambda: clock[0])
    held = Lately(longest=30)
    assert not held.shown("typing", "ana", 5)
    assert held.shown("typing", "ana", 5)
    assert not held.shown("typing", "bia", 5)
    assert not held.shown("too_long", "ana", 30)
    clock[0] = 6.0
    assert not held.shown("typing", "ana", 5)
    assert held.shown("too_long", "ana", 30)


def test_what_is_long_past_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("bots.lately.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(lately, "MOST", 3)
    held = Lately(longest=30)
    for who in "abcd":
        held.shown("typing", who, 5)
    clock[0] = 31.0
    held.shown("typing", "e", 5)
    assert len(held._shown) == 1
