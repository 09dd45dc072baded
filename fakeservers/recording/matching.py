"""Which recorded exchange answers a request, and what keeps the nearest one from it.

A request is its method, path, query and body. Headers do not count: they name SDKs and machines.
JSON is compared as values, without the fields that are ignored; a form without the boundary that
clients draw anew; what is secret is marked on both sides.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import ScriptError
from ..wire.base import HttpRequest, Provider
from ..wire.multipart import unbounded
from .exchanges import Recorded
from .secrets import clean, clean_query

__all__ = ["Fields", "Key", "Nearest", "fields", "key_of", "nearest", "sought"]

DIFFERENCES_SHOWN_MAX = 5
VALUE_SHOWN_MAX = 60

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d*)\]")

Fields = tuple[tuple[str | int | None, ...], ...]
"""Paths in a JSON body: names, numbers of list elements, None for any element."""

Key = tuple[str, str, str, bytes]
"""What two requests have in common that are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The recorded exchange that comes closest, and what is different; nothing where it was used
    up."""

    recorded: Recorded
    differences: tuple[str, ...]


def sought(http: HttpRequest, provider: Provider, known: Collection[bytes]) -> HttpRequest:
    """The request as it is recorded, and as it is looked for."""
    return HttpRequest(
        method=http.method,
        path=clean(http.path.encode(), known).decode(),
        query=dict(sorted(clean_query(http.query, provider).items())),
        body=clean(unbounded(http.body), known),
    )


def fields(paths: Iterable[str]) -> Fields:
    """Paths such as `metadata.user_id`, `messages[0].content`, `messages[].content`. Raises
    ScriptError for what is none."""
    found = []
    for path in paths:
        steps = list(_STEP.finditer(path))
        if not path or "".join(step[0] for step in steps) != path:
            raise ScriptError(
                f"{path!r} is no field of a request: write metadata.user_id, messages[0].content, "
                f"or messages[].content for every message."
            )
        found.append(tuple(s[1] or (int(s[2]) if s[2] else None) for s in steps))
    return tuple(found)


def key_of(asked: HttpRequest, ignored: Fields = ()) -> Key:
    """What the request is found by."""
    query = json.dumps(sorted(asked.query.items()))
    value = _value(asked.body, ignored)
    if isinstance(value, bytes):
        return asked.method, asked.path, query, value
    return asked.method, asked.path, query, json.dumps(value, sort_keys=True).encode()


def nearest(
    asked: HttpRequest, candidates: Iterable[Recorded], ignored: Fields = ()
) -> Nearest | None:
    """The candidate with the fewest differences; of the same path, if there is one."""
    best: tuple[tuple[bool, int], Nearest] | None = None
    for one in candidates:
        apart = tuple(_differences(one.asked, asked, ignored))
        rank = (one.asked.path != asked.path, len(apart))
        if best is None or rank < best[0]:
            best = rank, Nearest(recorded=one, differences=_few(apart))
    return best and best[1]


def _few(apart: tuple[str, ...]) -> tuple[str, ...]:
    if len(apart) <= DIFFERENCES_SHOWN_MAX:
        return apart
    rest = len(apart) - DIFFERENCES_SHOWN_MAX
    return (*apart[:DIFFERENCES_SHOWN_MAX], f"and {rest} more")


def _differences(recorded: HttpRequest, asked: HttpRequest, ignored: Fields) -> Iterator[str]:
    yield from _apart("method", recorded.method, asked.method)
    yield from _apart("path", recorded.path, asked.path)
    yield from _apart("query", dict(recorded.query), dict(asked.query))
    yield from _apart("", _value(recorded.body, ignored), _value(asked.body, ignored))


def _apart(where: str, recorded: Any, asked: Any) -> Iterator[str]:
    """Each place at which two values differ."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for key in [*recorded, *(key for key in asked if key not in recorded)]:
            inner = f"{where}.{key}".lstrip(".")
            if key not in asked:
                yield f"{inner}: recorded {_shown(recorded[key])}, not asked now"
            elif key not in recorded:
                yield f"{inner}: not recorded, asked now {_shown(asked[key])}"
            else:
                yield from _apart(inner, recorded[key], asked[key])
    elif isinstance(recorded, list) and isinstance(asked, list):
        for number, (one, other) in enumerate(zip(recorded, asked, strict=False)):
            yield from _apart(f"{where}[{number}]", one, other)
        if len(recorded) != len(asked):
            yield f"{where or 'body'}: recorded {len(recorded)} items, asked now {len(asked)}"
    elif recorded != asked or isinstance(recorded, bool) != isinstance(asked, bool):
        yield f"{where or 'body'}: recorded {_shown(recorded)}, asked now {_shown(asked)}"


def _value(body: bytes, ignored: Fields) -> Any:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    for path in ignored:
        _blank(value, path)
    return value


def _blank(value: Any, path: tuple[str | int | None, ...]) -> None:
    """Have all that a path leads to be the same; list elements keep their numbers."""
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step in value:
        if rest:
            _blank(value[step], rest)
        else:
            del value[step]
    elif isinstance(value, list) and not isinstance(step, str):
        for number in range(len(value)):
            if step in (None, number) and rest:
                _blank(value[number], rest)
            elif step in (None, number):
                value[number] = None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= VALUE_SHOWN_MAX else text[: VALUE_SHOWN_MAX - 3] + "..."
