"""What several of these tests ask of an answer."""

from collections.abc import Callable
from typing import Any, Never

from pydantic import BaseModel

__all__ = ["HandClock", "unknown_fields"]


def unknown_fields(value: Any, at: str = "") -> list[str]:
    """Where a parsed answer holds what the SDK's types do not have."""
    if isinstance(value, list):
        return [name for item in value for name in unknown_fields(item, f"{at}[]")]
    if not isinstance(value, BaseModel):
        return []
    found = [f"{at}.{name}" for name in value.model_extra or ()]
    for name in type(value).model_fields:
        found += unknown_fields(getattr(value, name), f"{at}.{name}")
    return found


class HandClock:
    """A clock that a test moves: jobs end and files expire without anybody waiting."""

    def __init__(self) -> None:
        self._passed_s = 0.0

    def advance(self, seconds: float) -> None:
        self._passed_s += seconds

    def now(self) -> float:
        return self._passed_s

    def wall(self) -> float:
        return 1_790_000_000.0 + self._passed_s

    def call_at(self, deadline_s: float, callback: Callable[[], object]) -> Never:
        raise AssertionError("nothing waits here")
