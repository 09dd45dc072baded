"""Full jitter."""

import random

from hypothesis import given
from hypothesis import strategies as st

from router.backoff import full_jitter_s
from router.policy import RetryPolicy

POLICY = RetryPolicy()


@given(retry=st.integers(0, 10_000), seed=st.integers())
def test_within_its_ceiling(retry: int, seed: int) -> None:
    """Between nothing and base x 2^n, never over the cap, for any number of retries."""
    wait_s = full_jitter_s(POLICY, retry, random.Random(seed))
    assert 0.0 <= wait_s <= min(8.0, 0.25 * 2 ** min(retry, 20))


def test_a_seed_repeats_it() -> None:
    """The same seed gives the same waits."""
    first, second = random.Random(3), random.Random(3)
    assert [full_jitter_s(POLICY, n, first) for n in range(5)] == [
        full_jitter_s(POLICY, n, second) for n in range(5)
    ]
