"""What the exporters and the trace say of one call that fell back."""

import io
from typing import Any

import pytest

from router.errors import CallFailed
from router.events import AttemptEnded, CallEnded, CallStarted, RouterEvent
from router.types import Answer, Plan

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


def shown(value: Any, width: int = 160) -> str:
    console = pytest.importorskip("rich.console")
    written = io.StringIO()
    console.Console(width=width, file=written).print(value)
    return written.getvalue()


def test_trace_is_a_table() -> None:
    """An answer prints as a table of its attempts, those who were not asked included."""
    text = shown(fell_back())
    assert "auth 401" in text and "first in the plan" in text and "$0.000000000044" in text


def test_a_plan_and_an_error_are_tables() -> None:
    """Before and after: who would be asked at what cost, and who failed how."""
    world = World(FakeClient("a", failure("auth", status=401)), FakeClient("b", available=False))

    async def main() -> tuple[Plan, CallFailed]:
        plan = world.router.plan("What is it?", max_tokens=10)
        with pytest.raises(CallFailed) as caught:
            await world.router.complete("What is it?")
        return plan, caught.value

    plan, error = run(main())
    assert "number 1 in order" in shown(plan) and "not asked: " in shown(plan)
    assert str(error)[:20] in shown(error) and "auth 401" in shown(error)


def test_names_are_those_of_the_conventions() -> None:
    """Every attribute and metric that is not the router's own is in OpenTelemetry's registry."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    metering = pytest.importorskip("opentelemetry.sdk.metrics")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    from router.observation.otel import OpenTelemetryHook

    exporter, reader = memory.InMemorySpanExporter(), InMemoryMetricReader()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    meters = metering.MeterProvider(metric_readers=[reader])
    fell_back(OpenTelemetryHook(tracer_provider=provider, meter_provider=meters), streamed=True)
    data = reader.get_metrics_data()
    assert data is not None
    (scope,) = data.resource_metrics[0].scope_metrics
    used = {name for span in exporter.get_finished_spans() for name in span.attributes or ()}
    used |= {name for m in scope.metrics for p in m.data.data_points for name in p.attributes or ()}
    used |= {metric.name for metric in scope.metrics}
    assert {name for name in used if not name.startswith("llm_router.")} <= conventional()


def conventional() -> set[str]:
    """The names in OpenTelemetry's registry that could be meant."""
    base = "opentelemetry.semconv"
    modules = (
        f"{base}._incubating.attributes.gen_ai_attributes",
        f"{base}._incubating.metrics.gen_ai_metrics",
        f"{base}.attributes.error_attributes",
        f"{base}.attributes.http_attributes",
    )
    found = [vars(pytest.importorskip(module)).values() for module in modules]
    return {value for values in found for value in values if isinstance(value, str)}
