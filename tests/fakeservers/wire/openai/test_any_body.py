"""Whatever a body holds, the endpoints answer with an error of their own at worst."""

from typing import Any

import httpx2
import openai
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.wire.base import Answer
from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.support import fake, post
from tests.fakeservers.wire.mutations import near

FUNCTION: Any = {
    "name": "f",
    "description": "x",
    "parameters": {"type": "object", "properties": {}},
}
CALL: Any = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT: dict[str, Any] = {
    "model": "gpt-5.1",
    "messages": [
        {"role": "developer", "content": "json"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "x"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                {"type": "file", "file": {"file_data": "AA"}},
            ],
        },
        {"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": "x"},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": ""}]},
        {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "x"},
    ],
    "tools": [{"type": "function", "function": FUNCTION}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": True,
    "response_format": {"type": "json_object"},
    "reasoning_effort": "none",
    "max_completion_tokens": 100,
    "n": 2,
    "stop": ["x"],
    "temperature": 1,
    "logprobs": True,
    "top_logprobs": 2,
    "metadata": {"k": "v"},
    "store": True,
    "stream": True,
    "stream_options": {"include_usage": True, "include_obfuscation": False},
    "service_tier": "auto",
}
CUSTOM: dict[str, Any] = {
    "model": "gpt-5",
    "messages": [{"role": "user", "content": "x"}],
    "tools": [{"type": "custom", "custom": {"name": "sh"}, "function": FUNCTION}],
    "tool_choice": "required",
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
}
LEGACY: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "x"}],
    "functions": [FUNCTION],
    "function_call": {"name": "f"},
}
PLAIN: dict[str, Any] = {
    "model": "davinci-002",
    "prompt": ["x", [1, 2]],
    "n": 1,
    "echo": True,
    "logprobs": 2,
    "max_tokens": 5,
    "stop": "x",
    "stream": True,
    "stream_options": {"include_usage": True},
}
EMBED: dict[str, Any] = {
    "model": "text-embedding-3-small",
    "input": ["x", [1, 2]],
    "dimensions": 8,
    "encoding_format": "base64",
}
MODERATE: dict[str, Any] = {
    "model": "omni-moderation-latest",
    "input": [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "x"}}],
}
WHOLE = [
    ("/v1/chat/completions", CHAT),
    ("/v1/chat/completions", CUSTOM),
    ("/v1/chat/completions", LEGACY),
    ("/v1/chat/completions/x", {"metadata": {"k": "v"}}),
    ("/v1/completions", PLAIN),
    ("/v1/embeddings", EMBED),
    ("/v1/moderations", MODERATE),
]
OPENAI = fake(PROVIDER)
LENIENT = fake(PROVIDER, validation="off")
CLIENT = openai.OpenAI(api_key="k")
ERRORS = {
    400: openai.BadRequestError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
}


def asked(*wholes: tuple[str, Any]) -> st.SearchStrategy[tuple[str, Any]]:
    """A path, and a body that is nearly right there, or any other."""
    return st.one_of([st.tuples(st.just(path), near(whole)) for path, whole in wholes])


def raised(answer: Answer) -> Any:
    """What the SDK makes of an answer that is an error."""
    request = httpx2.Request("POST", "http://127.0.0.1/v1")
    response = httpx2.Response(
        answer.status, headers=list(answer.headers), content=answer.body, request=request
    )
    return CLIENT._make_status_error_from_response(response)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(sent=asked(*WHOLE))
def test_any_body_is_survived(sent: tuple[str, Any]) -> None:
    """No body is answered with a server's error, nor with an error without the envelope."""
    answer, exchange = OPENAI.respond(post(*sent))
    assert answer.status == 200 or answer.status in ERRORS, exchange.problem
    if not isinstance(answer.body, bytes):
        assert [frame.data for frame in answer.body][-1] == b"data: [DONE]\n\n"
    elif answer.status != 200:
        error = raised(answer)
        assert list(error.body) == ["message", "type", "param", "code"]
        assert type(error) is ERRORS[answer.status]
        assert error.type == "invalid_request_error"


def test_whole_bodies_are_right() -> None:
    """The bodies from which the others are made are answered."""
    told = [OPENAI.respond(post(path, whole))[0].status for path, whole in WHOLE]
    assert told == [200, 200, 200, 404, 200, 200, 200]


@settings(max_examples=400, derandomize=True, deadline=None)
@given(sent=asked(*WHOLE))
def test_any_body_is_answered_without_validation(sent: tuple[str, Any]) -> None:
    """What is wrong is left out, and the rest is answered to the end."""
    answer, exchange = LENIENT.respond(post(*sent))
    assert answer.status == 200, exchange.problem
    if not isinstance(answer.body, bytes):
        assert [frame.data for frame in answer.body][-1] == b"data: [DONE]\n\n"
