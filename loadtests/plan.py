"""The requests of a run, drawn beforehand from the scenario's seed: the same for every number of
workers, and for the run in virtual time. Open loop: a request is due when it is due, however slow
the answers before it are; that it was sent late is recorded, never hidden.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .scenario import Lengths, Scenario

__all__ = ["PLANNED_MAX", "Planned", "make_plan", "write_plan"]

PLANNED_MAX = 200_000
"""Requests of one run."""

TOKENS_MIN = 16
AGENT_TOKENS_MIN = 128
"""A tool call that is cut off in the middle ends the conversation."""

WORDS = (
    "river",
    "market",
    "winter",
    "engine",
    "letter",
    "garden",
    "signal",
    "harbour",
    "copper",
    "morning",
    "ticket",
    "balance",
    "forest",
    "mirror",
    "planet",
    "kitchen",
    "thunder",
    "ladder",
    "village",
    "compass",
    "anchor",
    "feather",
    "lantern",
    "bridge",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One request, or for an agent one conversation: when it is due and what it says."""

    number: int
    due_s: float
    kind: str
    prompt: str
    max_tokens: int


def make_plan(scenario: Scenario) -> tuple[Planned, ...]:
    """All requests, in the order in which they are due."""
    rng = random.Random(scenario.seed)
    return tuple(
        _planned(scenario, rng, number, due_s)
        for number, due_s in enumerate(_arrivals(scenario), 1)
    )


def write_plan(plan: tuple[Planned, ...], path: Path) -> None:
    """A line of JSON a request."""
    path.write_text("".join(json.dumps(asdict(planned)) + "\n" for planned in plan), "utf-8")


def _planned(scenario: Scenario, rng: random.Random, number: int, due_s: float) -> Planned:
    kind = rng.choices(list(scenario.mix), list(scenario.mix.values()))[0]
    prompt = _prompt(rng, number, _length(rng, scenario.input_words))
    least = AGENT_TOKENS_MIN if kind == "agent" else TOKENS_MIN
    return Planned(
        number=number,
        due_s=round(due_s, 4),
        kind=kind,
        prompt=prompt,
        max_tokens=max(least, _length(rng, scenario.output_tokens)),
    )


def _arrivals(scenario: Scenario) -> Iterator[float]:
    rng = random.Random(f"arrivals {scenario.seed}")
    arrivals, at_s = scenario.arrivals, 0.0
    for _ in range(PLANNED_MAX):
        match arrivals.kind:
            case "constant":
                gap = 1.0
            case "gamma":
                gap = rng.gammavariate(arrivals.burstiness, 1.0 / arrivals.burstiness)
            case _:
                gap = rng.expovariate(1.0)
        at_s += gap / (arrivals.rate_per_s * max(0.01, scenario.shape.level(at_s)))
        if at_s >= scenario.duration_s:
            return
        yield at_s


def _length(rng: random.Random, lengths: Lengths) -> int:
    return max(1, min(lengths.max, round(lengths.median * rng.lognormvariate(0.0, lengths.sigma))))


def _prompt(rng: random.Random, number: int, words: int) -> str:
    """No two alike, so that no answer comes from a prompt's cache."""
    return f"Request {number}: write about " + " ".join(rng.choices(WORDS, k=words)) + "."
