"""`--set shape.kind=spike`: what of a scenario is changed from the command line.

Only reads the texts; what a key means, and whether there is one, is `scenario.py`'s.
"""

import tomllib
from collections.abc import Iterable
from typing import Any

from .errors import ScenarioError

__all__ = ["read_changes"]


def read_changes(given: Iterable[str]) -> dict[str, Any]:
    """`key.inner=value` texts as one nested table. A value is TOML; what is no TOML is a text, so
    that words need no quotes. Raises ScenarioError."""
    changes: dict[str, Any] = {}
    for text in given:
        name, mark, value = text.partition("=")
        *outer, last = (part.strip() for part in name.split("."))
        if not mark or not last or not all(outer):
            raise ScenarioError(f"--set takes key=value or table.key=value, not {text!r}.")
        table = changes
        for part in outer:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ScenarioError(f"--set {text}: {part} was set to a value before.")
        table[last] = _value(value.strip())
    return changes


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
