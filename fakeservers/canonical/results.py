"""What a request comes to, before a wire puts it into its own form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .jobs import Job, Work
from .parts import Message, Part, Text, ToolCall
from .requests import Tool

__all__ = [
    "Cached",
    "CompletionResult",
    "EmbedResult",
    "Finish",
    "ModerateResult",
    "RawReply",
    "Reply",
    "ResourceResult",
    "Stored",
    "TokenResult",
    "Usage",
    "Use",
]

Finish = Literal["stop", "stop_sequence", "length", "tool_calls", "refusal", "content_filter"]


# Usage and CompletionResult are made anew for every request, so they are not frozen, and yet
# never changed: a frozen dataclass costs several times as much to make.
@dataclass(slots=True, kw_only=True)
class Usage:
    """Token counts. `input_tokens` includes `cached_tokens` and `cache_write_tokens`, which
    includes `cache_write_1h_tokens`; `output_tokens` includes `reasoning_tokens`. `modalities`
    tells the input tokens that are no text, by what they are (`image`, `audio`)."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_1h_tokens: int = 0
    modalities: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model says in one choice, part by part, and why it stopped."""

    parts: tuple[Part, ...]
    finish: Finish = "stop"
    stop_sequence: str | None = None

    @property
    def text(self) -> str:
        """The visible text, its text parts joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        calls = [part for part in self.parts if isinstance(part, ToolCall)]
        return tuple(calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReply:
    """Bytes sent as they are, in place of anything that the wire would render."""

    body: bytes
    status: int = 200
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class CompletionResult:
    """The replies to a ChatRequest, one for each choice, and what they cost in tokens.

    `model` is the dated name that the provider echoes. `judged` are the moderation scores of what
    was asked and of what is answered, where the request wants them.
    """

    replies: tuple[Reply, ...]
    usage: Usage
    model: str
    judged: tuple[Mapping[str, float], Mapping[str, float]] | None = None

    @property
    def reply(self) -> Reply:
        return self.replies[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedResult:
    vectors: tuple[tuple[float, ...], ...]
    input_tokens: int
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResult:
    """How many tokens a prompt has; `modalities` as in Usage."""

    input_tokens: int
    modalities: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerateResult:
    """For each input the score, 0 to 1, of every category."""

    scores: tuple[Mapping[str, float], ...]
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceResult:
    """What a ResourceRequest found, after the change it asked for: the items, in their order."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """The beginning of prompts, kept for requests to `model` that name it."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Something that an answer leaves on the server: `body` is what a later read returns,
    `messages` what a later request that names it continues from. It is gone from `expires_s`
    (epoch seconds) on. `work` is what is still to be done for it; `job`, when it is read, how
    far that is. `size_bytes` is what it weighs where that is much; `data` what a file holds that
    prompts may name; `cached` what a prompt may begin with."""

    collection: str
    id: str
    body: Any
    messages: tuple[Message, ...] = ()
    expires_s: float | None = None
    work: Work | None = None
    job: Job | None = None
    size_bytes: int = 0
    data: bytes = field(default=b"", repr=False)
    cached: Cached | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A model that an answer brought into memory, or kept there, at `at_s` (epoch seconds).

    It stays for `keep_alive_s` after that: 0 unloads it, None leaves what an earlier use said.
    """

    model: str
    at_s: float
    keep_alive_s: float | None = None
    context_length: int | None = None
