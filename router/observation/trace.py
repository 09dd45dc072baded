"""The decision trace as tables: of a call's attempts, and of a plan before anybody is asked.

Only this module needs `rich`. It reads what an answer, an error or a plan carries and decides
nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ..money import format_usd

if TYPE_CHECKING:
    from ..types import Attempt, Candidate, Plan

__all__ = ["attempts_table", "plan_table"]


def attempts_table(attempts: "Sequence[Attempt]", plan: "Plan | None" = None) -> Table:
    """A `rich` table of the attempts in order, then of the targets that were passed over. How
    long the call slept before an attempt is a column only where it did."""
    waited = any(attempt.waited_s for attempt in attempts)
    narrow = ("#", *(("waited",) if waited else ()), "took", "cost", "known")
    table = _table("attempts", ("#", "target", "outcome", *narrow[1:], "why"), narrow)
    for attempt in attempts:
        status = f" {attempt.status}" if attempt.status else ""
        table.add_row(
            str(attempt.index),
            attempt.target + (" (hedge)" if attempt.hedge else ""),
            f"{attempt.outcome}{status}",
            *((f"{attempt.waited_s:.3f} s",) if waited else ()),
            f"{attempt.latency_s:.3f} s",
            f"${attempt.cost:f}",
            attempt.basis,
            _why(attempt),
        )
    for passed in plan.skipped if plan else ():
        table.add_row("-", passed.target.id, "not asked", *[""] * len(narrow[1:]), passed.refused)
    return table


def plan_table(plan: "Plan") -> Table:
    """A `rich` table of who would be asked, and who would not."""
    title = f"plan: {plan.strategy}{f' of {plan.group}' if plan.group else ''}"
    table = _table(title, ("#", "target", "expected", "at most", "why"), ("#", "at most"))
    for place, candidate in enumerate(plan.candidates, 1):
        table.add_row(str(place), *_planned(candidate), "; ".join(candidate.reasons))
    for passed in plan.skipped:
        table.add_row("-", *_planned(passed), f"not asked: {passed.refused}")
    return table


def _table(title: str, columns: Sequence[str], narrow: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in narrow)
    return table


def _why(attempt: "Attempt") -> str:
    """Why it was made; of one that did not fail also what is to be said of it."""
    told = attempt.message if attempt.outcome == "ok" else ""
    return "; ".join(filter(None, (attempt.reason, told)))


def _planned(candidate: "Candidate") -> tuple[str, str, str]:
    amounts = (candidate.expected_pico, candidate.bound_pico)
    expected, bound = ("" if pico is None else format_usd(pico) for pico in amounts)
    return candidate.target.id, expected, bound
