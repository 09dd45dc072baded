"""What a request for a response asks for: tools, formats, reasoning, limits."""

from typing import Any

import pytest

from fakeservers.canonical import (
    ApiError,
    ChatRequest,
    OutputFormat,
    Rejected,
    ThinkingOptions,
    Tool,
    ToolChoice,
)
from fakeservers.wire.openai.responses.create import CreateResponse
from tests.fakeservers.support import post

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"type": "function", "name": "f", "description": "D", "parameters": SCHEMA}


def parse(**fields: Any) -> ChatRequest:
    body = {"model": "gpt-4o", "input": "Hi, in JSON", **fields}
    return CreateResponse().parse(post("/v1/responses", body))


def refused(**fields: Any) -> ApiError:
    with pytest.raises(Rejected) as caught:
        parse(**fields)
    return caught.value.error


def test_plain_request() -> None:
    """What is not asked for has OpenAI's defaults."""
    request = parse()
    assert (request.endpoint, request.model) == ("responses.create", "gpt-4o")
    assert (request.stream, request.parallel_tool_calls, request.tools) == (False, True, ())


def test_function_and_custom_tools_are_offered() -> None:
    """Functions and tools with free text are offered; tools that OpenAI runs are accepted."""
    tools = parse(tools=[FUNCTION, {"type": "custom", "name": "c"}, {"type": "web_search"}]).tools
    assert tools == (
        Tool(name="f", description="D", parameters=SCHEMA),
        Tool(name="c", parameters={"type": "string"}),
    )


@pytest.mark.parametrize(
    ("choice", "read"),
    [
        (None, ToolChoice()),
        ("auto", ToolChoice()),
        ("none", ToolChoice(mode="none")),
        ("required", ToolChoice(mode="any")),
        ({"type": "function", "name": "f"}, ToolChoice(mode="any", names=("f",))),
        ({"type": "custom", "name": "c"}, ToolChoice(mode="any", names=("c",))),
        ({"type": "web_search"}, ToolChoice()),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}, {"type": "mcp"}],
            },
            ToolChoice(mode="any", names=("f",)),
        ),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"name": "f"}]},
            ToolChoice(names=("f",)),
        ),
    ],
)
def test_tool_choice(choice: Any, read: ToolChoice) -> None:
    """Every form of `tool_choice`."""
    assert parse(tools=[FUNCTION], tool_choice=choice).tool_choice == read


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ({"type": "text"}, OutputFormat()),
        ({"type": "json_object"}, OutputFormat(kind="json")),
        (
            {"type": "json_schema", "name": "n", "schema": SCHEMA},
            OutputFormat(kind="schema", schema=SCHEMA),
        ),
    ],
)
def test_text_format(form: Any, read: OutputFormat) -> None:
    """`text.format` says what the text must be."""
    assert parse(text={"format": form}).output == read


@pytest.mark.parametrize(
    ("model", "reasoning", "read"),
    [
        ("gpt-4o", None, ThinkingOptions(enabled=False, visible=False)),
        ("gpt-5", None, ThinkingOptions(enabled=True, visible=False)),
        ("gpt-5-chat-latest", None, ThinkingOptions(enabled=False, visible=False)),
        ("gpt-5", {"summary": "auto"}, ThinkingOptions(enabled=True, visible=True)),
        ("gpt-5.4", None, ThinkingOptions(enabled=False, visible=False)),
        ("gpt-5.4", {"effort": "low"}, ThinkingOptions(enabled=True, visible=False)),
        ("gpt-5.6-sol", {"effort": "none"}, ThinkingOptions(enabled=False, visible=False)),
        ("o4-mini", None, ThinkingOptions(enabled=True, visible=False)),
    ],
)
def test_reasoning(model: str, reasoning: Any, read: ThinkingOptions) -> None:
    """Reasoning models think unless told not to, and show it when a summary is asked for."""
    assert parse(model=model, reasoning=reasoning).thinking == read


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"model": None}, "model", "missing_required_parameter"),
        ({"temperature": -1}, "temperature", "decimal_below_min_value"),
        ({"top_p": 1.5}, "top_p", "decimal_above_max_value"),
        ({"max_output_tokens": 5}, "max_output_tokens", "integer_below_min_value"),
        ({"max_output_tokens": "5"}, "max_output_tokens", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name", "missing_required_parameter"),
        ({"tools": [{"name": "f"}]}, "tools[0].type", "missing_required_parameter"),
        ({"tool_choice": "maybe"}, "tool_choice", "invalid_value"),
        ({"tool_choice": 3}, "tool_choice", "invalid_type"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type", "invalid_value"),
        (
            {"text": {"format": {"type": "json_schema", "schema": {}}}},
            "text.format.name",
            "missing_required_parameter",
        ),
        ({"conversation": {}}, "conversation.id", "missing_required_parameter"),
    ],
)
def test_wrong_fields(fields: dict[str, Any], param: str, code: str) -> None:
    """OpenAI's code and place for what is wrong."""
    error = refused(**fields)
    assert (error.status, error.param, error.code) == (400, param, code)


def test_range_wording() -> None:
    """The recorded words for a number that is too small."""
    assert refused(temperature=-1).message == (
        "Invalid 'temperature': decimal below minimum value. "
        "Expected a value >= 0, but got -1 instead."
    )
