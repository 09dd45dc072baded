"""JSON as the Go server reads and writes it: its decoder's errors, its escapes, its times.

What a body must hold is said by the endpoints; nothing here knows a field's meaning.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from ...canonical import ApiError, Rejected
from .. import framing
from ..base import HttpRequest
from ..reading import JsonType, Path, Reader, json_type

__all__ = [
    "GoWording",
    "decode",
    "dumps",
    "invalid",
    "literal",
    "moments",
    "objects",
    "read",
    "time",
]

# encoding/json escapes these inside strings so that JSON can stand in HTML and JavaScript.
_ESCAPES = (
    ("&", "\\u0026"),
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)
_SPACE = " \t\r\n"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_HEX = re.compile("[0-9a-fA-F]{0,4}")
_SURROGATE = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def invalid(message: str, status: int = 400) -> Rejected:
    """The error with these words."""
    return Rejected(ApiError(status=status, kind="invalid", message=message))


# --- writing ------------------------------------------------------------------------------


def dumps(value: Any) -> str:
    """Compact JSON text with Go's escapes."""
    return _escaped(framing.dumps(value))


def literal(text: str) -> str:
    """A JSON string literal with Go's escapes."""
    return _escaped(framing.quote(text))


def _escaped(text: str) -> str:
    for character, escape in _ESCAPES:
        if character in text:
            text = text.replace(character, escape)
    return text


def time(epoch_s: float) -> str:
    """A moment in UTC as Go's time.Time is marshalled: RFC 3339, no trailing zeros in the
    fraction (recorded: `2024-05-24T21:02:01.63371Z`)."""
    text = datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "Z"


def moments(epoch_s: float, step_us: int) -> Iterator[str]:
    """Moments in a row, `step_us` microseconds apart, each as `time` writes it; without end."""
    at_us = round(epoch_s * 1_000_000)
    second, start = -1, ""
    while True:
        whole, fraction_us = divmod(at_us, 1_000_000)
        if whole != second:
            second, start = whole, time(whole)[:-1]
        yield f"{start}.{fraction_us:06d}".rstrip("0").rstrip(".") + "Z"
        at_us += step_us


# --- reading ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GoWording:
    """The words of Go's decoder for a body that is decoded into `struct`; `types` has the Go
    type of a field by its dotted path, `messages[]` standing for an element."""

    struct: str
    types: Mapping[str, str] = field(default_factory=dict)

    def missing(self, path: Path) -> ApiError:
        return ApiError(status=400, kind="invalid", message=f"{path[-1]} is required")

    def wrong_type(self, path: Path, wanted: tuple[JsonType, ...], value: Any) -> ApiError:
        kind = _kind(value, wanted)
        if not path:
            place, go_type = "value", f"api.{self.struct}"
        else:
            name = ".".join(step for step in path if isinstance(step, str))
            place = f"struct field {self.struct}.{name}"
            key = f"{name}[]" if isinstance(path[-1], int) else name
            go_type = self.types.get(key) or _GO_TYPES.get(wanted[0], "string")
        message = f"json: cannot unmarshal {kind} into Go {place} of type {go_type}"
        return ApiError(status=400, kind="invalid", message=message)


_GO_TYPES: Mapping[JsonType, str] = {
    "string": "string",
    "integer": "int",
    "number": "float64",
    "boolean": "bool",
    "object": "map[string]interface {}",
    "array": "[]interface {}",
}


def _kind(value: Any, wanted: tuple[JsonType, ...]) -> str:
    kind = json_type(value)
    if kind in ("integer", "number"):
        return f"number {value}" if "integer" in wanted else "number"
    return "bool" if kind == "boolean" else kind


def read(http: HttpRequest, struct: str, types: Mapping[str, str] | None = None) -> Reader:
    """The body of a request as one object. A body of `null` reads as an empty one."""
    value = decode(http.body)
    value = {} if value is None else value
    return Reader.of(value, GoWording(struct, types or {}), strict=http.validates)


