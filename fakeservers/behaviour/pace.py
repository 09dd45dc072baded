"""How fast an answer comes: distributions of waiting times, and what one request draws of them.

Pure: a Pace says, a Timing is drawn from it for one request. Nothing here waits.

    TTFT = queueing + (base + uncached input tokens x prefill + cold start) x load
    gap  = inter-token latency x load, for each further chunk that carries output
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from math import exp, log
from random import Random
from typing import Any

from ..errors import ScriptError, did_you_mean, own_keywords
from .schedule import seconds

__all__ = ["Delay", "Pace", "Timing", "delay", "lognormal", "pace", "timing"]

INSTANT_S = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A waiting time: constant when `sigma` is 0, else lognormal about the median, of which a
    share `spike_rate` is `spike_factor` times as long. With a `script`, exactly these, in turn,
    then the last one again."""

    median_s: float = INSTANT_S
    sigma: float = 0.0
    spike_rate: float = 0.0
    spike_factor: float = 5.0
    script: tuple[float, ...] = ()

    @property
    def nothing(self) -> bool:
        return not self.median_s and not self.script

    @property
    def varies(self) -> bool:
        """Whether what is drawn depends on chance."""
        return not self.script and bool(self.sigma or self.spike_rate)

    def draw(self, random: Random | None, nth: int = 0) -> float:
        """One waiting time in seconds; `nth` chooses from the script. Only one that `varies`
        needs a source of chance."""
        if self.script:
            return self.script[min(nth, len(self.script) - 1)]
        drawn_s = self.median_s
        if random is None:
            return drawn_s
        if self.sigma and drawn_s:
            drawn_s *= exp(random.gauss(0.0, self.sigma))
        if self.spike_rate and random.random() < self.spike_rate:
            drawn_s *= self.spike_factor
        return drawn_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a provider answers.

    ttft                  from the request to the first chunk that carries output
    inter_token           between two such chunks; about a token each
    prefill_s_per_token   for every input token that is not cached
    load_factor           how many times slower everything is with all slots taken, 1 for not
    slots                 how many answers are made at a time; None for any number
    queue_max             how many requests wait for a slot; one more is refused as overloaded
    cold_start_s          before the first answer of a model that is not in memory
    time_scale            multiplies every waiting time
    """

    ttft: Delay = field(default_factory=Delay)
    inter_token: Delay = field(default_factory=Delay)
    prefill_s_per_token: float = 0.0
    load_factor: float = 1.0
    slots: int | None = None
    queue_max: int = 1000
    cold_start_s: float = 0.0
    time_scale: float = 1.0


@dataclass(slots=True, kw_only=True)
class Timing:
    """The waiting times of one answer of `tokens` output tokens; `unloaded_s` is the first one
    while nothing else is answered."""

    unloaded_s: float
    inter_token: Delay
    random: Random | None
    scale: Callable[[], float]
    tokens: int = 0
    pace: Pace
    drawn: int = 0

    def first_s(self) -> float:
        """The wait before the first chunk, under the load of the moment."""
        return self.unloaded_s * self.scale()

    def gap_s(self) -> float:
        """The wait before the next chunk."""
        gap_s = self.inter_token.draw(self.random, self.drawn) * self.scale()
        self.drawn += 1
        return gap_s

    def total_s(self) -> float:
        """The wait for an answer in one piece: for all of its tokens."""
        if self.inter_token.nothing:
            return self.first_s()
        return self.first_s() + sum(self.gap_s() for _ in range(self.tokens - 1))


def timing(
    pace: Pace,
    random: Callable[[], Random],
    *,
    load: Callable[[], float],
    input_tokens: int,
    tokens: int,
    hidden_tokens: int,
    cold: bool,
) -> Timing:
    """The waiting times of one answer.

    random         makes the source of chance of this answer
    load           the share of the slots that are taken, 0 to 1, at any time
    input_tokens   those that are not cached
    tokens         of output; `hidden_tokens` of them, reasoning, come before the first chunk
    cold           whether the model must be loaded first
    """

    def scale() -> float:
        return pace.time_scale * (1.0 + (pace.load_factor - 1.0) * load())

    # Seeding a source takes as long as writing three tokens: only where chance plays a part.
    varies = pace.ttft.varies or pace.inter_token.varies
    source = random() if varies else None
    first_s = pace.ttft.draw(source) + input_tokens * pace.prefill_s_per_token
    first_s += sum(pace.inter_token.draw(source) for _ in range(hidden_tokens))
    if cold:
        first_s += pace.cold_start_s
    return Timing(
        unloaded_s=first_s,
        inter_token=pace.inter_token,
        random=source,
        scale=scale,
        tokens=max(1, tokens - hidden_tokens),
        pace=pace,
    )


@own_keywords
def lognormal(
    median: float | str,
    *,
    sigma: float | None = None,
    p95: float | str | None = None,
    spike_rate: float = 0.0,
    spike_factor: float = 5.0,
) -> Delay:
    """A waiting time with a long tail; its width as `sigma`, or by its 95th percentile."""
    median_s = seconds(median)
    if sigma is None:
        sigma = log(seconds(p95) / median_s) / 1.645 if p95 is not None and median_s else 0.3
    if sigma < 0:
        raise ScriptError(
            f"lognormal({median!r}, p95={p95!r}): the 95th percentile is above the median."
        )
    if not 0 <= spike_rate <= 1:
        raise ScriptError(f"spike_rate is a share from 0 to 1, not {spike_rate!r}.")
    return Delay(median_s=median_s, sigma=sigma, spike_rate=spike_rate, spike_factor=spike_factor)


def delay(value: Any) -> Delay:
    """What a time, a list of times or a distribution means as a waiting time."""
    if isinstance(value, Delay):
        return value
    if isinstance(value, Iterable) and not isinstance(value, str):
        script = tuple(seconds(one) for one in value)
        if not script:
            raise ScriptError("A list of times has at least one.")
        return Delay(script=script)
    return Delay(median_s=seconds(value))


def pace(preset: Pace | None = None, **given: Any) -> Pace:
    """What `paces(...)` means: a preset, fields of `Pace` over it, and in place of
    `inter_token` also `tokens_per_s`. Raises ScriptError for an unknown field."""
    if preset is not None and not isinstance(preset, Pace):
        raise ScriptError(
            f"paces({preset!r}): write a preset, or paces(ttft=0.3, inter_token=0.02)."
        )
    if "tokens_per_s" in given:
        given["inter_token"] = 1.0 / given.pop("tokens_per_s")
    known = [f.name for f in fields(Pace)]
    if unknown := [name for name in given if name not in known]:
        raise ScriptError(
            f"paces({', '.join(unknown)}=...): it takes a preset, {', '.join(known)}, tokens_per_s."
            + did_you_mean(unknown[0], [*known, "tokens_per_s"])
        )
    for name in ("ttft", "inter_token"):
        if name in given:
            given[name] = delay(given[name])
    base = {name: getattr(preset, name) for name in known} if preset is not None else {}
    return Pace(**base | given)
