"""What the gateway counts of itself: calls under way, answers by status, overhead.

What the router does is counted by its own hook (`observation/prometheus.py`). prometheus-client is
imported only where it is installed; without it `/metrics` says so.
"""

from typing import Any, Protocol

from .seen import Seen

__all__ = ["Counting", "Meters", "prometheus"]

_OVERHEAD_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Meters(Protocol):
    """What `Counting` tells of each call."""

    def ended(self, wire: str, status: int, overhead_s: float) -> None: ...

    def under_way(self, change: int) -> None: ...


class Counting:
    """`calls` are under way in this process."""

    def __init__(self, meters: Meters | None = None) -> None:
        self.calls = 0
        self._meters = meters

    def begun(self) -> None:
        self.calls += 1
        if self._meters is not None:
            self._meters.under_way(1)

    def ended(self, wire: str, status: int, seen: Seen) -> None:
        self.calls -= 1
        if self._meters is not None:
            self._meters.under_way(-1)
            self._meters.ended(wire, status, seen.overhead_s())


class _Prometheus:
    def __init__(self, registry: Any) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        self._answers = Counter(
            "llm_gateway_responses",
            "Answers by wire and status; 499: the caller went away.",
            ("wire", "status"),
            registry=registry,
        )
        self._overhead = Histogram(
            "llm_gateway_overhead_seconds",
            "Time of a call that was no provider's.",
            ("wire",),
            registry=registry,
            buckets=_OVERHEAD_BUCKETS_S,
        )
        self._calls = Gauge(
            "llm_gateway_calls_in_flight",
            "Calls under way.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def ended(self, wire: str, status: int, overhead_s: float) -> None:
        self._answers.labels(wire, str(status)).inc()
        self._overhead.labels(wire).observe(overhead_s)

    def under_way(self, change: int) -> None:
        self._calls.inc(change)


def prometheus(registry: Any) -> Meters:
    """Meters in a registry of prometheus-client."""
    return _Prometheus(registry)
