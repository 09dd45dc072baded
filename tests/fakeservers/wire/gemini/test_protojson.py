"""Protobuf's JSON mapping: spelling, repetition, nesting, syntax."""

from typing import Any

import pytest

HI = {"contents": [{"parts": [{"text": "Hi"}]}]}


@pytest.mark.parametrize(
    "body",
    [
        {"generationConfig": {"maxOutputTokens": 7, "stopSequences": ["END"]}},
        {"generation_config": {"max_output_tokens": 7, "stop_sequences": ["END"]}},
        {"generationConfig": {"max_output_tokens": "7", "stopSequences": "END"}},
        {"generation_config": {"maxOutputTokens": 7.0, "stopSequences": ["END"], "seed": None}},
    ],
    ids=["camel", "snake", "mixed", "numbers"],
)
def test_fields_have_two_spellings(parsed: Any, body: dict[str, Any]) -> None:
    """camelCase and snake_case are the same field; integers may be digits, arrays one value."""
    request = parsed({**HI, **body})
    assert (request.max_tokens, request.stop) == (7, ("END",))


def test_a_single_value_is_an_array_of_one(parsed: Any) -> None:
    """A repeated field takes its only element without brackets."""
    request = parsed({"contents": {"parts": {"text": "Hi"}}})
    assert request.prompt == "Hi"


def test_free_form_keys_stay_as_they_are(parsed: Any) -> None:
    """Arguments, responses and JSON schemas are data: their keys are not respelled."""
    schema = {"type": "object", "properties": {"max_output_tokens": {"type": "string"}}}
    call = {"name": "f", "args": {"snake_case": {"in_side": 1}}}
    declared = {"name": "f", "parameters_json_schema": schema}
    request = parsed(
        {
            "contents": [
                {"role": "user", "parts": [{"text": "Hi"}]},
                {"role": "model", "parts": [{"function_call": call}]},
                {"role": "user", "parts": [{"text": "go on"}]},
            ],
            "tools": [{"function_declarations": [declared]}],
        }
    )
    assert request.messages[1].parts[0].arguments == {"snake_case": {"in_side": 1}}
    assert request.tools[0].parameters == schema


def test_unknown_names_are_all_named(ask: Any) -> None:
    """Every unknown field of a known message is told, with its place in snake_case."""
    error = ask(body={**HI, "nope": 1, "generationConfig": {"foo": 1}}).error
    top = 'Invalid JSON payload received. Unknown name "nope": Cannot find field.'
    nested = (
        "Invalid JSON payload received. Unknown name \"foo\" at 'generation_config': "
        "Cannot find field."
    )
    assert error["message"] == f"{top}\n{nested}"
    assert error["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [
                {"description": top},
                {"field": "generation_config", "description": nested},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"systemInstruction": "Be brief."},
            "Invalid value at 'system_instruction' (type.googleapis.com/"
            'google.ai.generativelanguage.v1beta.Content), "Be brief."',
        ),
        (
            {"generationConfig": {"maxOutputTokens": "many"}},
            "Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), \"many\"",
        ),
        (
            {"systemInstruction": [{"parts": [{"text": "x"}]}]},
            'Invalid JSON payload received. Unknown name "system_instruction": '
            "Proto field is not repeating, cannot start list.",
        ),
        (
            {"toolConfig": {"functionCallingConfig": {"mode": "SOMETIMES"}}},
            "Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/"
            'google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), "SOMETIMES"',
        ),
    ],
    ids=["text for a message", "text for a number", "array", "enum"],
)
def test_wrong_types(ask: Any, body: dict[str, Any], message: str) -> None:
    """A value of the wrong type is told with its place and the type that was wanted."""
    heard = ask(body={**HI, **body})
    assert (heard.status, heard.error["status"]) == (400, "INVALID_ARGUMENT")
    assert heard.error["message"] == message


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"contents": nope}', "Expected a value."),
        (b'{"contents": [}', "Expected a value."),
        (b'{"contents" 1}', "Expected : between key:value pair."),
        (b'{"contents": ', "Unexpected end of string. Expected a value."),
        (b"[]", 'Unknown name "": Root element must be a message.'),
        (b'{"a": "\xff"}', "Encountered non UTF-8 code points."),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "Message too deep."),
        (b"[" * 100_000, "Message too deep."),
    ],
    ids=["word", "bracket", "colon", "end", "array", "bytes", "deep", "deepest"],
)
def test_broken_json(ask: Any, body: bytes, problem: str) -> None:
    """A body that is no JSON object gets the words of protobuf's parser."""
    heard = ask(body=body)
    assert (heard.status, heard.error["status"]) == (400, "INVALID_ARGUMENT")
    assert heard.error["message"].startswith(f"Invalid JSON payload received. {problem}")


def test_an_empty_body_is_an_empty_message(ask: Any) -> None:
    """Nothing at all is read as `{}`, which lacks the contents."""
    heard = ask(body=b"")
    assert (
        heard.error["message"] == "* GenerateContentRequest.contents: contents is not specified\n"
    )
