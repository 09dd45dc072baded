"""What pytest's own report says of the fakes: the traffic of a test over time, and the sum of a
run. What must not be here: anything that decides."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from .settings import settings_of
from .stash import FAKES, GUARD, LOAD, METER, SPENT
from .virtual import world_of

if TYPE_CHECKING:
    from fakeservers import Exchange, FakeServers

__all__ = ["add_traffic", "add_usage", "carried", "write_spent", "write_summary", "write_traffic"]

SECTION = "llmsim traffic"
LOAD_SECTION = "llmsim load"

CALLS_SHOWN_MAX = 200
"""Calls of one test that its section shows, the last ones; the rest is counted."""

SLOWEST_SHOWN_MAX = 5
PICO_PER_USD = 10**12


def add_traffic(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put the traffic of a failed test, or of any when asked for, into its report, and the
    course of a load."""
    servers = item.stash.get(FAKES, None)
    settings = settings_of(item.config)
    if servers is None:
        return
    if (load := item.stash.get(LOAD, None)) is not None and (report.failed or settings.report):
        report.sections.append((LOAD_SECTION, load))
    if report.failed or settings.traffic:
        shown = "\n".join(_timeline(servers)) or "no request reached a fake"
        again = f"pytest --llmsim-seed={servers.seed} '{item.nodeid}'"
        replay = f"\nseed {servers.seed}; again with: {again}" if report.failed else ""
        report.sections.append((SECTION, shown + replay))
    if report.failed and (told := _swallowed(item, report)):
        report.sections.append(("llmsim", "\n".join(told)))


def _swallowed(item: pytest.Item, report: pytest.TestReport) -> list[str]:
    """What the program went past the fakes with and got an error for, where it is not this error
    that the test failed by: the likely reason, which is else seen by nobody."""
    guard, world = item.stash.get(GUARD, None), world_of(item)
    stranger = world.loop.stranger if world is not None else None
    told = [*(guard.blocked if guard is not None else ()), *([stranger] if stranger else ())]
    return [each for each in dict.fromkeys(told) if each not in str(report.longrepr)]


def write_traffic(terminal: "pytest.TerminalReporter") -> None:
    """Write the traffic of the tests that passed; failed ones show their own."""
    _write_sections(terminal, SECTION)


def _write_sections(terminal: "pytest.TerminalReporter", wanted: str) -> None:
    for report in terminal.getreports("passed"):
        for title, text in getattr(report, "sections", ()):
            if title == wanted:
                terminal.write_sep("-", f"{wanted}: {report.nodeid}")
                terminal.write_line(text)


def _timeline(servers: "FakeServers") -> Iterator[str]:
    """Each call with the moment at which it began and how long it took, then what was said."""
    from fakeservers.evidence.transcript import transcript

    calls = _seen(servers)
    if len(calls) > CALLS_SHOWN_MAX:
        yield f"({len(calls) - CALLS_SHOWN_MAX} earlier calls are left out)"
    first_s = calls[0].started_s if calls else 0.0
    for call in calls[-CALLS_SHOWN_MAX:]:
        head, *rest = transcript([call]).splitlines()
        took_ms = max(0.0, call.ended_s - call.started_s) * 1000
        took = f", {took_ms:.0f} ms" if call.outcome != "pending" else ""
        ending = f", {call.outcome}" if call.outcome != "complete" else ""
        yield f"+{call.started_s - first_s:.3f}s {head}{took}{ending}"
        yield from rest


# --- the sum of a run ---


def add_usage(item: pytest.Item, report: pytest.TestReport) -> None:
    """Let a test's report carry what the fakes saw and what real calls cost, in plain values that
    workers can send."""
    servers, meter = item.stash.get(FAKES, None), item.stash.get(METER, None)
    if meter is not None and (spent := meter.spent - item.stash[SPENT]).calls:
        report.__dict__["llmsim_real"] = asdict(spent)
    if servers is not None and settings_of(item.config).report:
        report.__dict__["llmsim"] = _usage(servers)


def _usage(servers: "FakeServers") -> dict[str, Any]:
    from fakeservers import Bill, PricesMissing

    calls = _seen(servers)
    told: dict[str, Any] = {
        "calls": Counter(call.provider for call in calls),
        "input_tokens": sum(call.usage.input_tokens for call in calls if call.usage),
        "output_tokens": sum(call.usage.output_tokens for call in calls if call.usage),
        "faults": Counter(label for call in calls if (label := _fault(call))),
        "slowest": sorted(
            ((c.ended_s - c.started_s, f"{c.provider} {c.model} {c.path}") for c in calls),
            reverse=True,
        )[:SLOWEST_SHOWN_MAX],
    }
    try:
        clock = servers._clock
        lines = Bill(calls, epoch_s=clock.wall() - clock.now()).lines
        told["pico"] = sum(line.pico or 0 for line in lines)
        told["unpriced"] = sorted({line.model for line in lines if line.pico is None})
    except PricesMissing as problem:
        told["pico"], told["unpriced"] = None, [str(problem)]
    plain = {key: dict(value) for key, value in told.items() if isinstance(value, Counter)}
    return {**told, **plain, "slowest": [list(slow) for slow in told["slowest"]]}


