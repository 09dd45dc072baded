"""Values made from JSON schemas, checked with an independent validator."""

import json
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.behaviour.hints import Hints
from fakeservers.behaviour.schema.example import VALUES_MAX, example
from fakeservers.behaviour.schema.validity import difference

BOUNDED = settings(deadline=None, max_examples=120, derandomize=True, database=None)


def object_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
NUMBER = {"type": "number"}
TEXTS = {"type": "array", "items": TEXT}


# --- what the prompt mentions -----------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "schema", "expected"),
    [
        (
            "What is the value of magic_function(3)? Use the tool.",
            object_of(input=WHOLE),
            {"input": 3},
        ),
        ("multiply 3 by 12", object_of(a=WHOLE, b=NUMBER), {"a": 3, "b": 12}),
        ("weather in San Francisco", object_of(location=TEXT), {"location": "San Francisco"}),
        ("Is it sunny in Paris", object_of(city=TEXT), {"city": "Paris"}),
        ("what's the weather in paris?", object_of(city=TEXT), {"city": "paris"}),
        (
            "Weather in Oslo in Celsius",
            object_of(city=TEXT, unit={"enum": ["fahrenheit", "celsius"]}),
            {"city": "Oslo", "unit": "celsius"},
        ),
        (
            "Fly from Paris to Rome on March 5, 2024",
            object_of(destination=TEXT, origin=TEXT, day={"type": "string", "format": "date"}),
            {"destination": "Rome", "origin": "Paris", "day": "2024-03-05"},
        ),
        (
            "A table for 4 guests, 3 days from now",
            object_of(days=WHOLE, guests=WHOLE),
            {"days": 3, "guests": 4},
        ),
        ("Search for cats", object_of(query=TEXT), {"query": "Search for cats"}),
        (
            "Create a customer named '你好啊集团' (Hello Group)",
            object_of(customer_name=TEXT),
            {"customer_name": "你好啊集团"},
        ),
        ('Call it with query "recorded"', object_of(query=TEXT), {"query": "recorded"}),
        ("The sum of 3, 5 and 9", object_of(values={"type": "array", "items": NUMBER}),
         {"values": [3, 5, 9]}),
        ("Compare Paris, Rome and Oslo", object_of(cities=TEXTS),
         {"cities": ["Paris", "Rome", "Oslo"]}),
        ("Refund order-123?", object_of(order_id=TEXT), {"order_id": "order-123"}),
        ("What is 12*(3+4)?", object_of(expression=TEXT), {"expression": "12*(3+4)"}),
        (
            "What is the USD/EUR exchange rate?",
            object_of(base_currency=TEXT, quote_currency=TEXT),
            {"base_currency": "USD", "quote_currency": "EUR"},
        ),
        ("Write to ada@example.org", object_of(to={"type": "string", "format": "email"}),
         {"to": "ada@example.org"}),
        ("Generate a Pirate greeting.", object_of(answer_style=TEXT), {"answer_style": "Pirate"}),
    ],
)  # fmt: skip
def test_arguments_are_taken_from_the_prompt(prompt: str, schema: Any, expected: Any) -> None:
    """What a prompt mentions goes into the property that it is meant for."""
    assert example(schema, Random(1), Hints.of(prompt)) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Jason is 25, Sarah is 30", [("Jason", 25), ("Sarah", 30)]),
        ("Record Ada Lovelace, 36, from London", [("Ada Lovelace", 36)]),
    ],
)
def test_there_are_as_many_objects_as_the_prompt_tells_of(prompt: str, expected: Any) -> None:
    """Each object of an array takes its values together, and none is made up beside them."""
    people = {"type": "array", "items": object_of(name=TEXT, age=WHOLE)}
    for seed in range(20):
        made = example(object_of(people=people), Random(seed), Hints.of(prompt))
        assert [(one["name"], one["age"]) for one in made["people"]] == expected


def test_what_is_listed_goes_to_an_array() -> None:
    """An enumeration is not taken apart for a property that stands before the array."""
    event = object_of(name=TEXT, participants=TEXTS)
    made = example(event, Random(1), Hints.of("Alice and Bob are going to a science fair."))
    assert made["participants"] == ["Alice", "Bob"]


def test_an_object_is_not_empty() -> None:
    """Where nothing is required something is there all the same."""
    schema = {"type": "object", "properties": {"a": WHOLE, "b": WHOLE}}
    assert all(example(schema, Random(seed)) for seed in range(20))


def test_a_mention_is_left_out_where_it_does_not_fit() -> None:
    """A number beyond the maximum is not taken from the prompt."""
    schema = object_of(count={"type": "integer", "maximum": 10})
    assert example(schema, Random(1), Hints.of("Give me 50"))["count"] <= 10


def test_a_default_stands_unless_the_prompt_names_the_property() -> None:
    """An optional property keeps its default when nothing beside its word says otherwise."""
    schema = {"type": "object", "properties": {"days": {"type": "integer", "default": 1}}}
    made = [example(schema, Random(n), Hints.of("Oslo in 12 hours")) for n in range(8)]
    assert {"days": 1} in made and {"days": 12} not in made


