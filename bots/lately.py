"""What was shown somewhere a moment ago, and need not be shown there again."""

import time

MOST = 2_000


class Lately:
    """In memory only; what is older than `longest` seconds is forgotten when there is much."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._shown: dict[tuple[str, str], float] = {}

    def shown(self, what: str, where: str, seconds: float) -> bool:
        """Whether it was shown there in the last so many seconds; if not, it is shown now."""
        moment, key = time.monotonic(), (what, where)
        if len(self._shown) > MOST:
            self._shown = {k: at for k, at in self._shown.items() if at > moment - self._longest}
        if moment - self._shown.get(key, moment - seconds) < seconds:
            return True
        self._shown[key] = moment
        return False
