"""What OpenAI refuses in a request for a response: status, code, param and words, rule by rule."""

import json
from typing import Any

import pytest

from fakeservers.wire.openai.provider import PROVIDER
from fakeservers.wire.openai.responses.create import CreateResponse
from tests.fakeservers.support import fake, post
from tests.fakeservers.wire.openai.refusals import Refusal, refusal

PATH = "/v1/responses"
OBJECT: Any = {"type": "object", "properties": {}}
FUNCTION: Any = {"type": "function", "name": "f", "parameters": OBJECT}
CALL: Any = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
OUTPUT: Any = {"type": "function_call_output", "call_id": "c1", "output": "x"}
CUSTOM: Any = {"type": "custom_tool_call", "call_id": "c2", "name": "c", "input": "x"}
NO_PICTURE: Any = {"type": "input_image", "image_url": "data:image/png;base64,AA=="}
OPENAI = fake(PROVIDER)


def items(*given: Any) -> Any:
    return {"input": list(given)}


def parts(*given: Any) -> Any:
    return items({"role": "user", "content": list(given)})


def form(**fields: Any) -> Any:
    return {"text": {"format": {"type": "json_schema", "name": "n", "schema": OBJECT, **fields}}}


FIELDS: list[tuple[Any, Refusal]] = [
    ({"bogus": 1}, Refusal("unknown_parameter", "bogus", "Unknown parameter: 'bogus'.")),
    ({"strem": 1}, Refusal("unknown_parameter", "strem", "Did you mean 'stream' or 'store'?")),
    ({"modell": 1}, Refusal("unknown_parameter", "modell", "Unknown parameter: 'modell'.")),
    ({"presence_penalty": 3}, Refusal("decimal_above_max_value", "presence_penalty", "<= 2")),
    ({"messages": []}, Refusal("unknown_parameter", "messages", "'messages'.")),
    ({"max_tokens": 9}, Refusal("unknown_parameter", "max_tokens", "'max_tokens'.")),
    ({"text": {"bogus": 1}}, Refusal("unknown_parameter", "text.bogus", "'text.bogus'.")),
    ({"reasoning": {"x": 1}}, Refusal("unknown_parameter", "reasoning.x", "'reasoning.x'.")),
    (
        {"max_output_tokens": 15},
        Refusal("integer_below_min_value", "max_output_tokens", "a value >= 16, but got 15"),
    ),
    ({"truncation": "on"}, Refusal("invalid_value", "truncation", "are: 'auto' and 'disabled'.")),
    ({"include": ["x"]}, Refusal("invalid_value", "include[0]", "'file_search_call.results', ")),
    ({"service_tier": "x"}, Refusal("invalid_value", "service_tier", "Invalid value: 'x'.")),
    (
        {"stream_options": {"include_obfuscation": True}},
        Refusal(None, "stream_options", "only allowed when 'stream' is enabled."),
    ),
    (
        {"previous_response_id": "abc"},
        Refusal("invalid_value", "previous_response_id", "an ID that begins with 'resp'."),
    ),
    (
        {"conversation": {"id": "abc"}},
        Refusal("invalid_value", "conversation", "an ID that begins with 'conv'."),
    ),
    ({"tools": [{"type": "x"}]}, Refusal("invalid_value", "tools[0].type", "Invalid value: 'x'.")),
    (
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        Refusal("missing_required_parameter", "tools[0].name", "'tools[0].name'."),
    ),
    (
        {"tools": [FUNCTION | {"strict": True}]},
        Refusal(
            "invalid_function_parameters",
            "tools[0].parameters",
            "Invalid schema for function 'f': In context=(), 'additionalProperties' is required to "
            "be supplied and to be false.",
        ),
    ),
    (
        form(strict=True),
        Refusal("invalid_json_schema", "text.format.schema", "for response_format 'n': In context"),
    ),
    (form(name="a b"), Refusal("invalid_value", "text.format.name", "does not match pattern")),
]

