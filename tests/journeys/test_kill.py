"""The promise to citizens: what was acknowledged is there, once, whatever happens to the
service.
"""

from pathlib import Path

import pytest

from tests.benchmarks.killing import kill_and_count
from tests.benchmarks.voting import killing

pytestmark = pytest.mark.processes


def test_nothing_acknowledged_is_lost_or_doubled_when_the_service_is_killed(tmp_path: Path) -> None:
    found = kill_and_count(tmp_path, kills=2)
    assert found["acknowledged"] > 0
    assert found["lost"] == found["doubled"] == found["answered_twice"] == 0
    assert found["unanswered"] == 0


def test_no_acknowledged_vote_is_lost_or_counted_twice_when_the_service_is_killed(
    tmp_path: Path,
) -> None:
    found = killing.kill_and_count(tmp_path, kills=2)
    assert found["acknowledged"] > 0
    assert found["lost"] == found["doubled"] == found["altered"] == 0
    assert found["unscored"] == 0
