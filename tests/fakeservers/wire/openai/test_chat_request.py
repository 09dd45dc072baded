"""Chat completion requests, read into canonical ones, or refused in OpenAI's words."""

from typing import Any

import pytest

from fakeservers.canonical import (
    Media,
    Message,
    OutputFormat,
    Refusal,
    Text,
    ToolCall,
    ToolChoice,
    ToolResult,
)

USER: Any = {"role": "user", "content": "Hi"}
SCHEMA: Any = {"type": "object", "properties": {}}
FUNCTION: Any = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
CUSTOM: Any = {"type": "custom", "custom": {"name": "sh", "description": "Runs."}}
CALL: Any = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLING: Any = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWERED: Any = {"role": "tool", "tool_call_id": "c1", "content": "21"}


@pytest.mark.parametrize(
    ("message", "read"),
    [
        ({"role": "system", "content": "Be brief."}, Message("system", (Text("Be brief."),))),
        ({"role": "developer", "content": "x"}, Message("system", (Text("x"),))),
        (
            {"role": "user", "content": [{"type": "text", "text": "x"}]},
            Message("user", (Text("x"),)),
        ),
        ({"role": "user", "content": None}, Message("user", ())),
        ({"role": "user"}, Message("user", ())),
        (
            {"role": "assistant", "content": "", "refusal": "No."},
            Message("assistant", (Refusal("No."),)),
        ),
        (
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            Message("assistant", (ToolCall("f", "{}", "f"),)),
        ),
        (
            {"role": "function", "name": "f", "content": "21"},
            Message("tool", (ToolResult("f", "f", "21"),)),
        ),
    ],
    ids=["system", "developer", "parts", "null", "none", "refusal", "legacy call", "legacy result"],
)
def test_messages(ask: Any, message: Any, read: Message) -> None:
    """Each kind of message has its canonical form."""
    assert ask(messages=[message]).messages == (read,)


def test_media(ask: Any) -> None:
    """An image and a file stay as they are, next to the text."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    file = {"type": "file", "file": {"file_data": "AA"}}
    (message,) = ask(messages=[{"role": "user", "content": [image, file]}]).messages
    assert [(part.kind, part.raw) for part in message.parts if isinstance(part, Media)] == [
        ("image", image),
        ("file", file),
    ]


def test_tool_result(ask: Any) -> None:
    """A tool's result knows the name of the call that it answers."""
    request = ask(messages=[USER, CALLING, ANSWERED])
    assert request.messages[1].parts == (ToolCall("f", "{}", "c1"),)
    assert request.tool_results == (ToolResult("c1", "f", "21"),)


def test_tools(ask: Any) -> None:
    """Functions and custom tools are offered side by side; free text is an only argument."""
    function, custom = ask(tools=[FUNCTION, CUSTOM]).tools
    assert (function.name, function.parameters) == ("f", SCHEMA)
    assert (custom.name, list(custom.parameters["properties"])) == ("sh", ["input"])


def test_functions(ask: Any) -> None:
    """The older `functions` are tools too."""
    request = ask(functions=[{"name": "f"}], function_call={"name": "f"})
    assert [tool.name for tool in request.tools] == ["f"]
    assert request.tool_choice == ToolChoice(mode="any", names=("f",))


@pytest.mark.parametrize(
    ("choice", "read"),
    [
        ("auto", ToolChoice()),
        ("none", ToolChoice(mode="none")),
        ("required", ToolChoice(mode="any")),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice(mode="any", names=("f",))),
        ({"type": "custom", "custom": {"name": "sh"}}, ToolChoice(mode="any", names=("sh",))),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [FUNCTION]}},
            ToolChoice(mode="any", names=("f",)),
        ),
    ],
    ids=["auto", "none", "required", "function", "custom", "allowed"],
)
def test_tool_choice(ask: Any, choice: Any, read: ToolChoice) -> None:
    """Each way to choose among tools has its canonical form."""
    assert ask(tools=[FUNCTION, CUSTOM], tool_choice=choice).tool_choice == read


@pytest.mark.parametrize(
    ("form", "read"),
    [
        (None, OutputFormat()),
        ({"type": "text"}, OutputFormat()),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
            OutputFormat(kind="schema", schema={"type": "object"}),
        ),
    ],
    ids=["none", "text", "schema"],
)
def test_output(ask: Any, form: Any, read: OutputFormat) -> None:
    """The response format decides what the text must be."""
    assert ask(response_format=form).output == read


