"""When a rule holds: windows in time, recurring windows, probabilities that may change.

Pure: asked with the seconds since the scenario began and a number drawn for the request.
Times are seconds, or texts such as "90s", "5m", "1h30m", "250ms".
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ScriptError, own_keywords

__all__ = [
    "ALWAYS",
    "Every",
    "Ramp",
    "Schedule",
    "Window",
    "between",
    "every",
    "ramp",
    "schedule",
    "seconds",
]

SPANS_MAX = 1000
"""Of a recurring window, as many as are told one by one."""

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhd])\s*")


@dataclass(frozen=True, slots=True)
class Window:
    """From `start_s` up to, and without, `end_s`."""

    start_s: float
    end_s: float

    def __contains__(self, now_s: float) -> bool:
        return self.start_s <= now_s < self.end_s


@dataclass(frozen=True, slots=True)
class Every:
    """A square wave: every `period_s` seconds, beginning at `start_s`, for `for_s` seconds."""

    period_s: float
    for_s: float
    start_s: float = 0.0

    def __contains__(self, now_s: float) -> bool:
        return now_s >= self.start_s and (now_s - self.start_s) % self.period_s < self.for_s


@dataclass(frozen=True, slots=True)
class Ramp:
    """A probability that goes in a straight line from `start` to `end` within `window`; before
    it is `start`, after it `end`."""

    start: float
    end: float
    window: Window

    def at(self, now_s: float) -> float:
        length_s = self.window.end_s - self.window.start_s
        done = (now_s - self.window.start_s) / length_s if length_s else 1.0
        return self.start + (self.end - self.start) * min(1.0, max(0.0, done))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`windows`: in any of them, or always when there is none. `every`: within that wave.
    `rate`: for that share of the requests."""

    windows: tuple[Window, ...] = ()
    every: Every | None = None
    rate: float | Ramp = 1.0

    @property
    def certain(self) -> bool:
        """Whether it holds for every request at any time."""
        return not self.windows and self.every is None and self.rate == 1.0

    def open(self, now_s: float) -> bool:
        """Whether it is a time at which it may hold."""
        if self.windows and not any(now_s in window for window in self.windows):
            return False
        return self.every is None or now_s in self.every

    def holds(self, now_s: float, draw: Callable[[], float]) -> bool:
        """Whether it holds for a request; `draw` gives the request's number from 0 to 1."""
        if not self.open(now_s):
            return False
        rate = self.rate.at(now_s) if isinstance(self.rate, Ramp) else self.rate
        return rate >= 1.0 or (rate > 0.0 and draw() < rate)

    def next_change_s(self, now_s: float) -> float:
        """When `open` may next change; `inf` when it never does."""
        edges = [edge for w in self.windows for edge in (w.start_s, w.end_s)]
        if (wave := self.every) is not None:
            nth = max(0.0, math.floor((now_s - wave.start_s) / wave.period_s))
            begun_s = wave.start_s + nth * wave.period_s
            edges += [begun_s, begun_s + wave.for_s, begun_s + wave.period_s]
        return min((edge for edge in edges if edge > now_s), default=math.inf)

    def spans(self, until_s: float) -> tuple[Window, ...]:
        """The times at which `open`, up to `until_s`; at most SPANS_MAX of them."""
        found: list[Window] = []
        at_s = 0.0
        while at_s < until_s and len(found) < SPANS_MAX:
            change_s = min(self.next_change_s(at_s), until_s)
            if self.open(at_s):
                begun_s = found.pop().start_s if found and found[-1].end_s == at_s else at_s
                found.append(Window(begun_s, change_s))
            at_s = change_s
        return tuple(found)


ALWAYS = Schedule()


def seconds(value: float | str) -> float:
    """A time in seconds. Raises ScriptError when it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str) and value.strip():
        pieces = _PIECE.findall(value)
        if pieces and _PIECE.sub("", value).strip() == "":
            return sum(float(number) * _UNITS_S[unit] for number, unit in pieces)
        if re.fullmatch(r"\d+(\.\d+)?", value.strip()):
            return float(value)
    raise ScriptError(f'A time is seconds from 0, or a text such as "90s" or "5m", not {value!r}.')


@own_keywords
def between(start: float | str, end: float | str) -> Window:
    """From `start` to `end` after the scenario's begin: `between("5m", "8m")`."""
    window = Window(seconds(start), seconds(end))
    if window.end_s <= window.start_s:
        raise ScriptError(f"between({start!r}, {end!r}): the end comes after the start.")
    return window


@own_keywords
def every(period: float | str, for_: float | str, *, start: float | str = 0) -> Every:
    """Again and again: `every("10m", for_="1m")`."""
    wave = Every(seconds(period), seconds(for_), seconds(start))
    if not 0 < wave.for_s <= wave.period_s:
        raise ScriptError(f"every({period!r}, {for_!r}): for_ is above 0 and within the period.")
    return wave


@own_keywords
def ramp(start: float, end: float, over: Any) -> Ramp:
    """A rate that changes: `ramp(0, 0.5, over=("5m", "10m"))`."""
    return Ramp(_share(start), _share(end), _window(over))


def schedule(*, rate: Any = 1.0, windows: Any = (), wave: Any = None) -> Schedule:
    """What `rate=`, `between=` and `every=` of a verb mean together."""
    found = Schedule(
        windows=_windows(windows),
        every=_wave(wave),
        rate=rate if isinstance(rate, Ramp) else _share(rate),
    )
    return ALWAYS if found == ALWAYS else found


def _share(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ScriptError(f"A rate is a share from 0 to 1, or ramp(...), not {value!r}.")
    return float(value)


def _wave(value: Any) -> Every | None:
    if value is None or isinstance(value, Every):
        return value
    if isinstance(value, list | tuple) and len(value) == 3:
        return every(value[0], value[1], start=value[2])
    return every(*_pair("every", value))


def _windows(value: Any) -> tuple[Window, ...]:
    if not value:
        return ()
    if isinstance(value, list) and isinstance(value[0], list | tuple | Window):
        return tuple(_window(one) for one in value)
    return (_window(value),)


def _window(value: Any) -> Window:
    return value if isinstance(value, Window) else between(*_pair("between", value))


def _pair(name: str, value: Any) -> tuple[Any, Any]:
    if isinstance(value, tuple | list) and len(value) == 2:
        return value[0], value[1]
    raise ScriptError(f'{name} is two times, such as {name}=("5m", "8m"), not {value!r}.')
