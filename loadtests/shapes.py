"""How the load changes over a run: a factor of the rate of arrivals at any time.

Pure; Locust's own shape, which only holds the users ready, is in `locustfile.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .errors import ScenarioError

__all__ = ["Shape", "Soak", "Spike", "Steps", "Window", "Windows", "make_shape"]

Window = tuple[float, float]
"""From and to, in seconds since the beginning."""


class Shape(Protocol):
    def level(self, at_s: float) -> float:
        """The factor of the rate at that time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """The same all the time, after `ramp_s` seconds from nothing."""

    ramp_s: float = 0.0

    def level(self, at_s: float) -> float:
        return 1.0 if at_s >= self.ramp_s else max(0.05, at_s / self.ramp_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """One level after the other, each for the same part of the run."""

    levels: tuple[float, ...]
    duration_s: float

    def level(self, at_s: float) -> float:
        step = int(at_s / self.duration_s * len(self.levels))
        return self.levels[min(step, len(self.levels) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """1, but `factor` within one window."""

    factor: float
    window: Window

    def level(self, at_s: float) -> float:
        return self.factor if self.window[0] <= at_s < self.window[1] else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """1, but `factor` while any fault holds: people who try again."""

    factor: float
    windows: tuple[Window, ...]

    def level(self, at_s: float) -> float:
        return self.factor if any(start <= at_s < end for start, end in self.windows) else 1.0


def make_shape(
    kind: str,
    *,
    duration_s: float,
    faults: Sequence[Window],
    levels: Sequence[float] = (1.0,),
    factor: float = 1.0,
    between: Sequence[float] = (),
    ramp_s: float = 0.0,
) -> Shape:
    """The shape that `[shape]` of a scenario names. Raises ScenarioError."""
    match kind:
        case "soak":
            return Soak(ramp_s=ramp_s)
        case "steps":
            return Steps(levels=tuple(levels), duration_s=duration_s)
        case "spike" if len(between) == 2:
            return Spike(factor=factor, window=(between[0], between[1]))
        case "window":
            return Windows(factor=factor, windows=tuple(faults))
    raise ScenarioError(
        f"[shape] kind is soak, steps (levels=), spike (factor=, between=) or window (factor=), "
        f"not {kind!r} with between={list(between)!r}."
    )
