"""What comes back: a client's response, its usage, the record of each attempt, the answer.

Money stands here as integer pico-dollars (`*_pico`); dollars are exact Decimals of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from ..money import usd_from_pico
from .parts import Part, Text, Thinking, ToolCall
from .targets import Plan

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "Answer",
    "Attempt",
    "Basis",
    "Certainty",
    "FinishReason",
    "LLMResponse",
    "RateLimit",
    "Usage",
]

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "other"]
# How far an attempt certainly got: decides what a failed one is taken to have cost.
Certainty = Literal["not_sent", "possibly_accepted", "response_started"]
# How an attempt's cost is known: from the vendor's usage, from an estimate, void (free), or
# expired (its process died: the whole hold counts until it is reconciled).
Basis = Literal["exact", "estimated", "void", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one attempt. The four kinds of input are disjoint: their sum is the prompt.

    `input` is what was neither read from a cache nor written to one. `output` holds all that is
    billed as output, `reasoning` the part of it that was reasoning. `server_tool_calls` counts
    calls of vendor-run tools that carry a fee each, by name. `details` counts finer kinds of the
    tokens, each part of one above, by the names of genai-prices: `input_audio_tokens`,
    `input_image_tokens`, `output_audio_tokens`, ... `raw` is the vendor's own object.
    """

    input: int = 0
    cached_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    server_tool_calls: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, int] = field(default_factory=dict)
    service_tier: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def input_total(self) -> int:
        """Tokens of the whole prompt: new, read from a cache and written to one."""
        return self.input + self.cached_read + self.cache_write_5m + self.cache_write_1h

    @property
    def total(self) -> int:
        """Tokens of the prompt and of what was said."""
        return self.input_total + self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """A limit as the vendor's headers tell it. `scope` as in ProviderFailure; `reset_s` is from
    the moment of the response until the limit is full again."""

    scope: str
    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMResponse:
    """What a client returns from `complete`: one whole response of one model.

    `finish_reason` is None only if the vendor sent none: it is never invented. `usage` is None
    if the vendor reported none. `gaps` counts events of a stream that could not be read and may
    have held a piece of the answer. `raw` is the SDK's object, for what these fields cannot carry.
    """

    parts: tuple[Part, ...]
    finish_reason: FinishReason | None
    usage: Usage | None
    model: str = ""
    id: str = ""
    finish_reason_raw: str = ""
    limits: tuple[RateLimit, ...] = ()
    lines_skipped: int = 0
    gaps: int = 0
    raw: Any = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The visible text, its parts joined; "" where there is none."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def thinking(self) -> str:
        """What the vendor showed of its reasoning, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Thinking))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that are asked for, in their order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One upstream request: why it was made, of which target, when (monotonic seconds of the
    router's clock), how it ended and what it cost.

    `outcome` is "ok", an error class (see `errors.ERROR_CLASSES`), "cancelled", "deadline" or
    "hedge_lost".
    """

    id: str
    index: int
    target: str
    provider: str
    model: str
    outcome: str
    started_s: float
    ended_s: float
    waited_s: float = 0.0
    ttft_s: float | None = None
    status: int | None = None
    code: str = ""
    message: str = ""
    certainty: Certainty = "not_sent"
    not_before_s: float | None = None
    streamed: bool = False
    hedge: bool = False
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    hold_pico: int = 0
    cost_pico: int = 0
    basis: Basis = "void"
    reason: str = ""

    @property
    def latency_s(self) -> float:
        """From the moment of asking to the end; without `waited_s`, which came before."""
        return self.ended_s - self.started_s

    @property
    def cost(self) -> Decimal:
        """US dollars, exact."""
        return usd_from_pico(self.cost_pico)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The router's answer: the winning response, and all that it took to get it.

    `cost` is what the whole call cost in US dollars, failed attempts included; `usage` is the
    winning attempt's alone; `attempts_cost` is what went to attempts that did not win.
    """

    response: LLMResponse
    provider: str
    model: str
    call_id: str
    attempts: tuple[Attempt, ...]
    plan: Plan
    winner: int = 1  # the index of the attempt that this is the answer of

    @property
    def usage_estimated(self) -> bool:
        """Whether the winning attempt's cost is an estimate, its vendor having told no usage."""
        return any(a.basis == "estimated" for a in self.attempts if a.index == self.winner)

    @property
    def text(self) -> str:
        """The visible text of the winning response."""
        return self.response.text

    @property
    def thinking(self) -> str:
        """What the winner showed of its reasoning."""
        return self.response.thinking

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the winner asks for."""
        return self.response.tool_calls

    @property
    def parts(self) -> tuple[Part, ...]:
        """Text, thinking and tool calls in the order in which they came."""
        return self.response.parts

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the winner ended; None if its vendor did not say."""
        return self.response.finish_reason

    @property
    def usage(self) -> Usage | None:
        """Tokens of the winning attempt alone; None if its vendor told none."""
        return self.response.usage

    @property
    def gaps(self) -> int:
        """How many pieces may be missing; more than 0 only where nobody else could be asked."""
        return self.response.gaps

    @property
    def cost_pico(self) -> int:
        """What all attempts cost in pico-dollars (a millionth of a millionth)."""
        return sum(attempt.cost_pico for attempt in self.attempts)

    @property
    def cost(self) -> Decimal:
        """What all attempts cost in US dollars, exact."""
        return usd_from_pico(self.cost_pico)

    @property
    def attempts_cost(self) -> Decimal:
        """US dollars that went to attempts that did not win, exact."""
        lost = sum(attempt.cost_pico for attempt in self.attempts if attempt.index != self.winner)
        return usd_from_pico(lost)

    @property
    def latency_ms(self) -> float:
        """From the first attempt's start to the last one's end."""
        if not self.attempts:
            return 0.0
        return 1000 * (max(a.ended_s for a in self.attempts) - self.attempts[0].started_s)

    def __rich__(self) -> "Table":
        from ..observation.trace import attempts_table

        return attempts_table(self.attempts, self.plan)
