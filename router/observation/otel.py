"""OpenTelemetry: a span a call, a client span an attempt, and metrics, by the GenAI conventions.

Names and buckets: https://opentelemetry.io/docs/specs/semconv/gen-ai/ (status: development). No
prompt and no answer is ever recorded. Needs opentelemetry-api; what is exported, and whether, is
the program's own OpenTelemetry setup.
"""

from collections.abc import Mapping
from decimal import Decimal

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from ..events import (
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    RouterEvent,
    TargetSkipped,
)
from ..money import usd_from_pico
from ..types import Attempt

__all__ = ["OpenTelemetryHook"]

_NAME = "llm-router"
# The conventions' names of providers; others stand as the configuration calls them.
_PROVIDERS = {
    "claude": "anthropic",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "openai-responses": "openai",
}
_TOKEN_BUCKETS = [4**n for n in range(14)]
_DURATION_BUCKETS_S = [0.01 * 2**n for n in range(14)]
_FIRST_CHUNK_BUCKETS_S = [
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
]
_Attributes = Mapping[str, str | int | float | bool | tuple[str, ...]]


class OpenTelemetryHook:
    """A hook: `LLMRouter(..., hooks=[OpenTelemetryHook()])`. Providers default to the global
    ones. Open spans are bounded by the calls and attempts under way."""

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_NAME, meter_provider=meter_provider)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKEN_BUCKETS,
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_DURATION_BUCKETS_S,
        )
        self._first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            unit="s",
            description="Time to receive the first chunk of a streamed answer.",
            explicit_bucket_boundaries_advisory=_FIRST_CHUNK_BUCKETS_S,
        )
        self._cost = meter.create_counter(
            "llm_router.cost", unit="USD", description="What attempts cost."
        )
        self._calls: dict[str, Span] = {}
        self._attempts: dict[str, Span] = {}

    def on_event(self, event: RouterEvent) -> None:
        match event:
            case CallStarted():
                self._calls[event.call_id] = self._tracer.start_span(
                    "llm_router.call",
                    attributes={
                        "llm_router.call_id": event.call_id,
                        "llm_router.task": event.task,
                        "gen_ai.request.stream": event.streamed,
                    },
                )
            case TargetSkipped() if span := self._calls.get(event.call_id):
                span.add_event(
                    "llm_router.target_skipped", {"target": event.target, "reason": event.reason}
                )
            case AttemptStarted():
                self._attempts[event.attempt_id] = self._start_attempt(event)
            case AttemptEnded():
                self._end_attempt(event.attempt)
            case CallEnded():
                self._end_call(event)

    def _start_attempt(self, event: AttemptStarted) -> Span:
        parent = self._calls.get(event.call_id)
        return self._tracer.start_span(
            f"chat {event.model}",
            context=trace.set_span_in_context(parent) if parent else None,
            kind=SpanKind.CLIENT,
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": _PROVIDERS.get(event.provider, event.provider),
                "gen_ai.request.model": event.model,
                "gen_ai.request.stream": event.streamed,
                "llm_router.attempt": event.index,
                "llm_router.target": event.target,
            },
        )

    def _end_attempt(self, attempt: Attempt) -> None:
        failed = attempt.outcome != "ok"
        told = _told(attempt)
        span = self._attempts.pop(attempt.id, None)
        if span is not None:
            span.set_attributes(told)
            if failed:
                span.set_attribute("error.type", attempt.outcome)
                span.set_status(Status(StatusCode.ERROR, attempt.message or attempt.outcome))
            span.end()
        common = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": _PROVIDERS.get(attempt.provider, attempt.provider),
            "gen_ai.request.model": attempt.model,
        }
        outcome = {**common, "error.type": attempt.outcome} if failed else common
        self._duration.record(attempt.latency_s, outcome)
        if attempt.ttft_s is not None:
            self._first_chunk.record(attempt.ttft_s, common)
        # "MUST report billable tokens": an estimate of a failed attempt is none that was told.
        if attempt.usage is not None and attempt.basis == "exact":
            for kind, count in (
                ("input", attempt.usage.input_total),
                ("output", attempt.usage.output),
            ):
                self._tokens.record(count, {**common, "gen_ai.token.type": kind})
        if attempt.cost_pico:
            self._cost.add(_shown(attempt.cost), {**common, "llm_router.basis": attempt.basis})

    def _end_call(self, event: CallEnded) -> None:
        span = self._calls.pop(event.call_id, None)
        if span is None:
            return
        cost = usd_from_pico(sum(attempt.cost_pico for attempt in event.attempts))
        span.set_attributes(
            {"llm_router.attempts": len(event.attempts), "llm_router.cost_usd": f"{cost:f}"}
        )
        if event.outcome != "ok":
            span.set_attribute("error.type", event.outcome)
            span.set_status(Status(StatusCode.ERROR, event.outcome))
        span.end()


def _told(attempt: Attempt) -> _Attributes:
    told: dict[str, str | int | float | bool | tuple[str, ...]] = {
        "llm_router.outcome": attempt.outcome,
        "llm_router.reason": attempt.reason,
        "llm_router.cost_usd": f"{attempt.cost:f}",
        "llm_router.cost_basis": attempt.basis,
    }
    if attempt.status is not None:
        told["http.response.status_code"] = attempt.status
    if attempt.finish_reason is not None:
        told["gen_ai.response.finish_reasons"] = (attempt.finish_reason,)
    if attempt.ttft_s is not None:
        told["gen_ai.response.time_to_first_chunk"] = attempt.ttft_s
    usage = attempt.usage
    if usage is not None:
        writes = usage.cache_write_5m + usage.cache_write_1h
        told["gen_ai.usage.input_tokens"] = usage.input_total
        told["gen_ai.usage.output_tokens"] = usage.output
        told["gen_ai.usage.cache_read.input_tokens"] = usage.cached_read
        told["gen_ai.usage.cache_creation.input_tokens"] = writes
        told["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning
    return told


def _shown(usd: Decimal) -> float:
    """For a meter, which adds up floats; the ledger is where exact amounts are."""
    return float(usd)
