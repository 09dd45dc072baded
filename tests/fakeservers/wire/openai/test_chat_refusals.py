"""What OpenAI refuses in a chat completion request: status, code, param and words, rule by rule."""

from typing import Any

import pytest

from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.support import fake, post
from tests.fakeservers.wire.openai.refusals import Refusal, refusal

USER: Any = {"role": "user", "content": "Hi"}
PICTURE: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
OBJECT: Any = {"type": "object", "properties": {}}
OPENAI = fake(PROVIDER)


def user(*parts: Any) -> Any:
    return {"messages": [{"role": "user", "content": list(parts)}]}


def tool(**fields: Any) -> Any:
    return {"type": "function", "function": {"name": "f", "parameters": OBJECT, **fields}}


def picture(**fields: Any) -> Any:
    return {"type": "image_url", "image_url": fields}


def called(id: str) -> Any:
    call = {"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answered = {"role": "tool", "tool_call_id": id, "content": "x"}
    return {"messages": [USER, {"role": "assistant", "tool_calls": [call]}, answered]}


FIELDS: list[tuple[Any, Refusal]] = [
    (
        {"tools": [tool()] * 129},
        Refusal("array_above_max_length", "tools", "maximum length 128, but got an array with"),
    ),
    (
        {"tools": [tool(name="")]},
        Refusal("empty_string", "tools[0].function.name", "minimum length 1, but got an empty"),
    ),
    (
        {"tools": [{"type": "function"}]},
        Refusal("missing_required_parameter", "tools[0].function", "'tools[0].function'."),
    ),
    (
        {"tools": [tool(parameters={"type": "object"})]},
        Refusal(
            "invalid_function_parameters",
            "tools[0].function.parameters",
            "Invalid schema for function 'f': In context=(), object schema missing properties.",
        ),
    ),
    (
        {"tools": [tool(strict=True)]},
        Refusal(
            "invalid_function_parameters",
            "tools[0].function.parameters",
            "In context=(), 'additionalProperties' is required to be supplied and to be false.",
        ),
    ),
    (
        {"functions": [{"name": "f", "parameters": {"type": "string"}}]},
        Refusal(
            "invalid_function_parameters",
            "functions[0].parameters",
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"string\"'.",
        ),
    ),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "strict": True, "schema": OBJECT},
            }
        },
        Refusal(
            None,
            "response_format",
            "Invalid schema for response_format 'n': In context=(), 'additionalProperties' is",
        ),
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": OBJECT}}},
        Refusal(
            "missing_required_parameter",
            "response_format.json_schema.name",
            "'response_format.json_schema.name'.",
        ),
    ),
    (
        {"top_logprobs": 2},
        Refusal(None, "top_logprobs", "only allowed when 'logprobs' is enabled."),
    ),
    (
        {"logit_bias": {"50": 101}},
        Refusal("decimal_above_max_value", "logit_bias.50", "a value <= 100, but got 101"),
    ),
    (
        {"safety_identifier": "x" * 65},
        Refusal("string_above_max_length", "safety_identifier", "a string with length 65"),
    ),
    (
        {"store": True, "metadata": {"k": "v" * 513}},
        Refusal("string_above_max_length", "metadata.k", "maximum length 512"),
    ),
    (
        {"store": True, "metadata": {str(n): "v" for n in range(17)}},
        Refusal("object_above_max_properties", "metadata", "at most 16 properties"),
    ),
    ({"metadata": {"k": "v"}}, Refusal(None, "metadata", "only allowed when 'store' is enabled")),
    (
        {"modalities": ["smell"]},
        Refusal("invalid_value", "modalities[0]", "Supported values are: 'text' and 'audio'."),
    ),
    ({"n": 129}, Refusal("integer_above_max_value", "n", "a value <= 128, but got 129")),
    (
        {"model": "gpt-5.6", "n": 9},
        Refusal("integer_above_max_value", "n", "a value <= 8, but got 9"),
    ),
]

MESSAGES: list[tuple[Any, Refusal]] = [
    (user(), Refusal("empty_array", "messages[0].content", "minimum length 1")),
    (
        {"messages": [USER | {"name": "a b"}]},
        Refusal("invalid_value", "messages[0].name", r"the pattern '^[^\s<|\\/>]+$'."),
    ),
    (
        {"messages": [USER, {"role": "assistant", "content": "x", "tool_calls": []}]},
        Refusal("empty_array", "messages[1].tool_calls", "minimum length 1"),
    ),
    (
        called("c" * 41),
        Refusal("string_above_max_length", "messages[1].tool_calls[0].id", "maximum length 40"),
    ),
    (
        user(picture(url="data:application/pdf;base64,AA")),
        Refusal("invalid_image_format", None, "Invalid MIME type. Only image types are supported."),
    ),
    (
        user(picture(url="cat.png")),
        Refusal("invalid_value", "messages[0].content[0].image_url.url", "Expected a valid URL"),
    ),
    (
        user(picture()),
        Refusal(
            "missing_required_parameter",
            "messages[0].content[0].image_url.url",
            "Missing required parameter",
        ),
    ),
    (
        user(picture(url="https://x.test/a.png", detail="best")),
        Refusal("invalid_value", "messages[0].content[0].image_url.detail", "'low', 'high', and"),
    ),
    (
        {"model": "gpt-3.5-turbo", **user(PICTURE)},
        Refusal(
            None,
            "messages.[0].content.[0].type",
            "Invalid content type. image_url is only supported by certain models.",
        ),
    ),
]

