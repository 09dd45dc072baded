"""Bounds that stand in a description, and what is made within them."""

from random import Random
from typing import Any

import jsonschema
import pytest

from fakeservers.behaviour.schema.described import described
from fakeservers.behaviour.schema.example import example


@pytest.mark.parametrize(
    ("schema", "bounds", "description"),
    [
        ({"type": "integer"}, {"minimum": 901, "maximum": 903},
         "A number\n\n{minimum: 901, maximum: 903}"),
        ({"type": "number"}, {"exclusiveMinimum": 0, "maximum": 0.5},
         "{exclusiveMinimum: 0, maximum: 0.5}"),
        ({"type": "string"}, {"minLength": 300}, "{title: X, minLength: 300}"),
        ({"type": "string"}, {"pattern": "^[A-Z]{3}, [0-9]{2}$"},
         "{pattern: ^[A-Z]{3}, [0-9]{2}$}"),
        ({"type": "array", "items": {"type": "boolean"}}, {"minItems": 6, "maxItems": 7},
         "{minItems: 6, maxItems: 7}"),
        ({"type": "array"}, {"prefixItems": [{"type": "integer"}, {"type": "null"}]},
         "{maxItems: 2, prefixItems: [{'type': 'integer'}, {'type': 'null'}], minItems: 2}"),
    ],
)  # fmt: skip
def test_bounds_that_an_sdk_moved_are_kept(
    schema: dict[str, Any], bounds: dict[str, Any], description: str
) -> None:
    """A value for the schema that was sent satisfies the schema that the program wrote."""
    for seed in range(20):
        value = example({**schema, "description": description}, Random(seed))
        jsonschema.validate(value, {**schema, **bounds})


@pytest.mark.parametrize(
    "description",
    ["{minimum: }", "Like {minimum: 9}", "{x}", "{minimum: 9", "\n\n{a: 1, b: 2}", "}", 3],
)
def test_other_descriptions_say_nothing(description: Any) -> None:
    """Only bounds in braces, in a paragraph of their own at the end, count."""
    schema = {"type": "integer", "description": description}
    assert described(schema) == schema


def test_the_schemas_own_keywords_stand() -> None:
    """A description overrides nothing."""
    schema = {"minimum": 1, "description": "{minimum: 9, maximum: 7}"}
    assert described(schema) == {**schema, "maximum": 7}
