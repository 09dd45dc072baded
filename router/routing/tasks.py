"""How a task's needs bear on a ranking: quality, speed, domain, complexity, its budget.

Used where no rule of the configuration decides. Needs that no target meets do not leave a task
without a target: those that meet more come first.
"""

from collections.abc import Sequence

from ..setup import Endpoint
from ..types import TaskContext
from .strategies import Ranked, View

__all__ = ["by_needs"]

# From this complexity on the better model goes first, below it the cheaper.
_COMPLEX_FROM = 0.7
_SIMPLE_UP_TO = 0.3


def by_needs(ranked: Ranked, context: TaskContext, view: View) -> Ranked:
    """The ranking, reordered: first by how many needs are missed, then by fit, then as before."""
    judged = [(_judge(endpoint, context, view), endpoint, reason) for endpoint, reason in ranked]
    judged.sort(key=lambda item: item[0][0])
    return [(endpoint, _joined(reason, notes)) for (_, notes), endpoint, reason in judged]


def _judge(
    endpoint: Endpoint, context: TaskContext, view: View
) -> tuple[tuple[int, int, float], list[str]]:
    target = endpoint.target
    notes = []
    missed = 0
    if target.quality < context.quality_requirement:
        missed += 1
        notes.append(f"quality {target.quality:g} is under the {context.quality_requirement:g}")
    latency_ms = _latency_ms(endpoint, view)
    needed_ms = context.latency_required_ms
    if needed_ms is not None and latency_ms is not None and latency_ms > needed_ms:
        missed += 1
        notes.append(f"{latency_ms:.0f} ms is over the {needed_ms:g} ms")
    suits = (context.domain in target.domains) + (context.task_type in target.task_types)
    if suits:
        notes.append(f"made for {context.task_type or context.domain}")
    preference = 0.0
    if context.complexity >= _COMPLEX_FROM:
        preference = -target.quality
        notes.append(f"complex task, quality {target.quality:g}")
    elif context.complexity <= _SIMPLE_UP_TO:
        preference = float(view.card(endpoint).expected(view.request))
        notes.append("simple task, by price")
    return (missed, -suits, preference), notes


def _latency_ms(endpoint: Endpoint, view: View) -> float | None:
    """Measured, else told by the configuration or the client; None if nothing is known."""
    measured_s = view.state.of(endpoint.target).load(view.streamed).latency_s
    if measured_s is not None:
        return measured_s * 1000
    return endpoint.target.latency_ms or endpoint.client.latency_ms or None


def _joined(reason: str, notes: Sequence[str]) -> str:
    return "; ".join([reason, *notes])
