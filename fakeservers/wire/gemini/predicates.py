"""The rules that the fields of Google's Schema keep, as its service tells that they are broken.

`parameters.properties[city].items: missing field.` and the like, in public issue reports.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

__all__ = ["broken_schema_rules"]

_FIELDS: Final[Mapping[str, str]] = {
    "anyOf": "any_of",
    "items": "items",
    "additionalProperties": "additional_properties",
}
_TEXT_FORMATS: Final = ("enum", "date-time")


def broken_schema_rules(schema: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    """Every place in a schema where a rule is broken, and which; the schema's own fields first."""
    yield from _own(schema, where)
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name, held in properties.items():
            yield from _held(held, f"{where}.properties[{name}]")
    for field, name in _FIELDS.items():
        content = schema.get(field)
        if isinstance(content, list):
            for index, held in enumerate(content):
                yield from _held(held, f"{where}.{name}[{index}]")
        else:
            yield from _held(content, f"{where}.{name}")


def _held(value: Any, where: str) -> Iterable[tuple[str, str]]:
    return broken_schema_rules(value, where) if isinstance(value, dict) else ()


def _own(schema: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    given = schema.get("type")
    kind = given.upper() if isinstance(given, str) else ""
    if not kind or kind == "TYPE_UNSPECIFIED":
        return
    properties = schema.get("properties")
    if properties and kind != "OBJECT":
        yield f"{where}.properties", "only allowed for OBJECT type"
    if kind == "ARRAY" and "items" not in schema:
        yield f"{where}.items", "missing field."
    if "items" in schema and kind != "ARRAY":
        yield f"{where}.items", "field predicate failed: $type == Type.ARRAY"
    yield from _enum(schema.get("enum"), kind, where)
    yield from _required(schema.get("required"), properties, kind, where)
    if kind == "STRING" and schema.get("format") not in (None, "", *_TEXT_FORMATS):
        told = "only 'enum' and 'date-time' are supported for STRING type"
        yield f"{where}.format", told


def _enum(values: Any, kind: str, where: str) -> Iterator[tuple[str, str]]:
    if not values or not isinstance(values, list):
        return
    if kind != "STRING":
        yield f"{where}.enum", "only allowed for STRING type"
    for index, value in enumerate(values):
        if value == "":
            yield f"{where}.enum[{index}]", "cannot be empty"


def _required(names: Any, properties: Any, kind: str, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(names, list) or kind != "OBJECT":
        return
    known = properties if isinstance(properties, dict) else {}
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in known:
            yield f"{where}.required[{index}]", "property is not defined"
