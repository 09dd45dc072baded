"""Protobuf's JSON mapping as Google's front end reads it: syntax, nesting, spelling of fields.

Fields may be written lowerCamelCase or snake_case, a repeated field may hold a single value in
place of an array, an integer may be a string of digits, null is the same as absent. Which
messages and fields there are stands in `messages`; what they mean, elsewhere.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any, Final

from ...canonical import Rejected
from ..base import HttpRequest
from ..reading import Path, Reader
from .wording import WORDING, bad_json, snake, unbound_names, unknown_names

__all__ = ["DEPTH_MAX", "Message", "decoded", "message", "read"]

DEPTH_MAX: Final = 100
"""Levels of nesting that the front end reads (protobuf's JsonStreamParser)."""

_DIGITS = re.compile(r"-?\d{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message type: its fields, as far as a fake must know them.

    names      every spelling of every known field, with its lowerCamelCase name
    holds      the fields that hold messages, with the type of those
    maps       those of them that hold maps whose values are such messages
    repeated   the fields that hold arrays
    integers   the fields that hold integers
    closed     whether a field that is not in `names` is an error; else it is dropped
    """

    names: Mapping[str, str]
    holds: Mapping[str, "Message"] = field(default_factory=dict)
    maps: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    integers: frozenset[str] = frozenset()
    closed: bool = False


def message(
    plain: str = "",
    *,
    repeated: str = "",
    integers: str = "",
    closed: bool = False,
    **holds: Message,
) -> Message:
    """A message type from names parted by spaces: fields that are read as they are, those that
    hold integers, and those that hold messages. `repeated` names fields of any of these."""
    fields = {*plain.split(), *repeated.split(), *integers.split(), *holds}
    return Message(
        names={spelling: name for name in fields for spelling in (name, snake(name))},
        holds=holds,
        repeated=frozenset(repeated.split()),
        integers=frozenset(integers.split()),
        closed=closed,
    )


def read(http: HttpRequest, kind: Message) -> tuple[Reader, Any]:
    """The body as a message of this kind, and as it came. An empty body is an empty message.

    Raises `Rejected` for broken JSON and too deep nesting; if the request `validates`, also for
    unknown fields, and for a query that is none of the front end's own and names no field of the
    message.
    """
    if http.query and http.validates:
        _check_query(http.query, kind)
    value = _parsed(http.body) if http.body.strip() else {}
    if (key := _too_deep(value)) is not None:
        raise Rejected(bad_json(f"Message too deep. Max recursion depth reached for key '{key}'"))
    if not http.validates:
        known = _decode(value, kind, (), []) if isinstance(value, dict) else {}
        return Reader.of(known, WORDING, strict=False), value
    if not isinstance(value, dict):
        raise Rejected(bad_json('Unknown name "": Root element must be a message.'))
    return Reader(decoded(value, kind, validates=http.validates), WORDING), value


_OF_THE_FRONT_END: Final = message(
    "$.xgafv $alt $callback $fields $key $prettyPrint $userProject access_token alt callback "
    "fields key oauth_token prettyPrint quotaUser uploadType upload_protocol"
).names
"""Parameters of every Google API ("System parameters")."""


def _check_query(query: Mapping[str, str], kind: Message) -> None:
    unbound = [name for name in query if name not in _OF_THE_FRONT_END and name not in kind.names]
    if unbound:
        raise Rejected(unbound_names(unbound))


def decoded(
    value: Mapping[str, Any], kind: Message, path: Path = (), *, validates: bool = True
) -> dict[str, Any]:
    """The known fields of a message under their lowerCamelCase names.

    Raises `Rejected` with all unknown fields of closed messages at once, as Google does, where
    the fake `validates`.
    """
    unknown: list[tuple[Path, str]] = []
    result = _decode(value, kind, path, unknown)
    if unknown and validates:
        raise Rejected(unknown_names(unknown))
    return result


def _decode(
    value: Mapping[str, Any], kind: Message, path: Path, unknown: list[tuple[Path, str]]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for spelling, content in value.items():
        name = kind.names.get(spelling)
        if name is not None and content is not None:
            result[name] = _decode_field(name, content, kind, (*path, name), unknown)
        elif name is None and kind.closed:
            result[spelling] = content
            unknown.append((path, spelling))
    return result


def _decode_field(
    name: str, content: Any, kind: Message, path: Path, unknown: list[tuple[Path, str]]
) -> Any:
    """The field's value; what is no message or array of them is left for the reader to reject."""
    values = [content] if name in kind.repeated and not isinstance(content, list) else content
    if (held := kind.holds.get(name)) is not None:
        if name in kind.maps and isinstance(content, dict):
            return _decode_map(content, held, path, unknown)
        return _decode_held(values, held, path, unknown)
    if name in kind.integers and isinstance(content, str) and _DIGITS.fullmatch(content):
        return int(content)
    return values


def _decode_map(
    content: Mapping[str, Any], held: Message, path: Path, unknown: list[tuple[Path, str]]
) -> Any:
    """Google numbers the entries of a map: `properties[1].value`."""
    return {
        key: _decode_held(item, held, (*path, index, "value"), unknown)
        for index, (key, item) in enumerate(content.items())
    }


def _decode_held(content: Any, held: Message, path: Path, unknown: list[tuple[Path, str]]) -> Any:
    if isinstance(content, dict):
        return _decode(content, held, path, unknown)
    if isinstance(content, list):
        return [
            _decode(item, held, (*path, index), unknown) if isinstance(item, dict) else item
            for index, item in enumerate(content)
        ]
    return content


def _too_deep(value: Any) -> str | None:
    """The key under which the nesting passes DEPTH_MAX, None when it does not."""
    level = [("", value)]
    for _ in range(DEPTH_MAX):
        level = [pair for key, holder in level for pair in _containers(key, holder)]
        if not level:
            return None
    return level[0][0]


def _containers(key: str, holder: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(holder, dict):
        yield from ((k, v) for k, v in holder.items() if isinstance(v, dict | list))
    elif isinstance(holder, list):
        yield from ((key, v) for v in holder if isinstance(v, dict | list))


# --- syntax -------------------------------------------------------------------------------

QUOTED_BYTES: Final = 20
"""How much of the body a syntax error quotes on each side of the place."""

_SYNTAX: Final[Mapping[str, str]] = {
    "Expecting value": "Expected a value.",
    "Expecting property name enclosed in double quotes": "Expected an object key or }.",
    "Illegal trailing comma before end of object": "Expected an object key or }.",
    "Illegal trailing comma before end of array": "Expected a value or ] within an array.",
    "Expecting ':' delimiter": "Expected : between key:value pair.",
    "Expecting ',' delimiter": "Expected , or } after key:value pair.",
    "Unterminated string starting at": "Closing quote expected in string.",
    "Invalid \\escape": "Invalid escape sequence.",
    "Invalid \\uXXXX escape": "Illegal hex string.",
    "Extra data": "Parsing terminated before end of input.",
}


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except JSONDecodeError as problem:
        raise Rejected(bad_json(_syntax(problem))) from problem
    except RecursionError as problem:
        text = "Message too deep. Max recursion depth reached for key ''"
        raise Rejected(bad_json(text)) from problem
    except ValueError as problem:
        raise Rejected(bad_json("Encountered non UTF-8 code points.")) from problem


def _syntax(problem: JSONDecodeError) -> str:
    """What the front end says, in the words of protobuf's JsonStreamParser: what it expected,
    the text around the place, a caret under it."""
    expected = _SYNTAX.get(problem.msg, "Unexpected token.")
    document, place = problem.doc, problem.pos
    if place >= len(document.rstrip()):
        return f"Unexpected end of string. {expected}\n\n^"
    start = max(0, place - QUOTED_BYTES)
    return f"{expected}\n{document[start : place + QUOTED_BYTES]}\n{' ' * (place - start)}^"
