"""Which values are JSON schemas."""

from typing import Any

import pytest

from fakeservers.wire.jsonschema import is_schema, subschemas


@pytest.mark.parametrize(
    "value",
    [
        {},
        True,
        {"type": ["string", "null"], "format": "date", "x-own": 1},
        {"type": "object", "properties": {"a": {"items": {"enum": [1]}}}, "required": ["a"]},
        {"anyOf": [{"minimum": 1.5}, {"maxLength": 3}], "$defs": {"a": False}},
    ],
)
def test_schema(value: Any) -> None:
    """Known keywords with the right values, and any other keyword."""
    assert is_schema(value)


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        {"type": "text"},
        {"type": ["string", "string"]},
        {"required": ["a", "a"]},
        {"required": True},
        {"properties": []},
        {"properties": {"a": 1}},
        {"anyOf": []},
        {"items": [{}]},
        {"minLength": -1},
        {"minimum": "1"},
        {"exclusiveMinimum": True},
        {"not": {"enum": 1}},
    ],
)
def test_no_schema(value: Any) -> None:
    """One wrong value anywhere makes it none."""
    assert not is_schema(value)


def test_subschemas() -> None:
    """The schema itself comes first, then those inside it, however deep."""
    inner = {"type": "string"}
    schema = {"properties": {"a": {"items": inner}}, "anyOf": [inner], "$defs": {"b": True}}
    assert list(subschemas(schema)) == [schema, {"items": inner}, inner, inner]
