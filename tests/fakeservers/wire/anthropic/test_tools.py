"""Tools and the choice among them in canonical form."""

from typing import Any

import pytest

from fakeservers.canonical import Rejected, Tool, ToolChoice

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "weather", "description": "Today's.", "input_schema": SCHEMA}
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}


@pytest.mark.parametrize("more", [{}, {"type": "custom"}, {"type": None}, {"strict": True}])
def test_own_tool(ask: Any, more: dict[str, Any]) -> None:
    """A tool of the caller's is offered with its schema."""
    (tool,) = ask(tools=[{**WEATHER, **more}]).tools
    assert tool == Tool(name="weather", description="Today's.", parameters=SCHEMA)


def test_server_tool_is_not_offered(ask: Any) -> None:
    """A tool that the server runs is accepted, and no reply can call it."""
    toolset = {"type": "computer_toolset_20260801"}
    assert [tool.name for tool in ask(tools=[SEARCH, WEATHER, toolset]).tools] == ["weather"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("bash_20250124", "bash"),
        ("text_editor_20250728", "str_replace_based_edit_tool"),
        ("memory_20250818", "memory"),
        ("computer_20251124", "computer"),
    ],
)
def test_client_tool_has_its_documented_schema(ask: Any, kind: str, name: str) -> None:
    """A tool of Anthropic's that the caller runs is offered with the schema of its input."""
    (tool,) = ask(tools=[{"type": kind, "name": name}]).tools
    assert tool.name == name
    assert tool.parameters["type"] == "object"


@pytest.mark.parametrize(
    ("given", "choice"),
    [
        ({"type": "auto"}, ToolChoice()),
        ({"type": "any"}, ToolChoice(mode="any")),
        ({"type": "none"}, ToolChoice(mode="none")),
        ({"type": "tool", "name": "weather"}, ToolChoice(mode="any", names=("weather",))),
        ({"type": "tool", "name": "web_search"}, ToolChoice()),
        (None, ToolChoice()),
    ],
)
def test_tool_choice(ask: Any, given: Any, choice: ToolChoice) -> None:
    """Each choice has its canonical form; a forced server tool leaves the model free."""
    assert ask(tools=[WEATHER, SEARCH], tool_choice=given).tool_choice == choice


@pytest.mark.parametrize("off", [True, False])
def test_parallel_calls_can_be_switched_off(ask: Any, off: bool) -> None:
    """`disable_parallel_tool_use` is read."""
    choice = {"type": "auto", "disable_parallel_tool_use": off}
    assert ask(tools=[WEATHER], tool_choice=choice).parallel_tool_calls is not off


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tools": {}}, "tools: Input should be a valid array"),
        ({"tools": [1]}, "tools.0: Input should be an object"),
        ({"tools": [{"input_schema": {}}]}, "tools.0.custom.name: Field required"),
        ({"tools": [{"name": "x"}]}, "tools.0.custom.input_schema: Field required"),
        ({"tool_choice": "any"}, "tool_choice: Input should be an object"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.tool.name: Field required"),
        (
            {"tool_choice": {"type": "tool", "name": "x"}},
            "Tool 'x' not found in provided tools",
        ),
        (
            {"tool_choice": {"type": "all"}},
            "tool_choice: Input tag 'all' found using 'type' does not match any of the expected "
            "tags: 'auto', 'any', 'tool', 'none'",
        ),
    ],
)
def test_wrong_tools(strictly: Any, fields: dict[str, Any], said: str) -> None:
    """An error names the place and the fault."""
    with pytest.raises(Rejected) as caught:
        strictly(**fields)
    assert caught.value.error.message == said
