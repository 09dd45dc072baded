"""How long to wait before the same target is asked again. Pure: randomness is handed in."""

import random

from .policy import RetryPolicy

__all__ = ["full_jitter_s"]

_DOUBLINGS_MAX = 62


def full_jitter_s(policy: RetryPolicy, retry: int, rng: random.Random) -> float:
    """Seconds before retry number `retry` (from 0): uniform in [0, min(cap, base * 2^retry)].

    Full jitter spreads clients best: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    ceiling_s = policy.backoff_base_s * 2 ** min(max(retry, 0), _DOUBLINGS_MAX)
    return rng.uniform(0.0, min(policy.backoff_cap_s, ceiling_s))
