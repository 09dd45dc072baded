"""`@pytest.mark.llmsim_load(...)`: the test is one user's visit, and many come.

Visits arrive at a rate whether or not earlier ones have ended, and their latency is counted from
their arrival, also while they wait for one of `concurrency` places: a service that stalls cannot
slow down those who measure it. What must not be here: load from other processes over real sockets.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import pytest

from .settings import one_of, truth, usd, whole
from .words import check_keywords

__all__ = ["VISITS_MAX", "Load", "Outcome", "load_of", "report", "run_load", "shortfalls"]

MARKER = "llmsim_load"

VISITS_MAX = 100_000
"""Visits of one scenario; one with more is refused before it begins."""

SLICES = 12
ERRORS_SHOWN_MAX = 5

Visit = Callable[[], Coroutine[Any, Any, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A load scenario and what must hold at its end.

    arrivals_per_s  visits a second; None for `concurrency` users who come again at once
    duration_s      for so long visits arrive; those that have begun come to their end
    concurrency     visits at a time; None for any number
    spacing         `poisson`: at random moments under the seed; `even`: at equal distances
    success_min     the least share of visits that succeed, 0 to 1; all of them unless said
    p50_s_max       and so on: the most that this share of the successful visits took, in seconds
    cost_usd_max    the most that the fakes' bill comes to
    virtual         whether time is virtual
    """

    arrivals_per_s: float | None = None
    duration_s: float = 60.0
    concurrency: int | None = None
    spacing: str = "poisson"
    success_min: float = 1.0
    p50_s_max: float | None = None
    p95_s_max: float | None = None
    p99_s_max: float | None = None
    cost_usd_max: Decimal | None = None
    virtual: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One visit: when it arrived after the beginning, how long it took, what went wrong."""

    arrived_s: float
    took_s: float
    error: str = ""


_FIELD = {"arrivals": "arrivals_per_s", "duration": "duration_s"}
_KEYS = (*_FIELD, *(f.name for f in fields(Load) if f.name not in _FIELD.values()))


def load_of(item: pytest.Item) -> Load:
    """The load of a test's markers, the closest first. Raises UsageError that names what is
    allowed."""
    given: dict[str, Any] = {}
    for mark in item.iter_markers(MARKER):
        if mark.args:
            raise pytest.UsageError(f"{item.nodeid}: {MARKER}(...) takes keywords only.")
        check_keywords(item, mark, _KEYS, mark.kwargs)
        given = {**mark.kwargs, **given}
    values = {name: _READ.get(name, _most_s)(name, value) for name, value in given.items()}
    load = Load(**{_FIELD.get(name, name): value for name, value in values.items()})
    if load.arrivals_per_s is None and load.concurrency is None:
        raise pytest.UsageError(
            f'{item.nodeid}: {MARKER} needs arrivals="5/s", concurrency=10, or both.'
        )
    visits = (load.arrivals_per_s or 0) * load.duration_s
    if visits > VISITS_MAX:
        raise pytest.UsageError(
            f"{item.nodeid}: {MARKER}: {visits:.0f} visits are more than {VISITS_MAX:,}: shorten "
            f"duration or lower arrivals."
        )
    return load


async def run_load(load: Load, visit: Visit, *, seed: int) -> list[Outcome]:
    """Let visits come, and return their outcomes in the order of their arrival. A visit fails by
    raising an Exception; anything else, such as pytest.fail, ends the whole."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    places = asyncio.Semaphore(load.concurrency or VISITS_MAX)
    outcomes: list[Outcome] = []

    async def one(arrived_s: float) -> None:
        error = ""
        try:
            async with places:
                await visit()
        except Exception as problem:
            error = _told(problem)
        took_s = loop.time() - began_s - arrived_s
        outcomes.append(Outcome(arrived_s=arrived_s, took_s=took_s, error=error))

    async def again_and_again() -> None:
        while (now_s := loop.time() - began_s) < load.duration_s and len(outcomes) < VISITS_MAX:
            await one(now_s)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as visits:
        if load.arrivals_per_s is None:
            for _ in range(load.concurrency or 1):
                visits.create_task(again_and_again())
        for arrives_s in _arrivals(load, seed):
            await asyncio.sleep(began_s + arrives_s - loop.time())
            visits.create_task(one(arrives_s))
    return sorted(outcomes, key=lambda outcome: outcome.arrived_s)


