"""Two runs beside each other: a baseline and what came after a change.

Pure but for reading the summaries. It judges nothing: limits are a scenario's, in its `[slo]`.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from .errors import LoadTestError
from .figures import FIGURES, shown
from .summary import SCHEMA

__all__ = ["changes_of", "read_summary"]

ALIKE = ("scenario", "smoke", "duration_s", "planned", "processes", "cpus")
"""Where two runs differ in one of these, their figures say little about each other."""

Summary = Mapping[str, Any]


def read_summary(path: Path) -> Summary:
    """The summary of a run's folder. Raises LoadTestError."""
    path = path / "summary.json" if path.is_dir() else path
    try:
        summary = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise LoadTestError(
            f"there is no {path}; name the folder of a run, as `run` says it at its end"
        ) from None
    except (OSError, ValueError) as problem:
        raise LoadTestError(f"{path} cannot be read: {problem}") from None
    told = summary.get("schema") if isinstance(summary, dict) else None
    if told != SCHEMA:
        raise LoadTestError(f"{path} is of the schema {told!r}; this reads {SCHEMA!r}")
    return dict(summary)


def changes_of(before: Summary, after: Summary) -> Iterator[str]:
    """The lines of a table: every figure that either has, and by how much it changed."""
    for name in ALIKE:
        if before.get(name) != after.get(name):
            told = f"{shown(before.get(name))} before, {shown(after.get(name))} after"
            yield f"not the same {name}: {told}"
    yield f"{'':<26}{'before':>14}{'after':>14}{'change':>14}"
    for figure in FIGURES:
        if figure.name in before or figure.name in after:
            first, second = before.get(figure.name), after.get(figure.name)
            columns = (shown(first), shown(second), _change(first, second))
            yield f"{figure.words:<26}" + "".join(f"{text:>14}" for text in columns)


def _change(before: Any, after: Any) -> str:
    """As a share of what it was; as the difference where it was 0."""
    first, second = _number(before), _number(after)
    if first is None or second is None:
        return "" if before == after else "?"
    if first == second:
        return "="
    if first == 0:
        return f"+{shown(str(second))}"
    return f"{100 * (second - first) / first:+.1f} %"


def _number(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
