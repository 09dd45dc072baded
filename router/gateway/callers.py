"""What a caller says beside its wire's own fields: request headers `x-llmsim-*`.

Read into keywords of the router's call. Response headers are `headers.py`'s.
"""

import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ..types import TaskContext
from .values import BadRequest

__all__ = ["CALL_HEADERS", "call_keywords"]

PREFIX = "x-llmsim-"


def _pairs(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if any(not mark for _, mark, _ in pairs):
        raise ValueError("write name=value, name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


_CALL: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "tags": ("tags", _pairs),
    "required-tags": ("required_tags", _words),
    "budget-usd": ("budget_usd", Decimal),
    "cost-max-usd": ("cost_max_usd", Decimal),
    "task": ("task", str),
    "deadline-s": ("deadline_s", float),
    "attempts-max": ("attempts_max", int),
}
_TASK: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "task-type": ("task_type", str),
    "domain": ("domain", str),
    "complexity": ("complexity", float),
    "quality": ("quality_requirement", float),
    "latency-ms": ("latency_required_ms", float),
}
CALL_HEADERS = tuple(PREFIX + name for name in (*_CALL, *_TASK))


def call_keywords(headers: Mapping[str, str]) -> dict[str, Any]:
    """Keywords of `complete`. Raises BadRequest for a name or a value that cannot be."""
    call: dict[str, Any] = {}
    task: dict[str, Any] = {}
    for header, text in headers.items():
        if not header.startswith(PREFIX):
            continue
        name = header.removeprefix(PREFIX)
        known, read = (call, _CALL) if name in _CALL else (task, _TASK)
        if name not in read:
            near = difflib.get_close_matches(header, CALL_HEADERS, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise BadRequest(
                f"there is no header {header}{hint} There are: {', '.join(CALL_HEADERS)}",
                param=header,
            )
        field, convert = read[name]
        try:
            known[field] = convert(text)
        except (ValueError, InvalidOperation) as error:
            raise BadRequest(f"{header} is {text!r}: {error}", param=header) from None
    if task:
        try:
            call["context"] = TaskContext(**task)
        except (ValueError, TypeError) as error:
            raise BadRequest(str(error), param=PREFIX) from None
    return call