def shortfalls(load: Load, outcomes: list[Outcome], cost_usd: Decimal | None) -> list[str]:
    """The limits that were not kept, in words."""
    found = []
    share = _share(outcomes)
    if share < load.success_min:
        found.append(f"success {share:.4f}, wanted at least {load.success_min:g} (success_min)")
    took = sorted(outcome.took_s for outcome in outcomes if not outcome.error)
    for percent in (50, 95, 99):
        most_s = getattr(load, f"p{percent}_s_max")
        if most_s is not None and (not took or _percentile(took, percent) > most_s):
            was = f"{_percentile(took, percent):.3f} s" if took else "of no successful visit"
            found.append(f"p{percent} {was}, wanted at most {most_s:g} (p{percent}_s_max)")
    if load.cost_usd_max is not None and cost_usd is not None and cost_usd > load.cost_usd_max:
        found.append(f"cost ${cost_usd:f}, wanted at most ${load.cost_usd_max} (cost_usd_max)")
    return found


def report(load: Load, outcomes: list[Outcome], cost_usd: Decimal | None) -> str:
    """The scenario's course as text: sums, errors, and a row a slice of its time."""
    took = sorted(outcome.took_s for outcome in outcomes if not outcome.error)
    lines = [
        f"{len(outcomes)} visits in {load.duration_s:g} s, {len(took)} succeeded "
        f"({_share(outcomes):.2%})",
        "latency " + ", ".join(f"p{p} {_shown(took, p)}" for p in (50, 95, 99)),
    ]
    if cost_usd is not None:
        lines.append(f"cost ${cost_usd:f}")
    errors = Counter(outcome.error for outcome in outcomes if outcome.error)
    lines += [f"{count:6} x {error}" for error, count in errors.most_common(ERRORS_SHOWN_MAX)]
    lines.append(f"{'from':>8} {'visits':>7} {'failed':>7} {'p50':>9} {'p95':>9}")
    slice_s = load.duration_s / SLICES
    for number in range(SLICES):
        here = [o for o in outcomes if int(o.arrived_s / slice_s) == number]
        ok = sorted(o.took_s for o in here if not o.error)
        lines.append(
            f"{number * slice_s:7.1f}s {len(here):7} {len(here) - len(ok):7} "
            f"{_shown(ok, 50):>9} {_shown(ok, 95):>9}"
        )
    return "\n".join(lines)


def _arrivals(load: Load, seed: int) -> Iterator[float]:
    """Moments after the beginning, in order."""
    if load.arrivals_per_s is None:
        return
    rng = random.Random(f"llmsim_load {seed}")
    at_s = 0.0
    for _ in range(VISITS_MAX):
        poisson = load.spacing == "poisson"
        at_s += rng.expovariate(load.arrivals_per_s) if poisson else 1 / load.arrivals_per_s
        if at_s >= load.duration_s:
            return
        yield at_s


def _share(outcomes: list[Outcome]) -> float:
    return sum(not o.error for o in outcomes) / len(outcomes) if outcomes else 0.0


def _percentile(ordered: list[float], percent: int) -> float:
    """The least value that so many percent do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _shown(ordered: list[float], percent: int) -> str:
    return f"{_percentile(ordered, percent):.3f}s" if ordered else "-"


def _told(problem: Exception) -> str:
    first = (str(problem).splitlines() or [""])[0]
    return f"{type(problem).__name__}: {first[:100]}".rstrip(": ")


def _rate(name: str, value: object) -> float:
    """Visits a second: "5/s", "300/min", or a number."""
    units_s = {"s": 1, "min": 60, "m": 60, "h": 3600}
    amount, _, unit = str(value).partition("/")
    with suppress(ValueError):
        rate = float(amount) / units_s.get(unit.strip() or "s", 0)
        if rate > 0 and not isinstance(value, bool):
            return rate
    raise _wrong(name, 'a rate such as "5/s" or "300/min"', value)


def _seconds(name: str, value: object) -> float:
    from fakeservers import ScriptError
    from fakeservers.behaviour.schedule import seconds

    with suppress(ScriptError, TypeError):
        if (found_s := seconds(value)) > 0:  # type: ignore[arg-type]
            return found_s
    raise _wrong(name, 'a time such as 90 or "10m"', value)


def _most_s(name: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    raise _wrong(name, "a number of seconds", value)


def _share_min(name: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise _wrong(name, "a share from 0 to 1", value)


def _places(name: str, value: object) -> int:
    if (number := whole(name, value)) > 0:
        return number
    raise _wrong(name, "a whole number from 1", value)


def _wrong(name: str, wanted: str, value: object) -> pytest.UsageError:
    return pytest.UsageError(f"{MARKER}: {name} is {wanted}, not {value!r}.")


_READ: dict[str, Callable[[str, object], Any]] = {
    "arrivals": _rate,
    "duration": _seconds,
    "concurrency": _places,
    "spacing": one_of("poisson", "even"),
    "success_min": _share_min,
    "cost_usd_max": usd,
    "virtual": truth,
}