MODELS: list[tuple[Any, Refusal]] = [
    (
        {"model": "gpt-4o", "reasoning_effort": "low"},
        Refusal(None, None, "Unrecognized request argument supplied: reasoning_effort"),
    ),
    (
        {"model": "gpt-5-mini", "reasoning_effort": "none"},
        Refusal(
            "unsupported_value",
            "reasoning_effort",
            "Unsupported value: 'reasoning_effort' does not support 'none' with this model. "
            "Supported values are: 'minimal', 'low', 'medium', and 'high'.",
        ),
    ),
    (
        {"model": "gpt-5.2-chat-latest", "reasoning_effort": "high"},
        Refusal("unsupported_value", "reasoning_effort", "Supported values are: 'medium'."),
    ),
    (
        {"model": "gpt-4.1", "verbosity": "low"},
        Refusal("unsupported_value", "verbosity", "Supported values are: 'medium'."),
    ),
    (
        {"model": "gpt-4o", "web_search_options": {"search_context_size": "low"}},
        Refusal(None, "web_search_options", "Web search options not supported with this model."),
    ),
    (
        {"max_tokens": 9, "max_completion_tokens": 9},
        Refusal("invalid_parameter_combination", "max_tokens", "Setting 'max_tokens' and 'max_"),
    ),
    (
        user(picture(url="data:image/svg+xml;base64,PHN2Zz4=")),
        Refusal("invalid_image_format", None, "one the following formats: ['png', 'jpeg', 'gif'"),
    ),
    (
        user(picture(url="data:image/png;base64,no picture")),
        Refusal("invalid_image_format", None, "You uploaded an unsupported image."),
    ),
    (
        {"moderation": {"policy": {}}},
        Refusal("missing_required_parameter", "moderation.model", "'moderation.model'."),
    ),
    (
        {"model": "o3-mini", "temperature": 0.2},
        Refusal("unsupported_parameter", "temperature", "is not supported with this model."),
    ),
    (
        {"model": "o1", "tools": [tool()], "parallel_tool_calls": False},
        Refusal("unsupported_parameter", "parallel_tool_calls", "not supported with this model."),
    ),
    (
        {"model": "gpt-3.5-turbo", "response_format": {"type": "json_schema"}},
        Refusal("missing_required_parameter", "response_format.json_schema", "json_schema'."),
    ),
    (
        {
            "model": "gpt-3.5-turbo",
            "response_format": {"type": "json_schema", "json_schema": {"name": "n"}},
        },
        Refusal(None, None, "'response_format' of type 'json_schema' is not supported with this"),
    ),
    (
        {"model": "gpt-4", "response_format": {"type": "json_object"}},
        Refusal(None, "response_format", "of type 'json_object' is not supported with this model."),
    ),
    (
        {"model": "o1-pro"},
        Refusal(
            None,
            "model",
            "This model is only supported in v1/responses and not in v1/chat/completions.",
            status=404,
        ),
    ),
    (
        {"model": "davinci-002"},
        Refusal(
            None,
            "model",
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
            "Did you mean to use v1/completions?",
            status=404,
        ),
    ),
    (
        {"model": "gpt-4o-nope"},
        Refusal("model_not_found", None, "The model `gpt-4o-nope` does not exist", status=404),
    ),
]


@pytest.mark.parametrize(("fields", "expected"), [*FIELDS, *MESSAGES, *MODELS])
def test_refused(fields: Any, expected: Refusal) -> None:
    """Status, code, param and words are OpenAI's."""
    body = {"model": "gpt-4o", "messages": [USER], **fields}
    assert refusal(OPENAI.respond(post("/v1/chat/completions", body))[0], expected) == expected


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"messages": ..., "bogus": 1}, "missing_required_parameter"),
        ({"bogus": 1, "temperature": 9}, "unknown_parameter"),
        ({"temperature": 9, "tools": []}, "empty_array"),
        ({"top_p": 9, "temperature": -9}, "decimal_below_min_value"),
        ({"temperature": 9, "messages": [USER | {"name": "a b"}]}, "invalid_value"),
        ({"model": "gpt-5", "max_tokens": 9, "top_p": 9}, "decimal_above_max_value"),
    ],
)
def test_order(fields: Any, code: str) -> None:
    """What is absent comes first, then unknown fields, fields in OpenAI's order, the model."""
    body = {"model": "gpt-4o", "messages": [USER], **fields}
    body = {key: value for key, value in body.items() if value is not ...}
    answer, exchange = OPENAI.respond(post("/v1/chat/completions", body))
    assert exchange.error is not None
    assert (answer.status, exchange.error.code) == (400, code)


@pytest.mark.parametrize(
    "fields",
    [
        user(PICTURE, picture(url="https://x.test/a.png", detail="low")),
        {"tools": [tool(strict=False), tool(name="g", parameters=None)]},
        {"tools": [tool(strict=True, parameters=OBJECT | {"additionalProperties": False})]},
        {"logprobs": True, "top_logprobs": 20, "logit_bias": {"50": -100}},
        {"model": "gpt-5.1", "reasoning_effort": "none", "temperature": 0.2},
        {"model": "gpt-5.6", "reasoning_effort": "max"},
        {"model": "gpt-4o", "max_tokens": 16_384, "n": 128},
        {"store": True, "metadata": {"k": "v" * 512}},
        called("c" * 40),
    ],
)
def test_taken(fields: Any) -> None:
    """What stands right at the limits is answered."""
    body = {"model": "gpt-4o", "messages": [USER], **fields}
    answer, exchange = OPENAI.respond(post("/v1/chat/completions", body))
    assert answer.status == 200, exchange.error
