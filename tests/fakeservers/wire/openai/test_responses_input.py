"""The items of a request's input as messages."""

from typing import Any

import pytest

from fakeservers.canonical import (
    ApiError,
    ChatRequest,
    Media,
    Opaque,
    Refusal,
    Rejected,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from fakeservers.wire.openai.responses.create import CreateResponse
from tests.fakeservers.support import post

CALL = {"type": "function_call", "call_id": "c1", "name": "look_up", "arguments": '{"q":1}'}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "42"}


def parse(items: Any, **fields: Any) -> ChatRequest:
    body = {"model": "gpt-5", "input": items, **fields}
    return CreateResponse().parse(post("/v1/responses", body))


def refused(items: Any, **fields: Any) -> ApiError:
    with pytest.raises(Rejected) as caught:
        parse(items, **fields)
    return caught.value.error


def test_string_is_a_user_message() -> None:
    """A string as input is one message of the user."""
    request = parse("Hello")
    assert request.prompt == "Hello"
    assert request.turn == 1


def test_instructions_come_first() -> None:
    """Instructions are the system message before everything else."""
    request = parse("Hello", instructions="Be brief.")
    assert [message.role for message in request.messages] == ["system", "user"]
    assert request.system == "Be brief."


@pytest.mark.parametrize(
    ("role", "canonical"),
    [("user", "user"), ("system", "system"), ("developer", "system"), ("assistant", "assistant")],
)
def test_roles(role: str, canonical: str) -> None:
    """Developer messages are system messages; `type` may be left out."""
    request = parse([{"role": role, "content": "x"}])
    assert [message.role for message in request.messages] == [canonical]


@pytest.mark.parametrize(
    ("role", "part", "canonical"),
    [
        ("user", {"type": "input_text", "text": "a"}, Text("a")),
        ("assistant", {"type": "output_text", "text": "a"}, Text("a")),
        ("assistant", {"type": "refusal", "refusal": "no"}, Refusal("no")),
    ],
)
def test_text_parts(role: str, part: dict[str, str], canonical: object) -> None:
    """Text and refusal parts are read."""
    (message,) = parse([{"role": role, "content": [part]}]).messages
    assert message.parts == (canonical,)


@pytest.mark.parametrize(
    ("part", "kind", "mime_type"),
    [
        (
            {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="},
            "image",
            "image/png",
        ),
        ({"type": "input_image", "file_id": "file-1"}, "image", "image/*"),
        ({"type": "input_file", "file_url": "http://h/a.pdf"}, "document", "application/pdf"),
    ],
)
def test_media_parts(part: dict[str, str], kind: str, mime_type: str) -> None:
    """Images and files are accepted, whole in `raw`."""
    (message,) = parse([{"role": "user", "content": [part]}]).messages
    (media,) = message.parts
    assert isinstance(media, Media)
    assert (media.kind, media.mime_type, media.raw) == (kind, mime_type, part)


def test_turns_are_grouped() -> None:
    """What the model said in one turn is one message, what the tools answered another."""
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [{"text": "Hm", "type": "s"}]}
    second = {**CALL, "call_id": "c2", "name": "other"}
    request = parse([reasoning, CALL, second, OUTPUT, {**OUTPUT, "call_id": "c2"}])
    assert [message.role for message in request.messages] == ["assistant", "tool"]
    assert request.messages[0].parts == (
        Thinking("Hm"),
        ToolCall("look_up", {"q": 1}, "c1"),
        ToolCall("other", {"q": 1}, "c2"),
    )


def test_tool_results_are_named() -> None:
    """A tool's output has the name of the call that it answers."""
    request = parse([{"role": "user", "content": "Q"}, CALL, OUTPUT])
    assert request.tool_results == (ToolResult("c1", "look_up", "42"),)
    assert request.turn == 2


def test_tool_output_as_a_list() -> None:
    """A tool's output may be a list of parts; its text is that of the text parts."""
    parts = [
        {"type": "input_text", "text": "a"},
        {"type": "input_image", "image_url": "http://h/i.png"},
        {"type": "input_text", "text": "b"},
    ]
    request = parse([CALL, {**OUTPUT, "output": parts}])
    assert [result.text for result in request.tool_results] == ["a\nb"]


