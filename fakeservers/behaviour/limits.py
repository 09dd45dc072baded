"""Rate limits: what each key has used of each model, by the provider's own meters.

Pure state over times that are handed in. The meters always count, so that headers tell the
truth; they refuse only once a limit is set.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from ..canonical import ApiError, Limited, Meter, Reading, Rejected, Usage
from ..errors import ScriptError, did_you_mean

__all__ = ["Charged", "Limits"]

ACCOUNTS_MAX = 4096
"""Keys and models whose use is remembered; the oldest is forgotten."""

CHARS_PER_TOKEN = 4
"""How a prompt is estimated before it is counted."""


class _Level:
    """How much of one meter is used, as of `at_s`."""

    __slots__ = ("at_s", "charge", "enforced", "limit", "meter", "per_s", "used")

    def __init__(self, meter: Meter, limit: int | None, at_s: float) -> None:
        self.meter = meter
        self.charge = meter.charge
        self.enforced = limit is not None
        self.limit = meter.limit if limit is None else limit
        self.per_s = self.limit / meter.window_s
        self.used = 0.0
        self.at_s = at_s

    def pass_to(self, now_s: float) -> None:
        """Take back what time has refilled."""
        if self.meter.fixed:
            if _window_end_s(self.meter, self.at_s) <= now_s:
                self.used = 0.0
        else:
            left = self.used - (now_s - self.at_s) * self.per_s
            self.used = left if left > 0.0 else 0.0
        self.at_s = now_s


@dataclass(slots=True)
class Charged:
    """What a request was charged when it came; `settle` it with what it used."""

    levels: list[_Level]
    estimate: int
    reserved: int


class Limits:
    """The meters of one fake."""

    def __init__(self, meters: tuple[Meter, ...]) -> None:
        self._meters = meters
        self._set: dict[str, int] = {}
        self._accounts: OrderedDict[tuple[str, str], list[_Level]] = OrderedDict()

    def set(self, given: Mapping[str, int]) -> None:
        """Enforce these limits, by keyword, and no others. Raises ScriptError for unknown ones."""
        known = [meter.keyword for meter in self._meters]
        for name, limit in given.items():
            if name not in known:
                has = ", ".join(known) or "none"
                meant = did_you_mean(name, known)
                raise ScriptError(
                    f"limits({name}=...): the limits of this provider are {has}.{meant}"
                )
            if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
                raise ScriptError(f"limits({name}=...) is a whole number from 1, not {limit!r}.")
        self._set = dict(given)
        self._accounts.clear()

    def ask(
        self, key: str, model: str, *, now_s: float, chars: int, max_tokens: int | None
    ) -> Charged:
        """Charge a request what is known before it is answered. Raises `Rejected` with the
        limit that it would exceed, which costs it the request all the same."""
        levels = self._accounts.get((key, model)) or self._open((key, model), now_s)
        estimate = chars // CHARS_PER_TOKEN or 1
        reserved = estimate if max_tokens is None or max_tokens < estimate else max_tokens
        for level in levels:
            level.pass_to(now_s)
            charge = level.charge
            if level.enforced:
                wanted = {"one": 1, "reserved": reserved, "output": 0}.get(charge, estimate)
                _check(level, wanted, model, now_s)
            if charge == "one":
                level.used += 1
            elif charge == "reserved":
                level.used += reserved
        return Charged(levels, estimate, reserved)

    def settle(self, asked: Charged, usage: Usage) -> tuple[Reading, ...]:
        """Charge what only the answer tells. Returns what the told meters then show."""
        for level in asked.levels:
            charge = level.charge
            if charge == "input":
                level.used += usage.input_tokens
            elif charge == "uncached_input":
                level.used += usage.input_tokens - usage.cached_tokens
            elif charge == "output":
                level.used += usage.output_tokens
        return _readings(asked.levels)

    def shown(self, key: str, model: str) -> tuple[Reading, ...]:
        """What the told meters show of a key and model, as when they were last asked."""
        return _readings(self._accounts.get((key, model), ()))

    def _open(self, account: tuple[str, str], now_s: float) -> list[_Level]:
        levels = [_Level(meter, self._set.get(meter.keyword), now_s) for meter in self._meters]
        self._accounts[account] = levels
        if len(self._accounts) > ACCOUNTS_MAX:
            self._accounts.popitem(last=False)
        return levels


def _readings(levels: Iterable[_Level]) -> tuple[Reading, ...]:
    readings = []
    for level in levels:
        if level.meter.told:
            limit, used = level.limit, level.used
            left = int(limit - used) if used < limit else 0
            readings.append(Reading(level.meter.metered, limit, left, used / level.per_s))
    return tuple(readings)


def _check(level: _Level, wanted: int, model: str, now_s: float) -> None:
    """Raise `Rejected` when `wanted` more does not fit."""
    meter, limit, used = level.meter, level.limit, level.used
    # Output is counted as it comes: what is used already decides.
    if used + wanted <= limit and (meter.charge != "output" or used < limit):
        return
    if meter.fixed:
        after_s = _window_end_s(meter, now_s) - now_s
    else:
        after_s = min(used, used + max(wanted, 1) - limit) / level.per_s
    limited = Limited(
        metered=meter.metered,
        limit=limit,
        # Rounded up: what is told must exceed the limit, as what is used does.
        used=ceil(used),
        requested=wanted,
        model=model,
        window_s=meter.window_s,
    )
    raise Rejected(
        ApiError(status=429, kind="rate_limited", limited=limited, retry_after_s=after_s)
    )


def _window_end_s(meter: Meter, at_s: float) -> float:
    local_s = at_s + meter.day_offset_s
    return (local_s // meter.window_s + 1) * meter.window_s - meter.day_offset_s
