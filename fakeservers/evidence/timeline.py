"""A scenario drawn over time, for a terminal: a row a rule, a column a slice of its time."""

import math
from collections.abc import Iterator

from ..behaviour.pace import Delay
from ..behaviour.plain import failure_words
from ..behaviour.scenario import Rule, Scenario
from ..behaviour.schedule import Ramp, Schedule

__all__ = ["draw_scenario"]

WIDTH = 60
LABEL_MAX = 44
SHADES = " ░▒▓█"
"""How probable a rule is: never, seldom, often, mostly, always."""

DEFAULT_HORIZON_S = 60.0


def draw_scenario(scenario: Scenario, horizon_s: float | None = None) -> str:
    """The rules of every provider and when they hold; up to the last thing that changes when
    no horizon is given."""
    horizon_s = horizon_s or _horizon_s(scenario)
    lines = [f"seed {scenario.seed}, the first {_time(horizon_s)}, from never to always: {SHADES}"]
    for name, script in scenario.scripts.items():
        limits = "".join(f" {key}={value}" for key, value in script.limits.items())
        lines += ["", f"{name}{limits}"]
        for rule in script.rules:
            label = _label(rule)
            short = label if len(label) <= LABEL_MAX else label[: LABEL_MAX - 3] + "..."
            lines.append(f"  {short:<{LABEL_MAX}} |{_bar(rule.schedule, horizon_s)}|")
    lines.append(f"{'':{LABEL_MAX + 3}}|{_axis(horizon_s)}|")
    return "\n".join(lines)


def _horizon_s(scenario: Scenario) -> float:
    ends = [
        edge
        for script in scenario.scripts.values()
        for rule in script.rules
        for edge in _edges(rule.schedule)
    ]
    return max(ends, default=DEFAULT_HORIZON_S) * 1.1


def _edges(schedule: Schedule) -> Iterator[float]:
    for window in schedule.windows:
        yield window.end_s if math.isfinite(window.end_s) else window.start_s
    if schedule.every is not None:
        yield schedule.every.start_s + 3 * schedule.every.period_s
    if isinstance(schedule.rate, Ramp):
        yield schedule.rate.window.end_s


def _bar(schedule: Schedule, horizon_s: float) -> str:
    step_s = horizon_s / WIDTH
    return "".join(_shade(schedule, (column + 0.5) * step_s) for column in range(WIDTH))


def _shade(schedule: Schedule, now_s: float) -> str:
    if not schedule.open(now_s):
        return SHADES[0]
    rate = schedule.rate.at(now_s) if isinstance(schedule.rate, Ramp) else schedule.rate
    return SHADES[0] if rate <= 0 else SHADES[max(1, round(rate * (len(SHADES) - 1)))]


def _label(rule: Rule) -> str:
    told = []
    if (asked := str(rule.match)) != "":
        told.append(f"on({asked})")
    if rule.replies:
        told.append(f"replies x{len(rule.replies)}")
    if rule.error is not None or rule.fault is not None:
        told.append(f"fails {failure_words(rule)}")
    if rule.pace is not None:
        told.append(f"paces ttft={_delay(rule.pace.ttft)}")
    if rule.counts is not None:
        told.append("counts")
    if rule.times is not None:
        told.append(f"{rule.times}x")
    return " ".join(told)


def _delay(delay: Delay) -> str:
    return f"{delay.script[0]:g}s..." if delay.script else f"{delay.median_s:g}s"


def _axis(horizon_s: float) -> str:
    left, right = "0", _time(horizon_s)
    middle = _time(horizon_s / 2)
    half = (WIDTH - len(left) - len(middle) - len(right)) // 2
    return f"{left}{' ' * half}{middle}".ljust(WIDTH - len(right)) + right


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g}s" if seconds < 10 else f"{seconds:.0f}s"
    minutes = seconds / 60
    return f"{minutes:.0f}m" if minutes < 120 else f"{minutes / 60:.1f}h"
