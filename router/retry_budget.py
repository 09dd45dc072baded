"""How many attempts beyond the first all calls together may make, and the client-side throttle.

Finagle's RetryBudget (a share of recent calls plus a floor) and the adaptive throttling of
Google's SRE book, chapter "Handling Overload". Both count in slices of a sliding window; time is
handed in, and what they hold is bounded by the number of slices.
"""

import random

from .policy import RetryBudgetPolicy

__all__ = ["RetryBudget", "Throttle"]

_SLICES = 10
# Balances are whole thousandths, so that a share of calls adds up exactly.
_UNIT = 1000


class _SlidingSum:
    """The sum of what was added within the last `window_s`, in `_SLICES` slices.

    What is added counts for the whole window and at most one slice longer.
    """

    def __init__(self, window_s: float) -> None:
        self._slice_s = window_s / _SLICES
        self._slices: dict[int, int] = {}

    def add(self, amount: int, now_s: float) -> None:
        number = self._drop_old(now_s)
        self._slices[number] = self._slices.get(number, 0) + amount

    def total(self, now_s: float) -> int:
        self._drop_old(now_s)
        return sum(self._slices.values())

    def _drop_old(self, now_s: float) -> int:
        number = int(now_s // self._slice_s)
        if number not in self._slices:
            self._slices = {n: v for n, v in self._slices.items() if n >= number - _SLICES}
        return number


class RetryBudget:
    """`deposit` at every call, `withdraw` before every attempt beyond its first.

    In any `ttl_s` seconds no more are withdrawn than `ratio` x the deposits of the last `ttl_s`
    (counted a slice generously) plus `min_per_s * ttl_s`.
    """

    def __init__(self, policy: RetryBudgetPolicy) -> None:
        self._deposit = round(policy.ratio * _UNIT)
        self._floor = round(policy.min_per_s * policy.ttl_s * _UNIT)
        self._deposits = _SlidingSum(policy.ttl_s)
        self._withdrawn = _SlidingSum(policy.ttl_s)

    def deposit(self, now_s: float) -> None:
        self._deposits.add(self._deposit, now_s)

    def balance(self, now_s: float) -> float:
        """How many further attempts are allowed now."""
        return self._balance(now_s) / _UNIT

    def withdraw(self, now_s: float) -> bool:
        """Take one; False, and nothing taken, if there is none."""
        if self._balance(now_s) < _UNIT:
            return False
        self._withdrawn.add(_UNIT, now_s)
        return True

    def _balance(self, now_s: float) -> int:
        return self._floor + self._deposits.total(now_s) - self._withdrawn.total(now_s)


class Throttle:
    """Refuses calls locally when most of the recent ones failed: with the probability
    max(0, (calls - k * accepted) / (calls + 1))."""

    def __init__(self, policy: RetryBudgetPolicy) -> None:
        self._k = policy.throttle_k
        self._calls = _SlidingSum(policy.ttl_s)
        self._accepted = _SlidingSum(policy.ttl_s)

    def admits(self, now_s: float, rng: random.Random) -> bool:
        if self._k is None:
            return True
        calls = self._calls.total(now_s)
        refusal = (calls - self._k * self._accepted.total(now_s)) / (calls + 1)
        self._calls.add(1, now_s)
        return refusal <= 0 or rng.random() >= refusal

    def accepted(self, now_s: float) -> None:
        if self._k is not None:
            self._accepted.add(1, now_s)