INPUT: list[tuple[Any, Refusal]] = [
    (
        items({"role": "user", "content": "x", "name": "a"}),
        Refusal("unknown_parameter", "input[0].name", "Unknown parameter: 'input[0].name'."),
    ),
    (
        items(CALL | {"id": "item_1"}, OUTPUT),
        Refusal("invalid_value", "input[0].id", "Expected an ID that begins with 'fc'."),
    ),
    (
        items({"role": "assistant", "content": "x", "id": "a:b"}),
        Refusal("invalid_value", "input[0].id", "but this value contained additional characters."),
    ),
    (
        items({"role": "assistant", "content": "x", "id": "msg_" + "x" * 61}),
        Refusal("string_above_max_length", "input[0].id", "maximum length 64"),
    ),
    (
        items(OUTPUT),
        Refusal(None, "input", "No tool call found for function call output with call_id c1."),
    ),
    (items(CALL), Refusal(None, "input", "No tool output found for function call c1.")),
    (items(CUSTOM), Refusal(None, "input", "No tool output found for custom tool call c2.")),
    (
        parts({"type": "input_image", "image_url": "data:text/plain;base64,AA"}),
        Refusal(
            "invalid_value",
            "input[0].content[0].image_url",
            "but got unsupported MIME type 'text/plain'.",
        ),
    ),
    (
        parts({"type": "input_image", "detail": "auto"}),
        Refusal(
            "missing_mutually_exclusive_parameters",
            "input[0].content[0]",
            "providing exactly one of: 'file_id' or 'image_url'.",
        ),
    ),
    (
        parts({"type": "input_image", "image_url": "cat.png"}),
        Refusal("invalid_value", "input[0].content[0].image_url", "Expected a valid URL"),
    ),
    (
        items(CALL, OUTPUT | {"output": [{"type": "input_file", "file_data": "data:video/mp4,x"}]}),
        Refusal(
            "invalid_value",
            "input[1].output[0].file_data",
            "Invalid file data: 'input[1].output[0].file_data'. Expected a base64-encoded data URL",
        ),
    ),
]

RULES: list[tuple[Any, Refusal]] = [
    (
        {"previous_response_id": "resp_1", "conversation": "conv_1"},
        Refusal(
            "mutually_exclusive_parameters",
            None,
            "Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
        ),
    ),
    (
        {"previous_response_id": "resp_1"},
        Refusal(
            "previous_response_not_found",
            "previous_response_id",
            "Previous response with id 'resp_1' not found.",
        ),
    ),
    ({"tool_choice": "required"}, Refusal(None, "tool_choice", "Tool choice 'required' must be")),
    (
        {"tool_choice": {"type": "function", "name": "f"}},
        Refusal(None, "tool_choice", "Tool choice 'function' not found in 'tools' parameter."),
    ),
    (
        {"input": [{"role": "user", "content": [NO_PICTURE]}]},
        Refusal("invalid_value", "input", "does not represent a valid image. Please check your"),
    ),
    (
        {"text": {"format": {"type": "json_object"}}},
        Refusal(None, "input", "must contain the word 'json' in some form to use 'text.format'"),
    ),
    (
        {"model": "gpt-4.1", "reasoning": {"effort": "low"}},
        Refusal(
            "unsupported_parameter",
            "reasoning.effort",
            "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
        ),
    ),
    (
        {"model": "gpt-5.1", "reasoning": {"effort": "minimal"}},
        Refusal(
            "unsupported_value",
            "reasoning.effort",
            "Unsupported value: 'minimal' is not supported with the 'gpt-5.1' model. Supported "
            "values are: 'none', 'low', 'medium', and 'high'.",
        ),
    ),
    (
        {"model": "gpt-4o", "text": {"verbosity": "low"}},
        Refusal("unsupported_value", "text.verbosity", "Supported values are: 'medium'."),
    ),
    (
        {"model": "gpt-5", "temperature": 0.2},
        Refusal(None, "temperature", "'temperature' is not supported with this model."),
    ),
    (
        {"model": "gpt-4o", "include": ["reasoning.encrypted_content"]},
        Refusal(None, "include", "Encrypted content is not supported with this model."),
    ),
    (
        {"model": "gpt-4o-search-preview"},
        Refusal("model_not_found", "model", "is not supported with the Responses API."),
    ),
    (
        {"model": "gpt-5.2-proo"},
        Refusal("model_not_found", "model", "The requested model 'gpt-5.2-proo' does not exist."),
    ),
]


