"""The figures of a summary that people are shown, in words with their units, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["FIGURES", "Figure", "shown", "words_of"]


@dataclass(frozen=True, slots=True)
class Figure:
    """`name` is its key in summary.json."""

    name: str
    words: str


FIGURES = (
    Figure("planned", "requests"),
    Figure("success_rate", "success rate"),
    Figure("lost", "lost"),
    Figure("refused", "refused"),
    Figure("cut", "cut in the middle"),
    Figure("fallback_rate", "fallback rate"),
    Figure("retry_rate", "retry rate"),
    Figure("attempts_per_request", "attempts a call"),
    Figure("recovery_s", "recovery, s"),
    Figure("return_s", "return to the first, s"),
    Figure("ttft_p50_s", "TTFT p50, s"),
    Figure("ttft_p95_s", "TTFT p95, s"),
    Figure("itl_p50_s", "ITL p50, s"),
    Figure("took_p95_s", "whole call p95, s"),
    Figure("overhead_p95_s", "overhead p95, s"),
    Figure("late_p95_s", "sent late p95, s"),
    Figure("cost_usd", "cost, $"),
    Figure("wasted_usd", "wasted, $"),
    Figure("wasted_tokens", "wasted tokens"),
    Figure("overspend_usd", "overspend, $"),
    Figure("unbooked", "unbooked"),
)
_WORDS = {figure.name: figure.words for figure in FIGURES}
_BOUNDS = {"min": "at least", "max": "at most"}


def words_of(name: str) -> str:
    """Of a figure, or of a limit such as `lost_max`."""
    figure, _, bound = name.rpartition("_")
    if bound in _BOUNDS:
        return f"{words_of(figure)}, {_BOUNDS[bound]}"
    return _WORDS.get(name, name.replace("_", " "))


def shown(value: Any) -> str:
    """A figure as a text of at most some twelve characters; "-" for one that there is not."""
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number}" for name, number in value.items()) or "-"
    if isinstance(value, str):
        try:
            return f"{Decimal(value).normalize():f}"
        except InvalidOperation:
            return value
    return f"{value:.4g}" if isinstance(value, float) else str(value)
