"""What OpenAI refuses at its smaller endpoints, and the fields that each endpoint knows."""

from typing import Any, get_type_hints

import pytest
from openai.types import completion_create_params, embedding_create_params
from openai.types import moderation_create_params as moderation
from openai.types.chat import completion_create_params as chat
from openai.types.responses import input_token_count_params, response_compact_params
from openai.types.responses import response_create_params as response

from fakeservers.wire.openai import chat_checks, completions, embeddings, moderations
from fakeservers.wire.openai.provider import PROVIDER
from fakeservers.wire.openai.responses import checks
from tests.fakeservers.support import fake, post
from tests.fakeservers.wire.openai.refusals import Refusal, refusal

OPENAI = fake(PROVIDER)
WHOLE: Any = {
    "/v1/completions": {"model": "davinci-002", "prompt": "Hi"},
    "/v1/embeddings": {"model": "text-embedding-3-small", "input": "Hi"},
    "/v1/moderations": {"input": "Hi"},
}
NOT_CHAT = "This is a chat model and not supported in the v1/completions endpoint. Did you mean to"


@pytest.mark.parametrize(
    ("path", "fields", "expected"),
    [
        ("completions", {"model": "gpt-4o"}, Refusal(None, "model", NOT_CHAT, status=404)),
        ("completions", {"x": 1}, Refusal(None, None, "Unrecognized request argument supplied: x")),
        ("completions", {"x": 1, "y": 2}, Refusal(None, None, "request arguments supplied: x, y")),
        (
            "completions",
            {"n": 2, "best_of": 1},
            Refusal(None, "best_of", "You must set 'n' (currently 2) to be at most 'best_of'"),
        ),
        (
            "completions",
            {"temperature": 3},
            Refusal("decimal_above_max_value", "temperature", "a value <= 2, but got 3"),
        ),
        (
            "completions",
            {"stop": list("abcde")},
            Refusal("array_above_max_length", "stop", "maximum length 4"),
        ),
        ("completions", {"prompt": 1}, Refusal("invalid_type", "prompt", "but got an integer")),
        (
            "embeddings",
            {"model": "gpt-4o"},
            Refusal(None, None, "You are not allowed to generate embeddings", status=403),
        ),
        (
            "embeddings",
            {"model": "nope"},
            Refusal("model_not_found", None, "The model `nope` does not exist", status=404),
        ),
        ("embeddings", {"x": 1}, Refusal(None, None, "Unrecognized request argument supplied: x")),
        ("embeddings", {"input": ""}, Refusal(None, None, "'$.input' is invalid.")),
        ("embeddings", {"input": ["a", ""]}, Refusal(None, None, "'$.input' is invalid.")),
        ("embeddings", {"input": []}, Refusal("empty_array", "input", "minimum length 1")),
        (
            "embeddings",
            {"input": ["x"] * 2049},
            Refusal("array_above_max_length", "input", "maximum length 2048"),
        ),
        (
            "embeddings",
            {"encoding_format": "hex"},
            Refusal("invalid_value", "encoding_format", "'float' and 'base64'."),
        ),
        (
            "embeddings",
            {"dimensions": 0},
            Refusal("integer_below_min_value", "dimensions", "a value >= 1, but got 0"),
        ),
        (
            "embeddings",
            {"model": "text-embedding-ada-002", "dimensions": 9},
            Refusal(None, None, "This model does not support specifying dimensions."),
        ),
        ("moderations", {"x": 1}, Refusal("unknown_parameter", "x", "Unknown parameter: 'x'.")),
        ("moderations", {"input": []}, Refusal("empty_array", "input", "minimum length 1")),
        (
            "moderations",
            {"input": ["x"] * 33},
            Refusal("array_above_max_length", "input", "maximum length 32"),
        ),
    ],
)
def test_refused(path: str, fields: Any, expected: Refusal) -> None:
    """Status, code, param and words are OpenAI's."""
    body = WHOLE[f"/v1/{path}"] | fields
    assert refusal(OPENAI.respond(post(f"/v1/{path}", body))[0], expected) == expected


@pytest.mark.parametrize("path", WHOLE)
def test_taken(path: str) -> None:
    """What holds the needed fields is answered."""
    assert OPENAI.respond(post(path, WHOLE[path]))[0].status == 200


@pytest.mark.parametrize(
    ("known", "params"),
    [
        (chat_checks.KEYS, chat.CompletionCreateParamsStreaming),
        (completions.KEYS, completion_create_params.CompletionCreateParamsStreaming),
        (embeddings.KEYS, embedding_create_params.EmbeddingCreateParams),
        (moderations.KEYS, moderation.ModerationCreateParams),
        (checks.KEYS, response.ResponseCreateParamsStreaming),
        (checks.COMPACT_KEYS, response_compact_params.ResponseCompactParams),
        (checks.COUNT_KEYS, input_token_count_params.InputTokenCountParams),
    ],
    ids=["chat", "completions", "embeddings", "moderations", "responses", "compact", "count"],
)
def test_every_field_of_the_sdk_is_known(known: Any, params: Any) -> None:
    """Neither more nor less: a new version of the SDK shows what there is to add."""
    assert set(known) == set(get_type_hints(params))
