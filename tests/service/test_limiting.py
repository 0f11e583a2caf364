"""No more is taken in any window than its limit says, and what is over is forgotten."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from service.limiting import Limit, Limiter

LIMITS = (Limit(2, 60), Limit(3, 3600))
acts = st.lists(st.tuples(st.floats(0, 90), st.sampled_from(LIMITS), st.sampled_from("ab")))


@given(acts)
def test_it_takes_what_counting_every_act_would(acts: list[tuple[float, Limit, str]]) -> None:
    moment, taken = 0.0, defaultdict[tuple[Limit, str], list[float]](list)
    limiter = Limiter(lambda: moment)
    for pause, limit, key in acts:
        moment += pause
        lately = [at for at in taken[limit, key] if moment - at < limit.seconds]
        fits = len(lately) < limit.most
        assert limiter.test(limit, key) == fits
        assert limiter.hit(limit, key) == fits
        if fits:
            taken[limit, key].append(moment)


def test_what_is_over_is_forgotten() -> None:
    moment, limit = 0.0, Limit(2, 60)
    limiter = Limiter(lambda: moment)
    for number in range(1000):
        moment += 1
        assert limiter.hit(limit, str(number))
        assert len(limiter._taken) <= 60
