"""Rate-limit gates: which limit of which key is closed, and until when.

A gate is closed by what the vendor said (Retry-After in any syntax) and opens by itself; it is
never opened early, and of two times the later holds. Failures of targets are the breaker's
affair. Keys that were refused and models that do not exist are gates too, with a long time.
"""

import math
from collections.abc import Iterable

from .types import Target

__all__ = ["Gates"]

# The whole key, whatever the model.
_EVERY_MODEL = "*"


class Gates:
    """Not-before times (the router's clock) by key, model and limit.

    Bounded: entries exist for known targets only and there are at most a dozen limits.
    """

    def __init__(self) -> None:
        self._closed: dict[tuple[str, str], dict[str, float]] = {}

    def close(self, target: Target, limit: str, until_s: float, *, key: bool = False) -> float:
        """Close one limit of the target's key (`key`: for all its models); returns the time
        that holds now, the later of the old and the new."""
        scope = (target.key_scope, _EVERY_MODEL if key else target.model)
        limits = self._closed.setdefault(scope, {})
        limits[limit] = max(until_s, limits.get(limit, -math.inf))
        return limits[limit]

    def until(self, target: Target, now_s: float) -> tuple[float, str]:
        """When the last of the target's closed limits opens, and its name; `(now_s, "")` if
        none is closed."""
        latest, name = now_s, ""
        if not self._closed:
            return latest, name
        for model in (target.model, _EVERY_MODEL):
            for limit, until_s in self._closed.get((target.key_scope, model), {}).items():
                if until_s > latest:
                    latest, name = until_s, limit
        return latest, name

    def forget(self, limit: str) -> None:
        """Open every gate of this name: what a reload of the configuration may have mended."""
        for limits in self._closed.values():
            limits.pop(limit, None)

    def snapshot(self, now_s: float) -> list[tuple[str, str, str, float]]:
        """(key, model, limit, seconds that it stays closed) of each closed gate."""
        return [
            (key, model, limit, until_s - now_s)
            for (key, model), limits in self._closed.items()
            for limit, until_s in limits.items()
            if until_s > now_s
        ]

    def restore(self, kept: Iterable[tuple[str, str, str, float]], now_s: float) -> None:
        """Close what was closed elsewhere; what is closed for longer here stays so."""
        for key, model, limit, left_s in kept:
            limits = self._closed.setdefault((key, model), {})
            limits[limit] = max(now_s + left_s, limits.get(limit, -math.inf))
