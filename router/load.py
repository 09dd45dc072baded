"""What is measured of a target: how busy it is, how quick, how much of its rate is left.

Plain arithmetic over times that are handed in. Choosing by these numbers is `routing/`'s.
"""

import math
from collections import deque

from .types import RateLimit, Target

__all__ = ["Headroom", "Load"]

_SAMPLES_MAX = 128
_MINUTE_S = 60.0


class Load:
    """Calls in flight and latency of one target, in seconds.

    `cost` is Finagle's peak EWMA: a latency above the average replaces it at once, below it the
    average sinks with a time constant of `decay_s`; times the calls in flight plus one.
    """

    def __init__(self, decay_s: float = 10.0) -> None:
        self._decay_s = decay_s
        self._ewma_s = 0.0
        self._measured_s = -math.inf
        self._samples: deque[float] = deque(maxlen=_SAMPLES_MAX)
        self.in_flight = 0

    def observe(self, latency_s: float, now_s: float) -> None:
        """One more latency: to the first visible delta, or of the whole unstreamed answer."""
        self._samples.append(latency_s)
        if latency_s > self._ewma_s:
            self._ewma_s = latency_s
        else:
            keep = math.exp(-max(0.0, now_s - self._measured_s) / self._decay_s)
            self._ewma_s = self._ewma_s * keep + latency_s * (1 - keep)
        self._measured_s = now_s

    @property
    def latency_s(self) -> float | None:
        """The average as it stands, None before the first measurement."""
        return self._ewma_s if self._samples else None

    def cost(self, assumed_s: float) -> float:
        """Latency x (in flight + 1); `assumed_s` stands for what was never measured."""
        latency_s = self._ewma_s if self._samples else assumed_s
        return latency_s * (self.in_flight + 1)

    def quantile_s(self, q: float, samples_min: int) -> float | None:
        """The q-quantile of the last 128 latencies, None with fewer than `samples_min`."""
        if len(self._samples) < samples_min:
            return None
        ordered = sorted(self._samples)
        return ordered[min(len(ordered) - 1, math.ceil(q * len(ordered)) - 1)]


class _Bucket:
    """A token bucket of `per_minute`, full at first; may go below nothing after a correction."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._level = float(per_minute)
        self._at_s = -math.inf

    def level(self, now_s: float) -> float:
        if self._at_s > -math.inf:
            grown = (now_s - self._at_s) * self.per_minute / _MINUTE_S
            self._level = min(float(self.per_minute), self._level + max(0.0, grown))
        self._at_s = now_s
        return self._level

    def take(self, amount: float, now_s: float) -> None:
        self._level = self.level(now_s) - amount

    def lower_to(self, level: float, now_s: float) -> None:
        self._level = min(self.level(now_s), level)


class Headroom:
    """Requests and tokens that a target's account still has this minute, as far as is known:
    from `rpm_max` and `tpm_max`, reserved at dispatch, corrected by usage and by headers."""

    def __init__(self, target: Target) -> None:
        self._requests = _Bucket(target.rpm_max) if target.rpm_max else None
        self._tokens = _Bucket(target.tpm_max) if target.tpm_max else None
        self._told = 1.0

    def free_at(self, tokens: int, now_s: float) -> float:
        """When one more request of so many tokens fits; `now_s` if it does now. A request that
        is larger than a whole minute's tokens fits when the bucket is full."""
        at_s = now_s
        for bucket, need in ((self._requests, 1), (self._tokens, tokens)):
            if bucket is not None:
                missing = min(need, bucket.per_minute) - bucket.level(now_s)
                at_s = max(at_s, now_s + missing * _MINUTE_S / bucket.per_minute)
        return at_s

    def take(self, tokens: int, now_s: float) -> None:
        if self._requests is not None:
            self._requests.take(1, now_s)
        if self._tokens is not None:
            self._tokens.take(tokens, now_s)

    def correct(self, reserved: int, used: int, now_s: float) -> None:
        """Give back what was reserved and not used, or take what was used beyond."""
        if self._tokens is not None and used != reserved:
            self._tokens.take(used - reserved, now_s)

    def told(self, limits: tuple[RateLimit, ...], now_s: float) -> None:
        """Take the vendor's own word where it is lower than ours."""
        shares = [
            limit.remaining / limit.limit
            for limit in limits
            if limit.limit and limit.remaining is not None
        ]
        self._told = min(shares, default=self._told)
        for limit in limits:
            bucket = {"requests": self._requests, "tokens": self._tokens}.get(limit.scope)
            if bucket is not None and limit.remaining is not None:
                bucket.lower_to(limit.remaining, now_s)

    def share(self, now_s: float) -> float:
        """The part that is left of the scarcest limit, 0 to 1; 1 where nothing is known."""
        shares = [b.level(now_s) / b.per_minute for b in (self._requests, self._tokens) if b]
        return max(0.0, min([self._told, *shares]))
