"""Calls against the rules that fail them, over time, as text: a row of each for every provider,
then the list. A scenario without its calls is drawn by `evidence.timeline`."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from ..behaviour.plain import failure_words
from ..behaviour.scenario import Rule, Scenario
from ..behaviour.schedule import Window
from ..evidence.journal import Exchange

__all__ = ["timeline"]

WIDTH = 72
LISTED_MAX = 200
LEGEND = "~ fault   . answered   x answered with an error   ! broken off or refused"
LONG_S = 3600.0
"""From here on times are told in hours, minutes and seconds."""


Spell = tuple[str, Rule, Window]
"""A provider's name, its rule, and a time in which the rule may hold."""


Refused = tuple[float, str]
"""When a connection was refused, and by which provider."""


def timeline(
    calls: Sequence[Exchange], refused: Sequence[Refused], scenario: Scenario, end_s: float
) -> str:
    """What was called when, and what was to go wrong then, from 0 to `end_s`: the rules that fail
    in windows of time. Those that hold at any time are seen in the calls."""
    spells = list(_spells(scenario, end_s))
    marks = [(c.provider, c.started_s, _mark(c)) for c in calls]
    marks += [(provider, at_s, "!") for at_s, provider in refused]
    names = list(dict.fromkeys(name for name, *_ in (*spells, *marks)))
    clock = _clock if end_s >= LONG_S else _seconds
    if not names:
        return f"Nothing was called in {clock(end_s)}."
    gap = max(map(len, names)) + 1
    lines = [f"{'':{gap}}{clock(0)}{clock(end_s):>{WIDTH - len(clock(0))}}"]
    for name in names:
        own = [window for provider, _, window in spells if provider == name]
        if own:
            row = _row(((w.start_s, min(w.end_s, end_s), "~") for w in own), end_s)
            lines.append(f"{name:{gap}}{row}")
        row = _row(
            ((at_s, at_s, mark) for provider, at_s, mark in marks if provider == name), end_s
        )
        lines.append(f"{'' if own else name:{gap}}{row}")
    lines += [f"{'':{gap}}{LEGEND}", *_listed(calls, refused, spells, clock)]
    return "\n".join(line.rstrip() for line in lines)


def _seconds(at_s: float, digits: str = "g") -> str:
    return f"{at_s:{digits}} s"


def _clock(at_s: float, digits: str = "") -> str:
    minutes, seconds = divmod(round(at_s, 3 if digits else 0), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:" + (f"{seconds:06.3f}" if digits else f"{seconds:02.0f}")


def _spells(scenario: Scenario, end_s: float) -> Iterator[Spell]:
    for name, script in scenario.scripts.items():
        for rule in script.rules:
            timed = rule.schedule.windows or rule.schedule.every is not None
            if timed and (rule.error is not None or rule.fault is not None):
                # What is yet to come is told too: it may be why nothing else was called.
                last_s = max((w.end_s for w in rule.schedule.windows), default=end_s)
                for window in rule.schedule.spans(last_s):
                    yield name, rule, window


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


def _listed(
    calls: Sequence[Exchange],
    refused: Sequence[Refused],
    spells: Sequence[Spell],
    clock: Callable[..., str],
) -> list[str]:
    events = [(spell[2].start_s, 0, _announced(*spell, clock)) for spell in spells]
    events += [(call.started_s, 1, _told(call)) for call in calls]
    events += [(at_s, 1, f"{provider} refuses a connection") for at_s, provider in refused]
    events.sort(key=lambda event: event[:2])
    lines = [f"{clock(at_s, '.3f'):>14}  {text}" for at_s, _, text in events[:LISTED_MAX]]
    if (more := len(events) - LISTED_MAX) > 0:
        lines.append(f"{'':12}and {more} more")
    return lines


def _announced(provider: str, rule: Rule, window: Window, clock: Callable[..., str]) -> str:
    asked = f" on({rule.match})" if str(rule.match) else ""
    return (
        f"{provider}{asked} fails {failure_words(rule)} "
        f"from {clock(window.start_s)} to {clock(window.end_s)}"
    )


def _told(call: Exchange) -> str:
    took_s = call.ended_s - call.started_s
    took = f" in {took_s:g} s" if took_s > 0 else ""
    model = f" {call.model}" if call.model else ""
    what = f"{call.provider} #{call.number} {call.method} {call.path}{model}"
    return f"{what} -> {call.came_to}{took}"
