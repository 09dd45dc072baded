"""What calls really cost, as a share of what they could have cost: for holds in mode soft."""

from collections import deque

from ..money import divide_up

__all__ = ["SAMPLES_MAX", "SAMPLES_MIN", "TARGETS_MAX", "History"]

SAMPLES_MAX = 200
SAMPLES_MIN = 20
"""Fewer samples than this tell nothing: the whole bound is held."""

TARGETS_MAX = 1_000

_WHOLE = 1_000_000  # shares are kept in millionths: integers, as all that touches money


class History:
    """The last shares of each target."""

    def __init__(self) -> None:
        self._shares: dict[str, deque[int]] = {}

    def add(self, target: str, amount_pico: int, bound_pico: int) -> None:
        if bound_pico <= 0:
            return
        if target not in self._shares and len(self._shares) >= TARGETS_MAX:
            self._shares.pop(next(iter(self._shares)))
        shares = self._shares.setdefault(target, deque(maxlen=SAMPLES_MAX))
        shares.append(divide_up(amount_pico * _WHOLE, bound_pico))

    def usual(self, target: str, bound_pico: int, percent: int) -> int:
        """An amount that `percent` of the last calls did not exceed, at most the bound."""
        shares = sorted(self._shares.get(target, ()))
        if len(shares) < SAMPLES_MIN:
            return bound_pico
        share = shares[divide_up(len(shares) * percent, 100) - 1]
        return min(bound_pico, divide_up(bound_pico * share, _WHOLE))
