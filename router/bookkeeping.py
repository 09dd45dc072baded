"""The beginning and the end of an attempt as the books see it.

`begin` counts it in; `close` does everything about an end that needs no waiting: breaker, gates,
loads, the one Attempt, the one CostRecord. Waiting (calls, holds) is `attempt.py`'s.
"""

from bisect import insort
from dataclasses import dataclass

from .accounting import CostRecord, Grant, RateCard
from .background import Background
from .breaker import BreakerOutcome, Permit
from .classify import bill
from .clients.base import ProviderFailure
from .clock import Clock
from .envelope import Envelope
from .events import AttemptEnded, AttemptStarted
from .setup import Endpoint
from .state import RouterState
from .stream import Accumulator
from .types import Attempt, Certainty, FinishReason, LLMResponse, Usage

__all__ = ["Ending", "Opened", "Services", "begin", "close"]

# What ended from the outside says nothing of the target.
_OWN_ENDS = ("cancelled", "deadline", "hedge_lost")
# Ends whose duration tells how quick the target is.
_MEASURED = ("ok", "timeout_ttft", "timeout_total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What every attempt works with."""

    clock: Clock
    state: RouterState
    background: Background


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An attempt that was dispatched. `reason` says why it was made, `waited_s` how long the
    call slept before it."""

    endpoint: Endpoint
    permit: Permit
    grant: Grant
    index: int
    started_s: float
    started_wall_s: float
    reserved_tokens: int
    waited_s: float
    reason: str
    hedge: bool

    @property
    def id(self) -> str:
        return self.grant.claim.hold_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How it ended: "ok", an error class, "cancelled", "deadline" or "hedge_lost"; and what was
    known then: the whole response, or what a stream had given."""

    outcome: str
    failure: ProviderFailure | None = None
    response: LLMResponse | None = None
    got: Accumulator | None = None
    ttft_s: float | None = None

    @property
    def certainty(self) -> Certainty:
        if self.response is not None or self.ttft_s is not None:
            return "response_started"
        return self.failure.certainty if self.failure else "possibly_accepted"


def begin(
    services: Services,
    env: Envelope,
    endpoint: Endpoint,
    permit: Permit,
    grant: Grant,
    *,
    waited_s: float,
    reason: str,
    hedge: bool,
) -> Opened:
    target, state = endpoint.target, services.state
    now_s = services.clock.now()
    env.dispatched += 1
    env.under_way.add(target.id)
    memory = state.of(target)
    memory.load(env.streamed).in_flight += 1
    tokens = env.tokens_at(endpoint) if target.tpm_max else 0
    if memory.headroom is not None:
        memory.headroom.take(tokens, now_s)
    opened = Opened(
        endpoint=endpoint,
        permit=permit,
        grant=grant,
        index=env.dispatched,
        started_s=now_s,
        started_wall_s=services.clock.wall(),
        reserved_tokens=tokens,
        waited_s=waited_s,
        reason=reason,
        hedge=hedge,
    )
    if state.hooks:
        state.hooks.emit(
            AttemptStarted(
                call_id=env.call_id,
                attempt_id=opened.id,
                index=opened.index,
                target=target.id,
                provider=target.provider,
                model=target.model,
                at_s=now_s,
                streamed=env.streamed,
                hold_pico=grant.amount_pico,
            )
        )
    return opened


def close(
    services: Services, env: Envelope, opened: Opened, ending: Ending
) -> tuple[Attempt, CostRecord]:
    target, state, failure = opened.endpoint.target, services.state, ending.failure
    now_s = services.clock.now()
    env.under_way.discard(target.id)
    not_before_s = _close_gates(state, env, opened, failure, now_s)
    verdict = _verdict(opened, ending)
    state.record(target, env.setup.policy.breaker, opened.permit, verdict, now_s)
    usage, final, written = _known(ending)
    usage, amount_pico, basis = bill(
        opened.grant.claim.card,
        opened.grant.request,
        outcome=ending.outcome,
        certainty=ending.certainty,
        usage=usage,
        usage_final=final,
        written=written,
    )
    _measure(state, env, opened, ending, usage, now_s)
    attempt = Attempt(
        id=opened.id,
        index=opened.index,
        target=target.id,
        provider=target.provider,
        model=target.model,
        outcome=ending.outcome,
        started_s=opened.started_s,
        ended_s=now_s,
        waited_s=opened.waited_s,
        ttft_s=ending.ttft_s,
        status=failure.status if failure else 200 if ending.outcome == "ok" else None,
        code=failure.code if failure else "",
        message=failure.message if failure else _remark(ending),
        certainty=ending.certainty,
        not_before_s=not_before_s,
        streamed=env.streamed,
        hedge=opened.hedge,
        usage=usage,
        finish_reason=_finish_reason(ending),
        hold_pico=opened.grant.amount_pico,
        cost_pico=amount_pico,
        basis=basis,
        reason=opened.reason,
    )
    record = _cost_record(env, opened, attempt)
    insort(env.attempts, attempt, key=lambda other: other.index)
    if env.setup.costs is not None:
        env.setup.costs.record(record)
    if state.hooks:
        state.hooks.emit(AttemptEnded(call_id=env.call_id, attempt=attempt))
    return attempt, record


def _cost_record(env: Envelope, opened: Opened, attempt: Attempt) -> CostRecord:
    card, usage = opened.grant.claim.card, attempt.usage
    return CostRecord(
        attempt_id=attempt.id,
        call_id=env.call_id,
        provider=attempt.provider,
        model=attempt.model,
        target=attempt.target,
        at_s=opened.started_wall_s,
        amount_pico=attempt.cost_pico,
        hold_pico=attempt.hold_pico,
        basis=attempt.basis,
        certainty=attempt.certainty,
        outcome=attempt.outcome,
        rates_version=card.version,
        usage=usage,
        service_tier=usage.service_tier if usage else None,
        price_estimated=_is_guess(card, usage),
        streamed=attempt.streamed,
        won=attempt.outcome == "ok",
        task=env.options.label,
        tags=env.options.tags,
    )


def _is_guess(card: RateCard, usage: Usage | None) -> bool:
    """Whether the price was guessed: the whole card, or that of something in this usage (a
    service tier, a vendor's tool), where the card can tell."""
    priced = getattr(card, "priced", None)
    return card.is_estimate or (
        priced is not None and usage is not None and not priced(usage).exact
    )


def _known(ending: Ending) -> tuple[Usage | None, bool, str]:
    """(usage told so far, whether it is the last word, all that the model wrote)."""
    if ending.got is not None:
        return ending.got.usage, ending.got.usage_final, ending.got.written
    response, failure = ending.response, ending.failure
    if response is not None:
        calls = "".join(call.name + str(call.arguments) for call in response.tool_calls)
        return response.usage, True, response.thinking + response.text + calls
    return (failure.usage if failure else None), False, ""


def _remark(ending: Ending) -> str:
    """What is to be said of an attempt that did not fail."""
    gaps = ending.got.gaps if ending.got else 0
    return f"unreadable events: {gaps}; pieces may be missing" if gaps else ""


def _finish_reason(ending: Ending) -> FinishReason | None:
    if ending.response is not None:
        return ending.response.finish_reason
    finish = ending.got.finish if ending.got else None
    return finish.reason if finish else None


def _verdict(opened: Opened, ending: Ending) -> BreakerOutcome:
    if ending.outcome == "ok":
        limit_s = opened.endpoint.target.timeouts.ttft_s
        late = limit_s is not None and ending.ttft_s is not None and ending.ttft_s > limit_s
        return "slow_success" if late else "success"
    if ending.outcome in _OWN_ENDS or ending.failure is None:
        return "neutral"
    kind = ending.failure.row.breaker
    return kind if kind in ("failure", "slow", "success") else "neutral"


def _close_gates(
    state: RouterState,
    env: Envelope,
    opened: Opened,
    failure: ProviderFailure | None,
    now_s: float,
) -> float | None:
    """Close what this failure says is closed; returns the not-before time, if there is one."""
    if failure is None:
        return None
    target = opened.endpoint.target
    kind = failure.row.breaker
    if kind == "misconfigured":
        state.of(target).misconfigured = f"its model was not found ({failure.message})"
        return None
    if kind == "key_dead":
        until_s = now_s + max(env.setup.policy.key_dead_s, failure.retry_after_s or 0.0)
        return state.close_gate(target, "key", until_s, now_s, key=True)
    if failure.retry_after_s is None:
        return None
    limit = failure.scope if kind == "limit" else "service"
    return state.close_gate(target, limit, now_s + failure.retry_after_s, now_s)


def _measure(
    state: RouterState,
    env: Envelope,
    opened: Opened,
    ending: Ending,
    usage: Usage | None,
    now_s: float,
) -> None:
    memory = state.of(opened.endpoint.target)
    load = memory.load(env.streamed)
    load.in_flight -= 1
    if ending.outcome in _MEASURED:
        took_s = ending.ttft_s if ending.ttft_s is not None else now_s - opened.started_s
        load.observe(took_s, now_s)
    if memory.headroom is not None:
        memory.headroom.correct(opened.reserved_tokens, usage.total if usage else 0, now_s)
        told = ending.response or ending.got or ending.failure
        if told is not None:
            memory.headroom.told(told.limits, now_s)
