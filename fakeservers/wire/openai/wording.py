"""What OpenAI says of a body that is wrong. The envelope around it is in `errors`.

Wording follows recorded answers and the public issue logs of OpenAI's SDKs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...canonical import ApiError
from ..reading import JsonType, Path, json_type

__all__ = [
    "INVALID",
    "WORDING",
    "Wording",
    "either",
    "empty_array",
    "invalid",
    "place",
    "unknown_value",
]

INVALID = "invalid_request_error"


class Wording:
    """What OpenAI says of a body with a missing or mistyped field."""

    def missing(self, path: Path) -> ApiError:
        name = place(path)
        return invalid(
            f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
        )

    def wrong_type(self, path: Path, wanted: tuple[JsonType, ...], value: Any) -> ApiError:
        if not path:
            return ApiError(status=400, kind="bad_json", subject=json_type(value))
        name = place(path)
        expected = _one_of([_wanted(kind, path) for kind in wanted])
        return invalid(
            f"Invalid type for '{name}': expected {expected}, "
            f"but got {_WANTED[json_type(value)]} instead.",
            param=name,
            code="invalid_type",
        )


WORDING = Wording()

_WANTED: Mapping[JsonType, str] = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


_OF_TEXTS = frozenset({"prompt", "stop"})
"""Fields whose arrays hold texts; the others hold objects."""


def _wanted(kind: JsonType, path: Path) -> str:
    if kind != "array":
        return _WANTED[kind]
    return f"an array of {'strings' if path[-1] in _OF_TEXTS else 'objects'}"


def place(path: Path) -> str:
    """A path as OpenAI writes it: `messages[0].content`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """A 400 with these words."""
    return ApiError(
        status=400, kind="invalid", type=INVALID, message=message, param=param, code=code
    )


def unknown_value(value: str, known: Sequence[str], param: str) -> ApiError:
    """The error for a text that is none of the known ones."""
    return invalid(
        f"Invalid value: '{value}'. Supported values are: {either(known)}.",
        param=param,
        code="invalid_value",
    )


def either(known: Sequence[str]) -> str:
    """`'low', 'medium', and 'high'`."""
    *first, last = (f"'{name}'" for name in known)
    if not first:
        return last
    return f"{', '.join(first)}{',' if len(first) > 1 else ''} and {last}"


def empty_array(param: str) -> ApiError:
    """The error for an array without items where one is needed."""
    return invalid(
        f"Invalid '{param}': empty array. Expected an array with minimum length 1, "
        f"but got an empty array instead.",
        param=param,
        code="empty_array",
    )


def _one_of(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    *first, last = words
    return f"one of {', '.join(first)} or {last.removeprefix('an ') if 'array' in last else last}"
