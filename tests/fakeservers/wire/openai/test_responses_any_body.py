"""Whatever a body holds, the Responses API answers with an error of its own at worst."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.support import fake, post
from tests.fakeservers.wire.mutations import near

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
            {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="},
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
    "prompt": {"id": "pmpt_1"},
    "service_tier": "auto",
}
TOGETHER = {"previous_response_id": "resp_x", "conversation": "conv_x"}
PATHS = ("/v1/responses", "/v1/responses/input_tokens", "/v1/responses/compact")
REFERRED: Any = {"type": "message", "id": "msg_1", "role": "user", "content": "Hi"}


def served(**options: Any) -> Any:
    """A fake that has stored the item to which the whole body refers."""
    openai = fake(PROVIDER, **options)
    openai.respond(post("/v1/responses", {"model": "gpt-5", "input": [REFERRED]}))
    return openai


def test_the_whole_body_is_right() -> None:
    """The body from which the others are made is answered."""
    assert served().respond(post("/v1/responses", WHOLE))[0].status == 200


OPENAI = served()
LENIENT = served(validation="off")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(body=near(WHOLE), path=st.sampled_from(PATHS))
def test_any_body_is_survived(body: Any, path: str) -> None:
    """No body makes the server fail, nor an answer that cannot be read to its end."""
    answer, exchange = OPENAI.respond(post(path, body))
    assert answer.status in (200, 400, 404), exchange.problem
    if not isinstance(answer.body, bytes):
        assert sum(1 for _ in answer.body) > 3


@settings(max_examples=300, derandomize=True, deadline=None)
@given(body=near(WHOLE | TOGETHER), path=st.sampled_from(PATHS))
def test_any_body_is_answered_without_validation(body: Any, path: str) -> None:
    """What is wrong is left out, and the rest is answered to the end."""
    answer, exchange = LENIENT.respond(post(path, body))
    assert answer.status == 200, exchange.problem
    if not isinstance(answer.body, bytes):
        # Begun, in progress and ended, even where no token may be said.
        assert sum(1 for _ in answer.body) >= 3
