"""What a model refuses because it cannot do it: a task, a tool, thinking, so many tokens.

The figures are the catalogue's, the words each provider's wire. What a provider refuses in the
parameters of a family of models stands in its wire too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from ..canonical import ApiError, ChatRequest, EmbedRequest, ErrorKind, Rejected, TokenLimit
from .models import Model

__all__ = ["check_abilities", "check_embeddable", "check_window"]


def check_abilities(request: ChatRequest, model: Model) -> None:
    """Raise `Rejected` when the model lacks what the request asks of it."""
    if (lacking := _LACKING.get(request.provider)) is not None:
        code = next(lacking(request, model), None)
        if code is not None:
            raise Rejected(_refusal("capability", model, request, code=code))
    limits = _OUTPUT_LIMITS.get(request.provider)
    most = model.max_output_tokens
    if limits and request.endpoint in limits and (request.max_tokens or 0) > most:
        tokens = TokenLimit(output_tokens=request.max_tokens or 0, limit_tokens=most)
        raise Rejected(_refusal("output_limit", model, request, tokens))


def check_window(request: ChatRequest, model: Model, input_tokens: int) -> None:
    """Raise `Rejected` when a prompt of so many tokens, or the answer that may follow it, does
    not fit into what the model reads."""
    most = request.context_window or _readable(request.provider, model)
    # No window is known of models that read no text.
    if request.truncates or not most:
        return
    if input_tokens > most:
        tokens = TokenLimit(input_tokens=input_tokens, limit_tokens=most)
        raise Rejected(_refusal("context_window", model, request, tokens))
    answer = request.max_tokens or 0
    together = _COUNTED_TOGETHER.get(request.provider)
    if input_tokens + answer > most and together is not None and together.match(model.id):
        tokens = TokenLimit(input_tokens=input_tokens, output_tokens=answer, limit_tokens=most)
        raise Rejected(_refusal("context_window", model, request, tokens))


def check_embeddable(request: EmbedRequest, model: Model, counts: Iterable[int]) -> None:
    """Raise `Rejected` when the model embeds nothing, or not texts of so many tokens each."""
    if request.provider == "gemini" and model.kind != "embedding":
        raise Rejected(ApiError(status=404, kind="unknown_model", subject=request.model))
    if request.truncates:
        return
    for count in counts:
        if count > model.context_window:
            tokens = TokenLimit(input_tokens=count, limit_tokens=model.context_window)
            raise Rejected(_refusal("context_window", model, request, tokens))


def _refusal(
    kind: ErrorKind,
    model: Model,
    request: ChatRequest | EmbedRequest,
    tokens: TokenLimit | None = None,
    code: str | None = None,
) -> ApiError:
    """The error, about the model by the name that the provider uses in it."""
    subject = model.snapshot if request.provider == "claude" else request.model
    return ApiError(status=400, kind=kind, subject=subject, code=code, tokens=tokens)


# --- capabilities, provider by provider ---------------------------------------------------


def _gemini_lacks(request: ChatRequest, model: Model) -> Iterator[str]:
    if model.kind == "embedding":
        raise Rejected(ApiError(status=404, kind="unknown_model", subject=request.model))
    if request.tools and not model.tools:
        yield "tools"
    if request.output.kind != "text" and not model.json_schema:
        yield "json"
    if request.thinking.enabled and not model.thinking:
        yield "thinking"


def _ollama_lacks(request: ChatRequest, model: Model) -> Iterator[str]:
    """In the order of the Go server, which checks for thinking before it looks for the rest.
    Through Anthropic's API a model that cannot think answers without."""
    if request.thinking.enabled and not model.thinking and request.endpoint != "messages":
        yield "thinking"
    if model.kind == "embedding":
        yield "generate" if request.endpoint == "generate" else "chat"
    if request.tools and not model.tools:
        yield "tools"


_LACKING: Final[Mapping[str, Callable[[ChatRequest, Model], Iterator[str]]]] = {
    "gemini": _gemini_lacks,
    "ollama": _ollama_lacks,
}

# --- tokens, provider by provider ---------------------------------------------------------

_OUTPUT_LIMITS: Final[Mapping[str, tuple[str, ...]]] = {
    "claude": ("messages",),
    "openai": ("chat.completions.create",),
}
"""Endpoints that refuse a limit beyond what the model writes; others silently lower it."""

_COUNTED_TOGETHER: Final[Mapping[str, re.Pattern[str]]] = {
    # Newer ones end their answer with `model_context_window_exceeded`.
    "claude": re.compile(r"claude-3|claude-(?:opus|sonnet)-4-(?:[01]|20)"),
    "openai": re.compile(r"(?:ft:)?gpt-(?:3|4)|chatgpt"),
}
"""Models that refuse a prompt when the answer asked for does not fit after it."""

_RESERVES: Final = re.compile(r"gpt-5")


def _readable(provider: str, model: Model) -> int:
    """The most tokens of a prompt. OpenAI's newest keep room for a whole answer (issue reports of
    2025: 272,000 of 400,000)."""
    if provider == "openai" and _RESERVES.match(model.id):
        return model.context_window - model.max_output_tokens
    return model.context_window
