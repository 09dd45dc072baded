"""The figures at the end of an answer: token counts, and durations that fit them."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...canonical import Usage
from ...rng import Ids
from .speech import Run

__all__ = ["embed_metrics", "metrics", "step_us"]

MS = 1_000_000
"""Nanoseconds in a millisecond; all durations on the wire are nanoseconds."""


def metrics(usage: Usage, ids: Ids) -> dict[str, int]:
    """All six; what is 0 is left out, as Go's `omitempty` does. The speeds are those of a
    mid-size model on a desktop GPU: 60 to 125 tokens a second."""
    load = ids.integer(15 * MS, 90 * MS)
    prompt = usage.input_tokens * ids.integer(300_000, 900_000) + ids.integer(1, MS)
    output = usage.output_tokens * ids.integer(8 * MS, 16 * MS) + ids.integer(1, MS)
    figures = {
        "total_duration": load + prompt + output + ids.integer(MS, 5 * MS),
        "load_duration": load,
        "prompt_eval_count": usage.input_tokens,
        "prompt_eval_duration": prompt,
        "eval_count": usage.output_tokens,
        "eval_duration": output,
    }
    return {name: value for name, value in figures.items() if value}


def step_us(figures: Mapping[str, Any], found: Sequence[Run]) -> int:
    """The microseconds from one line of a stream to the next, so that all take `eval_duration`."""
    lines = sum(len(run.deltas) or 1 for run in found)
    return int(figures.get("eval_duration", 0) // 1000 // max(1, lines))


def embed_metrics(input_tokens: int, ids: Ids) -> dict[str, int]:
    """The three of an embedding."""
    load = ids.integer(8 * MS, 40 * MS)
    figures = {
        "total_duration": load + input_tokens * ids.integer(100_000, 400_000) + MS,
        "load_duration": load,
        "prompt_eval_count": input_tokens,
    }
    return {name: value for name, value in figures.items() if value}
