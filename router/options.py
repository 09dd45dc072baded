"""What a caller may say about one call besides the prompt: as keywords, and read into a value."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Literal, TypedDict

from .errors import ConfigError
from .money import Usd, pico_from_cents, pico_from_usd
from .policy import StrategyName
from .types import (
    LLMRequest,
    LLMResponse,
    OutputSchema,
    TaskContext,
    ThinkingOptions,
    Tool,
    ToolChoice,
)

__all__ = ["CallKeywords", "CallOptions", "read_keywords"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """`chain` names providers or targets in order, and nothing else is asked; `group` names a
    group. `deadline_s` is from now. `task` names the task that the call is part of: calls of one
    name share a limit for each task, one without is its own. `budget_usd` limits this call's
    cost, all attempts together (0 admits nothing); `cost_max_usd` leaves out targets whose one
    attempt could cost more.
    `required_tags` must all be on a target. `accept` may refuse an unstreamed response, which
    then falls back as a refusal does where that is opted in.
    """

    chain: tuple[str, ...] | None = None
    group: str | None = None
    strategy: StrategyName | str | None = None
    deadline_s: float | None = None
    attempts_max: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    context: TaskContext | None = None
    budget_pico: int | None = None
    cost_max_pico: int | None = None
    required_tags: frozenset[str] = frozenset()
    hedge: bool | None = None
    sticky: bool | None = None
    accept: Callable[[LLMResponse], bool] | None = None

    @property
    def label(self) -> str:
        """What the call stands under in costs and events: its task, else its kind of task."""
        return self.task or (self.context.task_type if self.context else "")

    def __post_init__(self) -> None:
        if self.chain is not None and not self.chain:
            raise ConfigError("the chain is empty; name a provider in it: chain=['claude']")
        for name in ("deadline_s", "attempts_max"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} is {value}; it must be more than 0")


class CallKeywords(TypedDict, total=False):
    """The keywords of `complete`, `stream` and `plan`: first those of the call (CallOptions),
    then those of the request (LLMRequest), for prompts that are no whole request already."""

    chain: Sequence[str]
    group: str
    strategy: str
    deadline_s: float
    attempts_max: int
    tags: Mapping[str, str]
    task: str
    context: TaskContext
    budget_usd: Usd
    cost_max_usd: Usd
    required_tags: Sequence[str]
    hedge: bool
    sticky: bool
    accept: Callable[[LLMResponse], bool]

    system: str
    system_cache: Literal["5m", "1h"]
    tools: Sequence[Tool]
    tool_choice: ToolChoice
    parallel_tool_calls: bool
    output: OutputSchema
    thinking: ThinkingOptions
    temperature: float
    top_p: float
    top_k: int
    seed: int
    frequency_penalty: float
    presence_penalty: float
    max_tokens: int
    stop: Sequence[str]
    n: int
    service_tier: str
    metadata: Mapping[str, str]
    extra: Mapping[str, Mapping[str, Any]]


_OF_REQUEST = {f.name for f in fields(LLMRequest)} - {"messages", "model"}
_OF_CALL = set(CallKeywords.__annotations__) - _OF_REQUEST


def read_keywords(keywords: Mapping[str, Any]) -> tuple[CallOptions, dict[str, Any]]:
    """(options of the call, fields of the request).

    Raises TypeError for a keyword that there is not, with the nearest; ConfigError for a value
    that cannot be; UnknownProvider later, when names are resolved.
    """
    options: dict[str, Any] = {}
    request: dict[str, Any] = {}
    for name, value in keywords.items():
        if name in _OF_REQUEST:
            request[name] = tuple(value) if name in ("tools", "stop") else value
        elif name in _OF_CALL:
            options[name] = value
        else:
            raise TypeError(_no_keyword(name))
    if isinstance(chain := options.get("chain"), str):
        raise ConfigError(f"the chain is a string; write chain=[{chain!r}]")
    _check(keywords)
    for name, kind in (("chain", tuple), ("required_tags", frozenset)):
        if options.get(name) is not None:
            options[name] = kind(options[name])
    for name in ("budget", "cost_max"):
        if (usd := options.pop(f"{name}_usd", None)) is not None:
            options[f"{name}_pico"] = pico_from_usd(usd)
    context = options.get("context")
    if context is not None:
        options["tags"] = {**context.tags, **options.get("tags", {})}
        if context.budget_cents is not None:
            options.setdefault("budget_pico", pico_from_cents(Decimal(context.budget_cents)))
    return CallOptions(**options), request


def _check(keywords: Mapping[str, Any]) -> None:
    """What would be found out only when a provider was asked, or be taken for something else."""
    for name in ("stop", "required_tags"):
        if isinstance(text := keywords.get(name), str):
            raise ConfigError(f"{name} is a string; write {name}=[{text!r}]")
    for name in ("max_tokens", "n"):
        value = keywords.get(name)
        if value is not None and (type(value) is not int or value < 0):
            raise ConfigError(f"{name} is {value!r}; it is a whole number: {name}=100")


def _no_keyword(name: str) -> str:
    known = sorted(_OF_CALL | _OF_REQUEST)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"there is no keyword {name!r}{hint} There are: {', '.join(known)}"
