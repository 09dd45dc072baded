"""What several tests build: requests, and a fake without sockets."""

from typing import Any

from fakeservers.behaviour.models import catalogue
from fakeservers.canonical import ChatRequest, Message, Text, ToolCall, ToolResult
from fakeservers.clock import SystemClock
from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import HttpRequest, Provider
from fakeservers.wire.framing import dumps


def chat(prompt: str = "Hello", *, system: str = "", **fields: Any) -> ChatRequest:
    """A request with one user message, after `system` if given."""
    messages = (Message("user", (Text(prompt),)),)
    if system:
        messages = (Message("system", (Text(system),)), *messages)
    return ChatRequest(
        **{"provider": "openai", "endpoint": "chat", "model": "m", "messages": messages} | fields
    )


def after_tool(prompt: str, result: str) -> ChatRequest:
    """A request that brings back a tool's result."""
    return chat(
        messages=(
            Message("user", (Text(prompt),)),
            Message("assistant", (ToolCall("look_up", {}, "c1"),)),
            Message("tool", (ToolResult("c1", "look_up", result),)),
        )
    )


def fake(provider: Provider, *, seed: int = 0, **options: Any) -> Fake:
    """A fake that is asked directly, without sockets."""
    return Fake(
        provider,
        seed=seed,
        clock=SystemClock(),
        models=lambda: catalogue(provider.name),
        **options,
    )


def post(path: str, body: Any, **headers: str) -> HttpRequest:
    """A POST with a JSON body, or with bytes as they are."""
    return HttpRequest(
        method="POST",
        path=path,
        headers={"authorization": "Bearer key", **headers},
        body=body if isinstance(body, bytes) else dumps(body).encode("utf-8", "replace"),
    )