def test_json_mode(ask: Any) -> None:
    """JSON mode is taken when a message speaks of JSON."""
    ask_json = [{"role": "user", "content": "As JSON, please."}]
    read = ask(messages=ask_json, response_format={"type": "json_object"})
    assert read.output == OutputFormat(kind="json")


def test_limits(ask: Any) -> None:
    """The newer limit wins over the older where both are taken; one stop sequence is as good as
    a list."""
    both = {"max_tokens": 9, "max_completion_tokens": 7}
    request = ask(provider="ollama", **both, stop="END", n=3, stream=True)
    assert (request.max_tokens, request.stop, request.choices) == (7, ("END",), 3)
    assert request.stream


@pytest.mark.parametrize(
    ("model", "effort", "thinks"),
    [
        ("gpt-4o", None, False),
        ("gpt-5-chat-latest", None, False),
        ("gpt-5-mini", None, True),
        ("gpt-5", "minimal", False),
        ("gpt-5.1", None, False),
        ("gpt-5.1", "low", True),
        ("gpt-6.2-sol", None, True),
        ("o3", "high", True),
    ],
)
def test_thinking(ask: Any, model: str, effort: str | None, thinks: bool) -> None:
    """The model's family and the effort decide whether it thinks, which is never shown."""
    thinking = ask(model=model, reasoning_effort=effort).thinking
    assert (thinking.enabled, thinking.visible) == (thinks, False)


@pytest.mark.parametrize(
    ("fields", "code", "param", "message"),
    [
        ({"model": ...}, None, None, "you must provide a model parameter"),
        (
            {"messages": ...},
            "missing_required_parameter",
            "messages",
            "Missing required parameter: 'messages'.",
        ),
        (
            {"messages": []},
            "empty_array",
            "messages",
            "Invalid 'messages': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
        ),
        (
            {"messages": "Hi"},
            "invalid_type",
            "messages",
            "Invalid type for 'messages': expected an array of objects, but got a string instead.",
        ),
        (
            {"messages": [{"role": "bogus"}]},
            "invalid_value",
            "messages[0].role",
            "Invalid value: 'bogus'. Supported values are: 'system', 'assistant', 'user', "
            "'function', 'tool', and 'developer'.",
        ),
        (
            {"messages": [{"role": "user", "content": {}}]},
            "invalid_type",
            "messages[0].content",
            "Invalid type for 'messages[0].content': expected one of a string or array of "
            "objects, but got an object instead.",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "missing_required_parameter",
            "messages[0].content[0].text",
            "Missing required parameter: 'messages[0].content[0].text'.",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "invalid_value",
            "messages[0].content[0].type",
            "Invalid value: 'image'. Supported values are: 'text', 'image_url', 'input_audio', "
            "'refusal', 'audio', and 'file'.",
        ),
        (
            {"tools": [{"type": "function"}]},
            "missing_required_parameter",
            "tools[0].function",
            "Missing required parameter: 'tools[0].function'.",
        ),
        (
            {"tools": [FUNCTION], "tool_choice": "maybe"},
            "invalid_value",
            "tool_choice",
            "Invalid value: 'maybe'. Supported values are: 'none', 'auto', and 'required'.",
        ),
        (
            {"response_format": {"type": "xml"}},
            "invalid_value",
            "response_format.type",
            "Invalid value: 'xml'. Supported values are: 'json_object', 'json_schema', and 'text'.",
        ),
        (
            {"n": "2"},
            "invalid_type",
            "n",
            "Invalid type for 'n': expected an integer, but got a string instead.",
        ),
        (
            {"n": 0},
            "integer_below_min_value",
            "n",
            "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
        ),
        (
            {"stop": 5},
            "invalid_type",
            "stop",
            "Invalid type for 'stop': expected one of a string or array of strings, "
            "but got an integer instead.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_refused(
    ask: Any, refused: Any, fields: Any, code: str | None, param: str | None, message: str
) -> None:
    """What cannot be read is refused with the place, the code and the words."""
    error = refused(lambda: ask(**fields))
    assert (error.status, error.type) == (400, "invalid_request_error")
    assert (error.message, error.code, error.param) == (message, code, param)
