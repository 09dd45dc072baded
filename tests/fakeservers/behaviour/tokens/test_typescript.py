"""Tools as OpenAI writes them into a prompt."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.behaviour.tokens.typescript import TYPES_MAX, namespace
from fakeservers.canonical import Tool

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "anyOf", "enum", "$ref", "required"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def test_a_tool_is_a_function_type() -> None:
    """Descriptions stand above, what may be left out has a question mark."""
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Its name."},
            "units": {"enum": ["c", "f"]},
            "days": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["city"],
    }
    written = namespace([Tool(name="weather", description="Tells it.", parameters=schema)])
    assert "// Tells it.\ntype weather = (_:\n{\n// Its name.\ncity: string,\n" in written
    assert 'units?: "c" | "f",\ndays?: number[],\n}) => any;' in written


def test_a_tool_without_parameters() -> None:
    """It takes nothing."""
    assert "type now = () => any;" in namespace([Tool(name="now")])


def test_a_schema_that_refers_to_itself_ends() -> None:
    """Though each of its nodes has several of its kind."""
    node: dict[str, Any] = {"$ref": "#/$defs/node"}
    fields = dict.fromkeys("abcdef", node)
    schema = {"properties": fields, "$defs": {"node": {"type": "object", "properties": fields}}}
    written = namespace([Tool(name="tree", parameters=schema)])
    assert 100 < written.count("\n") < 4 * TYPES_MAX


@settings(deadline=None, max_examples=100, derandomize=True, database=None)
@given(st.dictionaries(st.sampled_from(["type", "properties", "required", "$defs"]), JSON))
def test_any_schema_is_written(schema: dict[str, Any]) -> None:
    """Whatever stands where a schema should."""
    assert namespace([Tool(name="odd", parameters=schema)]).startswith("# Tools")
