"""The decision trace as a table: one line an attempt, one line a target that was not asked.

Only this module needs `rich`. It reads what an answer or an error carries and decides nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from ..types import Attempt, Plan

__all__ = ["attempts_table"]

_COLUMNS = ("#", "target", "outcome", "waited", "took", "cost", "known", "why")
_NARROW = ("#", "waited", "took", "cost", "known")


def attempts_table(attempts: "Sequence[Attempt]", plan: "Plan | None" = None) -> Table:
    """A `rich` table of the attempts in order, then of the targets that were passed over."""
    table = Table(title="attempts", title_justify="left")
    for name in _COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name in _NARROW)
    for attempt in attempts:
        status = f" {attempt.status}" if attempt.status else ""
        table.add_row(
            str(attempt.index),
            attempt.target + (" (hedge)" if attempt.hedge else ""),
            f"{attempt.outcome}{status}",
            f"{attempt.waited_s:.3f} s",
            f"{attempt.latency_s:.3f} s",
            f"${attempt.cost:f}",
            attempt.basis,
            attempt.reason,
        )
    for passed in plan.skipped if plan else ():
        table.add_row("-", passed.target.id, "not asked", "", "", "", "", passed.refused)
    return table
