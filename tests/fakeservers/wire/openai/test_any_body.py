"""Whatever a body holds, the endpoints answer with an error of their own at worst."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.support import fake, post

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
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
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
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["user", "tool", "function", "custom", "json_schema", "text", "c1", "f"])
)
ANY = (
    LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.text(max_size=8), LEAVES, max_size=2)
)


def keys(value: Any) -> Any:
    if isinstance(value, list):
        return range(len(value))
    return value if isinstance(value, dict) else ()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all that stands in a value."""
    for key in keys(value):
        yield (*path, key)
        yield from places(value[key], (*path, key))


def changed(whole: Any, changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    """The whole body with other values in some places, as far as they still exist."""
    body: Any = deepcopy(whole)
    for (*way, last), value in changes:
        holder = body
        for key in way:
            holder = holder[key] if key in keys(holder) else None
        if last in keys(holder):
            holder[last] = value
    return body


def of(path: str, whole: Any) -> st.SearchStrategy[tuple[str, Any]]:
    """Bodies that are nearly right, and any others."""
    changes = st.lists(st.tuples(st.sampled_from(list(places(whole))), ANY), max_size=3)
    near = changes.map(lambda found: changed(whole, found))
    return st.tuples(st.just(path), near | ANY)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(asked=st.one_of([of(path, whole) for path, whole in WHOLE]))
def test_any_body_is_survived(asked: tuple[str, Any]) -> None:
    """No body is answered with a server's error, nor with an error without the envelope."""
    answer, exchange = OPENAI.respond(post(*asked))
    assert answer.status in (200, 400, 404), exchange.problem
    if not isinstance(answer.body, bytes):
        assert [frame.data for frame in answer.body][-1] == b"data: [DONE]\n\n"
    elif answer.status != 200:
        error = json.loads(answer.body)["error"]
        assert list(error) == ["message", "type", "param", "code"]


def test_whole_bodies_are_right() -> None:
    """The bodies from which the others are made are answered."""
    told = [OPENAI.respond(post(path, whole))[0].status for path, whole in WHOLE]
    assert told == [200, 200, 200, 404, 200, 200, 200]
