"""`cache_control` marks of a request: after which blocks, and for how long, a prefix is cached.

Only where they stand is read here; whether anything is cached is decided elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...canonical import Breakpoint

__all__ = ["read_breakpoints"]

TTL_S: Final[Mapping[object, float]] = {"5m": 300.0, "1h": 3600.0}
MARK: Final = b"cache_control"


def read_breakpoints(value: Mapping[str, Any], data: bytes) -> tuple[Breakpoint, ...]:
    """The marks in a body, whose bytes are `data`, in the order of a prompt: tools, system,
    messages. A mark at the top level stands after the last block."""
    if MARK not in data:
        return ()
    blocks, marks = 0, []
    for block in _blocks(value):
        blocks += 1
        if (ttl_s := _ttl_s(block)) is not None:
            marks.append(Breakpoint(blocks=blocks, ttl_s=ttl_s))
    if (ttl_s := _ttl_s(value)) is not None:
        marks.append(Breakpoint(blocks=blocks, ttl_s=ttl_s))
    return tuple(marks)


def _blocks(value: Mapping[str, Any]) -> Iterator[Any]:
    yield from _list(value.get("tools"))
    yield from _list(value.get("system") or [])
    for message in _list(value.get("messages")):
        yield from _list(message.get("content") if isinstance(message, dict) else None)


def _list(given: Any) -> list[Any]:
    """A text is one block."""
    if isinstance(given, str):
        return [given]
    return given if isinstance(given, list) else []


def _ttl_s(block: Any) -> float | None:
    mark = block.get("cache_control") if isinstance(block, Mapping) else None
    if not isinstance(mark, dict):
        return None
    ttl = mark.get("ttl")
    return TTL_S.get(ttl if isinstance(ttl, str) else "5m", TTL_S["5m"])
