"""Whether a value is a JSON schema of draft 2020-12, as far as services check that.

What a schema describes, and whether a value satisfies it, is decided elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

__all__ = ["is_schema", "subschemas"]

_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_ONE: Final = (
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_MANY: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED: Final = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return _number(value) and value >= 0 and value == int(value)


def _names(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(name, str) for name in value)
        and len(set(value)) == len(value)
    )


def _type(value: Any) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    return bool(value) and _names(value) and _TYPES.issuperset(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _list(value: Any) -> bool:
    return isinstance(value, list)


_PLAIN: Final[Mapping[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("$ref", "$schema", "description", "format", "pattern", "title"), _text),
    **dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"), _number),
    **dict.fromkeys(
        (
            "maxContains",
            "maxItems",
            "maxLength",
            "maxProperties",
            "minContains",
            "minItems",
            "minLength",
            "minProperties",
        ),
        _count,
    ),
    "enum": _list,
    "examples": _list,
    "multipleOf": lambda value: _number(value) and value > 0,
    "required": _names,
    "type": _type,
    "uniqueItems": _flag,
}
"""What the keywords hold that hold no schemas."""


def is_schema(value: Any) -> bool:
    """Whether `value` would pass draft 2020-12's own schema; unknown keywords are allowed."""
    if isinstance(value, bool):
        return True
    if not isinstance(value, dict):
        return False
    for key, content in value.items():
        check = _PLAIN.get(key)
        if check is not None and not check(content):
            return False
        if key in _MANY and not (isinstance(content, list) and content):
            return False
        if key in _NAMED and not isinstance(content, dict):
            return False
    return all(is_schema(inner) for inner in _inner(value))


def subschemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """The schema and all that stand inside it; what is no schema is passed over."""
    if not isinstance(schema, dict):
        return
    yield schema
    for inner in _inner(schema):
        yield from subschemas(inner)


def _inner(schema: Mapping[str, Any]) -> Iterator[Any]:
    for key, content in schema.items():
        if key in _ONE:
            yield content
        elif key in _MANY and isinstance(content, list):
            yield from content
        elif key in _NAMED and isinstance(content, dict):
            yield from content.values()