def _seen(servers: "FakeServers") -> tuple["Exchange", ...]:
    """What the fakes saw, also beside providers that are real, whose handles tell nothing."""
    calls = (call for fake in servers._fakes.values() for call in fake.journal)
    return tuple(sorted(calls, key=lambda call: call.started_s))


def _fault(call: Any) -> str:
    """What went wrong with a call, on purpose or not, in one word."""
    if call.error is not None:
        kind = call.error.kind or "error"
        return f"{call.provider} {call.status} {kind}"
    if call.outcome in ("cut", "reset"):
        return f"{call.provider} {call.outcome}"
    if call.fault is not None:
        changed = [f for f in call.fault.__dataclass_fields__ if _is_set(call.fault, f)]
        return f"{call.provider} {' '.join(changed)}"
    return ""


def _is_set(fault: Any, name: str) -> bool:
    return bool(getattr(fault, name) != fault.__dataclass_fields__[name].default)


def write_summary(terminal: "pytest.TerminalReporter") -> None:
    """Write the sum over all tests of the run, those of workers included."""
    _write_sections(terminal, LOAD_SECTION)
    told = list(carried(terminal, "llmsim"))
    terminal.write_sep("-", "llmsim report")
    for line in _summary(told):
        terminal.write_line(line)
    if drift := sum(len(found) for _, found in carried(terminal, "llmsim_drift")):
        answers = "1 recorded answer has" if drift == 1 else f"{drift} recorded answers have"
        terminal.write_line(f"drift   {answers} another shape than the fakes' own")


def write_spent(terminal: "pytest.TerminalReporter") -> None:
    """Write what real calls came to."""
    told = [one for _, one in carried(terminal, "llmsim_real")]
    total = {name: sum(one[name] for one in told) for name in told[0]}
    cap = settings_of(terminal.config).max_usd
    terminal.write_sep("-", "llmsim: real calls")
    terminal.write_line(
        f"{total['calls']} calls, {total['input_tokens']:,} tokens in, "
        f"{total['output_tokens']:,} out, {_usd(total['pico'])}"
        + (f" of ${cap}" if cap is not None else "")
    )
    if total["estimated"]:
        terminal.write_line(
            f"{total['estimated']} of them told no usage: they count as the most they can have cost"
        )


def carried(terminal: "pytest.TerminalReporter", name: str) -> Iterator[tuple[str, Any]]:
    """What tests' reports carry under a name."""
    for reports in terminal.stats.values():
        for report in reports:
            if name in getattr(report, "__dict__", {}):
                yield report.nodeid, report.__dict__[name]


def _summary(told: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    calls: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for _, one in told:
        calls.update(one["calls"])
        faults.update(one["faults"])
    by_provider = ", ".join(f"{name} {count}" for name, count in calls.items())
    yield f"tests   {len(told)} used the fakes"
    yield f"calls   {calls.total()}" + (f" ({by_provider})" if by_provider else "")
    read = sum(one["input_tokens"] for _, one in told)
    written = sum(one["output_tokens"] for _, one in told)
    yield f"tokens  {read:,} in, {written:,} out"
    yield from _cost([one for _, one in told])
    slowest = sorted(
        ((took_s, what, nodeid) for nodeid, one in told for took_s, what in one["slowest"]),
        reverse=True,
    )
    for at, (took_s, what, nodeid) in enumerate(slowest[:SLOWEST_SHOWN_MAX]):
        yield f"{'' if at else 'slowest':7} {took_s:.3f} s  {what}  {nodeid}"
    for at, (label, count) in enumerate(faults.most_common()):
        yield f"{'' if at else 'faults':7} {count} x {label}"


def _cost(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the providers would have charged; what could not be priced is named."""
    unpriced = sorted({model for one in told for model in one["unpriced"]})
    if any(one["pico"] is None for one in told):
        yield f"cost    unknown: {unpriced[0]}"
        return
    without = f", without {', '.join(unpriced)}" if unpriced else ""
    yield f"cost    {_usd(sum(one['pico'] for one in told))} if it had been real{without}"


def _usd(pico: int) -> str:
    """Exact, with two decimals or more."""
    whole, rest = divmod(pico, PICO_PER_USD)
    decimals = f"{rest:012d}".rstrip("0").ljust(2, "0")
    return f"${whole:,}.{decimals}"
