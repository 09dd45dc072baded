"""What is wrong with a JSON schema, in OpenAI's words."""

from typing import Any

import pytest

from fakeservers.wire.openai.schemas import function_fault, output_fault

TEXT: Any = {"type": "string"}


def closed(**properties: Any) -> Any:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


REQUIRED = "'required' is required to be supplied and to be an array including every key in"


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        (closed(), None),
        (closed(a=TEXT, b={"anyOf": [TEXT, {"type": "null"}]}, c={"enum": [1]}), None),
        (closed(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": closed(b=TEXT)}}, None),
        (closed(a={"type": ["string", "null"]}), None),
        (closed(a={"type": "array", "items": closed()}), None),
        ({}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."),
        ([], "[] is not of type 'object', 'boolean'."),
        (
            closed(a={"type": "object", "properties": {}}),
            "In context=('properties', 'a'), 'additionalProperties' is required to be supplied "
            "and to be false.",
        ),
        (
            closed(a=TEXT) | {"required": []},
            f"In context=(), {REQUIRED} properties. Missing 'a'.",
        ),
        (
            closed(a=TEXT) | {"required": ["a", "b"]},
            f"In context=(), {REQUIRED} properties. Extra required key 'b' supplied.",
        ),
        (
            closed(a={"description": "x"}),
            "In context=('properties', 'a'), schema must have a 'type' key.",
        ),
        (closed(a={"oneOf": []}), "In context=('properties', 'a'), 'oneOf' is not permitted."),
        (
            closed(a={"type": "array"}),
            "In context=('properties', 'a'), array schema missing items.",
        ),
        (
            closed(a={"anyOf": [TEXT, {"type": "object"}]}),
            "In context=('properties', 'a', 'anyOf', '1'), 'additionalProperties' is required to "
            "be supplied and to be false.",
        ),
    ],
)
def test_strict(schema: Any, fault: str | None) -> None:
    """A strict schema is closed, complete, and holds nothing that generation cannot follow."""
    assert output_fault(schema, strict=True) == fault
    assert function_fault(schema, strict=True) == fault


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "object", "properties": {"a": {"oneOf": [TEXT]}}}, None),
        ({"type": "object", "properties": {"a": {"type": "object"}}}, None),
        ({"type": "object"}, "In context=(), object schema missing properties."),
        (
            {"type": "object", "properties": {"a": {"type": "array"}}},
            "In context=('properties', 'a'), array schema missing items.",
        ),
    ],
)
def test_functions_that_are_not_strict(schema: Any, fault: str | None) -> None:
    """Any function has an object with properties, and arrays of something."""
    assert function_fault(schema, strict=False) == fault
    assert output_fault(schema, strict=False) is None
