"""A fake that does not validate answers whatever is JSON, at every endpoint of every provider."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.wire.anthropic.provider import PROVIDER as CLAUDE
from fakeservers.wire.gemini.provider import PROVIDER as GEMINI
from fakeservers.wire.ollama.provider import PROVIDER as OLLAMA
from tests.fakeservers.support import fake, post
from tests.fakeservers.wire.mutations import near

MESSAGES: Any = {
    "model": "nope",
    "max_tokens": 9,
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "x"},
                {"type": "image", "source": {"type": "base64", "media_type": "x", "data": "AA"}},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "t1",
                    "content": [{"type": "text", "text": "y"}],
                }
            ],
        },
    ],
    "tools": [{"name": "f", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "tool", "name": "f"},
    "system": [{"type": "text", "text": "s"}],
    "stop_sequences": ["x"],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "stream": True,
    "temperature": 1,
    "metadata": {"user_id": "x"},
}
GENERATE: Any = {
    "contents": [
        {"role": "user", "parts": [{"text": "x"}, {"inlineData": {"mimeType": "x", "data": "AA"}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]},
    ],
    "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": {"maxOutputTokens": 9, "candidateCount": 2, "stopSequences": ["x"]},
    "systemInstruction": {"parts": [{"text": "s"}]},
}
CHAT: Any = {
    "model": "nope",
    "messages": [
        {"role": "user", "content": "x", "images": ["AA=="]},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "tool", "content": "y"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "format": {"type": "object"},
    "options": {"temperature": 1, "num_predict": 9, "stop": ["x"]},
    "think": "high",
    "keep_alive": "5m",
    "top_logprobs": 2,
}
PART: Any = {"content": {"parts": [{"text": "x"}]}, "outputDimensionality": 9}
ASKED = {
    "claude messages": (CLAUDE, "/v1/messages", MESSAGES),
    "claude count": (CLAUDE, "/v1/messages/count_tokens", MESSAGES),
    "gemini generate": (GEMINI, "/v1/models/nope:generateContent", GENERATE),
    "gemini count": (GEMINI, "/v1/models/nope:countTokens", {"generateContentRequest": GENERATE}),
    "gemini embed": (GEMINI, "/v1/models/nope:batchEmbedContents", {"requests": [PART, PART]}),
    "ollama chat": (OLLAMA, "/api/chat", CHAT),
    "ollama generate": (OLLAMA, "/api/generate", {**CHAT, "prompt": "x", "context": [1]}),
    "ollama embed": (OLLAMA, "/api/embed", {"model": "nope", "input": ["x"], "keep_alive": 0}),
}
EXAMPLES = 150


@pytest.mark.parametrize("name", ASKED)
def test_any_body_is_answered(name: str) -> None:
    """What is wrong is left out, and the rest is answered to the end."""
    provider, path, whole = ASKED[name]
    lenient = fake(provider, validation="off")

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
    @given(body=st.just(whole) | near(whole))
    def answered(body: Any) -> None:
        answer, exchange = lenient.respond(post(path, body))
        assert answer.status == 200, exchange.problem or exchange.error
        assert isinstance(answer.body, bytes) or list(answer.body)

    answered()
