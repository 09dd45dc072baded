"""The canonical requests that chat and generate come to, once each has read its own fields."""

from ...canonical import ChatRequest, Message, ResourceRequest, Tool
from ..reading import Reader
from .settings import Settings, unloads

__all__ = ["generation", "preload"]


def preload(body: Reader, endpoint: str, model: str) -> ResourceRequest:
    """A request with nothing to answer only loads the model, or unloads it."""
    reason = "unload" if unloads(body) else "load"
    return ResourceRequest(
        provider="ollama",
        endpoint=endpoint,
        collection="models",
        action="get",
        id=model,
        raw={**body.value, "done_reason": reason},
    )


def generation(
    body: Reader,
    settings: Settings,
    endpoint: str,
    model: str,
    messages: tuple[Message, ...],
    tools: tuple[Tool, ...] = (),
) -> ChatRequest:
    return ChatRequest(
        provider="ollama",
        endpoint=endpoint,
        model=model,
        messages=messages,
        tools=tools,
        output=settings.output,
        thinking=settings.thinking,
        max_tokens=settings.max_tokens,
        stop=settings.stop,
        stream=settings.stream,
        context_window=settings.context_window,
        truncates=settings.truncates,
        raw=body.value,
    )
