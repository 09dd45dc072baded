"""What the checks of all endpoints share: ranges, lengths, known values, and OpenAI's words for
what breaks them. Which field has which rule stands with the endpoints.
"""

import re
from collections.abc import Iterable, Sequence, Set
from typing import Any, NamedTuple

from ...canonical import ApiError, Rejected
from ..reading import Reader
from .wording import invalid, place, unknown_value

__all__ = [
    "METADATA",
    "Range",
    "check_count",
    "check_keys",
    "check_length",
    "check_metadata",
    "check_name",
    "check_range",
    "check_value",
    "unknown",
    "unrecognized",
    "unsupported_parameter",
    "unsupported_value",
]

NAME_MAX = 64
_NAME = re.compile(r"[a-zA-Z0-9_-]+")


class Range(NamedTuple):
    """The numbers that a field takes, and what OpenAI calls their type."""

    word: str
    low: float
    high: float | None = None


class Metadata(NamedTuple):
    """How much a request's `metadata` holds (OpenAI's API reference)."""

    pairs_max: int
    key_max: int
    value_max: int


METADATA = Metadata(pairs_max=16, key_max=64, value_max=512)

HINTED_MAX = 2
"""How many letters away a field is that a hint names."""


def check_keys(body: Reader, known: Set[str], *, hints: bool = False) -> None:
    """Raise `Rejected` for the first field that there is not, with `hints` at those it may mean."""
    for key in body.value:
        if key not in known:
            near = _nearest(key, known - body.value.keys()) if hints else ()
            raise Rejected(unknown(place((*body.path, key)), near))


def _nearest(key: str, known: Iterable[str]) -> tuple[str, ...]:
    """Fields that are at most two letters away and not sent already, the nearest first (as the
    Responses API hints at them, measured in 2026)."""
    far = {name: _distance(key, name) for name in known if abs(len(name) - len(key)) <= HINTED_MAX}
    return tuple(sorted((n for n in far if far[n] <= HINTED_MAX), key=lambda n: (far[n], n)))


def _distance(one: str, other: str) -> int:
    """Letters to put in, leave out or change."""
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, wanted in enumerate(other, 1):
            now.append(
                min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != wanted))
            )
        before = now
    return before[-1]


def check_range(key: str, value: float | None, limits: Range) -> None:
    """Raise `Rejected` for a number outside its range (recorded for `temperature` in 2026)."""
    if value is None:
        return
    if limits.high is not None and value > limits.high:
        side, bound, code = "above maximum", f"<= {limits.high}", "above_max"
    elif not value >= limits.low:
        side, bound, code = "below minimum", f">= {limits.low}", "below_min"
    else:
        return
    raise Rejected(
        invalid(
            f"Invalid '{key}': {limits.word} {side} value. Expected a value {bound}, "
            f"but got {value} instead.",
            param=key,
            code=f"{limits.word}_{code}_value",
        )
    )


def check_value(key: str, value: Any, known: Sequence[str]) -> None:
    """Raise `Rejected` for a text that is none of the known ones."""
    if value is not None and value not in known:
        raise Rejected(unknown_value(value, known, key))


def check_length(key: str, text: str | None, most: int) -> None:
    """Raise `Rejected` for a text of more than `most` characters."""
    if text is not None and len(text) > most:
        raise Rejected(_too_long(key, "string", most, len(text)))


def check_count(key: str, values: Sequence[Any] | None, most: int) -> None:
    """Raise `Rejected` for an array of more than `most` elements."""
    if values is not None and len(values) > most:
        raise Rejected(_too_long(key, "array", most, len(values)))


def check_name(holder: Reader) -> None:
    """Raise `Rejected` for a `name` of a tool or a schema that is none."""
    name = holder.text("name")
    if name is None:
        return
    param = place((*holder.path, "name"))
    if not name:
        raise Rejected(
            invalid(
                f"Invalid '{param}': empty string. Expected a string with minimum length 1, but "
                f"got an empty string instead.",
                param=param,
                code="empty_string",
            )
        )
    if not _NAME.fullmatch(name):
        raise Rejected(
            invalid(
                f"Invalid '{param}': string does not match pattern. Expected a string that "
                f"matches the pattern '^[a-zA-Z0-9_-]+$'.",
                param=param,
                code="invalid_value",
            )
        )
    check_length(param, name, NAME_MAX)


def check_metadata(body: Reader) -> None:
    """Raise `Rejected` for `metadata` that holds other than texts, or too much."""
    metadata = body.object("metadata")
    if metadata is None:
        return
    if len(metadata.value) > METADATA.pairs_max:
        raise Rejected(
            invalid(
                f"Invalid 'metadata': too many properties. Expected an object with at most "
                f"{METADATA.pairs_max} properties, but got an object with {len(metadata.value)} "
                f"properties instead.",
                param="metadata",
                code="object_above_max_properties",
            )
        )
    for key, value in metadata.value.items():
        if not isinstance(value, str):
            raise metadata.reject(key, "string")
        check_length("metadata", key, METADATA.key_max)
        check_length(f"metadata.{key}", value, METADATA.value_max)


def unknown(name: str, near: Sequence[str] = ()) -> ApiError:
    """The error for a field that there is not; `near` are those that it may mean."""
    hint = f" Did you mean {' or '.join(repr(other) for other in near)}?" if near else ""
    return invalid(f"Unknown parameter: '{name}'.{hint}", param=name, code="unknown_parameter")


def unrecognized(names: Sequence[str]) -> ApiError:
    """The error of the older endpoints for fields that there are not."""
    word = "argument" if len(names) == 1 else "arguments"
    return invalid(f"Unrecognized request {word} supplied: {', '.join(names)}")


def unsupported_parameter(key: str, hint: str = "") -> ApiError:
    """The error for a field that this model does not take."""
    return invalid(
        f"Unsupported parameter: '{key}' is not supported with this model.{hint}",
        param=key,
        code="unsupported_parameter",
    )


def unsupported_value(told: str, param: str) -> ApiError:
    """The error for a value that this model does not take."""
    return invalid(f"Unsupported value: {told}", param=param, code="unsupported_value")


def _too_long(param: str, kind: str, most: int, length: int) -> ApiError:
    article = "an" if kind == "array" else "a"
    return invalid(
        f"Invalid '{param}': {kind} too long. Expected {article} {kind} with maximum length "
        f"{most}, but got {article} {kind} with length {length} instead.",
        param=param,
        code=f"{kind}_above_max_length",
    )
