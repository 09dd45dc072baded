"""Faults in windows of virtual time: from when, for how long, of which provider.

A window is a plain value, made by hand, drawn by Hypothesis or read from TOML; here it is also
put into effect. What a fault looks like is the script's (errors) or the network's (troubles).
"""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from ..behaviour.failures import http_error, overloaded, rate_limited
from ..behaviour.scenario import Rule
from ..canonical import ApiError
from ..errors import ScriptError
from ..serving.exchange import Fake
from .network import Network
from .troubles import Trouble

__all__ = ["KINDS", "FaultKind", "FaultWindow", "Weather", "from_toml", "to_toml"]

FaultKind = Literal[
    "overloaded", "rate_limited", "server_error", "refused", "reset", "silent", "slow"
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultWindow:
    """One fault of one provider.

    provider      the fake's name: `claude`
    kind          overloaded, rate_limited, server_error: every request is answered so;
                  refused, reset, silent, slow: the network to the fake is so
    start_s       virtual seconds from the beginning of the world
    for_s         how long it lasts
    retry_after_s what rate_limited sends as Retry-After
    delay_s       how much later bytes arrive in each direction when slow
    """

    provider: str
    kind: FaultKind
    start_s: float
    for_s: float
    retry_after_s: float = 2.0
    delay_s: float = 4.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ScriptError(f"A fault is one of {', '.join(KINDS)}, not {self.kind!r}.")
        if self.start_s < 0 or self.for_s <= 0:
            raise ScriptError(
                f"A fault begins at 0 s or later and lasts longer than 0 s, not from "
                f"{self.start_s!r} for {self.for_s!r}."
            )

    @property
    def end_s(self) -> float:
        return self.start_s + self.for_s

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} from {self.start_s:g} s to {self.end_s:g} s"


class Weather:
    """Puts windows into effect in one world, and takes them out again."""

    def __init__(self, network: Network, fakes: Callable[[str], tuple[Fake, int]]) -> None:
        self._network = network
        self._fakes = fakes
        self.windows: tuple[FaultWindow, ...] = ()
        """All that were announced, in the order in which they begin."""
        self._rules: list[tuple[Fake, Rule]] = []

    def announce(self, windows: Iterable[FaultWindow]) -> None:
        """Let these faults come. What has begun already begins now."""
        loop = self._network.loop
        for window in windows:
            fake, port = self._fakes(window.provider)
            self.windows = tuple(sorted((*self.windows, window), key=lambda w: w.start_s))
            if window.end_s <= loop.time():
                continue
            if window.start_s <= loop.time():
                self._begin(window, fake, port)
            else:
                loop.call_at(window.start_s, self._begin, window, fake, port)

    def clear(self) -> None:
        """Take out the rules of windows that have not ended."""
        for fake, rule in tuple(self._rules):
            self._take_out(fake, rule)

    def _begin(self, window: FaultWindow, fake: Fake, port: int) -> None:
        loop = self._network.loop
        if (error := _error(window)) is not None:
            number = min((rule.number for rule in fake.script.rules), default=0) - 1
            rule = Rule(number=min(number, -1), error=error, written_at=str(window))
            # In front of all others: while it lasts nothing else is answered.
            fake.write(replace(fake.script, rules=(rule, *fake.script.rules)))
            self._rules.append((fake, rule))
            loop.call_at(window.end_s, self._take_out, fake, rule)
        else:
            trouble = _trouble(window)
            self._network.troubles.begin(port, trouble)
            loop.call_at(window.end_s, self._network.end, port, trouble)

    def _take_out(self, fake: Fake, rule: Rule) -> None:
        if (fake, rule) in self._rules:
            self._rules.remove((fake, rule))
            kept = tuple(kept for kept in fake.script.rules if kept is not rule)
            fake.write(replace(fake.script, rules=kept))


def to_toml(windows: Iterable[FaultWindow], *, seed: int = 0) -> str:
    """Windows as a file that `from_toml` reads; default values are left out."""
    lines = [f"seed = {seed}"]
    for window in windows:
        lines += ["", "[[fault]]", f'provider = "{window.provider}"', f'kind = "{window.kind}"']
        lines += [f"start_s = {window.start_s!r}", f"for_s = {window.for_s!r}"]
        for name, kind in (("retry_after_s", "rate_limited"), ("delay_s", "slow")):
            if window.kind == kind:
                lines.append(f"{name} = {getattr(window, name)!r}")
    return "\n".join(lines) + "\n"


def from_toml(text: str) -> tuple[int, tuple[FaultWindow, ...]]:
    """The seed and the windows of a file. Raises ScriptError that names what is wrong."""
    try:
        told = tomllib.loads(text)
        faults: list[dict[str, Any]] = told.get("fault", [])
        return int(told.get("seed", 0)), tuple(FaultWindow(**fault) for fault in faults)
    except (tomllib.TOMLDecodeError, TypeError) as problem:
        fields = ", ".join(FaultWindow.__dataclass_fields__)
        raise ScriptError(
            f"This is no schedule of faults ({problem}): [[fault]] takes {fields}."
        ) from None


def _error(window: FaultWindow) -> ApiError | None:
    """What the provider answers; None when the network is at fault."""
    match window.kind:
        case "overloaded":
            return overloaded()
        case "rate_limited":
            return rate_limited(retry_after_s=window.retry_after_s)
        case "server_error":
            return http_error(500)
        case _:
            return None


def _trouble(window: FaultWindow) -> Trouble:
    match window.kind:
        case "refused" | "reset" | "silent":
            return Trouble(kind=window.kind)
        case _:
            return Trouble(kind="slow", delay_s=window.delay_s)
