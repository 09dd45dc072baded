"""Times in a scenario's plain data: made shorter, and the windows in which something goes wrong.

The fakes' scenario is theirs; of it only times and faults are read here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import ScenarioError

__all__ = ["FaultSpan", "planned_faults", "planned_phases", "scaled"]

TIMED_KEYS = ("between", "every", "over", "ramp_s")
_TIME = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*$")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpan:
    """When something of a provider goes wrong or slows down, and what."""

    provider: str
    what: str
    start_s: float
    end_s: float


def scaled(data: Any, scale: float, key: str = "") -> Any:
    """The same with every time of a schedule multiplied."""
    if isinstance(data, Mapping):
        return {name: scaled(value, scale, name) for name, value in data.items()}
    if key in TIMED_KEYS:
        if isinstance(data, list):
            return [scaled(value, scale, key) for value in data]
        return _seconds(data) * scale
    if isinstance(data, list):
        return [scaled(value, scale) for value in data]
    return data


def _seconds(value: Any) -> float:
    """A time of one unit, as the fakes write it."""
    if isinstance(value, int | float):
        return float(value)
    if (found := _TIME.match(str(value))) is None:
        raise ScenarioError(f'a time is seconds or a text such as "90s" or "5m", not {value!r}.')
    return float(found[1]) * _UNITS_S[found[2]]


def planned_faults(fakes: Mapping[str, Any], duration_s: float) -> Iterator[FaultSpan]:
    """Every window of a rule that fails or slows down; a rule without a time holds throughout."""
    for provider, script in fakes.items():
        for rule in script.get("rules", ()) if isinstance(script, Mapping) else ():
            windows = rule.get("between", [])
            if "fails" not in rule and not windows:
                continue  # an ordinary pace or an ordinary answer
            if windows and not isinstance(windows[0], list):
                windows = [windows]
            for start_s, end_s in windows or [[0.0, duration_s]]:
                what = _words(rule["fails"]) if "fails" in rule else "slow"
                yield FaultSpan(provider=provider, what=what, start_s=start_s, end_s=end_s)


def planned_phases(given: list[Mapping[str, Any]]) -> Iterator[FaultSpan]:
    """Times that a scenario itself calls a fault: those of a load that is too much."""
    for phase in given:
        start_s, end_s = phase["between"]
        yield FaultSpan(
            provider=phase["provider"], what=phase["what"], start_s=start_s, end_s=end_s
        )


def _words(fails: Any) -> str:
    if isinstance(fails, Mapping):
        return ", ".join(fails)
    return ", ".join(map(_words, fails)) if isinstance(fails, list) else str(fails)
