"""Prometheus: counters, histograms and gauges of calls, attempts, tokens, cost and breakers.

Labels come from the configuration (providers, models, targets) and from fixed words, so that
their number is bounded. Needs prometheus-client; serving them is the program's own affair.
"""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from ..events import (
    AttemptEnded,
    AttemptStarted,
    BoundExceeded,
    BreakerChanged,
    BudgetWarning,
    CallEnded,
    GateClosed,
    RouterEvent,
    SettleFailed,
)
from ..types import Attempt

__all__ = ["PrometheusHook"]

_DURATION_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
_PHASES = {"closed": 0, "half_open": 1, "open": 2}
_TARGET = ("provider", "model")


class PrometheusHook:
    """A hook: `LLMRouter(..., hooks=[PrometheusHook()])`. One for each registry."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"llm_router_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, *labels: str) -> Histogram:
            return Histogram(
                f"llm_router_{name}", text, labels, registry=registry, buckets=_DURATION_BUCKETS_S
            )

        self._calls = counter("calls", "Calls by how they ended.", "outcome", "streamed")
        self._call_s = histogram("call_duration_seconds", "Whole calls.", "outcome")
        self._attempts = counter("attempts", "Upstream requests.", *_TARGET, "outcome")
        self._attempt_s = histogram("attempt_duration_seconds", "Upstream requests.", *_TARGET)
        self._ttft_s = histogram("time_to_first_token_seconds", "Streamed attempts.", *_TARGET)
        self._tokens = counter("tokens", "Tokens by kind.", *_TARGET, "kind")
        self._cost = counter("cost_usd", "US dollars.", *_TARGET, "basis")
        self._gates = counter("gates_closed", "Limits that were used up.", "limit")
        self._exceeded = counter("bounds_exceeded", "Attempts dearer than could be.")
        self._unsettled = counter("settle_failures", "Holds left to expire.")
        self._in_flight = Gauge(
            "llm_router_attempts_in_flight", "Under way.", _TARGET, registry=registry
        )
        self._breaker = Gauge(
            "llm_router_breaker_phase",
            "0 closed, 1 half-open, 2 open.",
            ("target",),
            registry=registry,
        )
        self._budget = Gauge(
            "llm_router_budget_used_ratio",
            "Spent and held, at the last warning.",
            ("scope",),
            registry=registry,
        )

    def on_event(self, event: RouterEvent) -> None:
        match event:
            case AttemptStarted():
                self._in_flight.labels(event.provider, event.model).inc()
            case AttemptEnded():
                self._attempt(event.attempt)
            case CallEnded():
                self._calls.labels(event.outcome, str(event.streamed).lower()).inc()
                self._call_s.labels(event.outcome).observe(event.duration_s)
            case BreakerChanged():
                self._breaker.labels(event.target).set(_PHASES[event.phase])
            case GateClosed():
                self._gates.labels(event.limit).inc()
            case BudgetWarning() if event.limit_pico:
                self._budget.labels(event.scope).set(event.used_pico / event.limit_pico)
            case BoundExceeded():
                self._exceeded.inc()
            case SettleFailed():
                self._unsettled.inc()

    def _attempt(self, attempt: Attempt) -> None:
        target = (attempt.provider, attempt.model)
        self._in_flight.labels(*target).dec()
        self._attempts.labels(*target, attempt.outcome).inc()
        self._attempt_s.labels(*target).observe(attempt.latency_s)
        if attempt.ttft_s is not None:
            self._ttft_s.labels(*target).observe(attempt.ttft_s)
        if attempt.cost_pico:
            self._cost.labels(*target, attempt.basis).inc(float(attempt.cost))
        if attempt.usage is not None:
            usage = attempt.usage
            counts = {
                "input": usage.input,
                "cached_read": usage.cached_read,
                "cache_write": usage.cache_write_5m + usage.cache_write_1h,
                "output": usage.output,
            }
            for kind, count in counts.items():
                if count:
                    self._tokens.labels(*target, kind).inc(count)