@pytest.mark.parametrize(("fields", "expected"), [*FIELDS, *INPUT, *RULES])
def test_refused(fields: Any, expected: Refusal) -> None:
    """Status, code, param and words are OpenAI's."""
    body = {"model": "gpt-5.4", "input": "Hi", **fields}
    assert refusal(OPENAI.respond(post(PATH, body))[0], expected) == expected


@pytest.mark.parametrize(
    "fields",
    [
        items({"role": "user", "content": "x"}, CALL, OUTPUT),
        items(CALL | {"id": "fc_1", "status": "completed"}, OUTPUT),
        items(CUSTOM, {"type": "custom_tool_call_output", "call_id": "c2", "output": "x"}),
        parts({"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"}),
        {"tools": [FUNCTION, {"type": "web_search"}], "tool_choice": "required"},
        {"reasoning": {"effort": "xhigh", "summary": "auto"}, "include": []},
        {"model": "gpt-5", "reasoning": {"effort": "minimal"}, "temperature": 1},
        {"model": "gpt-5.4", "temperature": 0.2},
        {"input": "In JSON.", "text": {"format": {"type": "json_object"}, "verbosity": "low"}},
        {"max_output_tokens": 16, "truncation": "auto", "store": False, "metadata": {"k": "v"}},
        {"prompt_cache_key": "x" * 64},
    ],
)
def test_taken(fields: Any) -> None:
    """What stands right at the limits is answered."""
    body = {"model": "gpt-5.4", "input": "Hi", **fields}
    answer, exchange = OPENAI.respond(post(PATH, body))
    assert answer.status == 200, exchange.error


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([OUTPUT | {"call_id": "c9"}], "No tool call found for function call output with call_id"),
        ("And now?", "No tool output found for function call"),
    ],
    ids=["another call", "no output"],
)
def test_stored_calls_are_paired_too(given: Any, words: str) -> None:
    """What continues a response answers its calls, and those only."""
    body = {"model": "gpt-5.4", "input": "Hi", "tools": [FUNCTION], "tool_choice": "required"}
    answer, _ = OPENAI.respond(post(PATH, body))
    assert isinstance(answer.body, bytes)
    body = {"model": "gpt-5.4", "previous_response_id": json.loads(answer.body)["id"]}
    refused, _ = OPENAI.respond(post(PATH, body | {"input": given}))
    expected = Refusal(None, "input", words)
    assert refusal(refused, expected) == expected


@pytest.mark.parametrize("path", ["/v1/responses/compact", "/v1/responses/input_tokens"])
def test_other_endpoints_have_their_own_fields(path: str) -> None:
    """Neither making short nor counting has a temperature."""
    body = {"model": "gpt-5.4", "input": "Hi", "temperature": 1}
    expected = Refusal("unknown_parameter", "temperature", "Unknown parameter: 'temperature'.")
    assert refusal(OPENAI.respond(post(path, body))[0], expected) == expected


def test_compatible() -> None:
    """A compatible API takes what OpenAI refuses."""
    body = {"model": "m", "input": [CALL], "bogus": 1, "reasoning": {"effort": "max"}}
    assert CreateResponse("ollama").parse(post(PATH, body)).model == "m"
