"""What must hold at the end of a run, and how near the run in virtual time must come.

Pure: a summary in, findings out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

__all__ = ["Agreement", "Compared", "Finding", "Slo", "check", "compare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """Limits of a summary's figures; None leaves one out.

    success_rate_min  of all requests that were due
    recovery_s_max    from the end of the last fault to the end of the last failure after it
    return_s_max      from there to the first answer of the provider that is asked first
    lost_max          requests without any answer, nor an error that says so
    unbooked_max      requests that a fake saw and the ledger has no attempt of, and attempts that
                      the ledger has an answer of and no fake saw; not checked where a fake has
                      seen more than it keeps
    overspend_usd_max spent above the budget's limit
    refused_min       refused by the budget: a scenario of exhaustion that refused nobody shows
                      nothing; likewise fallbacks_min and cut_min
    ttft_p95_s_max    and overhead_p95_s_max: only for machines that have nothing else to do
    """

    success_rate_min: float | None = 0.99
    recovery_s_max: float | None = None
    return_s_max: float | None = None
    lost_max: int | None = 0
    unbooked_max: int | None = 0
    overspend_usd_max: float | None = 0.0
    refused_min: int | None = None
    fallbacks_min: int | None = None
    cut_min: int | None = None
    wasted_usd_max: float | None = None
    ttft_p95_s_max: float | None = None
    overhead_p95_s_max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far the figures of the run in virtual time may be from the real ones: absolutely, or
    as a share of the real one, whichever is more."""

    success_rate: float = 0.02
    fallback_rate: float = 0.05
    attempts_per_request: float = 0.10
    cost_usd_share: float = 0.05
    recovery_s: float = 3.0
    ttft_p50_s: float = 0.10
    ttft_share: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One limit and what was found."""

    name: str
    limit: float
    found: float | None
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure of both runs."""

    name: str
    real: float | None
    virtual: float | None
    tolerance: float
    ok: bool


def check(slo: Slo, summary: Mapping[str, Any]) -> list[Finding]:
    """Every limit that is set, against the summary's figure of that name. A figure that could not
    be found (None: it never recovered) is a miss; one that the run does not have is passed over."""
    findings = []
    for field in fields(slo):
        limit = getattr(slo, field.name)
        name, _, bound = field.name.rpartition("_")
        if limit is None or name not in summary:
            continue
        told = summary[name]
        found = None if told is None else float(Decimal(str(told)))
        kept = found is not None and (found >= limit if bound == "min" else found <= limit)
        findings.append(Finding(name=field.name, limit=limit, found=found, ok=kept))
    return findings


def compare(
    agreement: Agreement, real: Mapping[str, Any], virtual: Mapping[str, Any]
) -> list[Compared]:
    """The figures of both runs beside each other."""
    shares = {"cost_usd": agreement.cost_usd_share, "ttft_p50_s": agreement.ttft_share}
    absolute = {
        "success_rate": agreement.success_rate,
        "fallback_rate": agreement.fallback_rate,
        "attempts_per_request": agreement.attempts_per_request,
        "cost_usd": 0.0,
        "recovery_s": agreement.recovery_s,
        "ttft_p50_s": agreement.ttft_p50_s,
        "lost": 0.0,
        "overspend_usd": 0.0,
    }
    compared = []
    for name, least in absolute.items():
        if name not in real or name not in virtual:
            continue
        first, second = _number(real[name]), _number(virtual[name])
        tolerance = least
        if first is None or second is None:
            ok = first is second
        else:
            tolerance = max(least, shares.get(name, 0.0) * first)
            ok = abs(first - second) <= tolerance + 1e-9
        compared.append(Compared(name=name, real=first, virtual=second, tolerance=tolerance, ok=ok))
    return compared


def _number(value: Any) -> float | None:
    return None if value is None else float(Decimal(str(value)))
