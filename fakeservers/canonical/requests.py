"""What a client asks for, whatever the API that carried it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import ApiError
from .parts import Message, ToolResult

__all__ = [
    "Breakpoint",
    "ChatRequest",
    "CountRequest",
    "EmbedRequest",
    "ModerateRequest",
    "Needs",
    "OutputFormat",
    "ResourceRequest",
    "ThinkingOptions",
    "Tool",
    "ToolChoice",
    "Weighed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function offered to the model; `parameters` is its JSON schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """`auto`: the model decides; `any`: it must call one of `names` (all tools when empty)."""

    mode: Literal["auto", "any", "none"] = "auto"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFormat:
    """What the text must be: free text, any JSON object, or JSON that satisfies `schema`."""

    kind: Literal["text", "json", "schema"] = "text"
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingOptions:
    """Whether the model reasons, for how many tokens at most, and whether the text is shown."""

    enabled: bool = False
    budget_tokens: int | None = None
    visible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakpoint:
    """A prompt is to be cached up to here: after so many blocks, tools first, then the system
    prompt, then the messages, part by part; kept for `ttl_s` after each use."""

    blocks: int
    ttl_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a request names that the server must have: a `conversation` and a `cached` content,
    both of which come before its messages, and the `files` that its parts are."""

    conversation: str | None = None
    cached: str | None = None
    files: tuple[str, ...] = ()


@dataclass(slots=True)
class Weighed:
    """What a request comes to with one scripted `reply` and one `model`: it may be asked of that
    model, and so many tokens go in and out. `possible` once the reply was found to be one that
    a model gives."""

    reply: object
    model: object
    usage: Any
    possible: bool = False


# Not frozen, and yet never changed, but for what is remembered in `weighed`: it is made anew for
# every request, and to fill a frozen dataclass of so many fields would cost more than to read
# the body.
@dataclass(slots=True, kw_only=True)
class ChatRequest:
    """One request for generated content, whatever the API that carried it.

    `messages` holds the whole conversation, system messages included; `raw` is the parsed
    body, which nobody changes. `previous_id` names a stored conversation that the server is to
    put before it; `refers` tells that some part is a Reference to a stored item; `needs` names
    what else the server keeps. `cached_tokens` of the prompt were cached before it was asked.
    `unserved` is what the operation answers for a model that there is and that it does not serve.
    `context_window` is the tokens that the caller lets the model read, where that is theirs to
    choose; a prompt that is too long is cut where the request `truncates`, else refused.
    `breakpoints` are where the caller wants the prompt cached, where that is theirs to say.
    `judged_by` is the moderation model that is to judge what is asked and what is answered.
    """

    provider: str
    endpoint: str
    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = ToolChoice()
    parallel_tool_calls: bool = True
    output: OutputFormat = OutputFormat()
    thinking: ThinkingOptions = ThinkingOptions()
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    choices: int = 1
    stream: bool = False
    previous_id: str | None = None
    refers: bool = False
    unserved: ApiError | None = None
    needs: Needs | None = None
    cached_tokens: int = 0
    context_window: int | None = None
    truncates: bool = False
    breakpoints: tuple[Breakpoint, ...] = ()
    judged_by: str = ""
    raw: Any = None
    weighed: "Weighed | None" = field(default=None, repr=False, compare=False)
    """What was found the last time that it came and was answered with the same reply."""

    @property
    def prompt(self) -> str:
        """The text of the last user message; empty when there is none."""
        for message in reversed(self.messages):
            if message.role == "user" and (text := message.text):
                return text
        return ""

    @property
    def system(self) -> str:
        """All system text, joined by newlines."""
        return "\n".join(m.text for m in self.messages if m.role == "system")

    @property
    def tool_results(self) -> tuple[ToolResult, ...]:
        """The tool results that came in after the model's last turn."""
        found: list[ToolResult] = []
        for message in reversed(self.messages):
            if message.role == "assistant":
                break
            found[:0] = [part for part in message.parts if isinstance(part, ToolResult)]
        return tuple(found)

    @property
    def turn(self) -> int:
        """1 for the first call of a conversation: assistant messages so far, plus one."""
        return 1 + sum(m.role == "assistant" for m in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRequest:
    """Count the tokens of `chat` without answering it."""

    provider: str
    endpoint: str
    chat: ChatRequest
    raw: Any = None

    @property
    def model(self) -> str:
        return self.chat.model

    @property
    def prompt(self) -> str:
        return self.chat.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedRequest:
    """Turn each of `inputs` into a vector of `dimensions` (the model's own when None), cut to
    what the model reads where the request `truncates`. `unserved` is the answer for a model that
    there is and that makes none."""

    provider: str
    endpoint: str
    model: str
    inputs: tuple[str, ...]
    dimensions: int | None = None
    unserved: ApiError | None = None
    truncates: bool = False
    raw: Any = None

    @property
    def prompt(self) -> str:
        return "\n".join(self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerateRequest:
    """Judge each of `inputs`."""

    provider: str
    endpoint: str
    model: str
    inputs: tuple[str, ...]
    raw: Any = None

    @property
    def prompt(self) -> str:
        return "\n".join(self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRequest:
    """Read or change something that the server keeps: a model, a stored response.

    `collection` is `models`, `memory` (the models that are loaded) or the name under which
    answers were stored; `id` is None for the whole collection. `source` names the model that a
    `create` starts from (Ollama's copy). `polls` tells that a client looks how far a job is,
    `ended` that the job must have ended for the request to make sense. `stand_in` is the body to
    answer with when there is no such item, from a server that does not validate; None is an error.
    """

    provider: str
    endpoint: str
    collection: str
    action: Literal["list", "get", "create", "delete", "update", "cancel"]
    id: str | None = None
    source: str | None = None
    stand_in: Any = None
    stream: bool = False
    polls: bool = False
    ended: bool = False
    raw: Any = None

    @property
    def model(self) -> str:
        return (self.id or "") if self.collection == "models" else ""

    @property
    def prompt(self) -> str:
        return ""
