"""Calls against faults over time, as text: a row of each for every provider, then the list."""

from collections.abc import Iterable, Sequence

from ..evidence.journal import Exchange
from .windows import FaultWindow

__all__ = ["timeline"]

WIDTH = 72
LISTED_MAX = 200
LEGEND = "~ fault   . answered   x answered with an error   ! broken off"


def timeline(calls: Sequence[Exchange], windows: Sequence[FaultWindow], end_s: float) -> str:
    """What was called when, and what was wrong then, from 0 to `end_s`."""
    names = list(dict.fromkeys([*(w.provider for w in windows), *(c.provider for c in calls)]))
    if not names:
        return f"Nothing was called in {end_s:g} s."
    gap = max(map(len, names)) + 1
    lines = [f"{'':{gap}}0 s{f'{end_s:g} s':>{WIDTH - 3}}"]
    for name in names:
        own = [window for window in windows if window.provider == name]
        row = _row(((w.start_s, min(w.end_s, end_s), "~") for w in own), end_s)
        if own:
            lines.append(f"{name:{gap}}{row}")
        row = _row(
            ((c.started_s, c.started_s, _mark(c)) for c in calls if c.provider == name), end_s
        )
        lines.append(f"{'' if own else name:{gap}}{row}")
    lines += [f"{'':{gap}}{LEGEND}", *_listed(calls, windows)]
    return "\n".join(line.rstrip() for line in lines)


def _row(spans: Iterable[tuple[float, float, str]], end_s: float) -> str:
    """Marks on a line; of several in one place the worst is seen."""
    row = [" "] * WIDTH
    for start_s, until_s, mark in spans:
        if start_s > end_s:
            continue
        first, last = (
            min(WIDTH - 1, int(t / end_s * WIDTH)) if end_s else 0 for t in (start_s, until_s)
        )
        for at in range(first, last + 1):
            row[at] = max(row[at], mark, key=" ~.x!".index)
    return "".join(row).rstrip()


def _mark(call: Exchange) -> str:
    if call.outcome != "complete":
        return "!"
    return "x" if call.status >= 400 else "."


def _listed(calls: Sequence[Exchange], windows: Sequence[FaultWindow]) -> list[str]:
    events = [(window.start_s, 0, f"{window}") for window in windows]
    events += [(call.started_s, 1, _told(call)) for call in calls]
    events.sort(key=lambda event: event[:2])
    lines = [f"{at_s:>12.3f} s  {text}" for at_s, _, text in events[:LISTED_MAX]]
    if (more := len(events) - LISTED_MAX) > 0:
        lines.append(f"{'':12}and {more} more")
    return lines


def _told(call: Exchange) -> str:
    took_s = call.ended_s - call.started_s
    took = f" in {took_s:g} s" if took_s > 0 else ""
    left = "" if call.outcome == "complete" else f", {call.outcome}"
    model = f" {call.model}" if call.model else ""
    what = f"{call.provider} #{call.number} {call.method} {call.path}{model}"
    return f"{what} -> {call.status}{took}{left}"
