"""What the Ollama server refuses, and in which words; what it takes, it takes here too."""

from typing import Any

import pytest

from fakeservers.wire.ollama.provider import PROVIDER
from tests.fakeservers.wire.refusing import Asker

CHAT, GENERATE, EMBED = "/api/chat", "/api/generate", "/api/embed"
OPENAI, ANTHROPIC = "/v1/chat/completions", "/v1/messages"
HI = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
BODIES: dict[str, dict[str, Any]] = {
    CHAT: {"model": "llama3.2", "messages": [HI]},
    GENERATE: {"model": "llama3.2", "prompt": "Hi"},
    EMBED: {"model": "nomic-embed-text", "input": "Hi"},
    OPENAI: {"model": "llama3.2", "messages": [HI]},
    ANTHROPIC: {"model": "llama3.2", "max_tokens": 5, "messages": [HI]},
    "/v1/completions": {"model": "llama3.2", "prompt": "Hi"},
    "/v1/embeddings": {"model": "nomic-embed-text", "input": "Hi"},
}
LONG = "word " * 400
BAD_IMAGE = "illegal base64 data at input byte 1"


@pytest.fixture(scope="module")
def ask() -> Asker:
    return Asker(PROVIDER, CHAT, {})


def image(url: str) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": url}}
    return {"messages": [{"role": "user", "content": [part]}]}


def call(arguments: str) -> dict[str, Any]:
    called = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}]
    return {"messages": [HI, {"role": "assistant", "tool_calls": called}]}


NATIVE = [
    (CHAT, {"think": True}, '"llama3.2" does not support thinking'),
    (GENERATE, {"think": "low"}, '"llama3.2" does not support thinking'),
    (CHAT, {"model": "nomic-embed-text"}, '"nomic-embed-text" does not support chat'),
    (GENERATE, {"model": "nomic-embed-text"}, '"nomic-embed-text" does not support generate'),
    (
        CHAT,
        {"model": "llama3", "tools": [TOOL]},
        "registry.ollama.ai/library/llama3:latest does not support tools",
    ),
    (
        CHAT,
        {"options": {"num_ctx": 200}, "truncate": False, "messages": [{**HI, "content": LONG}]},
        "the input length exceeds the context length",
    ),
    (CHAT, {"messages": [{**HI, "images": ["a!"]}]}, BAD_IMAGE),
    (GENERATE, {"images": ["a!"]}, BAD_IMAGE),
]
COMPATIBLE = [
    (OPENAI, {"messages": []}, "[] is too short - 'messages'"),
    (OPENAI, {"model": ""}, "model is required"),
    (
        OPENAI,
        {"messages": [{"role": "user", "content": None}]},
        "invalid message content type: <nil>",
    ),
    (
        OPENAI,
        {"messages": [{"role": "user", "content": [{"type": "file"}]}]},
        "invalid message format",
    ),
    (
        OPENAI,
        image("https://example.com/a.png"),
        "image URLs are not currently supported, please use base64 encoded data instead",
    ),
    (OPENAI, image("data:image/bmp;base64,aGk="), "invalid image input"),
    (OPENAI, call("{"), "invalid tool call arguments"),
    (
        OPENAI,
        {"reasoning_effort": "hard"},
        'invalid reasoning value: \'hard\' (must be "high", "medium", "low", "max", or "none")',
    ),
    (
        OPENAI,
        {"temperature": "hot"},
        "json: cannot unmarshal string into Go struct field ChatCompletionRequest.temperature of "
        "type float64",
    ),
    ("/v1/completions", {"stop": [1]}, "invalid type for 'stop' field: float64"),
    ("/v1/embeddings", {"input": ""}, "invalid input"),
    (ANTHROPIC, {"max_tokens": 0}, "max_tokens is required and must be positive"),
    (ANTHROPIC, {"messages": []}, "messages is required"),
    (ANTHROPIC, {"model": ""}, "model is required"),
]


@pytest.mark.parametrize(("path", "fields", "message"), NATIVE)
def test_refused(ask: Asker, path: str, fields: Any, message: str) -> None:
    """A request that the server or its model cannot serve is refused in the server's words."""
    answer = ask({**BODIES[path], **fields}, path)
    assert (answer.status, answer.body) == (400, {"error": message})


@pytest.mark.parametrize(("path", "fields", "message"), COMPATIBLE)
def test_compatible(ask: Asker, path: str, fields: Any, message: str) -> None:
    """The compatible APIs tell faults in the server's words, inside the copied envelope."""
    answer = ask({**BODIES[path], **fields}, path)
    assert (answer.status, answer.body["error"]["message"]) == (400, message)
    assert answer.body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(("path", "fields"), [row[:2] for row in NATIVE])
def test_not_validated(ask: Asker, path: str, fields: Any) -> None:
    """A fake that does not validate answers whatever it can read."""
    assert ask({**BODIES[path], **fields}, path, validates=False).status == 200


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        *((path, {"bogus": 1}) for path in BODIES),
        (CHAT, {"think": False}),
        (CHAT, {"model": "qwen3", "think": "low", "tools": [TOOL]}),
        (CHAT, {"options": {"num_ctx": 200}, "messages": [{**HI, "content": LONG}]}),
        (OPENAI, {"messages": [{**HI, "content": LONG * 9}], "model": "olmo2"}),
        (OPENAI, image("data:image/png;base64,aGk=")),
        (OPENAI, call("{}")),
        (ANTHROPIC, {"thinking": {"type": "enabled", "budget_tokens": 1}}),
        (EMBED, {"input": LONG * 9}),
        (EMBED, {"model": "llama3.2"}),
    ],
)
def test_taken(ask: Asker, path: str, fields: Any) -> None:
    """Unknown fields are ignored and prompts that are too long are cut, as by the server."""
    answer = ask({**BODIES[path], **fields}, path)
    assert answer.status == 200, answer.text


def test_embedding_uncut(ask: Asker) -> None:
    """A text that is not to be cut must fit."""
    answer = ask({**BODIES[EMBED], "input": LONG * 9, "truncate": False}, EMBED)
    assert (answer.status, answer.body["error"]) == (
        400,
        "the input length exceeds the context length",
    )
