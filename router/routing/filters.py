"""Why a target cannot serve: for good (`unsuited`) or just now (`unavailable`).

Each answers with a sentence, or with nothing if the target can. Ranking is `strategies.py`'s.
"""

from dataclasses import dataclass

from .. import breaker
from ..accounting import RateCard
from ..money import format_usd
from ..options import CallOptions
from ..policy import BreakerPolicy
from ..setup import Endpoint
from ..state import RouterState
from ..types import Image, LLMRequest, Target, ToolResult

__all__ = ["Availability", "Needs", "availability", "needs_of", "unsuited", "window_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a request asks of a target, read once per call."""

    capabilities: tuple[str, ...]
    required_tags: frozenset[str]


def needs_of(request: LLMRequest, options: CallOptions, *, streamed: bool) -> Needs:
    wanted = {
        "tools": bool(request.tools),
        "images": _has_images(request),
        "structured_output": request.output is not None,
        "thinking": request.thinking is not None,
        "streaming": streamed,
        "prefill": request.messages[-1].role == "assistant",
        "n": request.n > 1,
    }
    return Needs(
        capabilities=tuple(name for name, needed in wanted.items() if needed),
        required_tags=options.required_tags,
    )


def unsuited(
    endpoint: Endpoint, needs: Needs, request: LLMRequest, card: RateCard, options: CallOptions
) -> str:
    """Why this target can never serve this request; "" if it can."""
    target = endpoint.target
    for capability in needs.capabilities:
        if not getattr(target.capabilities, capability):
            return f"cannot do {capability.replace('_', ' ')}"
    if missing := needs.required_tags - target.tags:
        return f"lacks the tag {', '.join(sorted(missing))}"
    window = window_of(target, card)
    if window is not None:
        tokens = card.input_tokens(request)
        if tokens > window and _surely_too_long(request, window):
            return (
                f"prompt of up to {tokens} tokens is over its window {window}: shorten it, or set"
                " context_tokens_max where that is wrong"
            )
    if options.cost_max_pico is not None:
        bound = card.upper_bound(request)
        if bound > options.cost_max_pico:
            return f"could cost {format_usd(bound)}, more than is allowed"
    return ""


@dataclass(frozen=True, slots=True)
class Availability:
    """When a target can be asked; `at_s` None if only another call's end can tell. `gated`: it
    must not be asked earlier (the vendor said so); otherwise it is a breaker that may be probed."""

    at_s: float | None
    reason: str = ""
    gated: bool = False


def availability(
    endpoint: Endpoint,
    state: RouterState,
    policy: BreakerPolicy,
    now_s: float,
    *,
    tokens: int = 0,
) -> Availability:
    target = endpoint.target
    memory = state.of(target)
    if not endpoint.client.available:
        return Availability(float("inf"), "its client is not available (no key?)", gated=True)
    if memory.misconfigured:
        return Availability(float("inf"), memory.misconfigured, gated=True)
    until_s, limit = state.gates.until(target, now_s)
    if limit:
        text = f"its limit of {limit} is closed for {until_s - now_s:.3f} s"
        return Availability(until_s, text, gated=True)
    if memory.headroom is not None:
        free_s = memory.headroom.free_at(tokens, now_s)
        if free_s > now_s:
            text = f"its rate has no room for {free_s - now_s:.3f} s"
            return Availability(free_s, text, gated=True)
    at_s = breaker.available_at(memory.breaker, policy, now_s)
    if at_s is None:
        return Availability(None, "its breaker is half-open and being probed")
    if at_s > now_s:
        return Availability(at_s, f"its breaker is open for {at_s - now_s:.3f} s")
    return Availability(at_s)


def window_of(target: Target, card: RateCard) -> int | None:
    """How many tokens fit: as configured, else as the list of prices knows the model."""
    configured = target.context_tokens_max
    return card.context_tokens_max if configured is None else configured


def _has_images(request: LLMRequest) -> bool:
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Image):
                return True
            if (
                isinstance(part, ToolResult)
                and not isinstance(part.content, str)
                and any(isinstance(piece, Image) for piece in part.content)
            ):
                return True
    return False


# A token of any of these vendors' vocabularies stands for at most a few dozen characters of
# prose; below this many characters a token, the upper bound alone shall not turn a prompt away.
_CHARS_PER_TOKEN_MAX = 4


def _surely_too_long(request: LLMRequest, window: int) -> bool:
    """The upper bound counts bytes as tokens; a likely count decides about the window."""
    chars = sum(len(message.text) for message in request.messages) + len(request.system or "")
    return chars / _CHARS_PER_TOKEN_MAX > window
