"""What a model refuses because it cannot do it, or not so much of it."""

from typing import Any

import pytest

from fakeservers.behaviour.abilities import check_abilities, check_embeddable, check_window
from fakeservers.behaviour.models import Model
from fakeservers.canonical import (
    EmbedRequest,
    OutputFormat,
    Rejected,
    ThinkingOptions,
    TokenLimit,
    Tool,
)
from tests.fakeservers.support import chat

SMALL = Model(id="small", context_window=100, max_output_tokens=40)
UNABLE = Model(id="unable", tools=False, thinking=False, json_schema=False)
ENDPOINTS = {
    "claude": "messages",
    "openai": "chat.completions.create",
    "gemini": "models.generate_content",
    "ollama": "chat",
}


@pytest.mark.parametrize("provider", ENDPOINTS)
def test_window(provider: str) -> None:
    """A prompt may fill the window and no more, unless it is cut or the window is another."""
    asked: dict[str, Any] = {"provider": provider, "endpoint": ENDPOINTS[provider]}
    check_window(chat(**asked), SMALL, 100)
    check_window(chat(**asked, truncates=True), SMALL, 101)
    check_window(chat(**asked, context_window=200), SMALL, 101)
    with pytest.raises(Rejected) as caught:
        check_window(chat(**asked), SMALL, 101)
    assert caught.value.error.kind == "context_window"
    assert caught.value.error.tokens == TokenLimit(input_tokens=101, limit_tokens=100)


@pytest.mark.parametrize(
    ("provider", "model", "refused"),
    [
        ("claude", "claude-3-haiku-20240307", True),
        ("claude", "claude-opus-4-1-20250805", True),
        ("claude", "claude-sonnet-4-5-20250929", False),
        ("openai", "gpt-4o", True),
        ("openai", "o3", False),
        ("gemini", "gemini-2.5-flash", False),
        ("ollama", "llama3.2:latest", False),
    ],
)
def test_answer_and_prompt(provider: str, model: str, refused: bool) -> None:
    """Some models refuse a prompt that leaves no room for the answer asked for."""
    asked = chat(provider=provider, endpoint=ENDPOINTS[provider], max_tokens=30)
    known = Model(id=model, context_window=100)
    check_window(asked, known, 70)
    if not refused:
        check_window(asked, known, 71)
        return
    with pytest.raises(Rejected) as caught:
        check_window(asked, known, 71)
    limit = TokenLimit(input_tokens=71, output_tokens=30, limit_tokens=100)
    assert caught.value.error.tokens == limit


def test_room_for_a_whole_answer() -> None:
    """OpenAI's newest models keep room for the longest answer: 272,000 of 400,000 are left."""
    model = Model(id="gpt-5-mini", context_window=400_000, max_output_tokens=128_000)
    check_window(chat(), model, 272_000)
    with pytest.raises(Rejected) as caught:
        check_window(chat(), model, 272_001)
    assert caught.value.error.tokens == TokenLimit(input_tokens=272_001, limit_tokens=272_000)


@pytest.mark.parametrize(
    ("provider", "refused"),
    [("claude", True), ("openai", True), ("gemini", False), ("ollama", False)],
)
def test_output_limit(provider: str, refused: bool) -> None:
    """Claude and OpenAI refuse a limit beyond what the model writes; the others lower it."""
    asked = chat(provider=provider, endpoint=ENDPOINTS[provider], max_tokens=41)
    check_abilities(chat(provider=provider, endpoint=ENDPOINTS[provider], max_tokens=40), SMALL)
    if not refused:
        check_abilities(asked, SMALL)
        return
    with pytest.raises(Rejected) as caught:
        check_abilities(asked, SMALL)
    assert caught.value.error.kind == "output_limit"


@pytest.mark.parametrize(
    ("provider", "fields", "code"),
    [
        ("gemini", {"tools": (Tool(name="f"),)}, "tools"),
        ("gemini", {"output": OutputFormat(kind="json")}, "json"),
        ("gemini", {"thinking": ThinkingOptions(enabled=True)}, "thinking"),
        ("ollama", {"tools": (Tool(name="f"),)}, "tools"),
        ("ollama", {"thinking": ThinkingOptions(enabled=True)}, "thinking"),
    ],
)
def test_abilities(provider: str, fields: Any, code: str) -> None:
    """A model is not asked for what it cannot do; one that can is."""
    asked = chat(**{"provider": provider, "endpoint": ENDPOINTS[provider], **fields})
    check_abilities(asked, SMALL)
    with pytest.raises(Rejected) as caught:
        check_abilities(asked, UNABLE)
    assert (caught.value.error.kind, caught.value.error.code) == ("capability", code)


def test_embedding_too_long() -> None:
    """Each text must fit by itself, unless it is cut."""
    asked: dict[str, Any] = {"endpoint": "embeddings.create", "model": "m", "inputs": ("a", "b")}
    check_embeddable(EmbedRequest(provider="openai", **asked), SMALL, [100, 100])
    check_embeddable(EmbedRequest(provider="ollama", truncates=True, **asked), SMALL, [101])
    with pytest.raises(Rejected) as caught:
        check_embeddable(EmbedRequest(provider="openai", **asked), SMALL, [1, 101])
    assert caught.value.error.tokens == TokenLimit(input_tokens=101, limit_tokens=100)
