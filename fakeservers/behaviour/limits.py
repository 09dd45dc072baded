"""Rate limits: what each key has used of each model, by the provider's own meters.

Pure state over times that are handed in. The meters always count, so that headers tell the
truth; they refuse only once a limit is set.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from ..canonical import ApiError, Limited, Meter, Reading, Rejected, Usage
from ..errors import ScriptError

__all__ = ["Charged", "Limits"]

ACCOUNTS_MAX = 4096
"""Keys and models whose use is remembered; the one unused the longest is forgotten."""

CHARS_PER_TOKEN = 4
"""How a prompt is estimated before it is counted."""


@dataclass(slots=True)
class _Level:
    """How much of one meter is used, as of `at_s`."""

    used: float
    at_s: float


@dataclass(slots=True)
class Charged:
    """What a request was charged when it came; `settle` it with what it used."""

    levels: list[_Level]
    model: str
    estimate: int
    reserved: int


class Limits:
    """The meters of one fake."""

    def __init__(self, meters: tuple[Meter, ...]) -> None:
        self._meters = meters
        self._set: dict[str, int] = {}
        self._accounts: OrderedDict[tuple[str, str], list[_Level]] = OrderedDict()

    def set(self, given: Mapping[str, int | None]) -> None:
        """Enforce these limits, by keyword; None lifts one. Raises ScriptError for others."""
        known = [meter.keyword for meter in self._meters]
        for name, limit in given.items():
            if name not in known:
                has = ", ".join(known) or "none"
                raise ScriptError(f"limits({name}=...): the limits of this provider are {has}.")
            if limit is None:
                self._set.pop(name, None)
            elif isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
                raise ScriptError(f"limits({name}=...) is a whole number from 1, not {limit!r}.")
            else:
                self._set[name] = limit
        self._accounts.clear()

    def ask(
        self, key: str, model: str, *, now_s: float, chars: int, max_tokens: int | None
    ) -> Charged:
        """Charge a request what is known before it is answered. Raises `Rejected` with the
        limit that it would exceed, which costs it the request all the same."""
        levels = self._levels((key, model), now_s)
        estimate = max(1, chars // CHARS_PER_TOKEN)
        asked = Charged(levels, model, estimate, max(max_tokens or 0, estimate))
        for meter, level in zip(self._meters, levels, strict=True):
            limit = self._set.get(meter.keyword)
            if limit is not None:
                self._check(meter, limit, level, asked, now_s)
            if meter.charge == "one":
                level.used += 1
            elif meter.charge == "reserved":
                level.used += asked.reserved
        return asked

    def settle(self, asked: Charged, usage: Usage) -> None:
        """Charge what only the answer tells."""
        for meter, level in zip(self._meters, asked.levels, strict=True):
            if meter.charge == "input":
                level.used += usage.input_tokens
            elif meter.charge == "uncached_input":
                level.used += usage.input_tokens - usage.cached_tokens
            elif meter.charge == "output":
                level.used += usage.output_tokens

    def read(self, asked: Charged) -> tuple[Reading, ...]:
        """What the meters show of the request's key and model."""
        readings = []
        for meter, level in zip(self._meters, asked.levels, strict=True):
            if not meter.told:
                continue
            limit = self._set.get(meter.keyword, meter.limit)
            remaining = max(0, int(limit - level.used))
            readings.append(Reading(meter, limit, remaining, level.used * meter.window_s / limit))
        return tuple(readings)

    def _check(self, meter: Meter, limit: int, level: _Level, asked: Charged, now_s: float) -> None:
        wanted = _wanted(meter, asked)
        # Output is counted as it comes: what is used already decides.
        if level.used + wanted <= limit and (meter.charge != "output" or level.used < limit):
            return
        if meter.fixed:
            after_s = _window_end_s(meter, now_s) - now_s
        else:
            missing = min(level.used, level.used + max(wanted, 1) - limit)
            after_s = missing * meter.window_s / limit
        limited = Limited(
            metered=meter.metered,
            limit=limit,
            used=int(level.used),
            requested=wanted,
            model=asked.model,
            window_s=meter.window_s,
        )
        raise Rejected(
            ApiError(status=429, kind="rate_limited", limited=limited, retry_after_s=after_s)
        )

    def _levels(self, account: tuple[str, str], now_s: float) -> list[_Level]:
        levels = self._accounts.get(account)
        if levels is None:
            levels = self._accounts[account] = [_Level(0.0, now_s) for _ in self._meters]
            if len(self._accounts) > ACCOUNTS_MAX:
                self._accounts.popitem(last=False)
            return levels
        self._accounts.move_to_end(account)
        for meter, level in zip(self._meters, levels, strict=True):
            if meter.fixed:
                if _window_end_s(meter, level.at_s) <= now_s:
                    level.used = 0.0
            else:
                limit = self._set.get(meter.keyword, meter.limit)
                filled = (now_s - level.at_s) * limit / meter.window_s
                level.used = max(0.0, level.used - filled)
            level.at_s = now_s
        return levels


def _wanted(meter: Meter, asked: Charged) -> int:
    match meter.charge:
        case "one":
            return 1
        case "reserved":
            return asked.reserved
        case "output":
            return 0
        case _:
            return asked.estimate


def _window_end_s(meter: Meter, at_s: float) -> float:
    local_s = at_s + meter.day_offset_s
    return (local_s // meter.window_s + 1) * meter.window_s - meter.day_offset_s
