"""Ballots are read anew at each request, so that no test waits for what a process remembers."""

import pytest

from service.consultations.voting import booth


@pytest.fixture(autouse=True)
def fresh_ballots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered of a ballot."""
    monkeypatch.setattr(booth, "FRESH", 0.0)
