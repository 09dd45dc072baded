"""What the exporters and the trace say of one call that fell back."""

import io
from typing import Any

import pytest

from router.events import AttemptEnded, CallEnded, CallStarted, RouterEvent
from router.types import Answer

from ..world import FakeClient, World, failure, run


class Heard:
    def __init__(self) -> None:
        self.events: list[RouterEvent] = []

    def on_event(self, event: RouterEvent) -> None:
        self.events.append(event)


def fell_back(*hooks: Any, streamed: bool = False) -> Answer:
    world = World(FakeClient("claude", failure("auth", status=401)), FakeClient("b"), hooks=hooks)

    async def main() -> Answer:
        if streamed:
            return await world.router.stream("What is it?").collect()
        return await world.router.complete("What is it?")

    return run(main())


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_events_in_order(streamed: bool) -> None:
    """C4: one call begins and ends once, with an end for each attempt between."""
    heard = Heard()
    answer = fell_back(heard, streamed=streamed)
    assert isinstance(heard.events[0], CallStarted)
    last = heard.events[-1]
    assert isinstance(last, CallEnded) and last.attempts == answer.attempts
    ended = [event.attempt for event in heard.events if isinstance(event, AttemptEnded)]
    assert tuple(ended) == answer.attempts


def test_a_broken_hook_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A hook that raises is logged; the call goes on and later hooks hear everything."""

    class Broken:
        def on_event(self, event: RouterEvent) -> None:
            raise RuntimeError("no")

    heard = Heard()
    assert fell_back(Broken(), heard).provider == "b"
    assert len(heard.events) > 3 and "a hook failed on CallStarted" in caplog.text


def test_spans() -> None:
    """A span for the call and a client span for each attempt below it, by the conventions."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from router.observation.otel import OpenTelemetryHook

    exporter = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    fell_back(OpenTelemetryHook(tracer_provider=provider), streamed=True)
    failed, won, call = exporter.get_finished_spans()
    assert (failed.name, failed.attributes["error.type"]) == ("chat claude-model", "auth")
    assert failed.attributes["gen_ai.provider.name"] == "anthropic"
    assert won.attributes["gen_ai.usage.input_tokens"] == 7
    assert won.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert {failed.parent.span_id, won.parent.span_id} == {call.context.span_id}
    assert call.attributes["llm_router.cost_usd"] == "0.000000000044"


def test_otel_metrics() -> None:
    """Durations of both attempts, tokens of the one that told its usage."""
    sdk = pytest.importorskip("opentelemetry.sdk.metrics")
    export = pytest.importorskip("opentelemetry.sdk.metrics.export")
    from router.observation.otel import OpenTelemetryHook

    reader = export.InMemoryMetricReader()
    fell_back(OpenTelemetryHook(meter_provider=sdk.MeterProvider(metric_readers=[reader])))
    (scope,) = reader.get_metrics_data().resource_metrics[0].scope_metrics
    points = {metric.name: metric.data.data_points for metric in scope.metrics}
    assert len(points["gen_ai.client.operation.duration"]) == 2
    tokens = points["gen_ai.client.token.usage"]
    assert {p.attributes["gen_ai.token.type"]: p.sum for p in tokens} == {"input": 7, "output": 3}


def test_prometheus() -> None:
    """Counters of attempts, tokens and cost; nothing is in flight afterwards."""
    client = pytest.importorskip("prometheus_client")
    from router.observation.prometheus import PrometheusHook

    registry = client.CollectorRegistry()
    fell_back(PrometheusHook(registry), streamed=True)
    text = client.generate_latest(registry).decode()
    for line in (
        'llm_router_attempts_total{model="claude-model",outcome="auth",provider="claude"} 1.0',
        'llm_router_tokens_total{kind="output",model="b-model",provider="b"} 3.0',
        'llm_router_attempts_in_flight{model="b-model",provider="b"} 0.0',
        'llm_router_calls_total{outcome="ok",streamed="true"} 1.0',
    ):
        assert line in text


def test_trace_is_a_table() -> None:
    """An answer prints as a table of its attempts, those who were not asked included."""
    console = pytest.importorskip("rich.console")
    answer = fell_back()
    written = io.StringIO()
    console.Console(width=160, file=written).print(answer)
    text = written.getvalue()
    assert "auth 401" in text and "first in the plan" in text and "$0.000000000044" in text
