"""What a generateContent body becomes: messages, tools, limits."""

from typing import Any

import pytest

from fakeservers.canonical import (
    Media,
    Message,
    Opaque,
    OutputFormat,
    Text,
    Thinking,
    ThinkingOptions,
    ToolCall,
    ToolChoice,
    ToolResult,
)

USER = {"role": "user", "parts": [{"text": "Hi"}]}


def body(*contents: Any, **fields: Any) -> dict[str, Any]:
    return {"contents": list(contents) or [USER], **fields}


def test_roles(parsed: Any) -> None:
    """The system instruction comes first, the model is the assistant, no role is the user."""
    request = parsed(
        body(
            {"parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "Hello"}]},
            USER,
            systemInstruction={"role": "user", "parts": [{"text": "Be brief."}]},
        )
    )
    assert [m.role for m in request.messages] == ["system", "user", "assistant", "user"]
    assert (request.system, request.turn) == ("Be brief.", 2)


def test_function_responses_are_tool_messages(parsed: Any) -> None:
    """Responses stand in a message of role tool, what else the turn holds comes after it."""
    response = {"id": "c1", "name": "get", "response": {"output": "22 degrees"}}
    failed = {"name": "get", "response": {"error": "no such city"}}
    request = parsed(
        body(
            USER,
            {"role": "model", "parts": [{"functionCall": {"name": "get", "args": {"c": 1}}}]},
            {
                "role": "user",
                "parts": [
                    {"functionResponse": response},
                    {"functionResponse": failed},
                    {"text": "And now?"},
                ],
            },
        )
    )
    assert request.messages[1] == Message("assistant", (ToolCall("get", {"c": 1}),))
    assert request.messages[2] == Message(
        "tool",
        (
            ToolResult("c1", "get", "22 degrees"),
            ToolResult("", "get", "no such city", is_error=True),
        ),
    )
    assert request.messages[3] == Message("user", (Text("And now?"),))


@pytest.mark.parametrize(
    ("response", "text"),
    [
        ({"result": "sunny"}, "sunny"),
        ({"output": {"t": 1}}, '{"t":1}'),
        ({"city": "Paris", "t": 1}, '{"city":"Paris","t":1}'),
        ({}, "{}"),
    ],
)
def test_what_a_response_says(parsed: Any, response: Any, text: str) -> None:
    """The customary keys hold the result; any other object is the result."""
    part = {"functionResponse": {"name": "get", "response": response}}
    (result,) = parsed(body(USER, {"role": "user", "parts": [part]})).tool_results
    assert result.text == text


def test_parts(parsed: Any) -> None:
    """Thoughts, media and code are parts of their own kind."""
    image = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    file = {"file_data": {"file_uri": "https://x/y.pdf", "mime_type": "application/pdf"}}
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}
    thought = {"text": "Hm", "thought": True, "thoughtSignature": "QQ=="}
    request = parsed(
        body({"parts": [image, file]}, {"role": "model", "parts": [thought, code]}, USER)
    )
    first, second = request.messages[0].parts
    assert isinstance(first, Media) and (first.kind, first.mime_type) == ("image", "image/png")
    assert isinstance(second, Media) and second.kind == "document"
    assert request.messages[1].parts == (Thinking("Hm", "QQ=="), Opaque(code))


@pytest.mark.parametrize(
    ("config", "choice"),
    [
        ({"mode": "AUTO"}, ToolChoice()),
        ({"mode": "ANY"}, ToolChoice(mode="any")),
        ({"mode": "any", "allowed_function_names": ["f"]}, ToolChoice(mode="any", names=("f",))),
        ({"mode": "NONE"}, ToolChoice(mode="none")),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["f"]}, ToolChoice()),
        ({"mode": 2}, ToolChoice(mode="any")),
    ],
)
def test_function_calling_modes(parsed: Any, config: Any, choice: ToolChoice) -> None:
    """ANY forces a call, NONE forbids it, AUTO and VALIDATED leave it to the model."""
    tools = [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}]
    request = parsed(body(tools=tools, toolConfig={"functionCallingConfig": config}))
    assert request.tool_choice == choice
    assert [tool.name for tool in request.tools] == ["f"]


