"""A plan as JSON, for programs: the command `plan` and the gateway show the same.

Amounts are whole pico-dollars.
"""

from typing import Any

from ..types import Candidate, Plan

__all__ = ["plan_to_json"]


def plan_to_json(plan: Plan) -> dict[str, Any]:
    return {
        "strategy": plan.strategy,
        "group": plan.group,
        "version": plan.version,
        "candidates": [_candidate(c) for c in plan.candidates],
        "skipped": [_candidate(c) for c in plan.skipped],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "target": candidate.target.id,
        "provider": candidate.target.provider,
        "model": candidate.target.model,
        "refused": candidate.refused,
        "reasons": list(candidate.reasons),
        "expected_pico_usd": candidate.expected_pico,
        "bound_pico_usd": candidate.bound_pico,
    }
