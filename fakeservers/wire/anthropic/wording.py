"""How the Anthropic API says what is wrong with a body: a dotted place, a colon, the fault.

`messages.0.content.1.text.text: Field required` (error texts in public issue reports). The
statuses and the envelope stand in `errors`.
"""

from collections.abc import Iterable
from typing import Any

from ...canonical import ApiError, Rejected
from ..reading import JsonType, Path, Reader

__all__ = ["WORDING", "AnthropicWording", "choice", "invalid", "tagged"]

_WANTED: dict[JsonType, str] = {
    "string": "Input should be a valid string",
    "integer": "Input should be a valid integer",
    "number": "Input should be a valid number",
    "boolean": "Input should be a valid boolean",
    "object": "Input should be an object",
    "array": "Input should be a valid array",
    "null": "Input should be null",
}


class AnthropicWording:
    """The Wording of every body of this API."""

    def missing(self, path: Path) -> ApiError:
        return _error(path, "Field required")

    def wrong_type(self, path: Path, wanted: tuple[JsonType, ...], value: Any) -> ApiError:
        return _error(path, _WANTED[wanted[0]])


WORDING = AnthropicWording()


def invalid(path: Path, fault: str) -> Rejected:
    """The error for a place whose value is wrong: `raise invalid(path, "...")`."""
    return Rejected(_error(path, fault))


def choice(reader: Reader, key: str, allowed: tuple[str, ...]) -> str:
    """A required string that is one of `allowed`; the first of them in the place of any other
    unless the reader is strict."""
    reader.require(key)
    value = reader.text(key) or ""
    if value not in allowed:
        if not reader.strict:
            return allowed[0]
        raise invalid((*reader.path, key), f"Input should be {_either(allowed)}")
    return value


def tagged(reader: Reader, allowed: Iterable[str]) -> tuple[str, Reader]:
    """The `type` of an object that has many forms, and the object read as that form, whose
    name then stands in the place of every further error."""
    reader.require("type")
    tag = reader.text("type") or ""
    names = tuple(allowed)
    if tag not in names and reader.strict:
        expected = ", ".join(map(repr, names))
        raise invalid(
            reader.path,
            f"Input tag {tag!r} found using 'type' does not match any of the expected tags: "
            f"{expected}",
        )
    return tag, Reader(reader.value, reader.wording, (*reader.path, tag))


def _either(allowed: tuple[str, ...]) -> str:
    *first, last = map(repr, allowed)
    return f"{', '.join(first)} or {last}" if first else last


def _error(path: Path, fault: str) -> ApiError:
    place = ".".join(map(str, path))
    return ApiError(status=400, kind="invalid", message=f"{place}: {fault}" if place else fault)