def test_broken_arguments_stay_text() -> None:
    """Arguments that are no JSON object are kept as they were sent."""
    output = {"type": "function_call_output", "call_id": "c1", "output": "x"}
    said, _ = parse([{**CALL, "arguments": '{"q":'}, output]).messages
    assert said.parts == (ToolCall("look_up", '{"q":', "c1"),)


def test_custom_tool_items() -> None:
    """Calls of tools that take free text, and their results."""
    call = {"type": "custom_tool_call", "call_id": "c1", "name": "run", "input": "ls"}
    output = {"type": "custom_tool_call_output", "call_id": "c1", "output": "a.txt"}
    request = parse([call, output])
    assert request.messages[0].parts == (ToolCall("run", "ls", "c1"),)
    assert request.tool_results == (ToolResult("c1", "run", "a.txt"),)


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("web_search_call", "assistant"),
        ("computer_call_output", "tool"),
        ("mcp_approval_response", "user"),
        ("additional_tools", "system"),
    ],
)
def test_items_of_hosted_tools(kind: str, role: str) -> None:
    """Items that only OpenAI's own tools know are carried untouched."""
    item = {"type": kind, "id": "x_1"}
    (message,) = parse([item]).messages
    assert (message.role, message.parts) == (role, (Opaque(item),))


def test_additional_tools_are_offered() -> None:
    """An item of the input may add tools."""
    tool = {"type": "function", "name": "extra", "parameters": {}}
    request = parse([{"type": "additional_tools", "role": "developer", "tools": [tool]}])
    assert [tool.name for tool in request.tools] == ["extra"]


@pytest.mark.parametrize(
    ("items", "param", "start"),
    [
        ([{"role": "tool", "content": "x"}], "input[0]", "Invalid value: 'tool'. Supported"),
        ([{"type": "nope"}], "input[0]", "Invalid value: 'nope'. Supported values are: 'addi"),
        (
            [{"role": "user", "content": [{"type": "text", "text": "x"}]}],
            "input[0].content[0].type",
            "Invalid value: 'text'. Supported values are: 'input_text', 'input_image', ",
        ),
        (
            [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}],
            "input[0].content[0]",
            "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
        ),
        ([{"content": "x"}], "input[0].role", "Missing required parameter: 'input[0].role'."),
        ([{**CALL, "call_id": None}], "input[0].call_id", "Missing required parameter: 'input[0]"),
        (7, "input", "Invalid type for 'input': expected one of an array of objects or a string"),
        (["x"], "input[0]", "Invalid type for 'input[0]': expected an object, but got a string"),
        (
            [{"type": "reasoning", "id": "rs_1", "summary": []}, {"role": "user", "content": "x"}],
            "input",
            "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
        ),
    ],
)
def test_wrong_items(items: Any, param: str, start: str) -> None:
    """OpenAI's words for what is wrong with an item, and where."""
    error = refused(items)
    assert (error.status, error.param) == (400, param)
    assert str(error.message).startswith(start)


def test_sealed_reasoning_needs_no_ids_after_it() -> None:
    """A client that keeps nothing on the server sends its reasoning with its content, and the
    answer that followed without its id."""
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": []}
    said = {"role": "assistant", "content": [{"type": "output_text", "text": "Hi."}]}
    asked = {"role": "user", "content": "x"}
    sealed = {**reasoning, "encrypted_content": "gAAAA"}
    request = parse([sealed, said, asked], store=False)
    assert [message.role for message in request.messages] == ["assistant", "user"]
    assert [refused([item, said, asked]).status for item in (sealed, reasoning)] == [400, 400]


def test_nothing_to_answer() -> None:
    """A request needs an input, or something that stands for one."""
    error = refused(None)
    assert error.code == "missing_required_parameter"
    assert str(error.message).startswith('One of "input" or "previous_response_id"')


def test_previous_response_stands_for_an_input() -> None:
    """With `previous_response_id` the input may be left out."""
    request = parse(None, previous_response_id="resp_1")
    assert (request.previous_id, request.messages) == ("resp_1", ())