# --- the vocabulary ---------------------------------------------------------------------

SCHEMAS = {
    "gemini": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]},
    "one_of": {"oneOf": [{"type": "integer", "minimum": 5}, {"type": "integer", "multipleOf": 3}]},
    "all_of": {"allOf": [object_of(a=TEXT), object_of(b={"minimum": 4, "type": "integer"})]},
    "not": {"type": "integer", "minimum": 1, "maximum": 3, "not": {"enum": [1, 3]}},
    "if": {**object_of(a={"enum": ["x", "y"]}), "if": object_of(a={"const": "x"}),
           "then": object_of(b=TEXT), "else": object_of(c=TEXT)},
    "contains": {"type": "array", "items": WHOLE, "contains": {"minimum": 900}, "minContains": 2},
    "prefix": {"prefixItems": [TEXT, WHOLE], "items": False, "minItems": 2},
    "unique": {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
    "map": {"type": "object", "additionalProperties": WHOLE, "minProperties": 3},
    "names": {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 2},
    "patterns": {"type": "object", "patternProperties": {"^x-": WHOLE}, "minProperties": 2,
                 "additionalProperties": False},
    "dependent": {**object_of(a=TEXT), "dependentRequired": {"a": ["b"]}},
    "narrow": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    "cents": {"type": "number", "multipleOf": 0.01, "minimum": 3, "maximum": 4},
    "types": {"type": ["null", "integer"], "minimum": 10},
    "long": {"type": "string", "minLength": 300},
    "short": {"type": "string", "maxLength": 2},
    "any_of_siblings": {**object_of(a=TEXT, b=TEXT), "required": [],
                        "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    "discriminated": {"oneOf": [object_of(kind={"const": "cat"}, lives=WHOLE),
                                object_of(kind={"const": "dog"}, tricks=TEXTS)]},
    "recursive": {
        "$defs": {"node": object_of(value=WHOLE, next={"anyOf": [{"$ref": "#/$defs/node"},
                                                                 {"type": "null"}]})},
        "$ref": "#/$defs/node",
    },
    "expression": {
        "definitions": {"term": {"anyOf": [
            object_of(op={"enum": ["+", "-"]}, left={"$ref": "#/definitions/term"},
                      right={"$ref": "#/definitions/term"}),
            object_of(value=NUMBER),
        ]}},
        "$ref": "#/definitions/term",
    },
}  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_the_vocabulary_is_satisfied(schema: Any) -> None:
    """Each keyword gives values that satisfy it, whatever the random state."""
    checked = json.loads(json.dumps(schema).replace("OBJECT", "object").replace("STRING", "string"))
    for seed in range(12):
        value = example(schema, Random(seed))
        jsonschema.validate(value, checked)
        assert difference(value, schema) is None


@pytest.mark.parametrize(
    "format",
    ["date", "date-time", "email", "ipv4", "ipv6", "time", "uuid", "regex", "hostname", "duration"],
)
def test_formats_are_satisfied(format: str) -> None:
    """A string of a format passes that format's own check."""
    schema = {"type": "string", "format": format}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    for seed in range(5):
        jsonschema.validate(example(schema, Random(seed)), schema, format_checker=checker)


@pytest.mark.parametrize(
    "pattern",
    [r"^\d{3}-\d{4}$", "^[a-z0-9-]+$", "^(foo|bar)+$", r"^[^\s@]+@[^\s@]+\.com$", r"(a)\1", "^$",
     "^(?!abc)[a-z]+$", "^#[0-9A-Fa-f]{6}$", r"^\w{2,5}\.(png|jpg)$", "^(?<year>[0-9]{4})$"],
)  # fmt: skip
def test_patterns_are_satisfied(pattern: str) -> None:
    """A string of a pattern matches it."""
    for seed in range(5):
        value = example({"type": "string", "pattern": pattern}, Random(seed))
        assert difference(value, {"pattern": pattern}) is None


def test_properties_keep_the_order_of_the_schema() -> None:
    """Required and optional properties come out in the order in which they are listed."""
    schema = {"properties": {"b": TEXT, "a": WHOLE, "c": TEXT}, "required": ["c", "b", "a"]}
    assert list(example(schema, Random(1))) == ["b", "a", "c"]


def test_a_tool_without_parameters_gets_an_empty_object() -> None:
    """Nothing is invented for an object of which nothing is said."""
    assert example({"type": "object", "properties": {}}, Random(1)) == {}
    assert example({"type": "object"}, Random(1)) == {}


def test_a_nullable_value_is_filled() -> None:
    """Null is only used where nothing else is allowed."""
    schema = object_of(a={"anyOf": [{"type": "null"}, TEXT]}, b={"type": "null"})
    value = example(schema, Random(3))
    assert isinstance(value["a"], str) and value["b"] is None


