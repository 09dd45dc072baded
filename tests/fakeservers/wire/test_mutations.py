"""Requests that are nearly right: a valid body with a few values changed, left out or put in.

Whatever becomes of it, the fake itself never fails, and what it refuses the provider's own SDK
reads as the provider's error.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeservers.wire.anthropic.provider import PROVIDER as CLAUDE
from fakeservers.wire.base import Provider
from fakeservers.wire.gemini.provider import PROVIDER as GEMINI
from fakeservers.wire.ollama.provider import PROVIDER as OLLAMA
from tests.fakeservers.wire.refusing import Asked, Asker
from tests.fakeservers.wire.sdk_errors import (
    read_by_claude,
    read_by_gemini,
    read_by_ollama,
    read_by_openai,
)

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["city"],
    "additionalProperties": False,
}
HI = {"role": "user", "content": "Hi"}

# --- valid bodies -------------------------------------------------------------------------

MESSAGES: Any = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 2048,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Look", "citations": None}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm", "signature": "s"},
                {"type": "tool_use", "id": "t1", "name": "look", "input": {"city": "Rome"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "t1",
                    "content": [
                        {
                            "type": "image",
                            "source": {
                                "type": "base64",
                                "media_type": "image/png",
                                "data": PICTURE,
                            },
                        }
                    ],
                }
            ],
        },
    ],
    "tools": [{"name": "look", "description": "d", "input_schema": SCHEMA}],
    "tool_choice": {"type": "auto"},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "stop_sequences": ["x"],
    "metadata": {"user_id": "u"},
    "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    "stream": False,
}
GENERATE: Any = {
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "Look"},
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
            ],
        },
        {
            "role": "model",
            "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "cw=="}],
        },
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"a": 1}}}]},
    ],
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "tools": [
        {
            "functionDeclarations": [
                {
                    "name": "f",
                    "parameters": {
                        "type": "OBJECT",
                        "properties": {"a": {"type": "ARRAY", "items": {"type": "STRING"}}},
                        "required": ["a"],
                    },
                }
            ]
        }
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "generationConfig": {
        "temperature": 1,
        "topP": 0.9,
        "maxOutputTokens": 100,
        "stopSequences": ["x"],
        "thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": True},
    },
}
COMPLETION: Any = {
    "model": "gemini-2.5-flash",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Look"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": "ok"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
    "temperature": 1,
    "max_tokens": 10,
    "stop": ["x"],
}
CHAT: Any = {
    "model": "qwen3",
    "messages": [
        {"role": "user", "content": "Look", "images": ["aGk="]},
        {
            "role": "assistant",
            "content": "",
            "thinking": "Hm",
            "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}],
        },
        {"role": "tool", "content": "ok", "tool_name": "f"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
    "options": {"temperature": 1, "stop": ["x"], "num_ctx": 100},
    "format": SCHEMA,
    "think": True,
    "keep_alive": "5m",
    "stream": False,
}


class Api(NamedTuple):
    provider: Provider
    path: str
    body: Any
    reads: Callable[[Asked], bool]

    @property
    def ask(self) -> Asker:
        headers = {"x-api-key": "k", "anthropic-version": "2023-06-01", "x-goog-api-key": "k"}
        return Asker(self.provider, self.path, {**headers, "authorization": "Bearer k"})


APIS = {
    "claude": Api(CLAUDE, "/v1/messages", MESSAGES, read_by_claude),
    "gemini": Api(
        GEMINI, "/v1beta/models/gemini-2.5-flash:generateContent", GENERATE, read_by_gemini
    ),
    "gemini compatible": Api(GEMINI, "/v1beta/openai/chat/completions", COMPLETION, read_by_openai),
    "ollama": Api(OLLAMA, "/api/chat", CHAT, read_by_ollama),
    "ollama openai": Api(
        OLLAMA, "/v1/chat/completions", {**COMPLETION, "model": "llama3.2"}, read_by_openai
    ),
    "ollama anthropic": Api(OLLAMA, "/v1/messages", {**MESSAGES, "model": "qwen3"}, read_by_claude),
}
ASKERS = {name: api.ask for name, api in APIS.items()}

# --- changes ------------------------------------------------------------------------------

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(("", " ", "user", "model", "object", "enabled", "any", "x" * 300))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder of a value in a body, and the key or index of the value in it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, held in list(pairs):
        yield value, key
        if isinstance(held, dict | list):
            yield from places(held)


def change(data: st.DataObject, body: Any) -> None:
    """One change somewhere in the body."""
    found = list(places(body))
    holder, key = found[data.draw(st.integers(0, len(found) - 1))]
    match data.draw(st.sampled_from(("replace", "drop", "add", "double"))):
        case "replace":
            holder[key] = data.draw(values)
        case "drop":
            del holder[key]
        case "add" if isinstance(holder, dict):
            holder[data.draw(st.text(max_size=4))] = data.draw(values)
        case _ if isinstance(holder, list):
            holder.append(deepcopy(holder[key]))


@pytest.mark.parametrize("name", APIS)
@settings(max_examples=100, derandomize=True, deadline=None)
@given(data=st.data())
def test_no_change_breaks_the_server(name: str, data: st.DataObject) -> None:
    """A changed body is answered, or refused with an error that the provider's SDK reads."""
    api, body = APIS[name], deepcopy(APIS[name].body)
    for _ in range(data.draw(st.integers(1, 3))):
        if body:
            change(data, body)
    answer = ASKERS[name](body)
    assert answer.broken is None
    assert answer.status == 200 or api.reads(answer), answer.text


@pytest.mark.parametrize("name", APIS)
def test_unchanged(name: str) -> None:
    """The bodies that the changes start from are taken."""
    answer = ASKERS[name](APIS[name].body)
    assert answer.status == 200, answer.text
