"""Gemini's own schemas (OpenAPI 3.0's, types in capitals) as JSON schemas."""

from typing import Any

__all__ = ["json_schema"]

_CHILD = ("items", "additionalProperties")
_CHILDREN = ("anyOf", "prefixItems")
_RENAMED = {
    "any_of": "anyOf", "max_items": "maxItems", "max_length": "maxLength",
    "max_properties": "maxProperties", "min_items": "minItems", "min_length": "minLength",
    "min_properties": "minProperties", "prefix_items": "prefixItems",
    "additional_properties": "additionalProperties",
}  # fmt: skip
_COUNTS = (
    "maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties",
)  # fmt: skip
_NOT_OF_JSON_SCHEMA = ("nullable", "propertyOrdering", "property_ordering")


def json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Counts are strings on this wire (int64); `nullable` becomes a type of its own; the order of
    properties is no schema's matter and goes."""
    made: dict[str, Any] = {}
    for written, value in schema.items():
        name = _RENAMED.get(written, written)
        if name in _NOT_OF_JSON_SCHEMA or value is None:
            continue
        if name == "type" and isinstance(value, str):
            made[name] = value.lower()
        elif name == "properties" and isinstance(value, dict):
            made[name] = {key: json_schema(child) for key, child in value.items()}
        elif name in _CHILD and isinstance(value, dict):
            made[name] = json_schema(value)
        elif name in _CHILDREN and isinstance(value, list):
            made[name] = [json_schema(child) for child in value]
        elif name in _COUNTS and isinstance(value, str) and value.isdecimal():
            made[name] = int(value)
        else:
            made[name] = value
    if schema.get("nullable") and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made
