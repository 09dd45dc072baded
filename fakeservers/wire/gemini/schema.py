"""Google's Schema message as JSON schema, and JSON schema as it came.

A Schema is OpenAPI 3.0's: upper-case types, `nullable`, integers written as strings. What does
not fit passes through untouched: whether a schema makes sense is not decided here.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ...canonical import Rejected
from ..reading import Path
from .wording import WORDING, snake

__all__ = ["json_schema"]

_TYPES: Final = frozenset(
    {"string", "number", "integer", "boolean", "array", "object", "null", "type_unspecified"}
)
_SCHEMAS: Final = frozenset({"items", "additionalProperties", "not"})
_LISTS: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_MAPS: Final = frozenset({"properties", "defs", "$defs", "definitions", "patternProperties"})
_NUMBERS: Final = frozenset(
    {"maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties"}
)
_BOUNDS: Final = frozenset({"maximum", "minimum"})
_RENAMED: Final[Mapping[str, str]] = {"defs": "$defs", "ref": "$ref"}
_SPELLINGS: Final[Mapping[str, str]] = {
    snake(name): name
    for name in (*_SCHEMAS, *_LISTS, *_MAPS, *_NUMBERS, "propertyOrdering")
    if snake(name) != name
}
_NUMBER: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?")


def json_schema(value: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A Schema as JSON schema: types in lower case, `nullable` as a second type, properties in
    the order of `propertyOrdering`. Raises `Rejected` for a type that there is not."""
    schema: dict[str, Any] = {}
    for spelling, content in value.items():
        name = _SPELLINGS.get(spelling, spelling)
        if content is None or name in ("nullable", "propertyOrdering"):
            continue
        if name == "type":
            _set_type(schema, content, (*path, "type"))
        else:
            schema[_RENAMED.get(name, name)] = _converted(name, content, (*path, name))
    _order(schema, value.get("propertyOrdering", value.get("property_ordering")))
    if value.get("nullable") is True:
        return _nullable(schema)
    return schema


def _converted(name: str, content: Any, path: Path) -> Any:
    if name in _MAPS and isinstance(content, dict):
        return {
            key: _nested(item, (*path, index, "value"))
            for index, (key, item) in enumerate(content.items())
        }
    if name in _LISTS and isinstance(content, list):
        return [_nested(item, (*path, index)) for index, item in enumerate(content)]
    if name in _SCHEMAS:
        return _nested(content, path)
    if name in _NUMBERS and isinstance(content, str) and _NUMBER.fullmatch(content):
        return int(float(content))
    if name in _BOUNDS and isinstance(content, str) and _NUMBER.fullmatch(content):
        return float(content)
    return content


def _nested(value: Any, path: Path) -> Any:
    return json_schema(value, path) if isinstance(value, dict) else value


def _set_type(schema: dict[str, Any], content: Any, path: Path) -> None:
    names = content if isinstance(content, list) else [content]
    lower = [name.lower() for name in names if isinstance(name, str)]
    if len(lower) != len(names) or not _TYPES.issuperset(lower):
        wrong = next(n for n in names if not isinstance(n, str) or n.lower() not in _TYPES)
        raise Rejected(WORDING.wrong_type(path, (), wrong))
    lower = [name for name in lower if name != "type_unspecified"]
    if lower:
        schema["type"] = lower if isinstance(content, list) else lower[0]


def _order(schema: dict[str, Any], ordering: Any) -> None:
    properties = schema.get("properties")
    if isinstance(properties, dict) and isinstance(ordering, list):
        names = [name for name in ordering if isinstance(name, str) and name in properties]
        schema["properties"] = {name: properties[name] for name in (*names, *properties)}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema
