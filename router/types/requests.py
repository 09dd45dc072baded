"""The one typed request that every client understands, and how a bare prompt becomes one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .parts import Message

__all__ = [
    "LLMRequest",
    "OutputSchema",
    "ThinkingOptions",
    "Tool",
    "ToolChoice",
    "as_request",
]

# "auto", "none", "required", or the name of the one tool that must be called.
ToolChoice = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the model may call; `parameters` is the JSON schema of its arguments."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSchema:
    """Structured output: the answer's text is JSON that satisfies `schema` (None: any JSON)."""

    schema: Mapping[str, Any] | None
    name: str = "answer"
    strict: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingOptions:
    """How much to reason before answering: a number of tokens, or a word where the vendor takes
    one. `include` asks for the reasoning's text or summary in the answer."""

    budget_tokens: int | None = None
    effort: Literal["minimal", "low", "medium", "high"] | None = None
    include: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMRequest:
    """What is asked of a model. Whether it is streamed is the caller's choice of method.

    `model` is set by the router for each target and overrides the client's own. What is None is
    left to the vendor. `metadata` travels to the vendor where it has such a place (never used for
    budgets: that is what `tags` of the call are for); `extra` is merged into the vendor's request
    body as it stands, by provider name: `{"openai": {"logit_bias": {...}}}`.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    system: str | None = None
    system_cache: Literal["5m", "1h"] | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool | None = None
    output: OutputSchema | None = None
    thinking: ThinkingOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    n: int = 1
    service_tier: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def as_request(
    prompt: "str | LLMRequest | Message | Iterable[Message]", **fields: Any
) -> LLMRequest:
    """The request for a bare prompt, a message, messages, or a request as it is.

    Raises TypeError for anything else, ValueError for a prompt without a word in it.
    """
    if isinstance(prompt, LLMRequest):
        if fields:
            raise TypeError("a whole LLMRequest takes no further fields: use dataclasses.replace")
        return prompt
    if isinstance(prompt, str):
        if not prompt.strip():
            raise ValueError("the prompt is empty: write complete('What is ...?')")
        return LLMRequest(messages=(Message.user(prompt),), **fields)
    messages = (prompt,) if isinstance(prompt, Message) else _elements(prompt)
    if not messages or not all(isinstance(message, Message) for message in messages):
        raise TypeError(
            "a prompt is a string, an LLMRequest, or one or more Message values:"
            " write [Message.user('What is ...?')]"
        )
    return LLMRequest(messages=messages, **fields)


def _elements(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Iterable) else ()