def objects(reader: Reader, key: str) -> Iterator[Reader]:
    """The objects of an array; a null in it is an empty object to Go's decoder."""
    for index, value in enumerate(reader.array(key) or ()):
        place = (*reader.path, key, index)
        if value is not None and not isinstance(value, dict):
            if not reader.strict:
                continue
            raise Rejected(reader.wording.wrong_type(place, ("object",), value))
        yield Reader(value or {}, reader.wording, place)


def decode(body: bytes) -> Any:
    """The first JSON value of a body: what follows it is not read, bytes that are not UTF-8
    become U+FFFD. Raises `Rejected` with the decoder's words."""
    text = body.decode("utf-8", "replace").lstrip(_SPACE)
    if not text:
        raise invalid("missing request body")
    if "\\ud" in text or "\\uD" in text:
        text = _SURROGATE.sub(_whole, text)
    try:
        return _DECODER.raw_decode(text)[0]
    except json.JSONDecodeError as problem:
        raise invalid(_syntax_error(problem, text)) from problem
    except _NoJsonError as problem:
        raise invalid(f"invalid character '{problem}' looking for beginning of value") from problem
    except RecursionError as problem:
        raise invalid("exceeded max depth") from problem
    except ValueError as problem:  # a number of more digits than an int is read from
        raise invalid("json: cannot unmarshal number into Go value of type float64") from problem


class _NoJsonError(Exception):
    """A word that Python's decoder knows and JSON does not."""


def _refuse(word: str) -> NoReturn:
    """`NaN`, `Infinity`, `-Infinity`."""
    raise _NoJsonError(word.lstrip("-")[0])


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _whole(escape: re.Match[str]) -> str:
    """Half a surrogate pair becomes U+FFFD, as Go reads it."""
    return escape[0] if escape[0] == "\\\\" or len(escape[0]) == 12 else "\\ufffd"


def _syntax_error(problem: json.JSONDecodeError, text: str) -> str:
    """encoding/json's words for what Python's decoder found."""
    position = problem.pos
    if problem.msg.startswith("Illegal trailing comma"):  # Python 3.13 points at the comma
        position += 1 + len(text[position + 1 :]) - len(text[position + 1 :].lstrip(_SPACE))
    if problem.msg.startswith("Invalid \\"):
        position += 1
    if problem.msg.startswith("Invalid \\u"):
        position += len(_HEX.match(text, position)[0])  # type: ignore[index]
    if problem.msg.startswith("Unterminated string") or position >= len(text):
        return "unexpected EOF"
    what = next((words for start, words in _WORDS if problem.msg.startswith(start)), None)
    if what is None:
        what = f"after {_inside(text[:position])}"
    return f"invalid character {_quoted(text[position])} {what}"


_WORDS = (
    ("Expecting value", "looking for beginning of value"),
    ("Expecting property name", "looking for beginning of object key string"),
    ("Illegal trailing comma before end of array", "looking for beginning of value"),
    ("Illegal trailing comma", "looking for beginning of object key string"),
    ("Expecting ':'", "after object key"),
    ("Invalid control character", "in string literal"),
    ("Invalid \\escape", "in string escape code"),
    ("Invalid \\uXXXX", "in \\u hexadecimal character escape"),
)


def _inside(before: str) -> str:
    """What a comma was expected after, by the bracket that is still open."""
    is_object: list[bool] = []
    for character in _STRING.sub("", before):
        if character in "{[":
            is_object.append(character == "{")
        elif character in "}]" and is_object:
            is_object.pop()
    return "object key:value pair" if is_object and is_object[-1] else "array element"


def _quoted(character: str) -> str:
    r"""A character as Go quotes it: one byte of it, `'\''` and `'"'` apart."""
    if character in "'\"":
        return "'\\''" if character == "'" else "'\"'"
    first = chr(character.encode("utf-8", "replace")[0])
    plain = first.isprintable() and first != "\\"
    return f"'{first}'" if plain else f"'{_escape(first)}'"


def _escape(character: str) -> str:
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", "\b": "\\b", "\f": "\\f"}
    known |= {"\a": "\\a", "\v": "\\v"}
    code = ord(character)
    return known.get(character) or (f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}")