def test_size_is_bounded() -> None:
    """A schema that asks for a million values gets a bounded number of them."""
    schema: dict[str, Any] = WHOLE
    for _ in range(3):
        schema = {"type": "array", "items": schema, "minItems": 1000, "maxItems": 1000}
    assert json.dumps(example(schema, Random(1))).count(",") < 2 * VALUES_MAX


# --- properties -------------------------------------------------------------------------

SMALL = st.integers(-50, 50)
NAMES = st.sampled_from(["city", "name", "age", "price", "tags", "email", "x", "query", "id"])


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    low = draw(SMALL)
    kind = draw(st.sampled_from(["integer", "number"]))
    edges = draw(
        st.sampled_from([("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum")])
    )
    schema = {"type": kind, edges[0]: low, edges[1]: low + draw(st.integers(2, 40))}
    drawn = {key: schema[key] for key in draw(st.sets(st.sampled_from(edges)))}
    return {"type": kind, **drawn, **draw(st.sampled_from([{}, {"multipleOf": 1}]))}


@st.composite
def strings(draw: st.DrawFn) -> dict[str, Any]:
    low = draw(st.integers(0, 12))
    limits = {"minLength": low, "maxLength": low + draw(st.integers(0, 12))}
    extra = draw(
        st.sampled_from([{}, limits, {"format": "date"}, {"pattern": "^[a-z]+$", **limits}])
    )
    if "pattern" in extra and extra["maxLength"] == 0:
        return {"type": "string"}
    return {"type": "string", **extra}


SCALARS = (
    numbers()
    | strings()
    | st.sampled_from([{"type": "boolean"}, {"type": "null"}, {}, True, {"const": [1, {"a": 2}]}])
    | st.lists(SMALL | st.text(max_size=3), min_size=1, max_size=4).map(lambda v: {"enum": v})
)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda properties, chosen, extra: {
            "type": "object",
            "properties": properties,
            "required": sorted(chosen & properties.keys()),
            **extra,
        },
        st.dictionaries(NAMES, inner, max_size=4),
        st.sets(NAMES),
        st.sampled_from([{}, {"additionalProperties": False}, {"minProperties": 2}]),
    )


def _arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda items, prefix, low, more: {
            "type": "array", "items": items, "minItems": low, "maxItems": low + more, **prefix,
        },
        inner,
        st.sampled_from([{}, {"prefixItems": [TEXT]}]),
        st.integers(0, 3),
        st.integers(0, 3),
    )  # fmt: skip


def _combinations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return several.map(lambda v: {"anyOf": v}) | inner.map(lambda v: {"allOf": [v, True]})


SATISFIABLE = st.recursive(
    SCALARS, lambda inner: _objects(inner) | _arrays(inner) | _combinations(inner), max_leaves=8
)


@BOUNDED
@given(schema=SATISFIABLE, seed=st.integers(0, 9), prompt=st.sampled_from(["", "Add 3 in Oslo."]))
def test_values_satisfy_their_schema(schema: Any, seed: int, prompt: str) -> None:
    """Whatever the schema, the value validates and is the same for the same random state."""
    value = example(schema, Random(seed), Hints.of(prompt))
    jsonschema.validate(value, schema)
    assert value == example(schema, Random(seed), Hints.of(prompt))


KEYWORDS = st.sampled_from(
    ["type", "enum", "const", "properties", "required", "items", "prefixItems", "anyOf", "oneOf",
     "allOf", "not", "if", "then", "$ref", "$defs", "minimum", "maxLength", "minItems", "pattern",
     "multipleOf", "format", "default", "examples", "contains", "uniqueItems", "minProperties",
     "patternProperties", "propertyNames", "additionalProperties", "dependentRequired", "a"]
)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
    | st.sampled_from(["string", "OBJECT", "array", "#", "#/$defs/a", "(", "[z-a]", "^a$"])
)  # fmt: skip
GARBAGE = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYWORDS, inner, max_size=5),
    max_leaves=20,
)


@BOUNDED
@given(schema=GARBAGE)
def test_no_schema_raises(schema: Any) -> None:
    """Any JSON value is accepted as a schema and gives a JSON value."""
    json.dumps(example(schema, Random(1), Hints.of("Add 3 and 4 in Oslo")))


def test_a_web_of_references_takes_no_time() -> None:
    """A schema that refers to itself many times over ends."""
    schema = {"allOf": [{"$ref": "#"}] * 3, "anyOf": [{"$ref": "#"}] * 3, "type": "object"}
    assert example(schema, Random(1)) == {}


@pytest.mark.parametrize("ref", ["#/$defs/home", "/$defs/home"])
def test_a_reference_is_followed_as_it_is_meant(ref: str) -> None:
    """litellm writes its references into Claude's tools without their `#`."""
    schema = {**object_of(home={"$ref": ref}), "$defs": {"home": object_of(rooms=WHOLE)}}
    assert example(schema, Random(1), Hints.of("4 rooms")) == {"home": {"rooms": 4}}
