"""Whatever a body holds, the Responses API answers with an error of its own at worst."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.support import fake, post

CLOSED: Any = {
    "type": "object",
    "properties": {},
    "required": [],
    "additionalProperties": False,
}
ITEMS: list[Any] = [
    {"role": "developer", "content": "x"},
    {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": "x"},
            {"type": "input_image", "image_url": "data:image/png;base64,AA"},
            {"type": "input_file", "file_data": "AA"},
        ],
    },
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "x"}]},
    {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}", "id": "fc_1"},
    {
        "type": "function_call_output",
        "call_id": "c1",
        "output": [{"type": "input_text", "text": ""}],
    },
    {"type": "custom_tool_call", "call_id": "c2", "name": "c", "input": "x"},
    {"type": "custom_tool_call_output", "call_id": "c2", "output": "x"},
    {"type": "item_reference", "id": "msg_1"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed"},
    {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "h"}]},
    {"role": "assistant", "content": [{"type": "output_text", "text": "x"}]},
]
TOOLS: list[Any] = [
    {"type": "function", "name": "f", "parameters": CLOSED, "strict": True},
    {"type": "custom", "name": "c"},
    {"type": "web_search", "user_location": {"type": "approximate"}, "filters": None},
    {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "g"}]},
    {"type": "mcp", "server_label": "s", "authorization": "x"},
]
WHOLE: dict[str, Any] = {
    "model": "gpt-5",
    "input": ITEMS,
    "instructions": "x",
    "tools": TOOLS,
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"name": "f"}]},
    "parallel_tool_calls": True,
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}},
    "reasoning": {"effort": "low", "summary": "auto", "context": "auto"},
    "max_output_tokens": 100,
    "temperature": 1,
    "top_logprobs": 2,
    "include": ["message.output_text.logprobs"],
    "metadata": {"k": "v"},
    "store": True,
    "stream": True,
    "stream_options": {"include_obfuscation": True},
    "conversation": {"id": "conv_1"},
    "prompt": {"id": "pmpt_1"},
    "service_tier": "auto",
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
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


def changed(changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    """The whole body with other values in some places, as far as they still exist."""
    body: Any = deepcopy(WHOLE)
    for (*way, last), value in changes:
        holder = body
        for key in way:
            holder = holder[key] if key in keys(holder) else None
        if last in keys(holder):
            holder[last] = value
    return body


BODY = st.lists(st.tuples(st.sampled_from(list(places(WHOLE))), ANY), max_size=3).map(changed) | ANY


def test_any_body_is_survived() -> None:
    """No body makes the server fail, nor an answer that cannot be read to its end."""
    openai = fake(PROVIDER)
    referred = {"type": "message", "id": "msg_1", "role": "user", "content": "Hi"}
    openai.respond(post("/v1/responses", {"model": "gpt-5", "input": [referred]}))

    @settings(max_examples=200, derandomize=True, deadline=None)
    @given(body=BODY, path=st.sampled_from(["/v1/responses", "/v1/responses/input_tokens"]))
    def survived(body: Any, path: str) -> None:
        answer, _ = openai.respond(post(path, body))
        assert answer.status in (200, 400, 404)
        if not isinstance(answer.body, bytes):
            assert sum(1 for _ in answer.body) > 3

    survived()