def test_schemas_become_json_schema(parsed: Any) -> None:
    """Upper-case types, nullable, text for numbers and property order are OpenAPI's ways."""
    declared = {
        "type": "OBJECT",
        "properties": {
            "city": {"type": "STRING", "nullable": True},
            "days": {"type": "ARRAY", "minItems": "1", "items": {"type": "INTEGER"}},
            "unit": {"any_of": [{"type": "STRING", "enum": ["C"]}, {"type": "NULL"}]},
        },
        "required": ["city"],
        "propertyOrdering": ["days", "city"],
    }
    tools = [{"functionDeclarations": [{"name": "f", "parameters": declared}]}]
    parameters = parsed(body(tools=tools)).tools[0].parameters
    assert parameters == {
        "type": "object",
        "properties": {
            "days": {"type": "array", "minItems": 1, "items": {"type": "integer"}},
            "city": {"type": ["string", "null"]},
            "unit": {"anyOf": [{"type": "string", "enum": ["C"]}, {"type": "null"}]},
        },
        "required": ["city"],
    }
    assert list(parameters["properties"]) == ["days", "city", "unit"]


@pytest.mark.parametrize(
    ("config", "output"),
    [
        ({}, OutputFormat()),
        ({"responseMimeType": "application/json"}, OutputFormat(kind="json")),
        (
            {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
            OutputFormat(kind="schema", schema={"type": "string"}),
        ),
        (
            {"responseJsonSchema": {"type": "integer"}},
            OutputFormat(kind="schema", schema={"type": "integer"}),
        ),
        (
            {"_responseJsonSchema": {"type": "integer"}},
            OutputFormat(kind="schema", schema={"type": "integer"}),
        ),
    ],
)
def test_output_formats(parsed: Any, config: Any, output: OutputFormat) -> None:
    """The MIME type asks for JSON, a schema for that JSON, in either of its two forms."""
    assert parsed(body(generationConfig=config)).output == output


@pytest.mark.parametrize(
    ("config", "thinking"),
    [
        (None, ThinkingOptions(visible=False)),
        ({"includeThoughts": True}, ThinkingOptions(enabled=True)),
        ({"thinkingBudget": 0, "includeThoughts": True}, ThinkingOptions()),
        (
            {"thinkingBudget": 512},
            ThinkingOptions(enabled=True, budget_tokens=512, visible=False),
        ),
        ({"thinking_level": "HIGH"}, ThinkingOptions(enabled=True, visible=False)),
        ({"thinkingBudget": -1}, ThinkingOptions(enabled=True, visible=False)),
    ],
)
def test_thinking(parsed: Any, config: Any, thinking: ThinkingOptions) -> None:
    """Thoughts are shown only when asked for; a budget of 0 turns them off."""
    assert parsed(body(generationConfig={"thinkingConfig": config})).thinking == thinking


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/models/gemini-2.5-flash:generateContent", "gemini-2.5-flash"),
        ("/v1alpha/models/models/gemini-2.5-flash:generateContent", "gemini-2.5-flash"),
        ("/v1beta/tunedModels/mine-x1:generateContent", "tunedModels/mine-x1"),
    ],
)
def test_models_in_paths(parsed: Any, path: str, model: str) -> None:
    """Each version, and a name with its collection, leads to the same model."""
    assert parsed(body(), path).model == model


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"contents": []}, "* GenerateContentRequest.contents: contents is not specified\n"),
        (
            {"contents": [{"role": "system", "parts": [{"text": "x"}]}]},
            "Please use a valid role: user, model.",
        ),
        (
            {"contents": [USER, {"role": "user", "parts": []}]},
            "* GenerateContentRequest.contents[1].parts: contents.parts must not be empty.\n",
        ),
        (
            {"contents": [{"parts": [{"thought": True}]}]},
            "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' "
            "must have one initialized field\n",
        ),
        (
            body(toolConfig={"functionCallingConfig": {"mode": "ANY"}}),
            "Function calling config is set without function_declarations.",
        ),
        (
            body(tools=[{"functionDeclarations": [{"description": "nameless"}]}]),
            "* GenerateContentRequest.tools[0].function_declarations[0].name: [FIELD_INVALID] "
            "Invalid function name. Must start with a letter or an underscore. Must be "
            "alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), "
            "with a maximum length of 128.\n",
        ),
        (
            {"contents": [{"parts": [{"sound": "x"}]}]},
            "Invalid JSON payload received. Unknown name \"sound\" at 'contents[0].parts[0]': "
            "Cannot find field.",
        ),
    ],
)
def test_refused_requests(ask: Any, bad: Any, message: str) -> None:
    """What the service refuses is refused in its words."""
    heard = ask(body=bad)
    assert (heard.status, heard.error["status"]) == (400, "INVALID_ARGUMENT")
    assert heard.error["message"] == message
